/** A newer build meets calls under way: which of the two serves whom, by a clock that the test turns. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Upgrade } from '../../../src/app/daemon/upgrade.js';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

class Calls {
  readonly told: string[] = [];
  readonly upgrade = new Upgrade({
    free: () => this.#free(),
    nowMs: () => Date.now(),
    withdraw: (why) => void this.told.push(`withdraws: ${why}`),
    onWait: (why) => void this.told.push(`waits: ${why}`),
  });
  #waiters: (() => void)[] = [];

  constructor(private running: number) {}

  end(): void {
    this.running -= 1;
    if (this.running === 0) for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #free(): Promise<void> {
    return this.running === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }
}

/** Whether it has settled once so much time has passed. */
async function after(ms: number, asked: Promise<void>): Promise<'settled' | 'waits'> {
  let state: 'settled' | 'waits' = 'waits';
  void asked.then(() => {
    state = 'settled';
  });
  await vi.advanceTimersByTimeAsync(ms);
  return state;
}

describe('a newer build', () => {
  it('is made room for at once where no call is under way', async () => {
    const calls = new Calls(0);
    expect(await after(1, calls.upgrade.ask('b'))).toBe('settled');
    expect(calls.told).toEqual(['withdraws: b']);
  });

  it('waits a moment for calls that are soon over', async () => {
    const calls = new Calls(1);
    const asked = calls.upgrade.ask('b');
    expect(await after(100, asked)).toBe('waits');
    calls.end();
    expect(await after(1, asked)).toBe('settled');
    expect(calls.told).toEqual(['waits: b', 'withdraws: b']);
  });

  it('is served by the old one where they take longer, and made room for when they have ended', async () => {
    const calls = new Calls(2);
    expect(await after(301, calls.upgrade.ask('b'))).toBe('settled');
    // Those that come next are not held each time.
    expect(await after(1, calls.upgrade.ask('b'))).toBe('settled');
    expect(await after(1, calls.upgrade.hold())).toBe('settled');
    calls.end();
    expect(await after(1_000, calls.upgrade.hold())).toBe('settled');
    expect(calls.told).toEqual(['waits: b']);
    calls.end();
    await vi.advanceTimersByTimeAsync(1);
    expect(calls.told).toEqual(['waits: b', 'withdraws: b']);
  });

  it('is waited for by all who come, now and then, so that calls which overlap end', async () => {
    const calls = new Calls(1);
    expect(await after(301, calls.upgrade.ask('b'))).toBe('settled');
    await vi.advanceTimersByTimeAsync(5_000);
    const [newer, older] = [calls.upgrade.ask('b'), calls.upgrade.hold()];
    expect([await after(100, newer), await after(0, older)]).toEqual(['waits', 'waits']);
    calls.end();
    expect([await after(1, newer), await after(0, older)]).toEqual(['settled', 'settled']);
    expect(calls.told).toEqual(['waits: b', 'withdraws: b']);
  });

  it('that nobody has asked for holds nobody', async () => {
    const calls = new Calls(1);
    expect(await after(0, calls.upgrade.hold())).toBe('settled');
  });
});
