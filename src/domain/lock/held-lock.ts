/** What may be done with the spawn lock by its holder, and by nobody else: each act asks for the proof. */

import type { Identity } from '../evidence/identity.js';
import { isNonce, layout } from '../place/layout.js';
import { files, part, processes, type Sync } from '../procedure/procedure.js';

declare const proof: unique symbol;

interface LockName {
  readonly directory: string;
  readonly nonce: string;
}

/** Proof that this process holds the lock, or was handed it. */
export interface HeldLock extends LockName {
  readonly [proof]: 'held';
}

/** Proof that nobody is left of the start that a lock stands for (`proveAbandoned`). */
export interface AbandonedLock extends LockName {
  readonly [proof]: 'abandoned';
}

/** For `takeLock` alone, when its rename(2) has succeeded. */
export const heldLock = ({ directory, nonce }: LockName): HeldLock => ({ directory, nonce }) as HeldLock;

/**
 * The lock that the caller which started this process has handed over to it.
 * @param nonce as the starter named it; undefined where it named none
 * @returns undefined without a lock, and for a text that is not a nonce: it could be a path to anything
 */
export const handedLock = (directory: string, nonce: string | undefined): HeldLock | undefined =>
  nonce !== undefined && isNonce(nonce) ? heldLock({ directory, nonce }) : undefined;

/** Writes down which process the holder has started: from then on others wait for that. */
export const noteChild = part(function* noteChild(
  { directory, nonce }: HeldLock,
  { pid, startTime }: Pick<Identity, 'pid' | 'startTime'>,
): Sync<void> {
  const text = childText({ ...(yield* processes('self')), pid, startTime });
  yield* files('appendText', layout.lockRecord(directory, nonce), text);
});

export function childText(child: Identity): string {
  return `${JSON.stringify(child)}\n`;
}

/** Removes one's own lock, and nobody else's; that it is gone already is fine. */
export const releaseLock = part(function* releaseLock(lock: HeldLock): Sync<void> {
  yield* removeLock(lock);
});

/**
 * Removes the lock of a start that nobody is left of. If another caller has taken the lock since, that one
 * stays.
 */
export const clearAbandoned = part(function* clearAbandoned(lock: AbandonedLock): Sync<'removed' | 'left'> {
  return yield* removeLock(lock);
});

function* removeLock({ directory, nonce }: LockName): Sync<'removed' | 'left'> {
  const removed = yield* files('removeFile', layout.lockRecord(directory, nonce));
  if (removed.kind !== 'done') return 'left';
  // Only after one's own record is gone: the directory of another's lock is not empty, and rmdir(2) says so.
  yield* files('removeDirectory', layout.lock(directory));
  return 'removed';
}
