import type { Clock } from '../../ports/clock.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { ChildReading, Spawner, SpawnReading } from '../../ports/spawner.js';
import type { Word } from '../../ports/start-word.js';
import type { Ledger } from '../ledger.js';
import type { Processes } from '../own-processes.js';
import { SpawnRecords } from '../spawn-records.js';
import type { SpawnTarget } from '../spawn-target.js';
import type { FakeClock } from './clock.js';

/** A process that the spawner has started. */
interface Child {
  readonly startTime: string;
  readonly words: readonly Word[];
  onNews: () => void;
  lookAsChild(): ChildReading;
}

/** The process that the spawner belongs to. */
interface Parent {
  readonly processes: Processes;
  readonly program: string;
  readonly activity: string;
  ledger(directory: string): Ledger;
  child(pid: number): Child;
}

interface Owner {
  readonly process: Parent;
  readonly clock: FakeClock;
  /** Refuses the calls of a dead process. */
  guarded(clock: Clock): Clock;
}

/**
 * Starts the program of a target, and keeps the ledger as Node's spawner does: its crash-loop breaker runs on
 * the fake clock.
 */
export class MemorySpawner implements Spawner {
  readonly #starts: Spawner;
  readonly #owner: Owner;
  readonly #records: SpawnRecords;
  #wake: () => void = () => {};
  #started = 0;

  /** @param starts starts the target, and knows no ledger */
  constructor(target: SpawnTarget, starts: Spawner, owner: Owner) {
    const { process, clock } = owner;
    const ledger = process.ledger(target.directory);
    this.#starts = starts;
    this.#owner = owner;
    this.#records = new SpawnRecords(ledger, clock, process.processes, target, process.program);
  }

  get hasStarted(): boolean {
    return this.#started > 0;
  }

  spawn(reason: SpawnReason, lockNonce: string | undefined): SpawnReading {
    const verdict = this.#records.judge(reason);
    if (verdict.kind === 'held-back') return verdict;
    const reading = this.#starts.spawn(reason, lockNonce);
    if (reading.kind === 'spawned') this.#watch(reading.pid, reason);
    else if (reading.kind !== 'held-back') this.#records.refused(reason, reading.kind, reading.cause);
    return reading;
  }

  check(pid: number): ChildReading {
    return this.#starts.check(pid);
  }

  /** No client of a memory machine reads launch files. */
  leaveLaunchFile(): void {}

  /** A clock whose sleep ends early when a process of this spawner says something, or ends. */
  wakingClock(): Clock {
    const { clock, process, guarded } = this.#owner;
    return guarded({
      now: () => clock.now(),
      sleep: (ms) =>
        new Promise((resolve) => {
          const done = (): void => resolve({ kind: 'done' });
          const callOff = clock.after(ms, done, process);
          this.#wake = () => {
            callOff();
            done();
          };
        }),
    });
  }

  #watch(pid: number, reason: SpawnReason): void {
    const { process } = this.#owner;
    const child = process.child(pid);
    this.#started += 1;
    this.#records.started(reason, pid, child.startTime);
    child.onNews = () => {
      // Only a starter that lives learns how its child ended.
      if (process.activity === 'gone') return;
      const seen = child.lookAsChild();
      if (seen.kind === 'ended')
        this.#records.ended(pid, child.words, { ...seen, lastOutput: () => seen.lastOutput });
      this.#wake();
    };
  }
}
