/**
 * The spawn lock: single flight among callers, so that however many ask, one process is started. It is an optimisation.
 * Whoever ignores it costs a process that gives way; nothing depends on it.
 *
 * It is a directory, `spawn.lock/`, with one file in it that bears the holder's nonce. That makes each act on it one
 * exclusive system call:
 * - taking: rename(2) of a private directory onto it, refused while it holds a file;
 * - taking over from a given holder: unlink(2) of that holder's file, which one process alone succeeds with;
 * - releasing: unlink(2) of the own file, so that nobody can release another's.
 */

import { type Identity, identityFrom, type Vitality } from '../../../../src/domain/evidence/identity.js';
import { parseJson } from '../../../../src/domain/evidence/json.js';
import type { Timing } from '../../../../src/domain/lock/timing.js';
import type { Cause, Instant } from '../../../../src/ports/readings.js';
import { isNonce, layout, type Place } from '../place/layout.js';
import { causeOf } from '../procedure/cause.js';
import {
  type Event,
  end,
  files,
  go,
  type Step,
  type SyncCommand,
  type SyncReading,
} from '../procedure/procedure.js';

/** What the holder writes when it takes the lock. */
export interface LockRecord {
  readonly nonce: string;
  readonly holder: Identity;
  /** When it was taken, by the wall clock. */
  readonly wallMs: number;
  /** How long the holder allows its daemon until it answers. */
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
  | { readonly kind: 'held' }
  | { readonly kind: 'contended' }
  /** Not contention: the file system said something else. */
  | {
      readonly kind: 'error';
      readonly cause: Cause;
      readonly path: string;
      readonly at: 'preparing' | 'taking';
    };

/** Everything that a holder's side needs to know of its own lock. */
export interface LockPlan {
  readonly directory: string;
  readonly nonce: string;
  readonly holder: Identity;
  readonly readyMs: number;
}

/** What a caller's plan says of its lock. */
export function lockPlanOf(caller: {
  readonly place: Place;
  readonly nonce: string;
  readonly self: Identity;
  readonly timing: Timing;
}): LockPlan {
  const { place, nonce, self, timing } = caller;
  return { directory: place.directory, nonce, holder: self, readyMs: timing.readyMs };
}

export function recordText(plan: LockPlan, wallMs: number): string {
  return `${JSON.stringify({ ...plan.holder, nonce: plan.nonce, wallMs, readyMs: plan.readyMs })}\n`;
}

export function childText(child: Identity): string {
  return `${JSON.stringify(child)}\n`;
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

type Do<S, O> = Step<S, O, SyncCommand>;
type SyncEvent = Event<SyncReading>;

// --- taking -----------------------------------------------------------------------------------------------------------

export type TakeState =
  | { readonly at: 'making'; readonly plan: LockPlan }
  | { readonly at: 'writing'; readonly plan: LockPlan }
  | { readonly at: 'publishing'; readonly plan: LockPlan }
  | { readonly at: 'clearing'; readonly plan: LockPlan; readonly outcome: LockOutcome };

export function takeLock(plan: LockPlan): Do<TakeState, LockOutcome> {
  return go({ at: 'making', plan }, files('makeDirectory', layout.privateLock(plan.directory, plan.nonce)));
}

export function stepTake(state: TakeState, { reading, now }: SyncEvent): Do<TakeState, LockOutcome> {
  const { plan } = state;
  const own = layout.privateLock(plan.directory, plan.nonce);
  switch (state.at) {
    case 'making':
      // Occupied: an earlier attempt of this very process left it, with a file of the same name.
      if (reading.kind === 'occupied')
        return go(clearing(plan, { kind: 'contended' }), files('removeTree', own));
      if (reading.kind !== 'done') return end(lockError(reading, own, 'preparing'));
      return go(
        { at: 'writing', plan },
        files('createFile', `${own}/${plan.nonce}`, recordText(plan, now.wallMs)),
      );
    case 'writing':
      if (reading.kind !== 'done')
        return go(clearing(plan, lockError(reading, own, 'preparing')), files('removeTree', own));
      return go({ at: 'publishing', plan }, files('rename', own, layout.lock(plan.directory)));
    case 'publishing':
      return published(plan, own, reading);
    case 'clearing':
      return end(state.outcome);
  }
}

function published(plan: LockPlan, own: string, reading: SyncReading): Do<TakeState, LockOutcome> {
  if (reading.kind === 'done') return end({ kind: 'held' });
  // A plain file or a link at the name is as much in the way as another's record.
  const taken = reading.kind === 'occupied' || reading.kind === 'wrong-type';
  const outcome: LockOutcome = taken
    ? { kind: 'contended' }
    : lockError(reading, layout.lock(plan.directory), 'taking');
  return go(clearing(plan, outcome), files('removeTree', own));
}

function clearing(plan: LockPlan, outcome: LockOutcome): TakeState {
  return { at: 'clearing', plan, outcome };
}

function lockError(reading: SyncReading, path: string, at: 'preparing' | 'taking'): LockOutcome {
  return { kind: 'error', cause: causeOf(reading), path, at };
}

// --- looking ----------------------------------------------------------------------------------------------------------

export type LookState =
  | { readonly at: 'inspecting'; readonly directory: string }
  | { readonly at: 'listing'; readonly directory: string; readonly modifiedMs: number }
  | {
      readonly at: 'reading';
      readonly directory: string;
      readonly modifiedMs: number;
      readonly nonce: string;
    };

type LookStep = Do<LookState, LockObservation>;

export function lookAtLock(directory: string): LookStep {
  return go({ at: 'inspecting', directory }, files('inspect', layout.lock(directory)));
}

export function stepLook(state: LookState, { reading }: SyncEvent): LookStep {
  switch (state.at) {
    case 'inspecting':
      return inspected(state.directory, reading);
    case 'listing':
      return listed(state.directory, state.modifiedMs, reading);
    case 'reading': {
      // Released or taken over since it was listed: free, or soon to be seen as another's.
      if (reading.kind === 'absent') return end({ kind: 'free' });
      const record = reading.kind === 'text' ? parseRecord(state.nonce, reading.text) : undefined;
      return record === undefined ? foreign('directory', state.modifiedMs) : end({ kind: 'record', record });
    }
  }
}

const foreign = (type: 'directory' | 'other', modifiedMs: number): LookStep =>
  end({ kind: 'foreign', type, modifiedMs });

function inspected(directory: string, reading: SyncReading): LookStep {
  if (reading.kind === 'absent') return end({ kind: 'free' });
  if (reading.kind !== 'entry') return foreign('other', 0);
  const { type, modifiedMs } = reading.entry;
  if (type !== 'directory') return foreign('other', modifiedMs);
  return go({ at: 'listing', directory, modifiedMs }, files('list', layout.lock(directory)));
}

function listed(directory: string, modifiedMs: number, reading: SyncReading): LookStep {
  if (reading.kind === 'absent') return end({ kind: 'free' });
  if (reading.kind !== 'names') return foreign('directory', modifiedMs);
  const [name, ...others] = reading.names;
  if (name === undefined) return end({ kind: 'free' });
  if (others.length > 0 || !isNonce(name)) return foreign('directory', modifiedMs);
  const state = { at: 'reading' as const, directory, modifiedMs, nonce: name };
  return go(state, files('readText', layout.lockRecord(directory, name)));
}

// --- taking over ------------------------------------------------------------------------------------------------------

export type TakeOverState =
  | { readonly at: 'evicting' | 'checking' | 'discarding' | 'giving-back'; readonly plan: LockPlan }
  | { readonly at: 'reading-evicted'; readonly plan: LockPlan; readonly nonce: string }
  | { readonly at: 'taking'; readonly take: TakeState };

type TakeOverStep = Do<TakeOverState, LockOutcome>;

const evictedOf = ({ directory, nonce }: LockPlan): string => layout.trash(directory, `${nonce}.lock`);

/**
 * Takes the lock from the holder that was observed, and from no other: of all who try, one succeeds, and where the lock has
 * changed hands since, nobody does.
 *
 * Something foreign has no nonce to go by. What is no directory is unlinked, which no lock of solod's can be; a foreign
 * directory is moved away, looked at, and given back if it turns out to be somebody's lock by now.
 */
export function takeOver(plan: LockPlan, observed: ContendedLock): TakeOverStep {
  const lock = layout.lock(plan.directory);
  if (observed.kind === 'record')
    return go(
      { at: 'evicting', plan },
      files('removeFile', layout.lockRecord(plan.directory, observed.record.nonce)),
    );
  if (observed.type === 'other') return go({ at: 'evicting', plan }, files('removeFile', lock));
  return go({ at: 'evicting', plan }, files('rename', lock, evictedOf(plan)));
}

export function stepTakeOver(state: TakeOverState, event: SyncEvent): TakeOverStep {
  const { reading } = event;
  switch (state.at) {
    case 'evicting':
      if (reading.kind === 'done')
        return go({ at: 'checking', plan: state.plan }, files('list', evictedOf(state.plan)));
      // Another caller has taken it over, or its holder released it.
      if (reading.kind === 'absent' || reading.kind === 'wrong-type') return end({ kind: 'contended' });
      return end(lockError(reading, layout.lock(state.plan.directory), 'taking'));
    case 'checking':
      return checked(state.plan, reading);
    case 'reading-evicted':
      return readEvicted(state.plan, state.nonce, reading);
    case 'giving-back':
      return end({ kind: 'contended' });
    case 'discarding':
      return taking(takeLock(state.plan));
    case 'taking':
      return taking(stepTake(state.take, event));
  }
}

/** What was moved away: the foreign directory, or, if another caller was faster, the lock that it has taken since. */
function checked(plan: LockPlan, reading: SyncReading): TakeOverStep {
  if (reading.kind === 'absent') return taking(takeLock(plan));
  const [name = '', ...others] = reading.kind === 'names' ? reading.names : [];
  if (others.length > 0 || !isNonce(name)) return discard(plan);
  return go({ at: 'reading-evicted', plan, nonce: name }, files('readText', `${evictedOf(plan)}/${name}`));
}

function readEvicted(plan: LockPlan, nonce: string, reading: SyncReading): TakeOverStep {
  if (reading.kind !== 'text' || parseRecord(nonce, reading.text) === undefined) return discard(plan);
  return go({ at: 'giving-back', plan }, files('rename', evictedOf(plan), layout.lock(plan.directory)));
}

const discard = (plan: LockPlan): TakeOverStep =>
  go({ at: 'discarding', plan }, files('removeTree', evictedOf(plan)));

function taking(step: Do<TakeState, LockOutcome>): Do<TakeOverState, LockOutcome> {
  return step.kind === 'do' ? go({ at: 'taking', take: step.state }, step.command) : step;
}

// --- releasing --------------------------------------------------------------------------------------------------------

export interface ReleaseState {
  readonly at: 'removing-record' | 'removing-lock';
  readonly directory: string;
}

/** Removes one's own lock, and nobody else's; that it is gone already is fine. An empty `nonce` stands for no lock. */
export function releaseLock(directory: string, nonce: string): Do<ReleaseState, undefined> {
  if (nonce === '') return end(undefined);
  return go({ at: 'removing-record', directory }, files('removeFile', layout.lockRecord(directory, nonce)));
}

export function stepRelease(state: ReleaseState, { reading }: SyncEvent): Do<ReleaseState, undefined> {
  // Only whoever removed its own record tidies up; the directory of another's lock is not empty, and rmdir(2) says so.
  if (state.at === 'removing-lock' || reading.kind !== 'done') return end(undefined);
  return go(
    { at: 'removing-lock', directory: state.directory },
    files('removeDirectory', layout.lock(state.directory)),
  );
}

// --- judging ----------------------------------------------------------------------------------------------------------

export function lockAgeMs(observed: ContendedLock, wallMs: number): number {
  return wallMs - (observed.kind === 'record' ? observed.record.wallMs : observed.modifiedMs);
}

/** Too old to stand for a start under way, or from a clock that has jumped. */
export function isStale(observed: ContendedLock, now: Instant, timing: Timing): boolean {
  const ageMs = lockAgeMs(observed, now.wallMs);
  return ageMs >= timing.staleMs || ageMs < -timing.futureMs;
}

/**
 * Whether the start that a lock stands for is to be left alone: holder or child demonstrably lives, and no more time
 * has passed than the holder allows.
 */
export function isUnderWay(observed: ContendedLock, vitality: Vitality, now: Instant): boolean {
  if (observed.kind === 'foreign' || vitality !== 'alive') return false;
  return lockAgeMs(observed, now.wallMs) < observed.record.readyMs;
}

/** What tells one contended lock from the next, so that a wait can be counted from its beginning. */
export function lockKey(observed: ContendedLock): string {
  return observed.kind === 'record' ? observed.record.nonce : `foreign ${observed.modifiedMs}`;
}
