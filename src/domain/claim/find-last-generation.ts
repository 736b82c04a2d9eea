/** Which generation `current` names, and which is the last that is there. */

import type { Cause } from '../../ports/readings.js';
import type { Failure } from '../failure.js';
import { GENERATION_MAX, generationAfter, generationOf, highestGeneration, layout } from '../place/layout.js';
import { causeIn, type NoSuccess } from '../procedure/cause.js';
import { files, part, type Sync } from '../procedure/procedure.js';

export type CurrentReading =
  /** The generation that `current` names; undefined where it names none, or is not there. */
  | { readonly kind: 'pointer'; readonly generation: number | undefined }
  | { readonly kind: 'failed'; readonly cause: Cause };

export const readCurrent = part(function* readCurrent(directory: string): Sync<CurrentReading> {
  const reading = yield* files('readLink', layout.current(directory));
  if (reading.kind === 'failed') return reading;
  const generation = reading.kind === 'target' ? generationOf(reading.target) : undefined;
  return { kind: 'pointer', generation };
});

export type LastReading =
  /** `last` is undefined where there is no generation at all. */
  | { readonly kind: 'found'; readonly last: number | undefined }
  | { readonly kind: 'failed'; readonly failure: Failure };

/**
 * The last of the generations without a gap, from `seen` on: a candidate may have published and not have
 * repointed yet, or have died in between.
 * @param seen what `current` names. Without it there is nothing yet, or somebody removed it and the
 * generations still stand: then from the highest that is there, so that a daemon that lost its pointer is not
 * overlooked.
 */
export const findLast = part(function* findLast(
  directory: string,
  seen: number | undefined,
): Sync<LastReading> {
  let last = seen;
  if (last === undefined) {
    const highest = yield* findHighest(directory);
    if (highest.kind === 'failed') return highest;
    last = highest.last;
  }
  for (let next = generationAfter(last); next <= GENERATION_MAX; next = generationAfter(last)) {
    const path = layout.generation(directory, next);
    const seen = yield* inspect(path);
    if (seen.kind === 'absent') return { kind: 'found', last };
    if (seen.kind !== 'there') return { kind: 'failed', failure: claimFailed('inspecting', path, seen) };
    last = next;
  }
  const cause = { code: 'EOVERFLOW', message: `there is no generation after ${last}` };
  return { kind: 'failed', failure: claimFailed('counting up in', directory, { kind: 'failed', cause }) };
});

const findHighest = part(function* findHighest(directory: string): Sync<LastReading> {
  const listed = yield* files('list', directory);
  return listed.kind === 'names'
    ? { kind: 'found', last: highestGeneration(listed.names) }
    : { kind: 'failed', failure: claimFailed('listing', directory, listed) };
});

/**
 * Only whether something is there: candidates that look at different times are told apart by nothing else.
 */
export const inspect = part(function* inspect(path: string): Sync<{ readonly kind: 'there' } | NoSuccess> {
  const reading = yield* files('inspect', path);
  return reading.kind === 'entry' ? { kind: 'there' } : reading;
});

/** What a claim says of a call without which it can't go on. */
export const claimFailed = (act: string, path: string, reading: NoSuccess): Failure => ({
  kind: 'claim-failed',
  act,
  path,
  cause: causeIn(reading),
});
