/**
 * What a daemon that has claimed clears away: generations below its own, and what killed processes left
 * behind. It is housekeeping: nothing waits for it, no error fails it, and what could still be in use stays.
 */

import type { Cause } from '../../ports/readings.js';
import { judgeConnect } from '../evidence/connect-verdict.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { claimLayout, join, judgeName, layout, type Platform } from '../place/layout.js';
import { files, now, type Procedure, part, probe, processes } from '../procedure/procedure.js';

export interface SweepPlan {
  readonly directory: string;
  readonly nonce: string;
  /** Only generations below this one are collected, and only while `current` names it; undefined: none is. */
  readonly below: number | undefined;
  /** A generation that the claim has seen dead, if any. */
  readonly proven: number | undefined;
  readonly platform: Platform;
  /** How long one connection attempt may take, in milliseconds. */
  readonly probeMs: number;
}

/** A private name that is older than this, and whose maker is gone, belongs to nobody. */
export const ABANDONED_MS = 60_000;
/** What one daemon clears away at most: the next one goes on with the rest. */
export const SWEEP_MAX = 256;

export type SweepOutcome =
  | { readonly kind: 'removed' }
  /** It could still be in use, or somebody else has taken it away. */
  | { readonly kind: 'left' }
  /** It should have gone, and the system said no. */
  | { readonly kind: 'refused'; readonly cause: Cause };

/** The names in the directory that are due, at most `SWEEP_MAX` of them. */
export const listToSweep = part(function* listToSweep(plan: SweepPlan): Procedure<readonly string[]> {
  const listed = yield* files('list', plan.directory);
  const due = listed.kind === 'names' ? listed.names.filter((name) => isDue(plan, name)) : [];
  // What takes one call each comes first: generations are numbers, and sort before everything else.
  return due.sort().reverse().slice(0, SWEEP_MAX);
});

function isDue({ below, nonce }: SweepPlan, name: string): boolean {
  const verdict = judgeName(name);
  switch (verdict.kind) {
    case 'generation':
      return below !== undefined && verdict.generation < below;
    case 'private':
      return !name.includes(nonce);
    case 'trash':
      return true;
    case 'other':
      return false;
  }
}

const LEFT: SweepOutcome = { kind: 'left' };

export const sweepOne = part(function* sweepOne(plan: SweepPlan, name: string): Procedure<SweepOutcome> {
  const verdict = judgeName(name);
  switch (verdict.kind) {
    case 'generation':
      return yield* sweepGeneration(plan, verdict.generation);
    case 'private':
      return yield* sweepPrivate(join(plan.directory, name), verdict.maker);
    case 'trash':
      return yield* remove(join(plan.directory, name));
    case 'other':
      return LEFT;
  }
});

function* sweepPrivate(path: string, maker: number): Procedure<SweepOutcome> {
  const seen = yield* files('inspect', path);
  if (seen.kind !== 'entry') return LEFT;
  const ageMs = (yield* now()).wallMs - seen.entry.modifiedMs;
  if (ageMs < ABANDONED_MS) return LEFT;
  return (yield* processes('lookUp', maker)).kind === 'gone' ? yield* remove(path) : LEFT;
}

function* sweepGeneration(plan: SweepPlan, generation: number): Procedure<SweepOutcome> {
  const { directory, nonce, proven } = plan;
  if (generation !== proven && !(yield* provesDead(plan, generation))) return LEFT;
  const trash = claimLayout.sweptGeneration(directory, nonce, generation);
  const moved = yield* files('rename', layout.generation(directory, generation), trash);
  // EXDEV: an overlay file system's lower layer can't be moved. It is dead, and stays.
  if (moved.kind === 'failed') return { kind: 'refused', cause: moved.cause };
  return moved.kind === 'done' ? yield* remove(trash) : LEFT;
}

function* provesDead({ directory, platform, probeMs }: SweepPlan, generation: number): Procedure<boolean> {
  const reading = yield* probe('connect', layout.generationSocket(directory, generation), probeMs);
  switch (judgeConnect(reading, platform).kind) {
    case 'dead':
    case 'absent':
    // A daemon that had the same listener before: the candidate that published next has seen it dead.
    case 'own':
      return true;
    case 'closed-or-full':
      return yield* isOwnerDead(claimLayout.generationOwner(directory, generation));
    case 'alive':
    case 'unknown':
      return false;
  }
}

/** As the claim has it: a generation without an owner was not made by solod, and blocks nobody. */
function* isOwnerDead(path: string): Procedure<boolean> {
  const sighted = yield* sightOwner(path);
  return sighted.kind === 'nobody' || (sighted.kind === 'owner' && sighted.vitality === 'dead');
}

function* remove(path: string): Procedure<SweepOutcome> {
  const removed = yield* files('removeTree', path);
  if (removed.kind === 'done') return { kind: 'removed' };
  return removed.kind === 'failed' ? { kind: 'refused', cause: removed.cause } : LEFT;
}
