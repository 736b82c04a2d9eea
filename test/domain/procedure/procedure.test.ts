/** How machines are put together and driven. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { causeOf } from '../../../src/domain/procedure/cause.js';
import {
  type Event,
  end,
  files,
  go,
  listener,
  lookUp,
  probe,
  type Step,
  type SyncCommand,
  type SyncReading,
  sleep,
  spawner,
  within,
} from '../../../src/domain/procedure/procedure.js';
import { run, runSync } from '../../../src/domain/procedure/run.js';

describe('commands', () => {
  it('are port calls as plain data', () => {
    expect([
      files('rename', '/a', '/b'),
      lookUp(7),
      spawner('spawn', 'cold', '7-a'),
      probe('connect', '/sock', 5),
      listener('listen', '/sock'),
      sleep(9),
    ]).toEqual([
      { port: 'files', method: 'rename', args: ['/a', '/b'] },
      { port: 'processes', method: 'lookUp', args: [7] },
      { port: 'spawner', method: 'spawn', args: ['cold', '7-a'] },
      { port: 'probe', method: 'connect', args: ['/sock', 5] },
      { port: 'listener', method: 'listen', args: ['/sock'] },
      { port: 'clock', method: 'sleep', args: [9] },
    ]);
  });
});

type Name = Step<string, string, SyncCommand>;
const first: Name = go('first', files('makeDirectory', '/a'));
const second = (state: string, { reading }: Event<SyncReading>): Name =>
  state === 'first' ? go('second', files('makeDirectory', '/a/b')) : end(reading.kind);

describe('driving a machine', () => {
  it('makes its calls one after the other, and hands back the outcome', async () => {
    const sync = new MemoryMachine();
    expect(runSync(second, first, sync.start().ports)).toBe('done');
    const machine = new MemoryMachine();
    expect(
      await run((state, event) => second(state, event as Event<SyncReading>), first, machine.start().ports),
    ).toBe('done');
    for (const { files } of [sync, machine])
      expect(files.list('/a')).toEqual({ kind: 'names', names: ['b'] });
  });

  it('tells it when each call returned', async () => {
    const machine = new MemoryMachine();
    const { ports } = machine.start();
    const begunMs = machine.clock.now().monotonicMs;
    const nap = (state: number, { now }: Event): Step<number, number> =>
      state === 0 ? end(now.monotonicMs - begunMs) : go(state - 1, sleep(10));
    expect(await machine.clock.finish(run(nap, go(2, sleep(10)), ports))).toBe(30);
  });

  it('a machine that has ended at once makes no call', async () => {
    const { ports } = new MemoryMachine().start();
    const never = (): never => {
      throw new Error('stepped');
    };
    expect(await run(never, end('over'), ports)).toBe('over');
    expect(runSync(never, end('over'), ports)).toBe('over');
  });

  it('an exception of a port is a bug, and is not kept back', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    process.onCall = () => {
      throw new TypeError('a bug');
    };
    expect(() => runSync(second, first, process.ports)).toThrow('a bug');
    await expect(
      run((state, event) => second(state, event as Event<SyncReading>), first, process.ports),
    ).rejects.toThrow('a bug');
  });
});

describe('a stretch of a larger machine', () => {
  it('has its states wrapped, and its outcome decides how the larger one goes on', () => {
    const call = files('list', '/');
    const wrap = (part: number) => ({ part });
    const after = (outcome: string): Step<{ part: number }, string> => end(`after ${outcome}`);
    expect(within(go(7, call), wrap, after)).toEqual({ kind: 'do', state: { part: 7 }, command: call });
    expect(within(end('x'), wrap, after)).toEqual({ kind: 'end', outcome: 'after x' });
  });
});

describe('the cause of a call that failed', () => {
  const cause = { code: 'EIO', message: 'input/output error' };

  it.each(['failed', 'refused', 'threw', 'hidden'] as const)('is what the system said: %s', (kind) => {
    expect(causeOf({ kind, cause })).toBe(cause);
  });

  it.each([
    ['absent', 'ENOENT'],
    ['occupied', 'EEXIST'],
    ['wrong-type', 'ENOTDIR'],
  ])('is named where the reading alone says it: %s', (kind, code) => {
    expect(causeOf({ kind })).toMatchObject({ code });
    expect(causeOf({ kind }).message).not.toBe('');
  });

  it.each(['done', 'entry', 'silent'])('a call that did not fail has none: %s', (kind) => {
    expect(() => causeOf({ kind })).toThrow(`a failed call: a port returned "${kind}"`);
  });
});
