import { judgeStart, type StartVerdict } from '../domain/lifecycle/crash-loop-breaker.js';
import type { Clock } from '../ports/clock.js';
import type { Cause } from '../ports/readings.js';
import type { SpawnReason } from '../ports/spawn-reason.js';
import type { Word } from '../ports/start-word.js';
import type { Ledger } from './ledger.js';
import type { Processes } from './own-processes.js';
import { endSilentStarts } from './silent-starts.js';
import type { SpawnTarget } from './spawn-target.js';

/** How much of a process's last output the ledger keeps. */
export const NOTE_CHARACTERS = 1024;

/** How a started process ended, as its starter sees it. */
interface SeenEnd {
  readonly code: number | undefined;
  readonly signal: string | undefined;
  readonly lastOutput: () => string;
}

/** What a spawner reads and writes in the ledger of its name. */
export class SpawnRecords {
  /** @param asker the program that asks for starts */
  constructor(
    private readonly ledger: Ledger,
    private readonly clock: Clock,
    private readonly processes: Processes,
    private readonly target: Pick<SpawnTarget, 'build' | 'silentMs'>,
    private readonly asker: string,
  ) {}

  /**
   * Ends the starts that hang, which then count as failed.
   * @returns the verdict of the crash-loop breaker. A person who says `restart` overrides it
   */
  judge(reason: SpawnReason): StartVerdict {
    const now = this.clock.now();
    const { silentMs } = this.target;
    if (silentMs !== undefined) endSilentStarts(this.ledger, this.processes, silentMs, now.wallMs);
    if (reason === 'restart') return { kind: 'allowed' };
    return judgeStart(this.ledger.starts(), this.target.build(), now);
  }

  started(reason: SpawnReason, pid: number, startTime: string): void {
    const self = this.processes.self();
    const entry = this.#entry(pid, reason);
    this.ledger.append({ ...self, ...entry, kind: 'started', startTime, build: this.target.build() });
  }

  refused<K extends 'refused' | 'threw'>(reason: SpawnReason, kind: K, cause: Cause) {
    this.ledger.append({ ...this.#entry(0, reason), kind: 'refused', message: cause.message });
    return { kind, cause } as const;
  }

  /** Writes down how a process ended that could not say so itself: only its starter knows. */
  ended(pid: number, words: readonly Word[], { code, signal, lastOutput }: SeenEnd): void {
    if (words.some(({ kind }) => kind !== 'claimed')) return;
    const why = code === 0 ? '' : lastOutput().trim().slice(-NOTE_CHARACTERS);
    this.ledger.append({ atMs: this.clock.now().wallMs, pid, kind: 'ended', why, code, signal });
  }

  #entry(pid: number, reason: SpawnReason) {
    const { asker } = this;
    return { atMs: this.clock.now().wallMs, pid, by: this.processes.self().pid, asker, reason };
  }
}
