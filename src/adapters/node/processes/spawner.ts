/**
 * Starts all processes of solod. Each start goes to the ledger with its reason, and the crash-loop breaker
 * may hold it back.
 */

import type { ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { boundBy } from '../../../domain/lifecycle/inherited-limits.js';
import { NAMES } from '../../../domain/place/layout.js';
import type { Clock } from '../../../ports/clock.js';
import type { Environment } from '../../../ports/environment.js';
import type { Cause } from '../../../ports/readings.js';
import type { SpawnReason } from '../../../ports/spawn-reason.js';
import type { ChildReading, Spawner, SpawnReading } from '../../../ports/spawner.js';
import type { Word } from '../../../ports/start-word.js';
import { causeOf } from '../../errno.js';
import type { Processes } from '../../own-processes.js';
import { SpawnRecords } from '../../spawn-records.js';
import { type HandedReading, LOCK_VARIABLE, type SpawnTarget } from '../../spawn-target.js';
import type { WakeableClock } from '../clock.js';
import { openToAppend, rotate, tailFrom, tailOf } from '../files/appended-file.js';
import { hasLaunchFile, leaveLaunchFile } from '../files/launch-file.js';
import { nodeLedger } from '../files/ledger-file.js';
import { ownLimits } from './own-limits.js';
import { CHANNEL_DESCRIPTOR, CHANNEL_VARIABLE, listenToStart } from './start-channel.js';

/**
 * A start renames a log that is longer. The limit is higher than what a daemon in service leaves
 * (`LogKeeper`), because a daemon that still runs has the renamed file open and goes on writing to it.
 */
export const ROTATE_LOG_BYTES = 4 * 1024 * 1024;
/** How much of the log's end is shown when a daemon dies. */
export const TAIL_BYTES = 4096;

interface Started {
  readonly child: ChildProcess;
  /** The end of its output. */
  readonly tail: () => string;
  readonly words: Word[];
  /** Writes its end into the ledger, once. */
  conclude: () => void;
}

/** What a started process is given. */
interface Provisions {
  readonly log: Log | undefined;
  /** Lines of sh that raise its limits. */
  readonly raising: readonly string[];
  readonly handed: Extract<HandedReading, { kind: 'listening' }> | undefined;
}

export class NodeSpawner implements Spawner {
  readonly #children = new Map<number, Started>();
  readonly #records: SpawnRecords;
  /** Ends the current sleep. */
  #wake: (() => void) | undefined;

  constructor(
    private readonly target: SpawnTarget,
    private readonly processes: Processes,
    private readonly clock: WakeableClock,
  ) {
    const ledger = nodeLedger(target.directory, processes);
    const asker = basename(process.argv[1] ?? process.argv0);
    this.#records = new SpawnRecords(ledger, clock, processes, target, asker);
  }

  spawn(reason: SpawnReason, lockNonce: string | undefined): SpawnReading {
    const verdict = this.#records.judge(reason);
    if (verdict.kind === 'held-back') return verdict;
    const limits = ownLimits();
    if (limits.kind === 'bound' && this.target.limits === 'respected')
      return this.#records.refused(reason, 'refused', boundBy(limits.what));
    const handed = this.#handListener();
    if (handed?.kind === 'failed') return this.#records.refused(reason, 'refused', handed.cause);
    const log = openLog(this.target.directory);
    let start: 'started' | 'not-started' = 'not-started';
    try {
      const raising = limits.kind === 'liftable' ? limits.lines : [];
      const reading = this.#start(reason, lockNonce, { log, raising, handed });
      if (reading.kind === 'spawned') start = 'started';
      return reading;
    } finally {
      handed?.close(start);
      log?.close(start);
    }
  }

  #handListener(): HandedReading | undefined {
    const { handListener, directory, command, environment } = this.target;
    return handListener?.({ directory, command, path: environment().PATH, mode: 'started' });
  }

  /** Whether it has started a process. */
  get hasStarted(): boolean {
    return this.#children.size > 0;
  }

  check(pid: number): ChildReading {
    const started = this.#children.get(pid);
    if (started === undefined) throw new Error(`process ${pid} was not started here`);
    const { child, tail, words, conclude } = started;
    if (child.exitCode === null && child.signalCode === null) return { kind: 'running' };
    // Bun tells of the end before its event, and the caller may leave before that.
    conclude();
    return {
      kind: 'ended',
      code: child.exitCode ?? undefined,
      signal: child.signalCode ?? undefined,
      word: words.at(-1),
      lastOutput: tail(),
    };
  }

  /** Another caller's command stays, unless this one has started what answers. */
  leaveLaunchFile(): void {
    const { directory, command } = this.target;
    if (this.hasStarted || !hasLaunchFile(directory)) leaveLaunchFile(directory, command);
  }

  /** A clock whose sleep ends early when a process of this spawner says something, or ends. */
  wakingClock(): Clock {
    const { clock } = this;
    return {
      now: () => clock.now(),
      sleep: (ms) => {
        const news = new Promise<{ readonly kind: 'done' }>((resolve) => {
          this.#wake = () => resolve({ kind: 'done' });
        });
        return Promise.race([clock.sleep(ms, news), news]);
      },
    };
  }

  /**
   * The process gets neither the caller's terminal (setsid), nor its directory (which may be a mount in use),
   * nor its stdio.
   */
  #start(
    reason: SpawnReason,
    lockNonce: string | undefined,
    { log, raising, handed }: Provisions,
  ): SpawnReading {
    const { channel } = this.target;
    const { command } = handed ?? this.target;
    const [program, ...args] = raising.length === 0 ? command : throughShell(command, raising);
    const output = log?.descriptor ?? 'ignore';
    const speaks = channel === 'open' ? { [CHANNEL_VARIABLE]: String(CHANNEL_DESCRIPTOR) } : {};
    // Loaded here, because most calls start no process.
    const { spawn } = process.getBuiltinModule('node:child_process');
    try {
      const child = spawn(program, args, {
        cwd: '/',
        detached: true,
        // A daemon gets no console on Windows.
        windowsHide: true,
        env: { ...NOT_PASSED_ON, ...this.target.environment(), [LOCK_VARIABLE]: lockNonce, ...speaks },
        stdio: [
          handed?.descriptor ?? 'ignore',
          output,
          output,
          ...(channel === 'open' ? ['pipe' as const] : []),
        ],
      });
      // The event comes later. A missing pid says at once that nothing was started.
      child.on('error', () => {});
      if (child.pid === undefined) return this.#records.refused(reason, 'refused', whyNotRun(program));
      child.unref();
      return this.#started(reason, child, child.pid, log);
    } catch (error) {
      return this.#records.refused(reason, 'threw', causeOf(error));
    }
  }

  #started(reason: SpawnReason, child: ChildProcess, pid: number, log: Log | undefined): SpawnReading {
    const seen = this.processes.lookUp(pid);
    const startTime = seen.kind === 'present' ? seen.startTime : '';
    const words: Word[] = [];
    const tail = log?.tail ?? (() => '');
    const started: Started = { child, tail, words, conclude: () => this.#conclude(pid, started) };
    this.#children.set(pid, started);
    this.#records.started(reason, pid, startTime);
    const pipe = child.stdio[CHANNEL_DESCRIPTOR] as (Readable & { unref(): void }) | null | undefined;
    if (pipe) {
      pipe.unref();
      listenToStart(pipe, (word) => {
        words.push(word);
        this.#wake?.();
      });
    }
    child.once('exit', () => {
      started.conclude();
      log?.end();
      this.#wake?.();
    });
    return { kind: 'spawned', pid, startTime };
  }

  #conclude(pid: number, started: Started): void {
    started.conclude = () => {};
    const { child, tail, words } = started;
    const seen = { code: child.exitCode ?? undefined, signal: child.signalCode ?? undefined };
    this.#records.ended(pid, words, { ...seen, lastOutput: tail });
  }
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;

/** Where a started process writes its output. */
interface Log {
  readonly descriptor: number;
  /** The end of what has been written since it was opened. */
  readonly tail: () => string;
  /** Closes the starter's descriptor, if it is not needed any more; the started process has its own. */
  readonly close: (start: 'started' | 'not-started') => void;
  /** The started process has ended. */
  readonly end: () => void;
}

function openLog(directory: string): Log | undefined {
  const path = join(directory, NAMES.log);
  try {
    rotate(path, join(directory, NAMES.logBefore), ROTATE_LOG_BYTES);
    const descriptor = openToAppend(path);
    const { size } = fstatSync(descriptor);
    return {
      descriptor,
      tail: () => tailOf(path, size, TAIL_BYTES),
      close: () => closeSync(descriptor),
      end: () => {},
    };
  } catch {
    return openUnnamedLog();
  }
}

/**
 * There may be no room for the daemon either, and its message must not be lost. The file has lost its name
 * when this returns, and the system removes it when the last process closes it. Without any log the daemon
 * starts all the same.
 */
function openUnnamedLog(): Log | undefined {
  try {
    const path = join(
      process.getBuiltinModule('node:os').tmpdir(),
      `solod-${process.pid}-${Math.random().toString(36).slice(2)}`,
    );
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600);
    unlinkSync(path);
    // Read by its descriptor alone, as long as its process may write to it.
    let whole: string | undefined;
    const tail = (): string => whole ?? tailFrom(descriptor, 0, TAIL_BYTES);
    return {
      descriptor,
      tail,
      close: (start) => start === 'not-started' && closeSync(descriptor),
      end: () => {
        whole = tail();
        closeSync(descriptor);
      },
    };
  } catch {
    return undefined;
  }
}

/** Node passes this variable to every child, unless it is told not to. */
const NOT_PASSED_ON = { NODE_V8_COVERAGE: undefined };

/** A shell raises the limits, because Node can't, and becomes the program. */
function throughShell(command: SpawnTarget['command'], lines: readonly string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', [...lines, 'exec "$@"'].join('\n'), 'sh', ...command];
}

/**
 * Node's event with the reason comes later, but a caller of `kick` may exit in its next statement and needs
 * it now.
 */
export function whyNotRun(program: string): Cause {
  if (!program.includes('/'))
    return { code: 'ENOENT', message: `ENOENT: ${program} could not be executed by way of PATH` };
  try {
    accessSync(program, constants.X_OK);
    return { code: 'EUNKNOWN', message: `${program} could not be executed` };
  } catch (error) {
    return causeOf(error);
  }
}

/** How a program in the foreground has ended. */
export interface ForegroundEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/**
 * Runs a program with the listener that was made for it, and passes signals on, until it ends.
 * @param passedOn signals that this process passes on to it
 */
export function runInForeground(
  { command: [program, ...args], descriptor, close }: Extract<HandedReading, { kind: 'listening' }>,
  passedOn: readonly NodeJS.Signals[],
): Promise<ForegroundEnd> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  const child = spawn(program, args, { stdio: [descriptor, 'inherit', 'inherit'] });
  close(child.pid === undefined ? 'not-started' : 'started');
  for (const signal of passedOn) process.on(signal, () => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const one of passedOn) process.removeAllListeners(one);
      resolve({ code, signal });
    });
  });
}

type RunReading = { readonly kind: 'succeeded' } | { readonly kind: 'failed'; readonly cause: Cause };

/** Runs a small tool of the system to its end. It is not a daemon: it gets no log and no ledger entry. */
export function runToEnd(program: string, args: readonly string[], env: Environment): Promise<RunReading> {
  const { spawn } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: '/', env: { ...env }, stdio: 'ignore' });
    child.once('error', (error) => resolve({ kind: 'failed', cause: causeOf(error) }));
    child.once('exit', (code) => {
      const message = `${program} ended with exit code ${code ?? '?'}`;
      resolve(code === 0 ? { kind: 'succeeded' } : { kind: 'failed', cause: { code: 'EIO', message } });
    });
  });
}

/** What came of running a program once, to see whether it can be run. */
type TrialReading =
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'failed'; readonly why: string };

/**
 * Runs a program to its end. Nothing else happens in this process meanwhile.
 * @param withinMs milliseconds; a program that takes longer is ended
 */
export function runOnTrial(program: string, args: readonly string[], withinMs: number): TrialReading {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { error, signal, status, stdout } = spawnSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: withinMs,
  });
  if (error !== undefined) return { kind: 'failed', why: error.message };
  if (signal !== null) return { kind: 'failed', why: `${signal} has ended it` };
  return status === 0
    ? { kind: 'said', text: stdout }
    : { kind: 'failed', why: `it ended with exit code ${status}` };
}
