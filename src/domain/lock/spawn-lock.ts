/**
 * The spawn lock: single flight among callers. However many ask, one process is started. It is an
 * optimisation: a caller that ignores it costs a process that gives way, and nothing depends on it.
 *
 * It is a directory, `spawn.lock/`, with one file in it that bears the holder's nonce. That makes each act on
 * it one exclusive system call:
 * - taking: rename(2) of a private directory onto it, refused while it holds a file;
 * - taking over from a given holder: unlink(2) of that holder's file, with which one process alone succeeds;
 * - releasing: unlink(2) of the own file, so that nobody can release another's.
 */

import type { Cause, ChangeReading, Instant } from '../../ports/readings.js';
import { type Identity, identityFrom, type Vitality } from '../evidence/identity.js';
import { parseJson } from '../evidence/json.js';
import { isNonce, layout, lockLayout, type Place } from '../place/layout.js';
import { causeIn, type NoSuccess } from '../procedure/cause.js';
import { files, now, part, processes, type Sync } from '../procedure/procedure.js';
import { type HeldLock, heldLock } from './held-lock.js';
import type { Timing } from './timing.js';

/** What the holder writes when it takes the lock. */
export interface LockRecord {
  readonly nonce: string;
  readonly holder: Identity;
  /** When it was taken, by the wall clock. */
  readonly wallMs: number;
  /** How long the holder allows its daemon until it answers, in milliseconds. */
  readonly readyMs: number;
  /** The process that the holder started, once it has. */
  readonly child: Identity | undefined;
}

/** What an observer found at the lock's name. */
export type LockObservation =
  | { readonly kind: 'free' }
  | { readonly kind: 'record'; readonly record: LockRecord }
  /** Something that no solod put there, or that can't be read. */
  | { readonly kind: 'foreign'; readonly type: 'directory' | 'other'; readonly modifiedMs: number };

export type ContendedLock = Exclude<LockObservation, { readonly kind: 'free' }>;

export type LockOutcome =
  | { readonly kind: 'held'; readonly lock: HeldLock }
  | { readonly kind: 'contended' }
  | LockError;

/** Not contention: the file system said something else. */
export interface LockError {
  readonly kind: 'error';
  readonly cause: Cause;
  readonly path: string;
  /** In the caller's own private directory, where a daemon would fail the same way; or at the lock itself. */
  readonly during: 'preparing' | 'taking';
}

/** Everything that a caller needs to take its own lock. */
export interface LockPlan {
  readonly directory: string;
  readonly nonce: string;
  readonly readyMs: number;
}

/** What a caller's plan says of its lock. */
export function lockPlanOf(caller: {
  readonly place: Place;
  readonly nonce: string;
  readonly timing: Timing;
}): LockPlan {
  const { place, nonce, timing } = caller;
  return { directory: place.directory, nonce, readyMs: timing.readyMs };
}

export function recordText(
  { nonce, holder, readyMs }: Pick<LockRecord, 'nonce' | 'holder' | 'readyMs'>,
  wallMs: number,
): string {
  return `${JSON.stringify({ ...holder, nonce, wallMs, readyMs })}
`;
}

/** @returns undefined where the text is none of ours */
export function parseRecord(nonce: string, text: string): LockRecord | undefined {
  const [first = '', second = ''] = text.split('\n');
  const value = parseJson(first);
  const holder = identityFrom(value);
  if (holder === undefined) return undefined;
  const { wallMs, readyMs, nonce: written } = value as Readonly<Record<string, unknown>>;
  if (typeof wallMs !== 'number' || typeof readyMs !== 'number' || written !== nonce) return undefined;
  return { nonce, holder, wallMs, readyMs, child: identityFrom(parseJson(second)) };
}

// --- taking ------------------------------------------------------------------------------------------------

export const takeLock = part(function* takeLock(plan: LockPlan): Sync<LockOutcome> {
  const own = lockLayout.private(plan.directory, plan.nonce);
  const made = yield* files('makeDirectory', own);
  // Occupied: an earlier attempt of this very process left it, with a file of the same name.
  if (made.kind === 'occupied') return yield* without(own, { kind: 'contended' });
  if (made.kind !== 'done') return lockError(made, own, 'preparing');
  const written = yield* writeRecord(plan);
  if (written.kind !== 'done') return yield* without(own, lockError(written, own, 'preparing'));
  const lock = layout.lock(plan.directory);
  const renamed = yield* files('rename', own, lock);
  if (renamed.kind === 'done') return { kind: 'held', lock: heldLock(plan) };
  // A plain file or a link at the name is as much in the way as another's record.
  const isTaken = renamed.kind === 'occupied' || renamed.kind === 'wrong-type';
  return yield* without(own, isTaken ? { kind: 'contended' } : lockError(renamed, lock, 'taking'));
});

const writeRecord = part(function* writeRecord(plan: LockPlan): Sync<ChangeReading> {
  const holder = yield* processes('self');
  const text = recordText({ ...plan, holder }, (yield* now()).wallMs);
  return yield* files('createFile', lockLayout.privateRecord(plan.directory, plan.nonce), text);
});

function* without(own: string, outcome: LockOutcome): Sync<LockOutcome> {
  yield* files('removeTree', own);
  return outcome;
}

const lockError = (reading: NoSuccess, path: string, during: LockError['during']): LockError => ({
  kind: 'error',
  cause: causeIn(reading),
  path,
  during,
});

// --- looking -----------------------------------------------------------------------------------------------

export const lookAtLock = part(function* lookAtLock(directory: string): Sync<LockObservation> {
  const seen = yield* files('inspect', layout.lock(directory));
  if (seen.kind === 'absent') return { kind: 'free' };
  if (seen.kind !== 'entry') return { kind: 'foreign', type: 'other', modifiedMs: 0 };
  const { type, modifiedMs } = seen.entry;
  if (type !== 'directory') return { kind: 'foreign', type: 'other', modifiedMs };
  const listed = yield* files('list', layout.lock(directory));
  if (listed.kind === 'absent') return { kind: 'free' };
  if (listed.kind !== 'names') return { kind: 'foreign', type, modifiedMs };
  const [name, ...others] = listed.names;
  if (name === undefined) return { kind: 'free' };
  if (others.length > 0 || !isNonce(name)) return { kind: 'foreign', type, modifiedMs };
  const read = yield* files('readText', layout.lockRecord(directory, name));
  // Released or taken over since it was listed: free, or soon to be seen as another's.
  if (read.kind === 'absent') return { kind: 'free' };
  const record = read.kind === 'text' ? parseRecord(name, read.text) : undefined;
  return record === undefined ? { kind: 'foreign', type, modifiedMs } : { kind: 'record', record };
});

// --- taking over -------------------------------------------------------------------------------------------

/**
 * Takes the lock from the holder that was observed, and from no other: of all who try, one succeeds, and
 * where the lock has changed hands since, nobody does.
 *
 * Something foreign has no nonce to go by. A file or link is unlinked, which can't remove a lock: that is a
 * directory. A foreign directory is moved away, looked at, and given back if it turns out to be somebody's
 * lock by now.
 */
export const takeOver = part(function* takeOver(plan: LockPlan, observed: ContendedLock): Sync<LockOutcome> {
  const evicted = yield* evict(plan, observed);
  // Another caller has taken it over, or its holder released it.
  if (evicted.kind === 'absent' || evicted.kind === 'wrong-type') return { kind: 'contended' };
  if (evicted.kind !== 'done') return lockError(evicted, layout.lock(plan.directory), 'taking');
  const discarded = yield* discardEvicted(plan);
  return discarded === 'given-back' ? { kind: 'contended' } : yield* takeLock(plan);
});

function* evict({ directory, nonce }: LockPlan, observed: ContendedLock) {
  const lock = layout.lock(directory);
  if (observed.kind === 'record')
    return yield* files('removeFile', layout.lockRecord(directory, observed.record.nonce));
  return observed.type === 'other'
    ? yield* files('removeFile', lock)
    : yield* files('rename', lock, lockLayout.evicted(directory, nonce));
}

/**
 * What was moved away: the foreign directory, or, if another caller was faster, the lock that it has taken
 * since.
 */
const discardEvicted = part(function* discardEvicted({
  directory,
  nonce,
}: LockPlan): Sync<'discarded' | 'given-back'> {
  const evicted = lockLayout.evicted(directory, nonce);
  const listed = yield* files('list', evicted);
  if (listed.kind === 'absent') return 'discarded';
  const [name = '', ...others] = listed.kind === 'names' ? listed.names : [];
  if (others.length === 0 && isNonce(name)) {
    const read = yield* files('readText', lockLayout.evictedRecord(directory, nonce, name));
    if (read.kind === 'text' && parseRecord(name, read.text) !== undefined) {
      yield* files('rename', evicted, layout.lock(directory));
      return 'given-back';
    }
  }
  yield* files('removeTree', evicted);
  return 'discarded';
});

// --- judging -----------------------------------------------------------------------------------------------

export function lockAgeMs(observed: ContendedLock, wallMs: number): number {
  return wallMs - (observed.kind === 'record' ? observed.record.wallMs : observed.modifiedMs);
}

/** Too old to stand for a start under way, or from a clock that has jumped. */
export function isStale(observed: ContendedLock, at: Instant, timing: Timing): boolean {
  const ageMs = lockAgeMs(observed, at.wallMs);
  return ageMs >= timing.staleMs || ageMs < -timing.futureMs;
}

/**
 * Whether the start that a lock stands for is to be left alone: holder or child demonstrably lives, and no
 * more time has passed than the holder allows.
 */
export function isUnderWay(observed: ContendedLock, vitality: Vitality, at: Instant): boolean {
  if (observed.kind === 'foreign' || vitality !== 'alive') return false;
  return lockAgeMs(observed, at.wallMs) < observed.record.readyMs;
}

/** What tells one contended lock from the next, so that a wait can be counted from its beginning. */
export function lockKey(observed: ContendedLock): string {
  return observed.kind === 'record' ? observed.record.nonce : `foreign ${observed.modifiedMs}`;
}
