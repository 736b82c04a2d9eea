/** What an author of a procedure must obey, and that the search says so where somebody does not. */

import { describe, expect, it } from 'vitest';
import { begin, goOn, type Point } from '../../src/adapters/simulation/machine/points.js';
import {
  files,
  go,
  inPhases,
  type Next,
  now,
  type Procedure,
  part,
  processes,
} from '../../src/domain/procedure/procedure.js';
import type { Instant } from '../../src/ports/readings.js';

const SELF = { pid: 101, startTime: 't101', bootId: 'b', pidNamespace: 'n' };
const AT: Instant = { monotonicMs: 0, wallMs: 0 };
const DONE = { kind: 'done' } as const;

interface Memories {
  readonly first: { readonly seen: readonly string[] };
  readonly second: object;
}
type Then = Next<Memories> | { readonly kind: 'over' };
type First = (memory: Memories['first']) => Procedure<Then>;

/** A procedure of two phases, of which a test writes the first. */
const procedure = (first: First, plan: object = {}) =>
  begin(
    () =>
      inPhases<Memories, { readonly kind: 'over' }>(
        {
          first,
          *second() {
            yield* files('list', '/second');
            return { kind: 'over' };
          },
        },
        go('first', { seen: ['nothing'] }),
      ),
    plan,
    SELF,
    AT,
  ) as Point;

const list = (path: string) => files('list', path);

describe('a point', () => {
  it('is the same object for all that stand there, and another for those that were told something else', () => {
    const point = procedure(function* () {
      yield* files('makeDirectory', '/a');
      yield* files('makeDirectory', '/b');
      return { kind: 'over' };
    });
    expect(goOn(point, DONE, AT)).toBe(goOn(point, { ...DONE }, AT));
    expect(goOn(point, { kind: 'absent' }, AT)).not.toBe(goOn(point, DONE, AT));
  });

  it('forgets what a part was told, and what a phase was, when that has ended', () => {
    const anything = part(function* anything(): Procedure<string> {
      yield* list('/a');
      return 'whatever';
    });
    const point = procedure(function* () {
      yield* anything();
      yield* list('/b');
      return go('second', {});
    });
    const some = goOn(point, { kind: 'names', names: ['x'] }, AT) as Point;
    expect(goOn(point, { kind: 'absent' }, AT)).toBe(some);
    expect(some.told).toEqual([{ kind: 'outcome', outcome: 'whatever' }]);
    const second = goOn(some, { kind: 'names', names: ['y'] }, AT) as Point;
    expect([second.phase?.phase, second.told]).toEqual(['second', []]);
    expect(goOn(some, { kind: 'absent' }, AT)).toBe(second);
  });

  it('is told the time, and who it is, on the way: neither is a call that another process could come before', () => {
    const point = procedure(function* () {
      const [at, self] = [yield* now(), yield* processes('self')];
      yield* list(`${at.wallMs} ${self.pid}`);
      return { kind: 'over' };
    });
    expect(point.call).toMatchObject({ method: 'list', args: ['0 101'] });
  });
});

describe('an author', () => {
  it('changes no memory', () => {
    const changing: First = function* ({ seen }) {
      yield* list('/a');
      (seen as string[]).push('more');
      return { kind: 'over' };
    };
    expect(() => goOn(procedure(changing), { kind: 'absent' }, AT)).toThrow(TypeError);
  });

  it('changes no reading', () => {
    const changing: First = function* () {
      const reading = yield* list('/a');
      (reading as { kind: string }).kind = 'changed';
      return { kind: 'over' };
    };
    expect(() => goOn(procedure(changing), { kind: 'absent' }, AT)).toThrow(TypeError);
  });

  it('changes no argument of a part', () => {
    const greedy = part(function* greedy(names: string[]): Procedure<number> {
      yield* list('/a');
      return names.push('mine');
    });
    const handing: First = function* () {
      yield* greedy([]);
      return { kind: 'over' };
    };
    expect(() => goOn(procedure(handing), { kind: 'absent' }, AT)).toThrow(TypeError);
  });

  it.each([
    ['a function', () => () => 1],
    ['a map', () => new Map()],
    ['a date', () => new Date(0)],
    ['a symbol', () => Symbol('s')],
  ])('keeps plain data alone in a memory: not %s', (_, make) => {
    const keeping: First = function* () {
      yield* list('/a');
      return go('second', { kept: make() });
    };
    expect(() => goOn(procedure(keeping), { kind: 'absent' }, AT)).toThrow('not plain data');
  });

  it('keeps nothing outside of the memory: a variable of a module would go unseen', () => {
    let count = 0;
    const counting: First = function* () {
      yield* list('/a');
      count += 1;
      yield* list(`/${count}`);
      return { kind: 'over' };
    };
    expect(() => goOn(procedure(counting), { kind: 'absent' }, AT)).toThrow('goes on in two ways');
  });

  it('lets what may go on for ever go through a phase', () => {
    const circling: First = function* () {
      for (;;) yield* list('/a');
    };
    let point = procedure(circling);
    expect(() => {
      for (let n = 0; n < 1_000; n += 1) point = goOn(point, { kind: 'absent' }, AT) as Point;
    }).toThrow('goes round in a circle');
  });
});
