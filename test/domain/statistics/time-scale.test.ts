/** The position of a time on the axis, and the gaps that the axis leaves out. */

import { describe, expect, it } from 'vitest';
import { CUT_WIDTH, timeScale } from '../../../src/domain/statistics/time-scale.js';

const HOUR = 3_600_000;

describe('a time scale', () => {
  it('without long gaps is even', () => {
    const scale = timeScale([100, 0, 60, 30], 1_000);
    expect([0, 30, 60, 80, 100].map((ms) => scale.place(ms))).toEqual([0, 300, 600, 800, 1_000]);
    expect(scale.cuts).toEqual([]);
  });

  it('of two events, at any distance, cuts nothing', () => {
    const scale = timeScale([0, 48 * HOUR], 500);
    expect([scale.cuts, scale.place(24 * HOUR)]).toEqual([[], 250]);
  });

  it('of one event has a place for it', () => {
    const scale = timeScale([5], 100);
    expect([scale.place(5), scale.place(0), scale.place(9), scale.ticks]).toEqual([
      0,
      0,
      0,
      [{ x: 0, ms: 5 }],
    ]);
  });

  it('cuts a gap that would hide the rest, and gives the rest its room', () => {
    const scale = timeScale([0, 10, HOUR, HOUR + 10], 200 + CUT_WIDTH);
    expect(scale.cuts).toEqual([{ x: 100, ms: HOUR - 10 }]);
    expect(scale.place(10)).toBe(100);
    expect(scale.place(HOUR)).toBe(100 + CUT_WIDTH);
    expect(scale.place(HOUR + 10)).toBe(200 + CUT_WIDTH);
    expect(scale.place(10 + (HOUR - 10) / 2)).toBe(100 + CUT_WIDTH / 2);
  });

  it('cuts similar gaps, too', () => {
    const { cuts } = timeScale([0, 10, HOUR, HOUR + 10, 2 * HOUR, 2 * HOUR + 10], 500);
    expect(cuts.map(({ ms }) => ms)).toEqual([HOUR - 10, HOUR - 10]);
  });

  it('cuts a gap in the rest, if that is out of proportion in turn', () => {
    const { cuts } = timeScale([0, 10, 6_000, 6_010, 5 * HOUR, 5 * HOUR + 10], 500);
    expect(cuts.map(({ ms }) => ms)).toEqual([5_990, 5 * HOUR - 6_010]);
  });

  it('never goes back, and ends at its width', () => {
    const times = [0, 3, 8, 500, 501, 90_000, 90_001, 7 * HOUR];
    const scale = timeScale([...times, 7 * HOUR + 40], 700);
    const places = [...times, 7 * HOUR + 40].map((ms) => scale.place(ms));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places.at(-1)).toBeCloseTo(700, 6);
    expect(scale.place(99 * HOUR)).toBeCloseTo(700, 6);
  });

  it('shows times where there is room', () => {
    const { ticks } = timeScale(
      Array.from({ length: 50 }, (_, n) => n * n),
      600,
    );
    expect(ticks.length).toBeGreaterThan(3);
    for (const [index, { x }] of ticks.entries())
      expect(x - (ticks[index - 1]?.x ?? -92)).toBeGreaterThanOrEqual(92);
  });
});
