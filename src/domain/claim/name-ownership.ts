/**
 * Whether a daemon still owns its name: its generation, its socket there, and `current`. A cleaner, or
 * somebody's `rm -rf`, takes them away without its noticing, and then it serves nobody any more. It retires,
 * and touches nothing: what lies at its former names by then is its successor's.
 */

import { claimLayout, layout } from '../place/layout.js';
import { files, part, type Sync } from '../procedure/procedure.js';

export interface OwnershipPlan {
  readonly directory: string;
  readonly generation: number;
  /** The text of the own `owner.json`. */
  readonly ownerText: string;
  /** The same, saying that the daemon holds a file. */
  readonly heldOwnerText?: string | undefined;
}

export type OwnershipOutcome =
  | { readonly kind: 'held' }
  /** `path` is what is gone, or another's. */
  | { readonly kind: 'lost'; readonly path: string };

/** A reading that fails for another reason (EMFILE, EACCES) proves nothing. */
export const checkOwnership = part(function* checkOwnership(plan: OwnershipPlan): Sync<OwnershipOutcome> {
  const { directory, generation, ownerText, heldOwnerText } = plan;
  const current = layout.current(directory);
  const link = yield* files('readLink', current);
  const isNamed =
    link.kind === 'target' ? link.target === claimLayout.linkTarget(generation) : link.kind === 'failed';
  if (!isNamed) return { kind: 'lost', path: current };

  const owner = claimLayout.generationOwner(directory, generation);
  const read = yield* files('readText', owner);
  const isOwner =
    read.kind === 'text' ? [ownerText, heldOwnerText].includes(read.text) : read.kind === 'failed';
  if (!isOwner) return { kind: 'lost', path: owner };

  const socket = layout.generationSocket(directory, generation);
  const seen = yield* files('inspect', socket);
  const isSocket = seen.kind === 'entry' ? seen.entry.type === 'socket' : seen.kind === 'failed';
  return isSocket ? { kind: 'held' } : { kind: 'lost', path: socket };
});
