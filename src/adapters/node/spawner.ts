/** The one place where solod starts a process. Every start is written down with its reason. */

import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NAMES } from '../../domain/layout.js';
import type { Cause, ChildReading, Clock, ProcessTable, Spawner, SpawnReading } from '../../domain/ports.js';
import type { SpawnReason } from '../../domain/spawn-plan.js';
import { causeOf } from '../errno.js';

/** Tells a started daemon which spawn lock it ends. */
export const LOCK_VARIABLE = 'SOLOD_SPAWN_LOCK';

/** How much of a log is kept in one file, and how much of its end is shown when a daemon dies. */
const LOG_BYTES_MAX = 1024 * 1024;
const TAIL_BYTES = 4096;
const SPAWNS_BYTES_MAX = 256 * 1024;

export interface SpawnTarget {
  /** The directory of the daemon's name, where its log goes. */
  readonly directory: string;
  /** The program and its arguments; never a shell's line. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface Started {
  readonly child: ChildProcess;
  /** The end of what it has written. */
  readonly tail: () => string;
}

export class NodeSpawner implements Spawner {
  readonly #children = new Map<number, Started>();

  constructor(
    private readonly target: SpawnTarget,
    private readonly processes: ProcessTable,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  spawn(reason: SpawnReason, lockNonce: string): SpawnReading {
    const log = openLog(this.target.directory);
    try {
      const reading = this.#start(log, lockNonce);
      this.#record(reason, reading);
      return reading;
    } finally {
      log?.close();
    }
  }

  check(pid: number): ChildReading {
    const started = this.#children.get(pid);
    if (started === undefined) throw new Error(`process ${pid} was not started here`);
    const { child, tail } = started;
    if (child.exitCode === null && child.signalCode === null) return { kind: 'running' };
    return {
      kind: 'ended',
      code: child.exitCode ?? undefined,
      signal: child.signalCode ?? undefined,
      lastOutput: tail(),
    };
  }

  /** Nothing of the caller's: not its terminal (setsid), not its directory (which may be a mount in use), not its stdio. */
  #start(log: Log | undefined, lockNonce: string): SpawnReading {
    const [program, ...args] = this.target.command;
    const output = log?.descriptor ?? 'ignore';
    // Loaded when a process is to be started, which is what most calls are spared.
    const { spawn } = process.getBuiltinModule('node:child_process');
    try {
      const child = spawn(program, args, {
        cwd: '/',
        detached: true,
        env: { ...this.target.env, [LOCK_VARIABLE]: lockNonce },
        stdio: ['ignore', output, output],
      });
      // What it says comes later, and is known by then: without a pid nothing was started.
      child.on('error', () => {});
      child.unref();
      if (child.pid === undefined) return { kind: 'refused', cause: whyNotRun(program) };
      this.#children.set(child.pid, { child, tail: log?.tail ?? (() => '') });
      const seen = this.processes.lookUp(child.pid);
      return { kind: 'spawned', pid: child.pid, startTime: seen.kind === 'present' ? seen.startTime : '' };
    } catch (error) {
      return { kind: 'threw', cause: causeOf(error) };
    }
  }

  /** A record that can't be written stops no start. */
  #record(reason: SpawnReason, reading: SpawnReading): void {
    const outcome = reading.kind === 'spawned' ? { pid: reading.pid } : { failed: reading.cause.code };
    const line = { at: this.clock.now().wallMs, by: process.pid, reason, ...outcome };
    try {
      const path = join(this.target.directory, NAMES.spawns);
      rotate(path, SPAWNS_BYTES_MAX);
      const descriptor = fs.openSync(path, APPEND, 0o600);
      try {
        fs.writeSync(descriptor, `${JSON.stringify(line)}\n`);
      } finally {
        fs.closeSync(descriptor);
      }
    } catch {
      // A full disk, say: the daemon itself may need no more room.
    }
  }
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR, O_WRONLY } = fs.constants;
/** A fifo by that name must not hold the caller up, nor a link lead it elsewhere. */
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;

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
    rotate(path, LOG_BYTES_MAX);
    const descriptor = fs.openSync(path, APPEND, 0o600);
    const { size } = fs.fstatSync(descriptor);
    return { descriptor, tail: () => tailOf(path, size), close: () => fs.closeSync(descriptor) };
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
    const path = join(tmpdir(), `solod-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const descriptor = fs.openSync(path, O_RDWR | O_APPEND | O_CREAT | O_EXCL, 0o600);
    fs.unlinkSync(path);
    return { descriptor, tail: () => tailFrom(descriptor, 0), close: () => {} };
  } catch {
    return undefined;
  }
}

/** Keeps one file before the current one. */
function rotate(path: string, bytesMax: number): void {
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > bytesMax) fs.renameSync(path, `${path}.1`);
}

function tailOf(path: string, from: number): string {
  try {
    const descriptor = fs.openSync(path, 'r');
    try {
      return tailFrom(descriptor, from);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return '';
  }
}

function tailFrom(descriptor: number, from: number): string {
  const { size } = fs.fstatSync(descriptor);
  const start = Math.max(from, size - TAIL_BYTES);
  const bytes = Buffer.alloc(Math.max(0, size - start));
  return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, start));
}

/** Node tells why in an event that comes later; a caller that exits in its next statement needs the reason now. */
function whyNotRun(program: string): Cause {
  if (!program.includes('/'))
    return { code: 'ENOENT', message: `ENOENT: ${program} could not be executed by way of PATH` };
  try {
    fs.accessSync(program, fs.constants.X_OK);
    return { code: 'EUNKNOWN', message: `${program} could not be executed` };
  } catch (error) {
    return causeOf(error);
  }
}
