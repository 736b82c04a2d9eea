/**
 * Kicking: make sure that a daemon is there, or will be, without waiting for it. Every call returns at once:
 * when a kick has ended the child runs, or it is known why not, and the caller may exit.
 *
 * A connection would take a turn of the event loop, so a kick goes by the owner file and the process table.
 */

import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { Owner } from '../evidence/owner.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { type Failure, unpreparedFailure } from '../failure.js';
import { type HeldLock, noteChild, releaseLock } from '../lock/held-lock.js';
import { judgeLock } from '../lock/lock-witness.js';
import {
  type ContendedLock,
  type LockOutcome,
  lockPlanOf,
  lookAtLock,
  takeLock,
  takeOver,
} from '../lock/spawn-lock.js';
import type { Timing } from '../lock/timing.js';
import { layout, type Place } from '../place/layout.js';
import { prepareDirectory } from '../place/state-directory.js';
import { go, inPhases, type Next, type Sync, type SyncCall } from '../procedure/procedure.js';
import { startDaemon } from './start-daemon.js';

export interface KickPlan {
  readonly place: Place;
  readonly userId: number;
  readonly nonce: string;
  readonly timing: Timing;
}

/** What deserves a line, although a process was started. */
export type KickWarning =
  | Extract<Failure, { kind: 'lock-error' }>
  | { readonly kind: 'overrode-lock'; readonly ageMs: number };

export type KickOutcome =
  | ({ readonly kind: 'started'; readonly pid: number } & Pick<Start, 'reason' | 'warning'>)
  /** A daemon is there. */
  | { readonly kind: 'running'; readonly owner: Owner }
  /** Another caller is starting one. */
  | { readonly kind: 'contended' }
  /** The directory can't be made or used. A kick's caller can do nothing about it now. */
  | { readonly kind: 'no-directory'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How often a lock that is released just when it is looked at is tried again. */
export const TRIES_MAX = 3;

interface Attempt {
  readonly plan: KickPlan;
  readonly tries: number;
  readonly reason: SpawnReason;
}

/** Why a process is to be started, and what to say of it. */
interface Start {
  readonly plan: KickPlan;
  readonly reason: SpawnReason;
  readonly warning: KickWarning | undefined;
}

interface Memories {
  readonly prepare: { readonly plan: KickPlan };
  readonly attempt: Attempt;
  readonly take: Attempt;
  readonly hold: Start & { readonly lock: HeldLock };
  readonly start: Start & { readonly lock: HeldLock | undefined };
}

type Then = Next<Memories> | KickOutcome;

const CONTENDED: KickOutcome = { kind: 'contended' };

export const kick = (plan: KickPlan): Sync<KickOutcome> =>
  inPhases<Memories, KickOutcome, SyncCall>({ prepare, attempt, take, hold, start }, go('prepare', { plan }));

function* prepare({ plan }: Memories['prepare']): Sync<Then> {
  const prepared = yield* prepareDirectory(plan);
  if (prepared.kind === 'prepared') return go('attempt', { plan, reason: 'cold', tries: 0 });
  const failure = unpreparedFailure(prepared);
  return { kind: prepared.kind === 'distrusted' ? 'failed' : 'no-directory', failure };
}

/** Before the lock is taken; with it, `hold` asks again. */
function* attempt(me: Attempt): Sync<Then> {
  const sighted = yield* sightOwner(layout.currentOwner(me.plan.place.directory));
  if (sighted.kind !== 'owner') return go('take', me);
  switch (sighted.vitality) {
    case 'alive':
      // A daemon listens until its process ends, so a process that demonstrably lives is a daemon.
      return { kind: 'running', owner: sighted.owner };
    case 'dead':
      return go('take', { ...me, reason: 'dead-daemon' });
    case 'unknown':
      // In doubt a process is started, and gives way.
      return go('take', me);
  }
}

function* take({ plan, reason, tries }: Attempt): Sync<Then> {
  const outcome = yield* takeLock(lockPlanOf(plan));
  if (outcome.kind !== 'contended') return lockAnswered({ plan, reason, warning: undefined }, outcome);
  const lock = yield* lookAtLock(plan.place.directory);
  if (lock.kind !== 'free') return yield* lockSeen({ plan, reason, warning: undefined }, lock);
  // Free by now: most likely a daemon has just claimed, and released it.
  return tries < TRIES_MAX ? go('attempt', { plan, reason, tries: tries + 1 }) : CONTENDED;
}

function* lockSeen(me: Start, lock: ContendedLock): Sync<Then> {
  const verdict = yield* judgeLock(lock, me.plan.timing, { kind: 'age' });
  switch (verdict.kind) {
    case 'leave-alone':
      return CONTENDED;
    case 'stale':
      return yield* evict({ ...me, reason: 'stale-lock' }, lock);
    case 'overdue': {
      const warning: KickWarning = { kind: 'overrode-lock', ageMs: verdict.ageMs };
      return yield* evict({ ...me, reason: 'override', warning }, lock);
    }
  }
}

function* evict(me: Start, lock: ContendedLock): Sync<Then> {
  const outcome = yield* takeOver(lockPlanOf(me.plan), lock);
  return outcome.kind === 'contended' ? CONTENDED : lockAnswered(me, outcome);
}

function lockAnswered(me: Start, outcome: Exclude<LockOutcome, { readonly kind: 'contended' }>): Then {
  if (outcome.kind === 'held') return go('hold', { ...me, lock: outcome.lock });
  // Not contention: nobody is known to be starting anything. The claim arbitrates.
  const warning: KickWarning = { kind: 'lock-error', path: outcome.path, cause: outcome.cause };
  return go('start', { plan: me.plan, reason: 'lock-error', warning, lock: undefined });
}

/** A daemon may have come while the lock was being taken. */
function* hold(me: Memories['hold']): Sync<Then> {
  const sighted = yield* sightOwner(layout.currentOwner(me.plan.place.directory));
  if (sighted.kind !== 'owner' || sighted.vitality !== 'alive') return go('start', me);
  yield* releaseLock(me.lock);
  return { kind: 'running', owner: sighted.owner };
}

function* start({ plan, reason, warning, lock }: Memories['start']): Sync<Then> {
  const started = yield* startDaemon(plan.place.directory, reason, lock);
  if (started.kind === 'failed') return started;
  if (lock !== undefined) yield* noteChild(lock, started);
  return { kind: 'started', pid: started.pid, reason, warning };
}
