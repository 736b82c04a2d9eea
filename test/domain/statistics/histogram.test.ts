/** Times in a fixed amount of memory. */

import { describe, expect, it } from 'vitest';
import { Histogram, type Spread } from '../../../src/domain/statistics/histogram.js';

function spreadOf(times: readonly number[]): Spread {
  const histogram = new Histogram();
  for (const ms of times) histogram.add(ms);
  return histogram.spread;
}

/** By sorting: the nearest rank. */
const exactly = (times: readonly number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.ceil(share * times.length) - 1] ?? Number.NaN;

describe('a histogram', () => {
  it('without values has no quantile', () => {
    expect(spreadOf([])).toEqual({ count: 0, sumMs: 0 });
  });

  it.each([
    ['one', [7]],
    ['some', [1, 2, 3, 4, 100]],
    ['many of two kinds', [...Array(90).fill(0.4), ...Array(10).fill(3_000)]],
    ['evenly many', Array.from({ length: 1_000 }, (_, n) => n / 10)],
    ['over six magnitudes', Array.from({ length: 600 }, (_, n) => 0.02 * 10 ** (n / 100))],
  ])('%s: each quantile within 4.5 %, count, sum and maximum exact', (_, times) => {
    const spread = spreadOf(times);
    expect(spread.count).toBe(times.length);
    expect(spread.sumMs).toBeCloseTo(
      times.reduce((sum, ms) => sum + ms, 0),
      6,
    );
    expect(spread.maxMs).toBe(Math.max(...times));
    for (const [share, ms] of [
      [0.5, spread.medianMs],
      [0.9, spread.p90Ms],
      [0.99, spread.p99Ms],
    ] as const) {
      const exact = Math.max(exactly(times, share), 0.01);
      expect(Math.abs((ms ?? Number.NaN) / exact - 1)).toBeLessThanOrEqual(0.045);
    }
  });

  it.each([0.011, 1, 5, 10.24, 20, 1_000])('has no quantile above the maximum: %d ms', (time) => {
    const { medianMs, p99Ms, maxMs } = spreadOf([time]);
    expect([medianMs ?? 9e9, p99Ms ?? 9e9].every((ms) => ms <= (maxMs ?? 0))).toBe(true);
  });

  it('counts values out of its range at its ends, and negative ones as zero', () => {
    expect(spreadOf([-5])).toMatchObject({ count: 1, sumMs: 0, maxMs: 0, medianMs: 0 });
    const day = 86_400_000;
    expect(spreadOf([day])).toMatchObject({ sumMs: day, maxMs: day });
    expect(spreadOf([day]).medianMs).toBeGreaterThan(7_200_000);
    expect(spreadOf([0, 0.001]).maxMs).toBe(0.001);
  });
});
