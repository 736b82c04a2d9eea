/** Clocks and waiting. */
import { setTimeout as delay } from 'node:timers/promises';

/** @returns {number} milliseconds of the monotonic clock, which all processes of a machine share */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** Blocks this process: for exit handlers, which can't await anything. @param {number} ms */
export function sleepSync(ms) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

/**
 * Polls until a condition holds or the time is over.
 * @param {() => boolean} condition
 * @param {{ withinMs: number, everyMs: number }} limits
 * @returns {Promise<boolean>} whether the condition held in time
 */
export async function waitUntil(condition, { withinMs, everyMs }) {
  const deadlineMs = nowMs() + withinMs;
  while (!condition()) {
    if (nowMs() >= deadlineMs) return false;
    await delay(everyMs);
  }
  return true;
}
