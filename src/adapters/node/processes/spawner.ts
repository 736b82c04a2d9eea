/** The one place where solod starts a process. Every start is written down with its reason, and metered. */

import type { ChildProcess } from 'node:child_process';
import { accessSync, closeSync, constants, fstatSync, openSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Identity } from '../../../domain/evidence/identity.js';
import { judgeStart, type StartVerdict } from '../../../domain/lifecycle/start-ledger.js';
import { NAMES } from '../../../domain/place/layout.js';
import type { Clock, SleepReading } from '../../../ports/clock.js';
import type { ProcessTable } from '../../../ports/process-table.js';
import type { Cause } from '../../../ports/readings.js';
import type { SpawnReason } from '../../../ports/spawn-reason.js';
import type { ChildReading, Spawner, SpawnReading } from '../../../ports/spawner.js';
import type { Word } from '../../../ports/start-word.js';
import { causeOf } from '../../errno.js';
import { openToAppend, rotate, tailFrom, tailOf } from '../files/appended-file.js';
import { hasLaunchFile, leaveLaunchFile } from '../files/launch-file.js';
import { NodeLedger } from '../files/ledger-file.js';
import { ownLimits } from './inherited-limits.js';
import { endSilentStarts } from './silent-starts.js';
import { CHANNEL_DESCRIPTOR, CHANNEL_VARIABLE, listenToStart } from './start-channel.js';

/** Tells a started daemon which spawn lock it ends. */
export const LOCK_VARIABLE = 'SOLOD_SPAWN_LOCK';

/**
 * What a log may have come to before a start begins another: more than a daemon in service leaves in it (`LogKeeper`), for a
 * file that has been renamed is lost to those who have it open.
 */
export const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** How much of its end is shown when a daemon dies. */
export const TAIL_BYTES = 4096;
/** How much of it the ledger keeps. */
export const NOTE_CHARACTERS = 1024;

export interface SpawnTarget {
  /** The directory of the daemon's name, where its log goes. */
  readonly directory: string;
  /** The program and its arguments; never a shell's line. */
  readonly command: readonly [string, ...string[]];
  /** What it is started with; asked for when a process is to be started. */
  environment(): Readonly<Record<string, string>>;
  /** The same text for the same program in the same state and environment: what a back-off counts failures of. */
  build(): string;
  /** How long a start may say nothing until it counts as hung, in milliseconds; undefined for as long as it likes. */
  readonly silentMs: number | undefined;
  /** Whether a limit that can't be set back keeps a daemon from being started: not where one is asked for all the same. */
  readonly limits: 'respected' | 'ignored';
  /** Whether somebody waits for what the process says of its start. */
  readonly channel: 'open' | 'none';
}

interface Started {
  readonly child: ChildProcess;
  /** The end of what it has written. */
  readonly tail: () => string;
  readonly words: Word[];
}

export class NodeSpawner implements Spawner {
  readonly #children = new Map<number, Started>();
  readonly #ledger: NodeLedger;
  /** Ends the sleep that is under way. */
  #wake: (() => void) | undefined;

  constructor(
    private readonly target: SpawnTarget,
    private readonly processes: ProcessTable & { self(): Identity },
    private readonly clock: Clock,
  ) {
    this.#ledger = new NodeLedger(target.directory, processes);
  }

  spawn(reason: SpawnReason, lockNonce: string): SpawnReading {
    const verdict = this.#judge(reason);
    if (verdict.kind === 'held-back') return verdict;
    const limits = ownLimits();
    if (limits.kind === 'bound' && this.target.limits === 'respected')
      return this.#refused(reason, 'refused', boundBy(limits.what));
    const log = openLog(this.target.directory);
    try {
      return this.#start(reason, lockNonce, log, limits.kind === 'liftable' ? limits.lines : []);
    } finally {
      log?.close();
    }
  }

  /** Whether a process has been started here. */
  get hasStarted(): boolean {
    return this.#children.size > 0;
  }

  check(pid: number): ChildReading {
    const started = this.#children.get(pid);
    if (started === undefined) throw new Error(`process ${pid} was not started here`);
    const { child, tail, words } = started;
    if (child.exitCode === null && child.signalCode === null) return { kind: 'running' };
    return {
      kind: 'ended',
      code: child.exitCode ?? undefined,
      signal: child.signalCode ?? undefined,
      word: words.at(-1),
      lastOutput: tail(),
    };
  }

  /** For other clients, where none has been left yet: of a daemon that was started before, or by hand. */
  leaveLaunchFile(): void {
    const { directory, command } = this.target;
    if (!hasLaunchFile(directory)) leaveLaunchFile(directory, command);
  }

  /** The clock of whoever waits for a process of this spawner's: its sleep ends when that says something, or ends. */
  wakingClock(): Clock {
    return { now: () => this.clock.now(), sleep: (ms) => this.#sleep(ms) };
  }

  #sleep(ms: number): Promise<SleepReading> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve({ kind: 'done' });
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  #judge(reason: SpawnReason): StartVerdict {
    const now = this.clock.now();
    const { silentMs } = this.target;
    if (silentMs !== undefined) endSilentStarts(this.#ledger, this.processes, silentMs, now.wallMs);
    if (reason === 'restart') return { kind: 'allowed' };
    return judgeStart(this.#ledger.starts(), this.target.build(), now);
  }

  /** Nothing of the caller's: not its terminal (setsid), not its directory (which may be a mount in use), not its stdio. */
  #start(
    reason: SpawnReason,
    lockNonce: string,
    log: Log | undefined,
    lifting: readonly string[],
  ): SpawnReading {
    const { command, channel } = this.target;
    const [program, ...args] = lifting.length === 0 ? command : lifted(command, lifting);
    const output = log?.descriptor ?? 'ignore';
    const speaks = channel === 'open' ? { [CHANNEL_VARIABLE]: String(CHANNEL_DESCRIPTOR) } : {};
    // Loaded when a process is to be started, which is what most calls are spared.
    const { spawn } = process.getBuiltinModule('node:child_process');
    try {
      const child = spawn(program, args, {
        cwd: '/',
        detached: true,
        env: { ...NOT_PASSED_ON, ...this.target.environment(), [LOCK_VARIABLE]: lockNonce, ...speaks },
        stdio: ['ignore', output, output, ...(channel === 'open' ? ['pipe' as const] : [])],
      });
      // What it says comes later, and is known by then: without a pid nothing was started.
      child.on('error', () => {});
      child.unref();
      if (child.pid === undefined) return this.#refused(reason, 'refused', whyNotRun(program));
      return this.#started(reason, child, child.pid, log);
    } catch (error) {
      return this.#refused(reason, 'threw', causeOf(error));
    }
  }

  #started(reason: SpawnReason, child: ChildProcess, pid: number, log: Log | undefined): SpawnReading {
    const seen = this.processes.lookUp(pid);
    const startTime = seen.kind === 'present' ? seen.startTime : '';
    const started: Started = { child, tail: log?.tail ?? (() => ''), words: [] };
    this.#children.set(pid, started);
    this.#ledger.append({
      ...this.processes.self(),
      ...this.#entry(pid, reason),
      kind: 'started',
      startTime,
      build: this.target.build(),
    });
    leaveLaunchFile(this.target.directory, this.target.command);
    const pipe = child.stdio[CHANNEL_DESCRIPTOR] as (Readable & { unref(): void }) | null | undefined;
    if (pipe) {
      pipe.unref();
      listenToStart(pipe, (word) => {
        started.words.push(word);
        this.#wake?.();
      });
    }
    child.once('exit', (code, signal) => {
      this.#ended(pid, started, code ?? undefined, signal ?? undefined);
      this.#wake?.();
    });
    return { kind: 'spawned', pid, startTime };
  }

  /** What nobody else can write down: how a process ended that could not say so itself. */
  #ended(pid: number, { words, tail }: Started, code: number | undefined, signal: string | undefined): void {
    if (words.some(({ kind }) => kind !== 'claimed')) return;
    const why = code === 0 ? '' : tail().trim().slice(-NOTE_CHARACTERS);
    this.#ledger.append({ atMs: this.clock.now().wallMs, pid, kind: 'ended', why, code, signal });
  }

  #refused(reason: SpawnReason, kind: 'refused' | 'threw', cause: Cause): SpawnReading {
    this.#ledger.append({ ...this.#entry(0, reason), kind: 'refused', message: cause.message });
    return { kind, cause };
  }

  #entry(pid: number, reason: SpawnReason) {
    const asker = basename(process.argv[1] ?? process.argv0);
    return { atMs: this.clock.now().wallMs, pid, by: process.pid, asker, reason } as const;
  }
}

const { O_APPEND, O_CREAT, O_EXCL, O_RDWR } = constants;

/** Where a started process writes. */
interface Log {
  readonly descriptor: number;
  /** The end of what has come since it was opened. */
  readonly tail: () => string;
  /** The starter's own descriptor; the started process has another. */
  readonly close: () => void;
}

function openLog(directory: string): Log | undefined {
  const path = join(directory, NAMES.log);
  try {
    rotate(path, join(directory, NAMES.logBefore), LOG_BYTES_MAX);
    const descriptor = openToAppend(path);
    const { size } = fstatSync(descriptor);
    return {
      descriptor,
      tail: () => tailOf(path, size, TAIL_BYTES),
      close: () => closeSync(descriptor),
    };
  } catch {
    return openUnnamedLog();
  }
}

/**
 * No room for a log, and so perhaps none for the daemon, whose reason must not be lost. The file has no name any more when
 * this returns, and is gone with the last process that has it open. A daemon without any log is better than none.
 */
function openUnnamedLog(): Log | undefined {
  try {
    const path = join(
      process.getBuiltinModule('node:os').tmpdir(),
      `solod-${process.pid}-${Math.random().toString(36).slice(2)}`,
    );
    const descriptor = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600);
    unlinkSync(path);
    return { descriptor, tail: () => tailFrom(descriptor, 0, TAIL_BYTES), close: () => {} };
  } catch {
    return undefined;
  }
}

/** Node passes this on to every child by itself, unless it is told not to. */
const NOT_PASSED_ON = { NODE_V8_COVERAGE: undefined };

/** A shell sets back what Node can't, and becomes the program. */
function lifted(command: SpawnTarget['command'], lines: readonly string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', [...lines, 'exec "$@"'].join('\n'), 'sh', ...command];
}

/** Of a daemon that would have a limit of its starter's. */
export const BOUND = 'ELIMIT';

export const boundBy = (what: string): Cause => ({
  code: BOUND,
  message: `${BOUND}: this process is limited in ${what}, and so would be a daemon that it starts; with SOLOD=on it is started all the same`,
});

/** Node tells why in an event that comes later; a caller that exits in its next statement needs the reason now. */
function whyNotRun(program: string): Cause {
  if (!program.includes('/'))
    return { code: 'ENOENT', message: `ENOENT: ${program} could not be executed by way of PATH` };
  try {
    accessSync(program, constants.X_OK);
    return { code: 'EUNKNOWN', message: `${program} could not be executed` };
  } catch (error) {
    return causeOf(error);
  }
}

export type RunReading = { readonly kind: 'succeeded' } | { readonly kind: 'failed'; readonly cause: Cause };

/** Runs a small tool of the system to its end. It is no daemon: it has no log, and is not written down. */
export function runToEnd(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<RunReading> {
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
