import type { Platform } from '../../domain/place/layout.js';
import type { Environment } from '../../ports/environment.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { ProcessReading, SignalReading, TerminationSignal } from '../../ports/process-table.js';
import type { Instant } from '../../ports/readings.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { SpawnReading } from '../../ports/spawner.js';
import { causeOf } from '../errno.js';
import { LOCK_VARIABLE, type SpawnTarget } from '../spawn-target.js';
import { FakeClock } from './clock.js';
import { MemoryDisk } from './files/disk.js';
import { Faults } from './files/faults.js';
import { type Actor, MemoryFileSystem } from './files/file-system.js';
import { type Birth, MemoryProcess, type Surroundings } from './memory-process.js';
import { MemoryNetwork } from './network.js';

/** What asked for a start. */
interface Start {
  readonly by: number;
  readonly reason: SpawnReason;
  readonly lockNonce: string | undefined;
  /** MemoryProgram and arguments, where a target names them. */
  readonly command?: readonly string[];
}

/** A start, and what came of it. */
export interface SpawnRecord extends Start {
  readonly at: Instant;
  readonly reading: SpawnReading;
}

export interface MachineOptions {
  /** Decides what a full backlog answers; Linux by default. */
  readonly platform?: Platform;
  /** User of all processes, unless one is started for another user. */
  readonly userId?: number;
  /** First instant of the clock. */
  readonly start?: Instant;
}

/**
 * What a started process does. If it throws, the process ends with exit code 1, and its starter can read the
 * error.
 */
export type MemoryProgram = (process: MemoryProcess) => unknown;

/**
 * Errors that the runtime throws, where others come from the system: arguments that can't be handed to a
 * process.
 */
const THROWN = new Set(['E2BIG', 'ERR_INVALID_ARG_VALUE']);
const FIRST_PID = 1_000;
const BACKLOG = 511;

/** One simulated machine: a disk, a network, a clock, and processes that share them. */
export class MemoryMachine implements Surroundings {
  readonly clock: FakeClock;
  readonly faults = new Faults();
  readonly disk: MemoryDisk;
  readonly network: MemoryNetwork;
  readonly platform: Platform;
  /** The test's own access to the disk: it belongs to no process, and no fault meets it. */
  readonly files: FileSystem;
  /** Each start that was tried, in order. */
  readonly spawns: SpawnRecord[] = [];
  /** What a process does that was started without a program. Called while its parent is still in `spawn`. */
  onSpawn: (child: MemoryProcess, start: Start) => void = () => {};

  readonly #userId: number;
  readonly #programs = new Map<string, MemoryProgram>();
  readonly #processes = new Map<number, MemoryProcess>();
  #started = 0;

  constructor({ platform = 'linux', userId = 1_000, start }: MachineOptions = {}) {
    this.#userId = userId;
    this.platform = platform;
    this.clock = new FakeClock(start, () => this.network.moves);
    this.disk = new MemoryDisk(() => this.clock.now().wallMs);
    this.network = new MemoryNetwork(this.disk, platform);
    this.files = new MemoryFileSystem(this.disk, { pid: 0, userId }, new Faults());
  }

  /**
   * Installs a program that processes of the machine can start.
   * @param path first word of the command that starts it
   */
  install(path: string, program: MemoryProgram): void {
    this.#programs.set(path, program);
  }

  /** Starts a process. A `pid` that was used before is used again, with another start time. */
  start(birth: Partial<Omit<Birth, 'startTime'>> = {}): MemoryProcess {
    const pid = birth.pid ?? FIRST_PID + this.#started;
    if (this.#processes.get(pid)?.look().kind === 'present') throw new Error(`process ${pid} still exists`);
    this.#started += 1;
    const process = new MemoryProcess(this, {
      pid,
      userId: birth.userId ?? this.#userId,
      startTime: String(this.#started),
      backlog: birth.backlog ?? BACKLOG,
      env: birth.env ?? {},
      command: birth.command ?? [],
      parent: birth.parent,
    });
    this.#processes.set(pid, process);
    return process;
  }

  /** The process of an id: the latest that had it. */
  process(pid: number): MemoryProcess | undefined {
    return this.#processes.get(pid);
  }

  lookUp(pid: number, observer: Actor = { pid: 0, userId: 0 }): ProcessReading {
    try {
      this.faults.strike(observer.pid, 'lookUp', [pid]);
    } catch (error) {
      return { kind: 'hidden', cause: causeOf(error) };
    }
    return this.#processes.get(pid)?.look() ?? { kind: 'gone' };
  }

  signal(pid: number, name: TerminationSignal, sender: Actor): SignalReading {
    try {
      this.faults.strike(sender.pid, 'signal', [pid, name]);
    } catch (error) {
      return { kind: 'failed', cause: causeOf(error) };
    }
    const process = this.#processes.get(pid);
    if (process === undefined || process.look().kind === 'gone') return { kind: 'absent' };
    if (name === 'SIGKILL') process.kill();
    else process.terminate();
    return { kind: 'done' };
  }

  spawn(
    parent: MemoryProcess,
    reason: SpawnReason,
    lockNonce: string | undefined,
    target?: SpawnTarget,
  ): SpawnReading {
    const command = target === undefined ? {} : { command: target.command };
    const start = { by: parent.pid, reason, lockNonce, ...command };
    const reading = this.#spawn(parent, start, target?.environment());
    this.spawns.push({ ...start, at: this.clock.now(), reading });
    return reading;
  }

  #spawn(parent: MemoryProcess, start: Start, env: Environment | undefined): SpawnReading {
    const { reason, lockNonce, command } = start;
    const path = command?.[0] ?? '';
    const program = this.#programs.get(path);
    try {
      this.faults.strike(parent.pid, 'spawn', [reason, lockNonce ?? '']);
    } catch (error) {
      const cause = causeOf(error);
      return { kind: THROWN.has(cause.code) ? 'threw' : 'refused', cause };
    }
    if (command !== undefined && program === undefined)
      return {
        kind: 'refused',
        cause: { code: 'ENOENT', message: `ENOENT: no program ${path} is installed` },
      };
    const { userId } = parent;
    const child = this.start({
      userId,
      parent,
      command: command ?? [],
      env: { ...env, [LOCK_VARIABLE]: lockNonce },
    });
    parent.adopt(child);
    if (program === undefined) this.onSpawn(child, start);
    else void child.execute(() => program(child));
    return { kind: 'spawned', pid: child.pid, startTime: child.startTime };
  }
}
