/** How to build and drive procedures. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { causeIn } from '../../../src/domain/procedure/cause.js';
import {
  type Call,
  files,
  go,
  inPhases,
  listener,
  type Mark,
  type Next,
  now,
  type Procedure,
  part,
  probe,
  processes,
  type Sync,
  sleep,
  spawner,
} from '../../../src/domain/procedure/procedure.js';
import { run, runSync } from '../../../src/domain/procedure/run.js';

/** What it says first. */
const first = (procedure: Procedure<unknown>): Call | Mark | undefined => {
  const said = procedure.next();
  return said.done === true ? undefined : said.value;
};

describe('calls', () => {
  it('are port calls as plain data', () => {
    const made = [
      files('rename', '/a', '/b'),
      processes('lookUp', 7),
      processes('self'),
      spawner('spawn', 'cold', '7-a'),
      probe('connect', '/sock', 5),
      listener('listen', '/sock'),
      sleep(9),
      now(),
    ].map(first);
    expect(made).toEqual([
      { kind: 'call', port: 'files', method: 'rename', args: ['/a', '/b'] },
      { kind: 'call', port: 'processes', method: 'lookUp', args: [7] },
      { kind: 'call', port: 'processes', method: 'self', args: [] },
      { kind: 'call', port: 'spawner', method: 'spawn', args: ['cold', '7-a'] },
      { kind: 'call', port: 'probe', method: 'connect', args: ['/sock', 5] },
      { kind: 'call', port: 'listener', method: 'listen', args: ['/sock'] },
      { kind: 'call', port: 'clock', method: 'sleep', args: [9] },
      { kind: 'call', port: 'clock', method: 'now', args: [] },
    ]);
    expect(structuredClone(made)).toEqual(made);
  });

  it('return the driver’s answer', () => {
    const listing = files('list', '/a');
    listing.next();
    expect(listing.next({ kind: 'absent' })).toEqual({ done: true, value: { kind: 'absent' } });
  });
});

function* makeTwo(): Sync<string> {
  yield* files('makeDirectory', '/a');
  return (yield* files('makeDirectory', '/a/b')).kind;
}

describe('driving a procedure', () => {
  it('makes its calls one after the other, and returns the outcome', async () => {
    const sync = new MemoryMachine();
    expect(runSync(makeTwo(), sync.start().ports)).toBe('done');
    const machine = new MemoryMachine();
    expect(await run(makeTwo(), machine.start().ports)).toBe('done');
    for (const { files } of [sync, machine])
      expect(files.list('/a')).toEqual({ kind: 'names', names: ['b'] });
  });

  it('reads the time when the procedure asks, and not before', async () => {
    const machine = new MemoryMachine();
    function* nap(): Procedure<number> {
      const begun = yield* now();
      for (let n = 0; n < 3; n += 1) yield* sleep(10);
      return (yield* now()).monotonicMs - begun.monotonicMs;
    }
    expect(await machine.clock.finish(run(nap(), machine.start().ports))).toBe(30);
  });

  it('costs no turn of the event loop if a port answers at once', () => {
    const machine = new MemoryMachine();
    void run(makeTwo(), machine.start().ports);
    expect(machine.files.list('/a')).toEqual({ kind: 'names', names: ['b'] });
  });

  it('passes on an exception of a port, which is a bug', async () => {
    const process = new MemoryMachine().start();
    process.onCall = () => {
      throw new TypeError('a bug');
    };
    expect(() => runSync(makeTwo(), process.ports)).toThrow('a bug');
    await expect(run(makeTwo(), process.ports)).rejects.toThrow('a bug');
  });
});

/** Drives a procedure by hand: it answers marks as given, and calls with their own method. */
function driven(procedure: Procedure<unknown>, answers: (mark: Mark) => unknown = () => undefined) {
  const seen: string[] = [];
  let said = procedure.next();
  while (said.done !== true) {
    const { value } = said;
    seen.push(value.kind === 'call' ? value.method : `${value.kind} ${JSON.stringify(value)}`);
    said = procedure.next(value.kind === 'call' ? { kind: value.method } : answers(value));
  }
  return { seen: seen.map((line) => line.split(' ')[0]), outcome: said.value };
}

describe('a part', () => {
  const inner = part(function* inspecting(path: string): Sync<string> {
    const { kind } = yield* files('inspect', path);
    return `${kind} ${path}`;
  });
  const outer = part(function* outer(): Sync<string> {
    return `${yield* inner('/a')}, ${yield* inner('/b')}`;
  });

  it('marks its beginning, its arguments and its outcome', () => {
    expect(first(inner('/a'))).toEqual({ kind: 'part', name: 'inspecting', args: ['/a'] });
    const { seen, outcome } = driven(outer());
    expect(outcome).toBe('inspect /a, inspect /b');
    const twice = ['part', 'inspect', 'end-of-part'];
    expect(seen).toEqual(['part', ...twice, ...twice, 'end-of-part']);
  });

  it('is skipped by a driver that knows its outcome', () => {
    const known = (mark: Mark) =>
      mark.kind === 'part' && mark.args[0] === '/a' ? { outcome: 'known' } : undefined;
    const { seen, outcome } = driven(outer(), known);
    expect(outcome).toBe('known, inspect /b');
    expect(seen.filter((line) => line === 'inspect')).toHaveLength(1);
  });
});

describe('phases', () => {
  interface Memories {
    readonly count: { readonly left: number };
    readonly finish: { readonly by: string };
  }
  type Then = Next<Memories> | { readonly kind: 'over'; readonly by: string };

  function* count({ left }: Memories['count']): Sync<Then> {
    yield* files('list', '/');
    return left > 0 ? go('count', { left: left - 1 }) : go('finish', { by: 'count' });
  }
  function* finish({ by }: Memories['finish']): Sync<Then> {
    yield* files('inspect', '/');
    return { kind: 'over', by };
  }
  const counting = (left: number) =>
    inPhases<Memories, { readonly kind: 'over'; readonly by: string }>(
      { count, finish },
      go('count', { left }),
    );

  it('follow each other, each with the memory that the one before gave it', () => {
    expect(first(counting(2))).toEqual({ kind: 'phase', phase: 'count', memory: { left: 2 } });
    const { seen, outcome } = driven(counting(1));
    expect(seen).toEqual(['phase', 'list', 'phase', 'list', 'phase', 'inspect']);
    expect(outcome).toEqual({ kind: 'over', by: 'count' });
  });

  it('can begin at any phase', () => {
    const jump = (mark: Mark) =>
      mark.kind === 'phase' && mark.phase === 'count' ? go('finish', { by: 'driver' }) : undefined;
    expect(driven(counting(5), jump)).toEqual({
      seen: ['phase', 'inspect'],
      outcome: { kind: 'over', by: 'driver' },
    });
  });

  it('that do not exist, or get the wrong memory, do not compile', () => {
    // @ts-expect-error: there is no such phase
    const wrongName: Then = go('finnish', { by: 'count' });
    // @ts-expect-error: that is another phase's memory
    const wrongMemory: Then = go('finish', { left: 1 });
    // @ts-expect-error: a phase is missing
    const missing = () => inPhases<Memories, { readonly kind: 'over' }>({ count }, go('count', { left: 1 }));
    expect([wrongName, wrongMemory, missing]).toHaveLength(3);
  });
});

describe('the cause of a call that failed', () => {
  const cause = { code: 'EIO', message: 'input/output error' };

  it.each(['failed', 'errno', 'refused', 'threw', 'hidden'] as const)(
    'is what the system said: %s',
    (kind) => {
      expect(causeIn({ kind, cause })).toBe(cause);
    },
  );

  it.each([
    ['absent', 'ENOENT'],
    ['occupied', 'EEXIST'],
    ['wrong-type', 'ENOTDIR'],
  ] as const)('is named if the reading has no error: %s', (kind, code) => {
    expect(causeIn({ kind })).toMatchObject({ code });
    expect(causeIn({ kind }).message).not.toBe('');
  });

  it('does not exist for a call that succeeded: it does not compile', () => {
    // @ts-expect-error: nothing is wrong with it
    expect(causeIn({ kind: 'done' })).toBeUndefined();
  });
});
