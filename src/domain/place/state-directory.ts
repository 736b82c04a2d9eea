/**
 * The directory of a name, made where it is missing and refused where it can't be trusted. Somebody else who
 * can write to it could put a socket of their own there, and would be handed every caller's environment.
 */

import type { Cause } from '../../ports/readings.js';
import { causeIn } from '../procedure/cause.js';
import { files, part, type Sync } from '../procedure/procedure.js';
import { type Distrust, distrustOf, isClosed } from './distrust.js';
import type { Place } from './layout.js';

export type PrepareOutcome =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'failed'; readonly path: string; readonly cause: Cause };

export interface PreparePlan {
  readonly place: Place;
  readonly userId: number;
}

/** The root first, then the name's own directory. */
export const prepareDirectory = part(function* prepareDirectory(plan: PreparePlan): Sync<PrepareOutcome> {
  const root = yield* prepareLevel(plan, 'root');
  return root.kind === 'prepared' ? yield* prepareLevel(plan, 'directory') : root;
});

const prepareLevel = part(function* prepareLevel(
  { place, userId }: PreparePlan,
  level: 'root' | 'directory',
): Sync<PrepareOutcome> {
  const path = place[level];
  let seen = yield* files('inspect', path);
  if (seen.kind === 'absent') {
    const made = yield* files(level === 'root' ? 'makeDirectories' : 'makeDirectory', path);
    // Occupied: another caller made it in the meantime.
    if (made.kind !== 'done' && made.kind !== 'occupied')
      return { kind: 'failed', path, cause: causeIn(made) };
    // Making is tried once: if the directory is gone again, somebody removes it, and will do so again.
    seen = yield* files('inspect', path);
  }
  if (seen.kind !== 'entry') return { kind: 'failed', path, cause: causeIn(seen) };
  const why = distrustOf(seen.entry, userId);
  if (why !== undefined) return { kind: 'distrusted', path, why };
  // Others could read but not write: nothing in it is theirs, and closing it makes it what it should be. The
  // root is not solod's alone: it may be a directory that the user named for other things as well.
  if (level === 'root' || isClosed(seen.entry)) return { kind: 'prepared' };
  const tightened = yield* files('tighten', path);
  return tightened.kind === 'done'
    ? { kind: 'prepared' }
    : { kind: 'failed', path, cause: causeIn(tightened) };
});
