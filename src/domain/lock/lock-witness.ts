/** What the process table says of the processes that a spawn lock names. */

import type { Identity, Vitality } from '../evidence/identity.js';
import { type ProcessSighting, sightProcess } from '../evidence/owner-witness.js';
import { now, part, type Sync } from '../procedure/procedure.js';
import type { AbandonedLock } from './held-lock.js';
import { type ContendedLock, isStale, isUnderWay, type LockRecord, lockAgeMs } from './spawn-lock.js';
import type { Timing } from './timing.js';

/**
 * Whether the start that a lock stands for still has a living process. Where there is a child, callers wait
 * for the child, and its end is the start's end, even if its parent is an editor that lives for days. The
 * holder counts while it has started nothing yet, or where nothing can be told of the child.
 */
export const sightLock = part(function* sightLock(observed: ContendedLock): Sync<Vitality> {
  if (observed.kind === 'foreign') return 'unknown';
  const { child, holder } = observed.record;
  if (child !== undefined) {
    const vitality = presumed(child, yield* sightProcess(child));
    if (vitality !== 'unknown') return vitality;
  }
  return presumed(holder, yield* sightProcess(holder));
});

/**
 * On a system that has neither start times nor namespaces (macOS, Windows) an id that is in use counts as
 * that process. Where it is another's by now a caller waits for nothing, and no longer than the holder
 * allows.
 */
function presumed(who: Identity, { vitality, reading }: ProcessSighting): Vitality {
  const isKnownById = who.startTime === '' && who.pidNamespace === '' && reading.kind === 'present';
  return vitality === 'unknown' && isKnownById ? 'alive' : vitality;
}

export type LockVerdict =
  /** Too old to stand for anything. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'leave-alone' }
  /** It is time, and nothing says that its start is under way. */
  | { readonly kind: 'overdue'; readonly ageMs: number };

/**
 * When a lock that is not stale may be taken over: at an age, or when it has been waited for since then for
 * long enough.
 */
export type LockPatience = { readonly kind: 'age' } | { readonly kind: 'wait'; readonly sinceMs: number };

/** Whether another's lock may be taken over now. */
export const judgeLock = part(function* judgeLock(
  lock: ContendedLock,
  timing: Timing,
  patience: LockPatience,
): Sync<LockVerdict> {
  const age = yield* judgeAge(lock, timing, patience);
  if (age !== 'due') return { kind: age === 'stale' ? 'stale' : 'leave-alone' };
  const vitality = yield* sightLock(lock);
  const at = yield* now();
  if (isUnderWay(lock, vitality, at)) return { kind: 'leave-alone' };
  return { kind: 'overdue', ageMs: lockAgeMs(lock, at.wallMs) };
});

const judgeAge = part(function* judgeAge(
  lock: ContendedLock,
  timing: Timing,
  patience: LockPatience,
): Sync<'stale' | 'early' | 'due'> {
  const at = yield* now();
  if (isStale(lock, at, timing)) return 'stale';
  const isEarly =
    patience.kind === 'age'
      ? lockAgeMs(lock, at.wallMs) < timing.overrideMs
      : at.monotonicMs - patience.sinceMs < timing.lockFallbackMs;
  return isEarly ? 'early' : 'due';
});

/**
 * Whether nobody is left of the start that a lock stands for: neither its holder nor the child, where there
 * is one. Only this makes the proof with which somebody else's lock is cleared away, at any age.
 */
export const proveAbandoned = part(function* proveAbandoned(
  directory: string,
  record: LockRecord,
): Sync<AbandonedLock | undefined> {
  for (const who of [record.holder, record.child]) {
    if (who !== undefined && (yield* sightProcess(who)).vitality !== 'dead') return undefined;
  }
  return { directory, nonce: record.nonce } as AbandonedLock;
});
