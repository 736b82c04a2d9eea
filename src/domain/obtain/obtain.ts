/**
 * Obtaining: attach to the daemon of a name, or start one. However many callers ask at once, one process is
 * started; the spawn lock sees to that, and where it can't, the claim does.
 *
 * A caller is a newcomer first: it looks whether somebody answers. If nobody does it takes the lock and looks
 * again, as the holder, for the daemon may have come up in between; then it starts one, and is its starter.
 * If the lock is another's it waits, and looks again. The daemon releases the lock when it has claimed.
 */

import type { Cause } from '../../ports/readings.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import { judgeConnect } from '../evidence/connect-verdict.js';
import type { Owner } from '../evidence/owner.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { type Failure, type Phase, unpreparedFailure } from '../failure.js';
import { type HeldLock, noteChild, releaseLock } from '../lock/held-lock.js';
import { judgeLock } from '../lock/lock-witness.js';
import {
  type ContendedLock,
  type LockOutcome,
  lockKey,
  lockPlanOf,
  lookAtLock,
  takeLock,
  takeOver,
} from '../lock/spawn-lock.js';
import { nextPollMs, type Timing } from '../lock/timing.js';
import { layout, type Place, type Platform } from '../place/layout.js';
import { prepareDirectory } from '../place/state-directory.js';
import { go, inPhases, type Next, type Procedure, sleep } from '../procedure/procedure.js';
import { connect, greet, leftMs, nowMs, readOwner } from './reach-daemon.js';
import { restoreCurrent } from './restore-current.js';
import { checkDaemon, startDaemon } from './start-daemon.js';

/** `leave`: the caller has another way to its answer, and neither starts a daemon nor waits for one. */
export type Patience = 'wait' | 'leave';

export interface ObtainPlan {
  readonly place: Place;
  readonly userId: number;
  readonly platform: Platform;
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
  | { readonly kind: 'started'; readonly owner: Owner; readonly reason: SpawnReason; readonly tookMs: number }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** One process for the first start, and one more if it gave way to a daemon that is gone again. */
export const SPAWNS_MAX = 2;

/** Why a process is started, and with which lock: none where it can't be had at all. */
type Start = { readonly reason: SpawnReason; readonly lock: HeldLock | undefined };

/** What a caller is at the moment: it decides what a failed connection means. */
type Role =
  | { readonly kind: 'newcomer' }
  | ({ readonly kind: 'holder' } & Start)
  /** `key` tells the lock that is waited for, `sinceMs` since when. */
  | { readonly kind: 'waiter'; readonly key: string; readonly sinceMs: number }
  | ({ readonly kind: 'starter'; readonly pid: number; readonly spawnedMs: number } & Start)
  /** The child is dead: one more look whether somebody else serves. */
  | { readonly kind: 'mourner'; readonly failure: Failure };

type Trouble =
  | { readonly kind: 'unreachable'; readonly cause: Cause | undefined }
  /** It hung up before it said anything, or is on its way out. */
  | { readonly kind: 'hung-up' };

type RoleOf<K extends Role['kind']> = Extract<Role, { readonly kind: K }>;

/** What a caller remembers from phase to phase. */
interface Caller {
  readonly plan: ObtainPlan;
  readonly role: Role;
  readonly begunMs: number;
  readonly pollMs: number;
  readonly spawns: number;
  /** Why the daemon that is there could not be reached the last time; undefined when nobody was there. */
  readonly trouble: Trouble | undefined;
  /** Why nobody serves, by what this caller has seen. */
  readonly vacancy: SpawnReason;
}

interface Memories {
  readonly prepare: { readonly plan: ObtainPlan };
  readonly look: Caller;
  readonly meet: Caller;
  readonly vacant: Caller;
  readonly take: Caller;
  readonly evict: Caller & { readonly lock: ContendedLock; readonly reason: SpawnReason };
  readonly start: Caller & { readonly role: RoleOf<'holder'> };
  readonly check: Caller & { readonly role: RoleOf<'starter'> };
  readonly wait: Caller;
}

type Then = Next<Memories> | ObtainOutcome;

const NEWCOMER: Role = { kind: 'newcomer' };
const directoryOf = ({ plan }: Caller): string => plan.place.directory;
const fail = (failure: Failure): ObtainOutcome => ({ kind: 'failed', failure });
const leave = (me: Caller): ObtainOutcome => fail({ kind: 'vacant', directory: directoryOf(me) });
const unreachable = (cause?: Cause): Trouble => ({ kind: 'unreachable', cause });

export const obtain = (plan: ObtainPlan): Procedure<ObtainOutcome> =>
  inPhases<Memories, ObtainOutcome>(
    { prepare, look, meet, vacant, take, evict, start, check, wait },
    go('prepare', { plan }),
  );

function* prepare({ plan }: Memories['prepare']): Procedure<Then> {
  const begunMs = yield* nowMs();
  const prepared = yield* prepareDirectory(plan);
  if (prepared.kind !== 'prepared') return fail(unpreparedFailure(prepared));
  return go('look', {
    plan,
    role: NEWCOMER,
    begunMs,
    pollMs: plan.timing.firstPollMs,
    spawns: 0,
    trouble: undefined,
    vacancy: plan.because ?? 'cold',
  });
}

function deadlineMs({ plan, role, begunMs }: Caller): number {
  const totalMs = begunMs + plan.timing.totalMs;
  return role.kind === 'starter' ? Math.min(totalMs, role.spawnedMs + plan.timing.readyMs) : totalMs;
}

// --- is anybody there? -------------------------------------------------------------------------------------

function* look(me: Caller): Procedure<Then> {
  const reading = yield* connect(directoryOf(me), deadlineMs(me));
  if (reading.kind === 'connected') return go('meet', yield* stepBack(me));
  const verdict = judgeConnect(reading, me.plan.platform);
  switch (verdict.kind) {
    case 'absent':
      return go('vacant', me);
    case 'dead':
      return go('vacant', bereft(me));
    case 'alive':
    case 'unknown':
      return yield* doubt(me, reading.kind === 'errno' ? reading.cause : undefined);
    case 'own':
    case 'closed-or-full': {
      const sighted = yield* sightOwner(layout.currentOwner(directoryOf(me)));
      // Refusal may mean a full backlog: a living owner is waited for. In doubt a process is started.
      if (sighted.kind !== 'owner' || sighted.vitality === 'unknown') return go('vacant', me);
      return sighted.vitality === 'alive' ? yield* doubt(me, undefined) : go('vacant', bereft(me));
    }
  }
}

/** A daemon has died; unless its end was asked for. */
const bereft = (me: Caller): Caller => (me.vacancy === 'cold' ? { ...me, vacancy: 'dead-daemon' } : me);

/** Somebody is there and can't be reached. */
function* doubt(me: Caller, cause: Cause | undefined): Procedure<Then> {
  return go('wait', { ...(yield* stepBack(me)), trouble: unreachable(cause) });
}

/** Somebody is there. A lock that was taken to start somebody has lost its purpose. */
function* stepBack(me: Caller): Procedure<Caller> {
  if (me.role.kind !== 'holder') return me;
  if (me.role.lock !== undefined) yield* releaseLock(me.role.lock);
  return { ...me, role: NEWCOMER };
}

function* meet(me: Caller): Procedure<Then> {
  if (me.plan.greeting === 'none') return yield* meetInSilence(me);
  const greeting = yield* greet(deadlineMs(me));
  switch (greeting.kind) {
    case 'too-late':
      return yield* tooLate(me);
    case 'accepted':
      return yield* introduce(me);
    case 'declined':
    case 'outdated':
      return fail(greeting);
    case 'silent':
      return yield* timedOut({ ...me, trouble: unreachable() });
    case 'ended':
      return yield* hungUp(me, greeting);
    case 'draining':
      return yield* hungUp(greeting.why === 'upgrade' ? { ...me, vacancy: 'upgrade' } : me, greeting);
  }
}

/** A caller that a daemon has queued has waited for its turn, not for a daemon: its time begins again. */
function* hungUp(me: Caller, { progress }: { readonly progress?: 'queued' }): Procedure<Then> {
  const trouble = { kind: 'hung-up' } as const;
  if (progress === undefined) return go('wait', { ...me, trouble });
  const begunMs = yield* nowMs();
  return go('wait', { ...me, trouble, begunMs, role: NEWCOMER, pollMs: me.plan.timing.firstPollMs });
}

const tooLate = (me: Caller) => timedOut({ ...me, trouble: me.trouble ?? unreachable() });

/** The kernel takes connections for a stopped process until its backlog is full. Nobody will answer them. */
function* meetInSilence(me: Caller): Procedure<Then> {
  if ((yield* leftMs(deadlineMs(me))) <= 0) return yield* tooLate(me);
  const sighted = yield* sightOwner(layout.currentOwner(directoryOf(me)));
  if (sighted.kind !== 'owner' || sighted.activity !== 'stopped') return yield* introduce(me);
  const cause = { code: 'ESTOPPED', message: 'the process is stopped (SIGSTOP, or a debugger)' };
  return go('wait', { ...me, trouble: unreachable(cause) });
}

function* introduce({ plan, role, begunMs }: Caller): Procedure<ObtainOutcome> {
  const tookMs = (yield* nowMs()) - begunMs;
  const owner = yield* readOwner(plan.place.directory);
  return role.kind === 'starter' && owner?.pid === role.pid
    ? { kind: 'started', owner, reason: role.reason, tookMs }
    : { kind: 'attached', owner, tookMs };
}

// --- nobody is ---------------------------------------------------------------------------------------------

function* vacant(before: Caller): Procedure<Then> {
  const me: Caller = { ...before, trouble: undefined };
  const { role } = me;
  switch (role.kind) {
    case 'newcomer':
      return me.plan.patience === 'leave' ? leave(me) : go('take', me);
    case 'holder':
      if ((yield* leftMs(deadlineMs(me))) > 0) return go('start', { ...me, role });
      // Held up until its time was over: nobody would wait for what it started.
      return go('wait', yield* stepBack(me));
    case 'waiter': {
      const lock = yield* lookAtLock(directoryOf(me));
      return lock.kind === 'free' ? go('take', me) : yield* lockSeen(me, lock);
    }
    case 'starter':
      return go('check', { ...me, role });
    case 'mourner':
      return fail(role.failure);
  }
}

function* take(me: Caller): Procedure<Then> {
  return yield* lockAnswered(me, me.vacancy, yield* takeLock(lockPlanOf(me.plan)));
}

function* lockAnswered(me: Caller, reason: SpawnReason, outcome: LockOutcome): Procedure<Then> {
  switch (outcome.kind) {
    case 'held':
      return go('look', { ...me, role: { kind: 'holder', reason, lock: outcome.lock } });
    case 'contended': {
      const lock = yield* lookAtLock(directoryOf(me));
      // Free, and yet refused a moment ago: others are at it. Never in a tight loop, and not for ever.
      return lock.kind === 'free' ? yield* jammed(me, 'free') : yield* lockSeen(me, lock);
    }
    case 'error':
      // No room to write in: a daemon would fail the same way. A lock that is jammed itself must not decide.
      if (outcome.during === 'taking') return yield* jammed(me, 'jammed');
      return fail({ kind: 'lock-error', path: outcome.path, cause: outcome.cause });
  }
}

/** Since when this very lock has been waited for; undefined where another one has been, or none. */
const sinceOf = ({ role }: Caller, key: string): number | undefined =>
  role.kind === 'waiter' && role.key === key ? role.sinceMs : undefined;

/** A waiter for that lock from now on. */
const waiting = (me: Caller, key: string, sinceMs: number): Then =>
  go('wait', { ...me, role: { kind: 'waiter', key, sinceMs } });

/** The lock can't be had, and it is nobody's: after the fallback time a process is started without it. */
function* jammed(me: Caller, key: string): Procedure<Then> {
  const atMs = yield* nowMs();
  const sinceMs = sinceOf(me, key) ?? atMs;
  return atMs - sinceMs < me.plan.timing.lockFallbackMs ? waiting(me, key, sinceMs) : goUnlocked(me);
}

/** A start without the lock. It looks a last time as well: a daemon may have come while nobody looked. */
const goUnlocked = (me: Caller): Then =>
  go('look', { ...me, role: { kind: 'holder', reason: 'lock-error', lock: undefined } });

function* lockSeen(me: Caller, lock: ContendedLock): Procedure<Then> {
  const key = lockKey(lock);
  const sinceMs = sinceOf(me, key) ?? (yield* nowMs());
  const verdict = yield* judgeLock(lock, me.plan.timing, { kind: 'wait', sinceMs });
  switch (verdict.kind) {
    case 'leave-alone':
      return waiting(me, key, sinceMs);
    case 'stale':
      return go('evict', { ...me, lock, reason: 'stale-lock' });
    case 'overdue':
      return go('evict', { ...me, lock, reason: 'lock-fallback' });
  }
}

function* evict({ lock, reason, ...me }: Memories['evict']): Procedure<Then> {
  const outcome = yield* takeOver(lockPlanOf(me.plan), lock);
  // Another caller was faster: its start is waited for like any other's.
  if (outcome.kind === 'contended')
    return waiting(me, 'taken over', sinceOf(me, 'taken over') ?? (yield* nowMs()));
  // It can't be taken over, and it has been waited for as long as is due.
  const isJammed = outcome.kind === 'error' && outcome.during === 'taking';
  if (isJammed && reason === 'lock-fallback') return goUnlocked(me);
  return yield* lockAnswered(me, reason, outcome);
}

// --- starting one ------------------------------------------------------------------------------------------

function* start(me: Memories['start']): Procedure<Then> {
  const { reason, lock } = me.role;
  const started = yield* startDaemon(directoryOf(me), reason, lock);
  if (started.kind === 'failed') return started;
  const spawnedMs = yield* nowMs();
  if (lock !== undefined) yield* noteChild(lock, started);
  return go('wait', {
    ...me,
    role: { kind: 'starter', reason, lock, pid: started.pid, spawnedMs },
    spawns: me.spawns + 1,
    pollMs: me.plan.timing.firstPollMs,
  });
}

function* check(me: Memories['check']): Procedure<Then> {
  const { pid, lock } = me.role;
  const child = yield* checkDaemon(directoryOf(me), pid);
  if (child.kind === 'running') return go('wait', me);
  // It gave way to a daemon, which may have lost its `current`. Or it is a program that ends well without
  // serving, and then once more is enough.
  const gaveWay = child.kind === 'ended-well' && me.spawns < SPAWNS_MAX;
  const role: Role = gaveWay ? NEWCOMER : { kind: 'mourner', failure: child.failure };
  if (lock !== undefined) yield* releaseLock(lock);
  if (child.kind === 'ended-well') yield* restoreCurrent(directoryOf(me));
  return go('look', { ...me, role });
}

// --- waiting, and how it ends ------------------------------------------------------------------------------

function* wait(me: Caller): Procedure<Then> {
  if (me.plan.patience === 'leave') return leave(me);
  const left = yield* leftMs(deadlineMs(me));
  if (left <= 0) return yield* timedOut(me);
  yield* sleep(Math.min(me.pollMs, left));
  return go('look', { ...me, pollMs: nextPollMs(me.pollMs, me.plan.timing) });
}

function* timedOut(me: Caller): Procedure<ObtainOutcome> {
  const { role, trouble, begunMs } = me;
  const directory = directoryOf(me);
  const atMs = yield* nowMs();
  const timedOutIn = (phase: Phase, afterMs: number, pid?: number): ObtainOutcome =>
    fail({ kind: 'timed-out', directory, phase, afterMs, pid });
  if (role.kind === 'mourner') return fail(role.failure);
  if (role.kind === 'starter') return timedOutIn('ready', atMs - role.spawnedMs, role.pid);
  const afterMs = atMs - begunMs;
  if (trouble?.kind !== 'unreachable') return timedOutIn(trouble === undefined ? 'lock' : 'answer', afterMs);
  const owner = yield* readOwner(directory);
  return fail({ kind: 'not-answering', directory, owner, afterMs, cause: trouble.cause });
}
