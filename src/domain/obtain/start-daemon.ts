/**
 * How a caller starts a daemon, and looks after it: with the spawn lock or, where that can't be had, without
 * it.
 */

import type { SpawnReason } from '../../ports/spawn-reason.js';
import { type Failure, notStarted } from '../failure.js';
import { type HeldLock, releaseLock } from '../lock/held-lock.js';
import { part, type Sync, spawner } from '../procedure/procedure.js';

export type StartOutcome =
  | { readonly kind: 'started'; readonly pid: number; readonly startTime: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The daemon releases the lock when it has claimed; where none is started this does.
 * @param directory the directory of the name, for the failure
 * @param lock undefined: nobody is known to be starting anything, and the claim arbitrates
 */
export const startDaemon = part(function* startDaemon(
  directory: string,
  reason: SpawnReason,
  lock: HeldLock | undefined,
): Sync<StartOutcome> {
  const reading = yield* spawner('spawn', reason, lock?.nonce);
  if (reading.kind !== 'spawned') {
    if (lock !== undefined) yield* releaseLock(lock);
    return { kind: 'failed', failure: notStarted(reading, directory) };
  }
  return { kind: 'started', pid: reading.pid, startTime: reading.startTime };
});

export type ChildVerdict =
  | { readonly kind: 'running' }
  /** `failure` says what to tell of it where no other daemon serves. */
  | { readonly kind: 'ended-well' | 'died'; readonly failure: Failure };

/** What has become of the process that was started. */
export const checkDaemon = part(function* checkDaemon(directory: string, pid: number): Sync<ChildVerdict> {
  const reading = yield* spawner('check', pid);
  if (reading.kind === 'running') return reading;
  const { kind: _, ...end } = reading;
  const failure: Failure = { kind: 'died-at-start', directory, pid, ...end };
  return { kind: end.code === 0 ? 'ended-well' : 'died', failure };
});
