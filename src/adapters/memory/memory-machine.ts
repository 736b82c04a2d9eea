import type { Platform } from '../../domain/place/layout.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { ProcessReading, SignalReading, TerminationSignal } from '../../ports/process-table.js';
import type { Instant } from '../../ports/readings.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { SpawnReading } from '../../ports/spawner.js';
import { causeOf } from '../errno.js';
import { FakeClock } from './clock.js';
import { MemoryDisk } from './disk.js';
import { Faults } from './faults.js';
import { type Actor, MemoryFileSystem } from './file-system.js';
import { type Birth, type Host, MemoryProcess } from './memory-process.js';
import { MemoryNetwork } from './network.js';

/** A start, and what came of it. */
export interface SpawnRecord {
  readonly by: number;
  readonly reason: SpawnReason;
  readonly lockNonce: string | undefined;
  readonly at: Instant;
  readonly reading: SpawnReading;
}

export interface MachineOptions {
  /** Decides what a full backlog answers. */
  readonly platform?: Platform;
  /** Whose processes run here, unless one is started for somebody else. */
  readonly userId?: number;
  /** The clock's first instant. */
  readonly start?: Instant;
}

/** What the runtime throws at, where the system would only refuse: arguments that can't be handed over. */
const THROWN = new Set(['E2BIG', 'ERR_INVALID_ARG_VALUE']);
const FIRST_PID = 1_000;
const BACKLOG = 511;

/** One simulated host: a disk, a network, a clock, and processes that share them. */
export class MemoryMachine implements Host {
  readonly clock: FakeClock;
  readonly faults = new Faults();
  readonly disk: MemoryDisk;
  readonly network: MemoryNetwork;
  /** The test's own hands on the disk: no process, and no fault meets it. */
  readonly files: FileSystem;
  /** Every start that was tried, in order. */
  readonly spawns: SpawnRecord[] = [];
  /** What a started process is to do. Called while its parent is still in `spawn`. */
  onSpawn: (child: MemoryProcess, start: Pick<SpawnRecord, 'by' | 'reason' | 'lockNonce'>) => void = () => {};

  readonly #userId: number;
  readonly #processes = new Map<number, MemoryProcess>();
  #started = 0;

  constructor(options: MachineOptions = {}) {
    this.#userId = options.userId ?? 1_000;
    this.clock = new FakeClock(options.start);
    this.disk = new MemoryDisk(() => this.clock.now().wallMs);
    this.network = new MemoryNetwork(this.disk, options.platform ?? 'linux');
    this.files = new MemoryFileSystem(this.disk, { pid: 0, userId: this.#userId }, new Faults());
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
    });
    this.#processes.set(pid, process);
    return process;
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

  spawn(parent: MemoryProcess, reason: SpawnReason, lockNonce: string | undefined): SpawnReading {
    const start = { by: parent.pid, reason, lockNonce };
    const reading = this.#spawn(parent, start);
    this.spawns.push({ ...start, at: this.clock.now(), reading });
    return reading;
  }

  #spawn(parent: MemoryProcess, start: Pick<SpawnRecord, 'by' | 'reason' | 'lockNonce'>): SpawnReading {
    try {
      this.faults.strike(parent.pid, 'spawn', [start.reason, start.lockNonce ?? '']);
    } catch (error) {
      const cause = causeOf(error);
      return { kind: THROWN.has(cause.code) ? 'threw' : 'refused', cause };
    }
    const child = this.start({ userId: parent.userId });
    parent.adopt(child);
    this.onSpawn(child, start);
    return { kind: 'spawned', pid: child.pid, startTime: child.startTime };
  }
}
