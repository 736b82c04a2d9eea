/**
 * What may be cleared away in a name's directory by somebody who is not its daemon: what is proven dead, and nothing else.
 *
 * That a sweep is safe does not depend on who sweeps. A generation is collected only below one that `current` names, and
 * `current` only ever goes up. So whoever publishes into a collected slot reads a higher `current` afterwards, and
 * withdraws, as it does when the daemon itself has swept. A candidate that is about to withdraw may find that its
 * directory has been moved away already: it serves nobody, and its rename's refusal changes nothing. The generation that
 * `current` names, dead or not, stays with all above it: from there the next candidate counts on.
 */

import { type Identity, type Vitality, vitalityOf } from '../../../../src/domain/evidence/identity.js';
import type { ProcessReading } from '../../../../src/ports/process-table.js';
import type { Cause } from '../../../../src/ports/readings.js';
import { ABANDONED_MS, type SweepState, stepSweep, sweep } from '../claim/sweep.js';
import {
  type LockObservation,
  type LockRecord,
  type LookState,
  lookAtLock,
  type ReleaseState,
  releaseLock,
  stepLook,
  stepRelease,
} from '../lock/spawn-lock.js';
import { generationOf, join, layout, NAMES, type Place, type Platform } from '../place/layout.js';
import { type Distrust, distrustOf } from '../place/state-directory.js';
import { causeOf } from '../procedure/cause.js';
import {
  type Event,
  end,
  files,
  go,
  lookUp,
  type Reading,
  type Step,
  within,
} from '../procedure/procedure.js';

export interface CollectPlan {
  readonly place: Place;
  readonly userId: number;
  readonly self: Identity;
  readonly nonce: string;
  readonly platform: Platform;
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

interface Progress {
  readonly plan: CollectPlan;
  readonly removed: readonly string[];
  readonly kept: readonly Kept[];
}

export type CollectState = Progress &
  (
    | { readonly at: 'inspecting-root' | 'inspecting' | 'reading-current' | 'removing-empty' }
    | { readonly at: 'listing'; readonly modifiedMs: number }
    | { readonly at: 'sweeping'; readonly sweep: SweepState; readonly own: number; readonly round: Round }
    | { readonly at: 'looking-at-lock'; readonly look: LookState }
    | { readonly at: 'sighting'; readonly record: LockRecord; readonly who: 'holder' | 'child' }
    | { readonly at: 'releasing'; readonly release: ReleaseState; readonly record: LockRecord }
  );

interface Round {
  readonly count: number;
  /** How many had been removed when it began. */
  readonly removedBefore: number;
}

type CollectStep = Step<CollectState, CollectOutcome>;

export function collect(plan: CollectPlan): CollectStep {
  const state = { at: 'inspecting-root' as const, plan, removed: [], kept: [] };
  return go(state, files('inspect', plan.place.root));
}

export function stepCollect(state: CollectState, event: Event): CollectStep {
  const { reading } = event;
  switch (state.at) {
    case 'inspecting-root':
    case 'inspecting':
      return inspected(state, state.at, reading);
    case 'listing':
      return listed(state, event.now.wallMs - state.modifiedMs, reading);
    case 'removing-empty':
      // Occupied: somebody has come to live there since.
      return reading.kind === 'done' ? end({ kind: 'removed-empty' }) : finish(state);
    case 'reading-current': {
      const own = reading.kind === 'target' ? generationOf(reading.target) : undefined;
      return sweepFrom(state, own ?? 0, 1);
    }
    case 'sweeping':
      return swept(progressOfSweep(state, reading), state, stepSweep(state.sweep, event));
    case 'looking-at-lock':
      return looking(state, stepLook(state.look, event as Event<never>));
    case 'sighting':
      return sighted(state, vitalityOf(whoOf(state), state.plan.self, reading as ProcessReading));
    case 'releasing': {
      const removed = state.release.at === 'removing-record' && reading.kind === 'done';
      const name = join(NAMES.lock, state.record.nonce);
      const progress = removed ? { ...state, removed: [...state.removed, name] } : state;
      const step = stepRelease(state.release, event as Event<never>);
      return releasing(progress, state.record, step);
    }
  }
}

const bare = ({ plan, removed, kept }: Progress): Progress => ({ plan, removed, kept });

function inspected(state: Progress, level: 'inspecting-root' | 'inspecting', reading: Reading): CollectStep {
  const { root, directory } = state.plan.place;
  const path = level === 'inspecting-root' ? root : directory;
  if (reading.kind === 'absent') return end({ kind: 'absent' });
  if (reading.kind !== 'entry') return end({ kind: 'failed', path, cause: causeOf(reading) });
  const why = distrustOf(reading.entry, state.plan.userId);
  if (why !== undefined) return end({ kind: 'distrusted', path, why });
  if (level === 'inspecting-root')
    return go({ ...bare(state), at: 'inspecting' }, files('inspect', directory));
  const { modifiedMs } = reading.entry;
  return go({ ...bare(state), at: 'listing', modifiedMs }, files('list', directory));
}

const finish = ({ removed, kept }: Progress): CollectStep => end({ kind: 'collected', removed, kept });

/**
 * A candidate that finds the directory there and has not put anything into it is failed by its removal, and says so. So only
 * one goes in which nothing has happened for so long that nobody is likely to be at that point.
 */
function listed(state: Progress, ageMs: number, reading: Reading): CollectStep {
  const { directory } = state.plan.place;
  if (reading.kind === 'absent') return end({ kind: 'absent' });
  if (reading.kind !== 'names') return end({ kind: 'failed', path: directory, cause: causeOf(reading) });
  if (reading.names.length > 0)
    return go({ ...bare(state), at: 'reading-current' }, files('readLink', layout.current(directory)));
  if (ageMs < ABANDONED_MS) return finish(state);
  return go({ ...bare(state), at: 'removing-empty' }, files('removeDirectory', directory));
}

function sweepFrom(progress: Progress, own: number, count: number): CollectStep {
  const { place, nonce, platform, probeMs } = progress.plan;
  const round = { count, removedBefore: progress.removed.length };
  // Nothing has been seen dead yet.
  const first = sweep({ directory: place.directory, nonce, own, proven: 0, platform, probeMs });
  return swept(progress, { own, round }, first);
}

function swept(
  progress: Progress,
  { own, round }: { readonly own: number; readonly round: Round },
  step: Step<SweepState, undefined>,
): CollectStep {
  return within(
    step,
    (state): CollectState => ({ ...bare(progress), at: 'sweeping', sweep: state, own, round }),
    (): CollectStep => {
      const more = progress.removed.length > round.removedBefore && round.count < SWEEPS_MAX;
      if (more) return sweepFrom(progress, own, round.count + 1);
      return looking(progress, lookAtLock(progress.plan.place.directory));
    },
  );
}

/** What the sweep's last call has come to. */
function progressOfSweep(state: Progress & { readonly sweep: SweepState }, reading: Reading): Progress {
  const [name] = state.sweep.queue;
  if (name === undefined || (state.sweep.at !== 'moving' && state.sweep.at !== 'removing')) return state;
  if (reading.kind === 'failed') {
    const known = state.kept.some((kept) => kept.name === name);
    return known ? state : { ...state, kept: [...state.kept, { name, cause: reading.cause }] };
  }
  const gone = state.sweep.at === 'removing' && reading.kind === 'done' && !state.removed.includes(name);
  return gone ? { ...state, removed: [...state.removed, name] } : state;
}

function looking(progress: Progress, step: Step<LookState, LockObservation>): CollectStep {
  return within(
    step,
    (look): CollectState => ({ ...bare(progress), at: 'looking-at-lock', look }),
    (observed): CollectStep => {
      // What nobody signed proves nothing.
      if (observed.kind !== 'record') return finish(progress);
      return sight(progress, observed.record, 'holder');
    },
  );
}

function sight(progress: Progress, record: LockRecord, who: 'holder' | 'child'): CollectStep {
  const state = { ...bare(progress), at: 'sighting' as const, record, who };
  return go(state, lookUp(whoOf(state).pid));
}

const whoOf = ({ record, who }: { record: LockRecord; who: 'holder' | 'child' }): Identity =>
  who === 'child' ? (record.child ?? record.holder) : record.holder;

/** The holder and, where there is one, its child must both be gone: a caller takes over a live one by its age, not we. */
function sighted(
  state: Progress & { record: LockRecord; who: 'holder' | 'child' },
  vitality: Vitality,
): CollectStep {
  if (vitality !== 'dead') return finish(state);
  const { record } = state;
  if (state.who === 'holder' && record.child !== undefined) return sight(state, record, 'child');
  return releasing(state, record, releaseLock(state.plan.place.directory, record.nonce));
}

/** By the name of that holder's record: if another caller has taken the lock since, nothing happens to its own. */
function releasing(
  progress: Progress,
  record: LockRecord,
  step: ReturnType<typeof releaseLock>,
): CollectStep {
  return within(
    step,
    (release): CollectState => ({ ...bare(progress), at: 'releasing', release, record }),
    (): CollectStep => finish(progress),
  );
}
