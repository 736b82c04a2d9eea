import type { Clock } from '../../ports/clock.js';

/** Not `performance.now()`: its module is one more to load at every start. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

export const nodeClock: Clock = {
  now: () => ({ monotonicMs: monotonicMs(), wallMs: Date.now() }),
  sleep: (ms) => new Promise((resolve) => setTimeout(() => resolve({ kind: 'done' }), ms)),
};
