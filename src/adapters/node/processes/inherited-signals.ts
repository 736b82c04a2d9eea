import { textOf } from './proc-files.js';

/** What ends a process when a terminal, a shell or a person says so; signal(7). */
const ENDING = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;
/** A shell with job control ignores this and others for itself, but not for the programs that it runs. */
const SIGTSTP = 20;

/**
 * Node resets every signal before it runs a program, so the parent tells: a process that ignores a signal has
 * its children ignore it too. `nohup` has become this process, and shells leave its path in `_`. Where
 * nothing can be seen (no /proc), none is ignored.
 * @returns the signals that this process was started to ignore
 */
export function ignoredSignals(): readonly NodeJS.Signals[] {
  const parent = ignoredIn(textOf(`/proc/${process.ppid}/status`));
  const byNohup = /(^|\/)nohup$/.test(process.env._ ?? '') ? bit(ENDING.SIGHUP) : 0;
  const signals = Object.keys(ENDING) as (keyof typeof ENDING)[];
  return signals.filter((signal) => (parent | byNohup) & bit(ENDING[signal]));
}

/** @param status proc_pid_status(5): hexadecimal, a bit for each signal, the lowest one for signal 1 */
function ignoredIn(status: string): number {
  const mask = Number.parseInt(/^SigIgn:.*([0-9a-f]{8})$/m.exec(status)?.[1] ?? '0', 16);
  return mask & bit(SIGTSTP) ? 0 : mask;
}

const bit = (signal: number): number => 2 ** (signal - 1);
