import { describe, expect, it, vi } from 'vitest';
import { FakeClock } from '../../src/adapters/memory/clock.js';

const START = { monotonicMs: 0, wallMs: 5_000 };

describe('the fake clock', () => {
  it('stands still until it is told to move', async () => {
    const clock = new FakeClock(START);
    await clock.settle();
    expect(clock.now()).toEqual(START);
    await clock.advance(10);
    expect(clock.now()).toEqual({ monotonicMs: 10, wallMs: 5_010 });
  });

  it('keeps the wall clock apart: it jumps, and no sleeper notices', async () => {
    const clock = new FakeClock(START);
    const slept = clock.sleep(10).then(() => clock.now());
    clock.jumpWall(-4_000);
    expect(clock.now()).toEqual({ monotonicMs: 0, wallMs: 1_000 });
    expect(await clock.finish(slept)).toEqual({ monotonicMs: 10, wallMs: 1_010 });
  });

  it('wakes sleepers in due order, each at its own time, and those due together as they lay down', async () => {
    const clock = new FakeClock(START);
    const woken: string[] = [];
    const sleeper = async (name: string, ms: number): Promise<void> => {
      expect(await clock.sleep(ms)).toEqual({ kind: 'done' });
      woken.push(`${name}@${clock.now().monotonicMs}`);
    };
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
      ['late', 41],
    ] as const)
      void sleeper(name, ms);
    await clock.advance(40);
    expect(woken).toEqual(['a@10', 'b1@20', 'b2@20', 'c@30']);
    expect(clock.nextDueMs).toBe(41);
  });

  it('lets everything that follows from one waking happen before the next', async () => {
    const clock = new FakeClock(START);
    const seen: string[] = [];
    const chain = async (): Promise<void> => {
      await clock.sleep(10);
      for (let n = 0; n < 1_000; n += 1) await undefined;
      seen.push('end of the chain');
      await clock.sleep(5);
      seen.push(`slept again until ${clock.now().monotonicMs}`);
    };
    const other = clock.sleep(11).then(() => seen.push('other'));
    const third = clock.sleep(16).then(() => seen.push('third'));
    await clock.finish(Promise.all([chain(), other, third]));
    expect(seen).toEqual(['end of the chain', 'other', 'slept again until 15', 'third']);
  });

  it('wakes who sleeps for no time only when time is moved', async () => {
    const clock = new FakeClock(START);
    let awake = 0;
    for (const ms of [0, -5]) void clock.sleep(ms).then(() => (awake += 1));
    await clock.settle();
    expect(awake).toBe(0);
    await clock.advance(0);
    expect([awake, clock.now().monotonicMs]).toEqual([2, 0]);
  });

  it('cancels a timer, and forgets an owner that is gone', async () => {
    const clock = new FakeClock(START);
    const fired: string[] = [];
    const owner = {};
    const callOff = clock.after(5, () => fired.push('called off'));
    clock.after(6, () => fired.push('forgotten'), owner);
    clock.after(7, () => fired.push('kept'));
    callOff();
    clock.forget(owner);
    await clock.advance(10);
    expect(fired).toEqual(['kept']);
  });

  describe('finish', () => {
    it('moves no further than it has to', async () => {
      const clock = new FakeClock(START);
      void clock.sleep(100);
      expect(await clock.finish(clock.sleep(20).then(() => 'result'))).toBe('result');
      expect(clock.now().monotonicMs).toBe(20);
    });

    it('moves nothing for what needs no time', async () => {
      const clock = new FakeClock(START);
      void clock.sleep(100);
      expect(await clock.finish(Promise.resolve(1))).toBe(1);
      expect(clock.now()).toEqual(START);
    });

    it('hands a failure on', async () => {
      const clock = new FakeClock(START);
      const failing = clock.sleep(1).then(() => Promise.reject(new Error('as planned')));
      await expect(clock.finish(failing)).rejects.toThrow('as planned');
    });

    it('says so when nothing could ever move', async () => {
      await expect(new FakeClock(START).finish(new Promise(() => {}))).rejects.toThrow('no sleeper is left');
    });

    it('says so when a test is lost in a loop', async () => {
      const clock = new FakeClock(START);
      const forever = async (): Promise<never> => {
        for (;;) await clock.sleep(400);
      };
      await expect(clock.finish(forever(), 1_000)).rejects.toThrow('within 1000 ms');
      expect(clock.now().monotonicMs).toBe(800);
    });
  });

  it('is not moved by anybody else who fakes time', async () => {
    vi.useFakeTimers();
    try {
      const clock = new FakeClock(START);
      const slept = clock.sleep(10);
      vi.advanceTimersByTime(60_000);
      expect(clock.now()).toEqual(START);
      await clock.finish(slept);
      expect(clock.now().monotonicMs).toBe(10);
    } finally {
      vi.useRealTimers();
    }
  });
});
