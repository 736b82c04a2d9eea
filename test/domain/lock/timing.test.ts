import { describe, expect, it } from 'vitest';
import { CALL_TOTAL_MS, DEFAULT_TIMING, nextPollMs, timingFrom } from '../../../src/domain/lock/timing.js';

describe('timing', () => {
  it('has these defaults', () => {
    expect(DEFAULT_TIMING).toEqual({
      totalMs: 2_000,
      lockFallbackMs: 1_000,
      readyMs: 1_500,
      overrideMs: 2_000,
      staleMs: 10_000,
      futureMs: 1_000,
      firstPollMs: 1,
      lastPollMs: 50,
      pollGrowth: 1.3,
    });
    expect([timingFrom(), timingFrom({})]).toEqual([DEFAULT_TIMING, DEFAULT_TIMING]);
    expect(CALL_TOTAL_MS).toBe(10_000);
  });

  it('a longer budget gives the daemon more time, but not the lock', () => {
    expect(timingFrom({ totalMs: 10_000 })).toEqual({
      ...DEFAULT_TIMING,
      totalMs: 10_000,
      lockFallbackMs: 1_000,
      readyMs: 7_500,
    });
  });

  it('a shorter budget shrinks both', () => {
    const expected = { ...DEFAULT_TIMING, totalMs: 400, lockFallbackMs: 200, readyMs: 300 };
    expect(timingFrom({ totalMs: 400 })).toEqual(expected);
  });

  it('each of them is an option', () => {
    const own = {
      totalMs: 1,
      lockFallbackMs: 2,
      readyMs: 3,
      overrideMs: 4,
      staleMs: 5,
      futureMs: 6,
      firstPollMs: 7,
      lastPollMs: 8,
      pollGrowth: 9,
    };
    expect(timingFrom(own)).toEqual(own);
    expect(timingFrom({ readyMs: 3 })).toEqual({ ...DEFAULT_TIMING, readyMs: 3 });
  });

  it('polling begins at one millisecond, and backs off to its longest wait', () => {
    const polls = [DEFAULT_TIMING.firstPollMs];
    for (let n = 0; n < 20; n += 1) polls.push(nextPollMs(polls.at(-1) ?? 0, DEFAULT_TIMING));
    expect(polls.slice(0, 3)).toEqual([1, 1.3, 1.3 * 1.3]);
    expect([...polls].sort((a, b) => a - b)).toEqual(polls);
    expect(polls.at(-1)).toBe(50);
    expect(nextPollMs(50, DEFAULT_TIMING)).toBe(50);
  });
});
