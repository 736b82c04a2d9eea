/**
 * Obtaining: attach to the daemon of a name, or start one. However many callers ask at once, one process is started; the
 * spawn lock sees to that, and where it can't, the claim does.
 *
 * A caller is a newcomer first: it looks whether somebody answers. If nobody does it takes the lock and looks again, as
 * the holder, for the daemon may have come up in between; then it starts one, and is its starter. If the lock is
 * another's it waits, and looks again and again. The daemon ends the lock when it has claimed.
 */

import { judgeConnect } from '../../../../src/domain/evidence/connect-verdict.js';
import type { Identity } from '../../../../src/domain/evidence/identity.js';
import type { Owner } from '../../../../src/domain/evidence/owner.js';
import { parseOwner } from '../../../../src/domain/evidence/owner.js';
import { type Failure, notStarted, type Phase } from '../../../../src/domain/failure.js';
import { nextPollMs, type Timing } from '../../../../src/domain/lock/timing.js';
import type { Cause, Instant } from '../../../../src/ports/readings.js';
import type { ConnectReading, GreetReading } from '../../../../src/ports/socket-probe.js';
import type { SpawnReason } from '../../../../src/ports/spawn-reason.js';
import type { ChildReading, SpawnReading } from '../../../../src/ports/spawner.js';
import { type OwnerSightState, sightOwner, stepSightOwner } from '../evidence/owner-witness.js';
import { type LockSightState, sightLock, stepSightLock } from '../lock/lock-witness.js';
import {
  type ContendedLock,
  childText,
  isStale,
  isUnderWay,
  type LockOutcome,
  type LookState,
  lockKey,
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
import { layout, type Place, type Platform } from '../place/layout.js';
import { type PrepareState, prepareDirectory, stepPrepare } from '../place/state-directory.js';
import {
  type Event,
  end,
  files,
  go,
  probe,
  type Reading,
  type Step,
  sleep,
  spawner,
  within,
} from '../procedure/procedure.js';

/** `leave`: who finds no daemon that takes it at once neither starts one nor waits for one; it has another way to its answer. */
export type Patience = 'wait' | 'leave';

export interface ObtainPlan {
  readonly place: Place;
  readonly userId: number;
  readonly platform: Platform;
  readonly self: Identity;
  readonly nonce: string;
  readonly timing: Timing;
  /** Whether a daemon of this name says something first; else a connection that is taken must do. */
  readonly greeting: 'expected' | 'none';
  readonly patience: Patience;
  /** Why a daemon is wanted anew, where a person said so. */
  readonly because?: 'restart' | undefined;
}

export type ObtainOutcome =
  | { readonly kind: 'attached'; readonly owner: Owner | undefined; readonly tookMs: number }
  /** The daemon that answers is the process that this caller started. */
  | {
      readonly kind: 'started';
      readonly owner: Owner;
      readonly reason: SpawnReason;
      readonly tookMs: number;
    }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One process for the first start, and one more if it gave way to a daemon that is gone again. */
export const SPAWNS_MAX = 2;

type Child = { readonly pid: number; readonly reason: SpawnReason; readonly spawnedMs: number };

/** What a caller is at the moment: it decides what a connection that fails means. */
type Role =
  | { readonly kind: 'newcomer' }
  | { readonly kind: 'holder'; readonly reason: SpawnReason }
  /** `key` tells the lock that is waited for, `sinceMs` since when. */
  | { readonly kind: 'waiter'; readonly key: string; readonly sinceMs: number }
  | { readonly kind: 'starter'; readonly child: Child }
  /** The child is dead: one more look whether somebody else serves. */
  | { readonly kind: 'mourner'; readonly failure: Failure };

interface Trail {
  readonly plan: ObtainPlan;
  readonly role: Role;
  readonly begunMs: number;
  readonly pollMs: number;
  readonly spawns: number;
  /** Why the last attempt to reach a daemon that is there came to nothing; undefined when nobody was there. */
  readonly trouble: Trouble | undefined;
  /** Why nobody serves, as far as this caller has seen. */
  readonly vacancy: SpawnReason;
}

type Trouble =
  | { readonly kind: 'unreachable'; readonly cause: Cause | undefined }
  /** It hung up before it said anything, or is on its way out. */
  | { readonly kind: 'hung-up' };

export type ObtainState =
  | { readonly at: 'preparing'; readonly trail: Trail; readonly prepare: PrepareState }
  | {
      readonly at: 'connecting' | 'greeting' | 'spawning' | 'noting-child' | 'waiting' | 'checking-child';
      readonly trail: Trail;
    }
  | { readonly at: 'taking'; readonly trail: Trail; readonly take: TakeState; readonly reason: SpawnReason }
  | { readonly at: 'looking'; readonly trail: Trail; readonly look: LookState; readonly after: Came }
  | {
      readonly at: 'sighting-lock';
      readonly trail: Trail;
      readonly sight: LockSightState;
      readonly lock: ContendedLock;
    }
  | {
      readonly at: 'taking-over';
      readonly trail: Trail;
      readonly over: TakeOverState;
      readonly reason: SpawnReason;
    }
  | {
      readonly at: 'sighting-owner';
      readonly trail: Trail;
      readonly sight: OwnerSightState;
      readonly asked: Asked;
    }
  | { readonly at: 'releasing'; readonly trail: Trail; readonly release: ReleaseState; readonly then: Then }
  | { readonly at: 'introducing'; readonly trail: Trail; readonly tookMs: number }
  | { readonly at: 'naming'; readonly trail: Trail; readonly afterMs: number };

/** What came before a look at the lock: an attempt to take it that was refused, or a wait. */
type Came = 'refused' | 'waited';
/** What the owner's process is looked up for. */
type Asked = 'does-it-run' | 'does-it-live';
/** What comes after the own lock has been released. */
type Then =
  | { readonly kind: 'look-again' }
  | { readonly kind: 'meet' }
  | { readonly kind: 'retry'; readonly trouble: Trouble | undefined }
  | { readonly kind: 'fail'; readonly failure: Failure };

export type ObtainStep = Step<ObtainState, ObtainOutcome>;

const directoryOf = (trail: Trail): string => trail.plan.place.directory;
const deadlineOf = ({ plan, role, begunMs }: Trail): number => {
  const total = begunMs + plan.timing.totalMs;
  return role.kind === 'starter' ? Math.min(total, role.child.spawnedMs + plan.timing.readyMs) : total;
};
const leftMs = (trail: Trail, now: Instant): number => Math.max(0, deadlineOf(trail) - now.monotonicMs);
const as = (trail: Trail, role: Role): Trail => ({ ...trail, role });
const NEWCOMER: Role = { kind: 'newcomer' };

export function beginObtain(plan: ObtainPlan, now: Instant): ObtainStep {
  const trail: Trail = {
    plan,
    role: NEWCOMER,
    begunMs: now.monotonicMs,
    pollMs: plan.timing.firstPollMs,
    spawns: 0,
    trouble: undefined,
    vacancy: plan.because ?? 'cold',
  };
  return preparing(trail, prepareDirectory(plan), now);
}

export function stepObtain(state: ObtainState, event: Event): ObtainStep {
  const { trail } = state;
  const { reading, now } = event;
  const sync = event as Event<never>;
  switch (state.at) {
    case 'preparing':
      return preparing(trail, stepPrepare(state.prepare, sync), now);
    case 'connecting':
      return connected(trail, reading as ConnectReading, now);
    case 'greeting':
      return greeted(trail, reading as GreetReading, now);
    case 'sighting-owner':
      return sightingOwner(trail, state.asked, stepSightOwner(state.sight, sync), now);
    case 'taking':
      return taking(trail, state.reason, stepTake(state.take, sync), now);
    case 'looking':
      return looking(trail, state.after, stepLook(state.look, sync), now);
    case 'sighting-lock':
      return sightingLock(trail, state.lock, stepSightLock(state.sight, sync), now);
    case 'taking-over':
      return takingOver(trail, state.reason, stepTakeOver(state.over, sync), now);
    case 'spawning':
      return spawned(trail, reading as SpawnReading, now);
    case 'noting-child':
      return wait(trail, now);
    case 'waiting':
      return connect(trail, now);
    case 'checking-child':
      return childChecked(trail, reading as ChildReading, now);
    case 'releasing':
      return releasing(trail, state.then, stepRelease(state.release, sync), now);
    case 'introducing':
      return introduced(trail, state.tookMs, reading);
    case 'naming': {
      const cause = trail.trouble?.kind === 'unreachable' ? trail.trouble.cause : undefined;
      const owner = ownerIn(reading);
      const failure: Failure = {
        kind: 'not-answering',
        directory: directoryOf(trail),
        owner,
        afterMs: state.afterMs,
        cause,
      };
      return end({ kind: 'failed', failure });
    }
  }
}

function preparing(trail: Trail, step: ReturnType<typeof prepareDirectory>, now: Instant): ObtainStep {
  return within(
    step,
    (prepare): ObtainState => ({ at: 'preparing', trail, prepare }),
    (outcome): ObtainStep => {
      switch (outcome.kind) {
        case 'prepared':
          return connect(trail, now);
        case 'distrusted':
          return fail({ ...outcome, kind: 'state-directory-distrusted' });
        case 'failed':
          return fail({ ...outcome, kind: 'state-directory-unusable' });
      }
    },
  );
}

const fail = (failure: Failure): ObtainStep => end({ kind: 'failed', failure });

// --- is anybody there? ------------------------------------------------------------------------------------------------

function connect(trail: Trail, now: Instant): ObtainStep {
  const command = probe('connect', layout.currentSocket(directoryOf(trail)), leftMs(trail, now));
  return go({ at: 'connecting', trail }, command);
}

function connected(trail: Trail, reading: ConnectReading, now: Instant): ObtainStep {
  if (reading.kind === 'connected') return occupied(trail, { kind: 'meet' }, now);
  const verdict = judgeConnect(reading, trail.plan.platform);
  switch (verdict.kind) {
    case 'absent':
    case 'dead': {
      const vacancy = verdict.kind === 'dead' ? bereft(trail) : trail.vacancy;
      return vacant({ ...trail, trouble: undefined, vacancy }, now);
    }
    case 'alive':
    case 'unknown': {
      const cause = reading.kind === 'errno' ? reading.cause : undefined;
      return occupied(trail, { kind: 'retry', trouble: { kind: 'unreachable', cause } }, now);
    }
    case 'own':
    case 'closed-or-full': {
      const step = sightOwner(layout.currentOwner(directoryOf(trail)), trail.plan.self);
      return sightingOwner(trail, 'does-it-live', step, now);
    }
  }
}

/** A daemon has died; unless its end was asked for. */
const bereft = ({ vacancy }: Trail): SpawnReason => (vacancy === 'cold' ? 'dead-daemon' : vacancy);

/** Somebody is there. A lock that was taken to start somebody has lost its purpose. */
function occupied(trail: Trail, then: Then, now: Instant): ObtainStep {
  if (trail.role.kind !== 'holder') return goOn(trail, then, now);
  return release(as(trail, NEWCOMER), then, now);
}

function goOn(trail: Trail, then: Then, now: Instant): ObtainStep {
  switch (then.kind) {
    case 'look-again':
      return connect(trail, now);
    case 'meet':
      return meet(trail, now);
    case 'retry':
      return wait({ ...trail, trouble: then.trouble }, now);
    case 'fail':
      return fail(then.failure);
  }
}

function meet(trail: Trail, now: Instant): ObtainStep {
  // Whoever was held up until its time was over asks for nothing any more: it would not hear the answer.
  if (leftMs(trail, now) <= 0)
    return timedOut({ ...trail, trouble: trail.trouble ?? { kind: 'unreachable', cause: undefined } }, now);
  if (trail.plan.greeting === 'expected')
    return go({ at: 'greeting', trail }, probe('greet', leftMs(trail, now)));
  return sightingOwner(
    trail,
    'does-it-run',
    sightOwner(layout.currentOwner(directoryOf(trail)), trail.plan.self),
    now,
  );
}

function greeted(trail: Trail, reading: GreetReading, now: Instant): ObtainStep {
  switch (reading.kind) {
    case 'accepted':
      return introduce(trail, now);
    case 'declined':
    case 'outdated':
      return fail(reading);
    case 'ended':
      return wait({ ...trail, trouble: { kind: 'hung-up' } }, now);
    case 'draining': {
      const vacancy = reading.why === 'upgrade' ? 'upgrade' : trail.vacancy;
      return wait({ ...trail, trouble: { kind: 'hung-up' }, vacancy }, now);
    }
    case 'silent':
      return timedOut({ ...trail, trouble: { kind: 'unreachable', cause: undefined } }, now);
  }
}

function sightingOwner(
  trail: Trail,
  asked: Asked,
  step: ReturnType<typeof sightOwner>,
  now: Instant,
): ObtainStep {
  return within(
    step,
    (sight): ObtainState => ({ at: 'sighting-owner', trail, sight, asked }),
    (sighted): ObtainStep => {
      const owner = sighted.kind === 'owner' ? sighted : undefined;
      if (asked === 'does-it-live') {
        // Where refusal may mean a full backlog, a living owner is waited for; a doubtful one costs a process that gives way.
        const reason = owner?.vitality === 'dead' ? bereft(trail) : trail.vacancy;
        if (owner?.vitality !== 'alive')
          return vacant({ ...trail, trouble: undefined, vacancy: reason }, now);
        return occupied(trail, { kind: 'retry', trouble: { kind: 'unreachable', cause: undefined } }, now);
      }
      // The kernel takes connections for a stopped process until its backlog is full. Nobody will answer them.
      if (owner?.activity !== 'stopped') return introduce(trail, now);
      const cause = { code: 'ESTOPPED', message: 'the process is stopped (SIGSTOP, or a debugger)' };
      return wait({ ...trail, trouble: { kind: 'unreachable', cause } }, now);
    },
  );
}

// --- nobody is --------------------------------------------------------------------------------------------------------

function vacant(trail: Trail, now: Instant): ObtainStep {
  const { role } = trail;
  switch (role.kind) {
    case 'newcomer':
      return trail.plan.patience === 'leave' ? leave(trail) : take(trail, trail.vacancy, now);
    case 'holder':
      if (leftMs(trail, now) > 0) return spawn(trail, role.reason);
      // Held up until its time was over: nobody would wait for what it started.
      return release(as(trail, NEWCOMER), { kind: 'retry', trouble: undefined }, now);
    case 'waiter':
      return looking(trail, 'waited', lookAtLock(directoryOf(trail)), now);
    case 'starter':
      return go({ at: 'checking-child', trail }, spawner('check', role.child.pid));
    case 'mourner':
      return fail(role.failure);
  }
}

function take(trail: Trail, reason: SpawnReason, now: Instant): ObtainStep {
  return taking(trail, reason, takeLock(lockPlanOf(trail.plan)), now);
}

function taking(
  trail: Trail,
  reason: SpawnReason,
  step: ReturnType<typeof takeLock>,
  now: Instant,
): ObtainStep {
  return within(
    step,
    (state): ObtainState => ({ at: 'taking', trail, take: state, reason }),
    (outcome): ObtainStep => lockAnswered(trail, reason, outcome, now),
  );
}

function lockAnswered(trail: Trail, reason: SpawnReason, outcome: LockOutcome, now: Instant): ObtainStep {
  switch (outcome.kind) {
    case 'held':
      return connect(as(trail, { kind: 'holder', reason }), now);
    case 'contended':
      return looking(trail, 'refused', lookAtLock(directoryOf(trail)), now);
    case 'error':
      return lockFailed(trail, outcome, now);
  }
}

/**
 * No room to write in: a daemon would fail the same way. A lock that is jammed itself must not decide: after the
 * fallback time a process is started without it.
 */
function lockFailed(
  trail: Trail,
  outcome: Extract<LockOutcome, { kind: 'error' }>,
  now: Instant,
): ObtainStep {
  if (outcome.at === 'preparing')
    return fail({ kind: 'lock-error', path: outcome.path, cause: outcome.cause });
  return jammed(trail, 'jammed', now);
}

/** The lock can't be had, and it is nobody's. */
function jammed(trail: Trail, key: string, now: Instant): ObtainStep {
  const waiter = awaiting(trail, key, now);
  if (waitedMs(waiter, now) < trail.plan.timing.lockFallbackMs) return wait(waiter, now);
  return unlocked(waiter, now);
}

/** A start without the lock. Like one with it, it looks a last time before: a daemon may have come while nobody looked. */
function unlocked(trail: Trail, now: Instant): ObtainStep {
  return connect(as(trail, { kind: 'holder', reason: 'lock-error' }), now);
}

/** The same caller as a waiter for that lock; counted from when this very lock was first seen. */
function awaiting(trail: Trail, key: string, now: Instant): Trail {
  if (trail.role.kind === 'waiter' && trail.role.key === key) return trail;
  return as(trail, { kind: 'waiter', key, sinceMs: now.monotonicMs });
}

function waitedMs({ role }: Trail, now: Instant): number {
  return role.kind === 'waiter' ? now.monotonicMs - role.sinceMs : 0;
}

function looking(trail: Trail, after: Came, step: ReturnType<typeof lookAtLock>, now: Instant): ObtainStep {
  return within(
    step,
    (look): ObtainState => ({ at: 'looking', trail, look, after }),
    (observed): ObtainStep => {
      if (observed.kind !== 'free') return lockSeen(trail, observed, now);
      if (after === 'waited') return take(trail, trail.vacancy, now);
      // Free, and yet refused a moment ago: others are at it. Never in a tight loop, and not for ever.
      return jammed(trail, 'free', now);
    },
  );
}

function lockSeen(trail: Trail, observed: ContendedLock, now: Instant): ObtainStep {
  const { timing, self } = trail.plan;
  if (isStale(observed, now, timing)) return evict(trail, observed, 'stale-lock', now);
  const waiter = awaiting(trail, lockKey(observed), now);
  if (waitedMs(waiter, now) < timing.lockFallbackMs) return wait(waiter, now);
  return sightingLock(waiter, observed, sightLock(observed, self), now);
}

function sightingLock(
  trail: Trail,
  lock: ContendedLock,
  step: ReturnType<typeof sightLock>,
  now: Instant,
): ObtainStep {
  return within(
    step,
    (sight): ObtainState => ({ at: 'sighting-lock', trail, sight, lock }),
    (vitality): ObtainStep =>
      isUnderWay(lock, vitality, now) ? wait(trail, now) : evict(trail, lock, 'lock-fallback', now),
  );
}

function evict(trail: Trail, lock: ContendedLock, reason: SpawnReason, now: Instant): ObtainStep {
  return takingOver(trail, reason, takeOver(lockPlanOf(trail.plan), lock), now);
}

function takingOver(
  trail: Trail,
  reason: SpawnReason,
  step: ReturnType<typeof takeOver>,
  now: Instant,
): ObtainStep {
  return within(
    step,
    (over): ObtainState => ({ at: 'taking-over', trail, over, reason }),
    (outcome): ObtainStep => {
      // Another caller was faster: its start is waited for like any other's.
      if (outcome.kind === 'contended') return wait(awaiting(trail, 'taken over', now), now);
      // It can't be taken over, and it has been waited for as long as is due.
      const isJammed = outcome.kind === 'error' && outcome.at === 'taking';
      if (isJammed && reason === 'lock-fallback') return unlocked(trail, now);
      return lockAnswered(trail, reason, outcome, now);
    },
  );
}

// --- starting one -----------------------------------------------------------------------------------------------------

function spawn(trail: Trail, reason: SpawnReason): ObtainStep {
  return go({ at: 'spawning', trail }, spawner('spawn', reason, trail.plan.nonce));
}

function spawned(trail: Trail, reading: SpawnReading, now: Instant): ObtainStep {
  const directory = directoryOf(trail);
  if (reading.kind !== 'spawned')
    return release(trail, { kind: 'fail', failure: notStarted(reading, directory) }, now);
  const reason = trail.role.kind === 'holder' ? trail.role.reason : 'cold';
  const child: Child = { pid: reading.pid, reason, spawnedMs: now.monotonicMs };
  const { timing, self, nonce } = trail.plan;
  const starter: Trail = {
    ...as(trail, { kind: 'starter', child }),
    spawns: trail.spawns + 1,
    pollMs: timing.firstPollMs,
  };
  const text = childText({ ...self, pid: reading.pid, startTime: reading.startTime });
  return go(
    { at: 'noting-child', trail: starter },
    files('appendText', layout.lockRecord(directory, nonce), text),
  );
}

function childChecked(trail: Trail, reading: ChildReading, now: Instant): ObtainStep {
  if (reading.kind === 'running' || trail.role.kind !== 'starter') return wait(trail, now);
  const { kind: _, ...end } = reading;
  const { pid } = trail.role.child;
  const failure: Failure = { kind: 'died-at-start', directory: directoryOf(trail), pid, ...end };
  // It gave way to a daemon; or it is a program that ends well without serving, and then once more is enough.
  const gaveWay = end.code === 0 && trail.spawns < SPAWNS_MAX;
  const role: Role = gaveWay ? NEWCOMER : { kind: 'mourner', failure };
  return release(as(trail, role), { kind: 'look-again' }, now);
}

function release(trail: Trail, then: Then, now: Instant): ObtainStep {
  return releasing(trail, then, releaseLock(directoryOf(trail), trail.plan.nonce), now);
}

function releasing(trail: Trail, then: Then, step: ReturnType<typeof releaseLock>, now: Instant): ObtainStep {
  return within(
    step,
    (state): ObtainState => ({ at: 'releasing', trail, release: state, then }),
    (): ObtainStep => goOn(trail, then, now),
  );
}

// --- waiting, and how it ends -----------------------------------------------------------------------------------------

const leave = (trail: Trail): ObtainStep => fail({ kind: 'vacant', directory: directoryOf(trail) });

function wait(trail: Trail, now: Instant): ObtainStep {
  if (trail.plan.patience === 'leave') return leave(trail);
  const left = leftMs(trail, now);
  if (left <= 0) return timedOut(trail, now);
  const ms = Math.min(trail.pollMs, left);
  const next = { ...trail, pollMs: nextPollMs(trail.pollMs, trail.plan.timing) };
  return go({ at: 'waiting', trail: next }, sleep(ms));
}

function timedOut(trail: Trail, now: Instant): ObtainStep {
  const afterMs = now.monotonicMs - trail.begunMs;
  const { role, trouble } = trail;
  const directory = directoryOf(trail);
  if (role.kind === 'mourner') return fail(role.failure);
  if (role.kind === 'starter')
    return fail({
      kind: 'timed-out',
      directory,
      phase: 'ready',
      afterMs: now.monotonicMs - role.child.spawnedMs,
      pid: role.child.pid,
    });
  if (trouble?.kind === 'unreachable')
    return go({ at: 'naming', trail, afterMs }, files('readText', layout.currentOwner(directory)));
  const phase: Phase = trouble?.kind === 'hung-up' ? 'answer' : 'lock';
  return fail({ kind: 'timed-out', directory, phase, afterMs, pid: undefined });
}

function introduce(trail: Trail, now: Instant): ObtainStep {
  const tookMs = now.monotonicMs - trail.begunMs;
  return go({ at: 'introducing', trail, tookMs }, files('readText', layout.currentOwner(directoryOf(trail))));
}

const ownerIn = (reading: Reading): Owner | undefined =>
  reading.kind === 'text' ? parseOwner(reading.text) : undefined;

function introduced({ role }: Trail, tookMs: number, reading: Reading): ObtainStep {
  const owner = ownerIn(reading);
  if (role.kind === 'starter' && owner?.pid === role.child.pid)
    return end({ kind: 'started', owner, reason: role.child.reason, tookMs });
  return end({ kind: 'attached', owner, tookMs });
}
