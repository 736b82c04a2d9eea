/** The spawn lock: its calls in every order with the calls of another process on the same lock. */

import { describe, expect, it } from 'vitest';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { releaseLock } from '../../../src/domain/lock/held-lock.js';
import { type ContendedLock, takeLock, takeOver } from '../../../src/domain/lock/spawn-lock.js';
import type { Sync } from '../../../src/domain/procedure/procedure.js';
import { home, LOCK, lockOf, lookContended, planOf, take } from '../../support/locks.js';
import { nonceFor, tree } from '../../support/plans.js';

/** Every order of the steps of two procedures. */
function orders(a: number, b: number): string[] {
  if (a === 0) return ['b'.repeat(b)];
  if (b === 0) return ['a'.repeat(a)];
  return [...orders(a - 1, b).map((rest) => `a${rest}`), ...orders(a, b - 1).map((rest) => `b${rest}`)];
}

interface Racer<O> {
  readonly process: MemoryProcess;
  readonly procedure: Sync<O>;
}

/** Runs two procedures in that order. It skips one that has ended. */
function inOrder<O, P>(order: string, a: Racer<O>, b: Racer<P>): readonly [O, P] {
  const steppers = {
    a: new Stepper(a.procedure, a.process.ports),
    b: new Stepper(b.procedure, b.process.ports),
  };
  for (const name of order) {
    const stepper = steppers[name as 'a' | 'b'];
    if (stepper.next !== undefined) stepper.takeSync();
  }
  expect([steppers.a.next, steppers.b.next], order).toEqual([undefined, undefined]);
  return [steppers.a.outcome as O, steppers.b.outcome as P];
}

const taking = (process: MemoryProcess) => ({ process, procedure: takeLock(planOf(process)) });
const takingOver = (process: MemoryProcess, observed: ContendedLock) => ({
  process,
  procedure: takeOver(planOf(process), observed),
});
const releasing = (process: MemoryProcess) => ({ process, procedure: releaseLock(lockOf(process)) });

describe('the spawn lock', { timeout: 180_000 }, () => {
  it('the race of two processes that take it: in every order one holds it', () => {
    for (const order of orders(4, 4)) {
      const { machine, a, b } = home();
      const kinds = inOrder(order, taking(a), taking(b)).map(({ kind }) => kind);
      expect([...kinds].sort(), order).toEqual(['contended', 'held']);
      expect(tree(machine), order).toHaveLength(2);
    }
  });

  it('the race of two processes that take it over: in every order one holds it', () => {
    for (const order of orders(6, 6)) {
      const { machine, all, a, b } = home(3);
      take(all[2] as MemoryProcess);
      const observed = lookContended(a);
      const kinds = inOrder(order, takingOver(a, observed), takingOver(b, observed)).map(({ kind }) => kind);
      expect([...kinds].sort(), order).toEqual(['contended', 'held']);
      expect(tree(machine), order).toHaveLength(2);
    }
  });

  it('the race with a newcomer that finds it free in between: in every order one holds it', () => {
    for (const order of orders(6, 4)) {
      const { all, a, b } = home(3);
      take(all[2] as MemoryProcess);
      const kinds = inOrder(order, takingOver(a, lookContended(a)), taking(b)).map(({ kind }) => kind);
      expect([...kinds].sort(), order).toEqual(['contended', 'held']);
    }
  });

  it('the race with its holder, which releases it: in every order neither leaves anything behind', () => {
    for (const order of orders(6, 2)) {
      const { machine, a, b } = home();
      take(b);
      const [outcome] = inOrder(order, takingOver(a, lookContended(a)), releasing(b));
      const held = outcome.kind === 'held' ? ['spawn.lock/', `spawn.lock/${nonceFor(a)}`] : [];
      expect(tree(machine), order).toEqual(held);
    }
  });

  it('the race of two for a plain file: in every order one holds it', () => {
    for (const order of orders(6, 6)) {
      const { machine, a, b } = home();
      machine.files.createFile(LOCK, '');
      const observed = lookContended(a);
      const kinds = inOrder(order, takingOver(a, observed), takingOver(b, observed)).map(({ kind }) => kind);
      expect([...kinds].sort(), order).toEqual(['contended', 'held']);
    }
  });

  it('the race with the next process that takes it: in every order that process holds it or finds it held', () => {
    for (const order of orders(2, 4)) {
      const { machine, a, b } = home();
      take(a);
      const [, outcome] = inOrder(order, releasing(a), taking(b));
      const left = outcome.kind === 'held' ? ['spawn.lock/', `spawn.lock/${nonceFor(b)}`] : [];
      expect(tree(machine), order).toEqual(left);
    }
  });
});
