/** Holders of the spawn lock in a simulated host, which run the real lock. */

import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../src/adapters/memory/memory-process.js';
import { type HeldLock, heldLock, releaseLock } from '../../src/domain/lock/held-lock.js';
import {
  type ContendedLock,
  type LockObservation,
  type LockOutcome,
  type LockPlan,
  lookAtLock,
  takeLock,
  takeOver,
} from '../../src/domain/lock/spawn-lock.js';
import { runSync } from '../../src/domain/procedure/run.js';
import { HOME, inHome, nonceFor } from './plans.js';

export const LOCK = inHome('spawn.lock');
export const CONTENDED: LockOutcome = { kind: 'contended' };

export const planOf = (process: MemoryProcess): LockPlan => ({
  directory: HOME,
  nonce: nonceFor(process),
  readyMs: 1_500,
});

/** The lock of a process that has taken it. */
export const lockOf = (process: MemoryProcess): HeldLock => heldLock(planOf(process));

/** The outcome for a process that holds the lock. */
export const heldBy = (process: MemoryProcess): LockOutcome => ({ kind: 'held', lock: lockOf(process) });

export const take = (process: MemoryProcess): LockOutcome =>
  runSync(takeLock(planOf(process)), process.ports);
export const look = (process: MemoryProcess): LockObservation => runSync(lookAtLock(HOME), process.ports);
export const release = (process: MemoryProcess): void => runSync(releaseLock(lockOf(process)), process.ports);
export const over = (process: MemoryProcess, observed: ContendedLock): LockOutcome =>
  runSync(takeOver(planOf(process), observed), process.ports);

export function lookContended(process: MemoryProcess): ContendedLock {
  const observed = look(process);
  if (observed.kind === 'free') throw new Error('the lock is free');
  return observed;
}

export function home(count = 2): {
  machine: MemoryMachine;
  all: readonly MemoryProcess[];
  a: MemoryProcess;
  b: MemoryProcess;
} {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  const all = Array.from({ length: Math.max(count, 2) }, () => machine.start());
  const [a, b] = all as [MemoryProcess, MemoryProcess];
  return { machine, all, a, b };
}
