/** What a daemon counts, and what each number means. */

import { describe, expect, it } from 'vitest';
import { type Arrival, Tally } from '../../../src/domain/statistics/daemon-tally.js';

const arrived = (atMs: number, waitedMs?: number, spawned?: boolean): Arrival => ({
  atMs,
  caller: { waitedMs, spawned },
});

describe('a tally', () => {
  it('is zero for a daemon that has done nothing', () => {
    expect(new Tally().numbers(0)).toEqual({
      running: 0,
      waiting: 0,
      failed: 0,
      loadMs: undefined,
      cold: { count: 0, sumMs: 0 },
      warm: { count: 0, sumMs: 0 },
      run: { count: 0, sumMs: 0 },
      savedMs: 0,
    });
  });

  it('counts a call before the load of the service as cold: its time is the wait, the load and the run', () => {
    const tally = new Tally();
    tally.loaded(300, 200);
    tally.begin(arrived(120, 50), 300)(340, 'well');
    const { cold, warm, run } = tally.numbers(0);
    expect([cold.sumMs, warm.count, run.sumMs]).toEqual([50 + 220, 0, 40]);
  });

  it('counts a call whose caller had the daemon started as cold, even after the load', () => {
    const tally = new Tally();
    tally.loaded(300, 200);
    tally.begin(arrived(310, 400, true), 310)(320, 'well');
    expect(tally.numbers(0)).toMatchObject({ cold: { count: 1, sumMs: 410 }, warm: { count: 0 } });
  });

  it('counts any other call as warm; a caller without a report has not waited', () => {
    const tally = new Tally();
    tally.loaded(300, 200);
    tally.begin(arrived(300, 2, false), 301)(311, 'well');
    tally.begin({ atMs: 400, caller: undefined }, 400)(405, 'well');
    expect(tally.numbers(0)).toMatchObject({
      cold: { count: 0 },
      warm: { count: 2, sumMs: 13 + 5 },
      run: { count: 2, sumMs: 10 + 5 },
    });
  });

  it('saves the load and the run, minus the total time: below zero if the daemon was started for one call', () => {
    const tally = new Tally();
    tally.loaded(300, 200);
    tally.begin(arrived(100, 50), 300)(340, 'well');
    expect(tally.numbers(0).savedMs).toBe(200 + 40 - (50 + 240));
    tally.begin(arrived(500, 3), 500)(520, 'well');
    expect(tally.numbers(0).savedMs).toBe(-50 + (200 + 20 - 23));
  });

  it('counts calls that run, that wait, and that failed', () => {
    const tally = new Tally();
    tally.loaded(0, 1);
    const first = tally.begin(arrived(1), 1);
    const second = tally.begin(arrived(1), 1);
    expect(tally.numbers(5)).toMatchObject({ running: 2, waiting: 3, failed: 0 });
    first(2, 'failed');
    expect(tally.numbers(1)).toMatchObject({ running: 1, waiting: 0, failed: 1 });
    // Its caller is gone, and nothing is in flight any more.
    expect(tally.numbers(0)).toMatchObject({ running: 1, waiting: 0 });
    second(2, 'well');
    expect(tally.numbers(0)).toMatchObject({ running: 0, waiting: 0, failed: 1, loadMs: 1 });
  });
});
