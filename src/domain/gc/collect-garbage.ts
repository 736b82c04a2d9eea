/**
 * What may be cleared away in a name's directory by somebody who is not its daemon: what is proven dead, and
 * nothing else.
 *
 * That a sweep is safe does not depend on who sweeps. A generation is collected only below one that `current`
 * names, and `current` only ever goes up. So a candidate that publishes into a collected slot reads a higher
 * `current` afterwards, and withdraws, as it does when the daemon itself has swept. A candidate that is about
 * to withdraw may find that its directory has been moved away already: it serves nobody, and its rename's
 * refusal changes nothing. The generation that `current` names, dead or not, stays with all above it: from
 * there the next candidate counts on.
 */

import type { Cause } from '../../ports/readings.js';
import { readCurrent } from '../claim/find-last-generation.js';
import { ABANDONED_MS, listToSweep, type SweepPlan, sweepOne } from '../claim/sweep.js';
import { clearAbandoned } from '../lock/held-lock.js';
import { proveAbandoned } from '../lock/lock-witness.js';
import { lookAtLock } from '../lock/spawn-lock.js';
import { type Distrust, distrustOf } from '../place/distrust.js';
import { join, NAMES, type Place, type Platform } from '../place/layout.js';
import { causeIn } from '../procedure/cause.js';
import { files, now, type Procedure } from '../procedure/procedure.js';

export interface CollectPlan {
  readonly place: Place;
  readonly userId: number;
  readonly nonce: string;
  readonly platform: Platform;
  /** How long one connection attempt may take, in milliseconds. */
  readonly probeMs: number;
}

/** What should have gone, and the system said no. */
export interface Kept {
  readonly name: string;
  readonly cause: Cause;
}

export type CollectOutcome =
  | { readonly kind: 'collected'; readonly removed: readonly string[]; readonly kept: readonly Kept[] }
  /** Nothing has lived there for a while, nor left a trace: the directory itself has gone. */
  | { readonly kind: 'removed-empty' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'failed'; readonly path: string; readonly cause: Cause };

/** One sweep has a limit; so many of them has a collection. */
const SWEEPS_MAX = 16;

/** What a collection has come to; each sweep gives a new one. */
interface Progress {
  readonly removed: readonly string[];
  readonly kept: readonly Kept[];
}

const NOTHING: Progress = { removed: [], kept: [] };

export function* collectGarbage(plan: CollectPlan): Procedure<CollectOutcome> {
  const { root, directory } = plan.place;
  const trusted = yield* inspectTrusted(root, plan.userId);
  if (trusted.kind !== 'trusted') return trusted;
  const own = yield* inspectTrusted(directory, plan.userId);
  if (own.kind !== 'trusted') return own;
  const listed = yield* files('list', directory);
  if (listed.kind === 'absent') return { kind: 'absent' };
  if (listed.kind !== 'names') return { kind: 'failed', path: directory, cause: causeIn(listed) };
  if (listed.names.length === 0) return yield* removeEmpty(directory, own.modifiedMs);
  return { kind: 'collected', ...(yield* collectLock(directory, yield* sweepAll(plan))) };
}

type TrustReading =
  | { readonly kind: 'trusted'; readonly modifiedMs: number }
  | Extract<CollectOutcome, { readonly kind: 'absent' | 'distrusted' | 'failed' }>;

function* inspectTrusted(path: string, userId: number): Procedure<TrustReading> {
  const seen = yield* files('inspect', path);
  if (seen.kind === 'absent') return { kind: 'absent' };
  if (seen.kind !== 'entry') return { kind: 'failed', path, cause: causeIn(seen) };
  const why = distrustOf(seen.entry, userId);
  return why === undefined
    ? { kind: 'trusted', modifiedMs: seen.entry.modifiedMs }
    : { kind: 'distrusted', path, why };
}

/**
 * A candidate that finds the directory there and has not put anything into it is failed by its removal, and
 * says so. So only one goes in which nothing has happened for so long that nobody is likely to be at that
 * point.
 */
function* removeEmpty(directory: string, modifiedMs: number): Procedure<CollectOutcome> {
  const ageMs = (yield* now()).wallMs - modifiedMs;
  if (ageMs < ABANDONED_MS) return { kind: 'collected', ...NOTHING };
  const removed = yield* files('removeDirectory', directory);
  // Occupied: somebody has come to live there since.
  return removed.kind === 'done' ? { kind: 'removed-empty' } : { kind: 'collected', ...NOTHING };
}

/** Sweeps until a sweep removes nothing any more. */
function* sweepAll({ place, nonce, platform, probeMs }: CollectPlan): Procedure<Progress> {
  const { directory } = place;
  const current = yield* readCurrent(directory);
  const below = current.kind === 'pointer' ? current.generation : undefined;
  // Nothing has been seen dead yet.
  const plan: SweepPlan = { directory, nonce, below, proven: undefined, platform, probeMs };
  let progress = NOTHING;
  for (let round = 1; round <= SWEEPS_MAX; round += 1) {
    const before = progress.removed.length;
    for (const name of yield* listToSweep(plan)) progress = yield* sweepName(plan, name, progress);
    if (progress.removed.length === before) break;
  }
  return progress;
}

function* sweepName(plan: SweepPlan, name: string, { removed, kept }: Progress): Procedure<Progress> {
  const swept = yield* sweepOne(plan, name);
  switch (swept.kind) {
    case 'removed':
      return {
        removed: removed.includes(name) ? removed : [...removed, name],
        // An earlier sweep may have been refused.
        kept: kept.filter((known) => known.name !== name),
      };
    case 'refused':
      return kept.some((known) => known.name === name)
        ? { removed, kept }
        : { removed, kept: [...kept, { name, cause: swept.cause }] };
    case 'left':
      return { removed, kept };
  }
}

/**
 * A lock whose start is over; a caller takes over a live one by its age, not we. What nobody signed proves
 * nothing.
 */
function* collectLock(directory: string, { removed, kept }: Progress): Procedure<Progress> {
  const observed = yield* lookAtLock(directory);
  if (observed.kind !== 'record') return { removed, kept };
  const abandoned = yield* proveAbandoned(directory, observed.record);
  if (abandoned === undefined || (yield* clearAbandoned(abandoned)) === 'left') return { removed, kept };
  return { removed: [...removed, join(NAMES.lock, abandoned.nonce)], kept };
}
