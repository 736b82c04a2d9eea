import { findLast, readCurrent } from '../claim/find-last-generation.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { claimLayout, layout } from '../place/layout.js';
import { files, part, type Sync } from '../procedure/procedure.js';

/**
 * Gives a living daemon its name back after somebody removed `current`. Without it nobody finds that daemon,
 * and everything that is started gives way to it. symlink(2) replaces nothing: a newer `current` stays.
 * @param directory the directory of the name
 * @returns `named`: `current` names a generation now, and did not before
 */
export const restoreCurrent = part(function* restoreCurrent(directory: string): Sync<'named' | 'as-it-was'> {
  if ((yield* namedBy(directory)) !== undefined) return 'as-it-was';
  const found = yield* findLast(directory, undefined);
  if (found.kind === 'failed' || found.last === undefined) return 'as-it-was';
  const sighted = yield* sightOwner(claimLayout.generationOwner(directory, found.last));
  if (sighted.kind !== 'owner' || sighted.vitality !== 'alive') return 'as-it-was';
  const made = yield* files('makeLink', claimLayout.linkTarget(found.last), layout.current(directory));
  if (made.kind === 'done') return 'named';
  // Another caller was faster; or something lies there that is not solod's.
  return (yield* namedBy(directory)) === undefined ? 'as-it-was' : 'named';
});

/** The generation that `current` names. */
const namedBy = part(function* namedBy(directory: string): Sync<number | undefined> {
  const current = yield* readCurrent(directory);
  return current.kind === 'pointer' ? current.generation : undefined;
});
