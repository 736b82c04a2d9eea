import type { Clock, SleepReading } from '../../ports/clock.js';

/** `performance.now()` would load one more module at every start. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** A clock that may know how to end a sleep early, and then leaves no timer behind. */
export interface WakeableClock extends Clock {
  /** @param news ends the sleep when it settles */
  sleep(ms: number, news?: Promise<unknown>): Promise<SleepReading>;
}

export const nodeClock: WakeableClock = {
  now: () => ({ monotonicMs: monotonicMs(), wallMs: Date.now() }),
  sleep: (ms, news) =>
    new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ kind: 'done' }), ms);
      void news?.then(() => {
        clearTimeout(timer);
        resolve({ kind: 'done' });
      });
    }),
};
