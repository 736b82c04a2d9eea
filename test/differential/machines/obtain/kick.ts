/**
 * Kicking: see to it that a daemon is there, or will be, without waiting for it. Every call returns at once, so when a
 * kick has ended the child runs, or the reason why not is known, and the caller may exit in its next statement.
 *
 * A connection would take a turn of the event loop, so what a kick goes by is the owner file and the process table.
 */

import type { Identity } from '../../../../src/domain/evidence/identity.js';
import type { Owner } from '../../../../src/domain/evidence/owner.js';
import { type Failure, notStarted } from '../../../../src/domain/failure.js';
import type { Timing } from '../../../../src/domain/lock/timing.js';
import type { Instant } from '../../../../src/ports/readings.js';
import type { SpawnReason } from '../../../../src/ports/spawn-reason.js';
import type { SpawnReading } from '../../../../src/ports/spawner.js';
import { type OwnerSightState, sightOwner, stepSightOwner } from '../evidence/owner-witness.js';
import { type LockSightState, sightLock, stepSightLock } from '../lock/lock-witness.js';
import {
  type ContendedLock,
  childText,
  isStale,
  isUnderWay,
  type LockObservation,
  type LockOutcome,
  type LookState,
  lockAgeMs,
  lockPlanOf,
  lookAtLock,
  type ReleaseState,
  releaseLock,
  stepLook,
  stepRelease,
  stepTake,
  stepTakeOver,
  type TakeOverState,
  type TakeState,
  takeLock,
  takeOver,
} from '../lock/spawn-lock.js';
import { layout, type Place } from '../place/layout.js';
import { type PrepareState, prepareDirectory, stepPrepare } from '../place/state-directory.js';
import {
  type Event,
  end,
  files,
  go,
  type Step,
  type SyncCommand,
  type SyncReading,
  spawner,
  within,
} from '../procedure/procedure.js';

export interface KickPlan {
  readonly place: Place;
  readonly userId: number;
  readonly self: Identity;
  readonly nonce: string;
  readonly timing: Timing;
}

/** What deserves a line, although a process was started. */
export type KickWarning =
  | Extract<Failure, { kind: 'lock-error' }>
  | { readonly kind: 'overrode-lock'; readonly ageMs: number };

export type KickOutcome =
  | {
      readonly kind: 'started';
      readonly pid: number;
      readonly reason: SpawnReason;
      readonly warning: KickWarning | undefined;
    }
  /** A daemon is there. */
  | { readonly kind: 'running'; readonly owner: Owner }
  /** Another caller is starting one. */
  | { readonly kind: 'contended' }
  /** There is no directory to work in: nothing that a kick's caller could do about it now. */
  | { readonly kind: 'no-directory'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** How often a lock that is released just when it is looked at is tried again. */
export const TRIES_MAX = 3;

interface Trail {
  readonly plan: KickPlan;
  readonly reason: SpawnReason;
  readonly warning: KickWarning | undefined;
  readonly tries: number;
}

export type KickState =
  | { readonly at: 'preparing'; readonly trail: Trail; readonly prepare: PrepareState }
  | {
      readonly at: 'sighting-owner';
      readonly trail: Trail;
      readonly sight: OwnerSightState;
      readonly lock: 'none' | 'held';
    }
  | { readonly at: 'taking'; readonly trail: Trail; readonly take: TakeState }
  | { readonly at: 'looking'; readonly trail: Trail; readonly look: LookState }
  | {
      readonly at: 'sighting-lock';
      readonly trail: Trail;
      readonly sight: LockSightState;
      readonly lock: ContendedLock;
    }
  | { readonly at: 'taking-over'; readonly trail: Trail; readonly over: TakeOverState }
  | { readonly at: 'spawning'; readonly trail: Trail }
  | { readonly at: 'noting-child'; readonly outcome: KickOutcome }
  | { readonly at: 'releasing'; readonly release: ReleaseState; readonly outcome: KickOutcome };

export type KickStep = Step<KickState, KickOutcome, SyncCommand>;

const directoryOf = ({ plan }: Trail): string => plan.place.directory;

export function beginKick(plan: KickPlan, now: Instant): KickStep {
  return preparing({ plan, reason: 'cold', warning: undefined, tries: 0 }, prepareDirectory(plan), now);
}

export function stepKick(state: KickState, event: Event<SyncReading>): KickStep {
  switch (state.at) {
    case 'preparing':
      return preparing(state.trail, stepPrepare(state.prepare, event), event.now);
    case 'sighting-owner':
      return sightingOwner(state.trail, state.lock, stepSightOwner(state.sight, event), event.now);
    case 'taking':
      return taking(state.trail, stepTake(state.take, event), event.now);
    case 'looking':
      return looking(state.trail, stepLook(state.look, event), event.now);
    case 'sighting-lock':
      return sightingLock(state.trail, state.lock, stepSightLock(state.sight, event), event.now);
    case 'taking-over':
      return takingOver(state.trail, stepTakeOver(state.over, event), event.now);
    case 'spawning':
      return spawned(state.trail, event.reading as SpawnReading);
    case 'noting-child':
      return end(state.outcome);
    case 'releasing':
      return releasing(state.outcome, stepRelease(state.release, event));
  }
}

function preparing(trail: Trail, step: ReturnType<typeof prepareDirectory>, now: Instant): KickStep {
  return within(
    step,
    (prepare): KickState => ({ at: 'preparing', trail, prepare }),
    (outcome): KickStep => {
      switch (outcome.kind) {
        case 'prepared':
          return sight(trail, 'none', now);
        case 'distrusted':
          return end({ kind: 'failed', failure: { ...outcome, kind: 'state-directory-distrusted' } });
        case 'failed':
          return end({ kind: 'no-directory', failure: { ...outcome, kind: 'state-directory-unusable' } });
      }
    },
  );
}

/** Is somebody serving? Asked before the lock is taken, and again with it. */
function sight(trail: Trail, lock: 'none' | 'held', now: Instant): KickStep {
  return sightingOwner(
    trail,
    lock,
    sightOwner(layout.currentOwner(directoryOf(trail)), trail.plan.self),
    now,
  );
}

function sightingOwner(
  trail: Trail,
  lock: 'none' | 'held',
  step: ReturnType<typeof sightOwner>,
  now: Instant,
): KickStep {
  return within(
    step,
    (state): KickState => ({ at: 'sighting-owner', trail, sight: state, lock }),
    (sighted): KickStep => {
      // A daemon listens until its process ends, so a process that demonstrably lives is a daemon. In doubt a process is
      // started, and gives way.
      if (sighted.kind === 'owner' && sighted.vitality === 'alive') {
        const outcome: KickOutcome = { kind: 'running', owner: sighted.owner };
        return lock === 'held' ? release(trail, outcome) : end(outcome);
      }
      const isBereft = sighted.kind === 'owner' && sighted.vitality === 'dead';
      const reason = isBereft ? 'dead-daemon' : trail.reason;
      if (lock === 'held') return spawn(trail);
      return taking({ ...trail, reason }, takeLock(lockPlanOf(trail.plan)), now);
    },
  );
}

function taking(trail: Trail, step: ReturnType<typeof takeLock>, now: Instant): KickStep {
  return within(
    step,
    (take): KickState => ({ at: 'taking', trail, take }),
    (outcome): KickStep => {
      if (outcome.kind !== 'contended') return lockAnswered(trail, outcome, now);
      return looking(trail, lookAtLock(directoryOf(trail)), now);
    },
  );
}

function lockAnswered(
  trail: Trail,
  outcome: Exclude<LockOutcome, { kind: 'contended' }>,
  now: Instant,
): KickStep {
  if (outcome.kind === 'held') return sight(trail, 'held', now);
  // Not contention: nobody is known to be starting anything. The claim arbitrates.
  const warning: KickWarning = { kind: 'lock-error', path: outcome.path, cause: outcome.cause };
  return spawn({ ...trail, reason: 'lock-error', warning });
}

function looking(trail: Trail, step: ReturnType<typeof lookAtLock>, now: Instant): KickStep {
  return within(
    step,
    (look): KickState => ({ at: 'looking', trail, look }),
    (observed): KickStep => lockSeen(trail, observed, now),
  );
}

function lockSeen(trail: Trail, observed: LockObservation, now: Instant): KickStep {
  const { timing, self } = trail.plan;
  if (observed.kind === 'free') {
    // Released while it was looked at: by a daemon that has just claimed, most likely.
    if (trail.tries >= TRIES_MAX) return end({ kind: 'contended' });
    return sight({ ...trail, tries: trail.tries + 1 }, 'none', now);
  }
  if (isStale(observed, now, timing)) return evict({ ...trail, reason: 'stale-lock' }, observed, now);
  if (lockAgeMs(observed, now.wallMs) < timing.overrideMs) return end({ kind: 'contended' });
  return sightingLock(trail, observed, sightLock(observed, self), now);
}

function sightingLock(
  trail: Trail,
  lock: ContendedLock,
  step: ReturnType<typeof sightLock>,
  now: Instant,
): KickStep {
  return within(
    step,
    (state): KickState => ({ at: 'sighting-lock', trail, sight: state, lock }),
    (vitality): KickStep => {
      if (isUnderWay(lock, vitality, now)) return end({ kind: 'contended' });
      const warning: KickWarning = { kind: 'overrode-lock', ageMs: lockAgeMs(lock, now.wallMs) };
      return evict({ ...trail, reason: 'override', warning }, lock, now);
    },
  );
}

function evict(trail: Trail, lock: ContendedLock, now: Instant): KickStep {
  return takingOver(trail, takeOver(lockPlanOf(trail.plan), lock), now);
}

function takingOver(trail: Trail, step: ReturnType<typeof takeOver>, now: Instant): KickStep {
  return within(
    step,
    (over): KickState => ({ at: 'taking-over', trail, over }),
    (outcome): KickStep => (outcome.kind === 'contended' ? end(outcome) : lockAnswered(trail, outcome, now)),
  );
}

function spawn(trail: Trail): KickStep {
  return go({ at: 'spawning', trail }, spawner('spawn', trail.reason, trail.plan.nonce));
}

function spawned(trail: Trail, reading: SpawnReading): KickStep {
  const directory = directoryOf(trail);
  if (reading.kind !== 'spawned')
    return release(trail, { kind: 'failed', failure: notStarted(reading, directory) });
  const { self, nonce } = trail.plan;
  const { reason, warning } = trail;
  const text = childText({ ...self, pid: reading.pid, startTime: reading.startTime });
  return go(
    { at: 'noting-child', outcome: { kind: 'started', pid: reading.pid, reason, warning } },
    files('appendText', layout.lockRecord(directory, nonce), text),
  );
}

function release(trail: Trail, outcome: KickOutcome): KickStep {
  return releasing(outcome, releaseLock(directoryOf(trail), trail.plan.nonce));
}

function releasing(outcome: KickOutcome, step: ReturnType<typeof releaseLock>): KickStep {
  return within(
    step,
    (state): KickState => ({ at: 'releasing', release: state, outcome }),
    (): KickStep => end(outcome),
  );
}
