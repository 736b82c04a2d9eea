import { setImmediate as nextTurn } from 'node:timers';
import type { Clock, SleepReading } from '../../ports/clock.js';
import type { Instant } from '../../ports/readings.js';

interface Timer {
  readonly dueMs: number;
  readonly owner: object | undefined;
  readonly fire: () => void;
}

const HOUR_MS = 3_600_000;
/**
 * Turns of the event loop without a move after which streams count as quiet: a program may wait for a turn or
 * two itself.
 */
const QUIET_TURNS = 4;
/** Turns in which a promise may settle for which no fake time has to pass. */
const PATIENCE_TURNS = 1_000;

const turn = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

/**
 * Time that passes only when a test says so. Each sleeper wakes at exactly the time it asked for, in due
 * order, and everything that follows from waking one has happened before the next one wakes.
 */
export class FakeClock implements Clock {
  #monotonicMs: number;
  #wallMs: number;
  /** In the order in which they were set, which is the order among those that are due together. */
  #timers: readonly Timer[] = [];
  readonly #moves: () => number;

  /**
   * @param start the first instant
   * @param moves how many times bytes have moved on the streams that share this clock
   */
  constructor(start: Instant = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 }, moves = () => 0) {
    this.#monotonicMs = start.monotonicMs;
    this.#wallMs = start.wallMs;
    this.#moves = moves;
  }

  now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#wallMs };
  }

  /** @param owner may be forgotten, and is not woken then */
  sleep(ms: number, owner?: object): Promise<SleepReading> {
    return new Promise((resolve) => this.after(ms, () => resolve({ kind: 'done' }), owner));
  }

  /** @returns cancels the timer */
  after(ms: number, fire: () => void, owner?: object): () => void {
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(ms, 0), fire, owner };
    this.#timers = [...this.#timers, timer];
    return () => this.#drop(timer);
  }

  /** Nothing wakes this owner any more. */
  forget(owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
  }

  /** Sets the wall clock forward, or back. No sleeper notices. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** When the next sleeper is due, if any sleeps. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs;
  }

  /** Lets each promise, and each stream, go on until only time or the test could move anything. */
  async settle(): Promise<void> {
    await turn();
    let before = 0;
    for (let quiet = 0; this.#moves() > 0 && quiet < QUIET_TURNS; quiet += 1) {
      if (this.#moves() !== before) quiet = 0;
      before = this.#moves();
      await turn();
    }
  }

  async advance(byMs: number): Promise<void> {
    const untilMs = this.#monotonicMs + byMs;
    await this.settle();
    for (let next = this.#next(); next !== undefined && next.dueMs <= untilMs; next = this.#next()) {
      await this.#wake(next);
    }
    this.#moveTo(untilMs);
  }

  /**
   * Moves on from one sleeper to the next, whenever nothing else is left to do, until the promise has
   * settled.
   * @param withinMs limit of fake time, in milliseconds; an hour by default
   * @throws when the limit has passed, or when no sleeper is left and the promise still has not settled
   */
  async finish<T>(awaited: Promise<T>, withinMs: number = HOUR_MS): Promise<T> {
    const untilMs = this.#monotonicMs + withinMs;
    let settled = false;
    const note = () => {
      settled = true;
    };
    awaited.then(note, note);
    for (await this.settle(); !settled; ) {
      const next = this.#next();
      if (next === undefined) {
        for (let turns = 0; !settled && turns < PATIENCE_TURNS; turns += 1) await turn();
        if (settled || this.#next() !== undefined) continue;
        throw new Error('no sleeper is left, and the promise has not settled: it never will');
      }
      if (next.dueMs > untilMs)
        throw new Error(`the promise has not settled within ${withinMs} ms of fake time`);
      await this.#wake(next);
    }
    return awaited;
  }

  #next(): Timer | undefined {
    return this.#timers.reduce<Timer | undefined>(
      (first, timer) => (first === undefined || timer.dueMs < first.dueMs ? timer : first),
      undefined,
    );
  }

  async #wake(timer: Timer): Promise<void> {
    this.#moveTo(timer.dueMs);
    this.#drop(timer);
    timer.fire();
    await this.settle();
  }

  #drop(timer: Timer): void {
    this.#timers = this.#timers.filter((other) => other !== timer);
  }

  #moveTo(monotonicMs: number): void {
    this.#wallMs += monotonicMs - this.#monotonicMs;
    this.#monotonicMs = monotonicMs;
  }
}
