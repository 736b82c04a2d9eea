import { findLast } from '../claim/find-last-generation.js';
import { sightOwner } from '../evidence/owner-witness.js';
import { claimLayout, layout } from '../place/layout.js';
import { files, part, type Sync } from '../procedure/procedure.js';

/**
 * Gives a living daemon its name back after somebody removed `current`. Without it nobody finds that daemon,
 * and everything that is started gives way to it. symlink(2) replaces nothing: a `current` that is there
 * stays.
 * @param directory the directory of the name
 */
export const restoreCurrent = part(function* restoreCurrent(directory: string): Sync<void> {
  const found = yield* findLast(directory, undefined);
  if (found.kind === 'failed' || found.last === undefined) return;
  const sighted = yield* sightOwner(claimLayout.generationOwner(directory, found.last));
  if (sighted.kind === 'owner' && sighted.vitality === 'alive')
    yield* files('makeLink', claimLayout.linkTarget(found.last), layout.current(directory));
});
