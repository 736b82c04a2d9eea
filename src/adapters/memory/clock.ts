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
 * Time that passes only when a test says so. Whoever sleeps is woken at exactly the time it asked for, in due order,
 * and everything that follows from waking one has happened before the next is woken.
 */
export class FakeClock implements Clock {
  #monotonicMs: number;
  #wallMs: number;
  /** In the order in which they were set, which is the order among those that are due together. */
  #timers: readonly Timer[] = [];

  constructor(start: Instant = { monotonicMs: 1_000, wallMs: 1_700_000_000_000 }) {
    this.#monotonicMs = start.monotonicMs;
    this.#wallMs = start.wallMs;
  }

  now(): Instant {
    return { monotonicMs: this.#monotonicMs, wallMs: this.#wallMs };
  }

  /** @param owner whoever may be forgotten */
  sleep(ms: number, owner?: object): Promise<SleepReading> {
    return new Promise((resolve) => this.after(ms, () => resolve({ kind: 'done' }), owner));
  }

  /** @returns calls it off */
  after(ms: number, fire: () => void, owner?: object): () => void {
    const timer: Timer = { dueMs: this.#monotonicMs + Math.max(ms, 0), fire, owner };
    this.#timers = [...this.#timers, timer];
    return () => this.#drop(timer);
  }

  /** Nothing wakes this owner any more. */
  forget(owner: object): void {
    this.#timers = this.#timers.filter((timer) => timer.owner !== owner);
  }

  /** The wall clock is set forward, or back; no sleeper notices. */
  jumpWall(byMs: number): void {
    this.#wallMs += byMs;
  }

  /** When the next sleeper is due, if any sleeps. */
  get nextDueMs(): number | undefined {
    return this.#next()?.dueMs;
  }

  /** Lets every promise go on until only time, or the test, could move anything. */
  settle(): Promise<void> {
    return new Promise((resolve) => nextTurn(resolve));
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
   * Moves on from one sleeper to the next, whenever nothing else is left to do, until the promise has settled.
   * @param withinMs more fake time than this is a test that got lost
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
      if (next === undefined)
        throw new Error('nobody sleeps, and what was awaited has not come: it never will');
      if (next.dueMs > untilMs)
        throw new Error(`what was awaited has not come within ${withinMs} ms of fake time`);
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
