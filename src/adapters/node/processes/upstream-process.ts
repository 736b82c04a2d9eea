import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { ProcessTable } from '../../../ports/process-table.js';
import type {
  UpstreamCommand,
  UpstreamEvents,
  UpstreamGraces,
  UpstreamProcess,
  UpstreamProcesses,
  UpstreamReading,
} from '../../../ports/upstream-process.js';
import { causeOf } from '../../errno.js';

/** What a process group has between SIGTERM and SIGKILL whose leader has ended by itself. */
const ORPHAN_MS = 500;
/** How long output may still come behind the end of the process that had it. */
const LAST_OUTPUT_MS = 1_000;

export class NodeUpstreamProcesses implements UpstreamProcesses {
  constructor(private readonly processes: ProcessTable) {}

  start({ executable, args, directory, env }: UpstreamCommand, events: UpstreamEvents): UpstreamReading {
    const { spawn } = process.getBuiltinModule('node:child_process');
    try {
      // A process group of its own, so that what it starts can be ended with it.
      const child = spawn(executable, args, { cwd: directory, env, stdio: 'pipe', detached: true });
      if (child.pid === undefined) return { kind: 'refused', cause: whyNot(child, executable, directory) };
      const seen = this.processes.lookUp(child.pid);
      const startTime = seen.kind === 'present' ? seen.startTime : '';
      return { kind: 'started', process: new NodeUpstreamProcess(child, child.pid, startTime, events) };
    } catch (error) {
      return { kind: 'refused', cause: causeOf(error) };
    }
  }
}

/**
 * Node tells why in an event that comes later, and the same for a program and for a directory that is not
 * there.
 */
function whyNot(child: ChildProcessWithoutNullStreams, executable: string, directory: string) {
  child.on('error', () => {});
  const { accessSync, constants } = process.getBuiltinModule('node:fs');
  try {
    accessSync(directory, constants.X_OK);
    accessSync(executable, constants.X_OK);
    return { code: 'EUNKNOWN', message: `${executable} could not be started` };
  } catch (error) {
    return causeOf(error);
  }
}

class NodeUpstreamProcess implements UpstreamProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #events: UpstreamEvents;
  #state: 'running' | 'ending' | 'exited' | 'told' = 'running';
  #timers: NodeJS.Timeout[] = [];
  #words = '';

  constructor(
    child: ChildProcessWithoutNullStreams,
    readonly pid: number,
    readonly startTime: string,
    events: UpstreamEvents,
  ) {
    this.#child = child;
    this.#events = events;
    const { stdin, stdout, stderr } = child;
    for (const stream of [stdin, stdout, stderr, child]) stream.on('error', () => {});
    stdin.on('drain', () => events.onRelief());
    stdout.setEncoding('latin1').on('data', (text: string) => events.onOutput(text));
    // One that says nothing any more is of no use.
    stdout.once('end', () => this.end({ afterEndMs: ORPHAN_MS, afterTermMs: ORPHAN_MS }));
    stderr.setEncoding('latin1').on('data', (text: string) => events.onErrorOutput(text));
    child.once('exit', (code, signal) => this.#exited(code, signal));
    child.once('close', () => this.#tell());
  }

  write(text: string): 'taken' | 'full' {
    const { stdin } = this.#child;
    if (!stdin.writable) return 'taken';
    return stdin.write(text, 'latin1') ? 'taken' : 'full';
  }

  end({ afterEndMs, afterTermMs }: UpstreamGraces): void {
    if (this.#state !== 'running') return;
    this.#state = 'ending';
    this.#child.stdin.end();
    this.#after(afterEndMs, () => this.#signal('SIGTERM'));
    this.#after(afterEndMs + afterTermMs, () => this.#signal('SIGKILL'));
  }

  kill(): void {
    this.#signal('SIGKILL');
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#state = 'exited';
    this.#words = signal === null ? `it ended with exit code ${code ?? '?'}` : `it was ended by ${signal}`;
    this.#cancelTimers();
    // Whatever it had started in its group goes with it.
    this.#signal('SIGTERM');
    this.#after(ORPHAN_MS, () => this.#signal('SIGKILL'));
    this.#after(LAST_OUTPUT_MS, () => this.#tell());
  }

  #tell(): void {
    if (this.#state === 'told') return;
    this.#state = 'told';
    const { stdin, stdout, stderr } = this.#child;
    for (const stream of [stdin, stdout, stderr]) stream.removeAllListeners('data').destroy();
    this.#events.onEnd(this.#words);
  }

  #after(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  #cancelTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  /**
   * A group that nobody is in any more has no process to hit: its id is not given to another as long as it
   * has members.
   */
  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // All have ended.
    }
  }
}
