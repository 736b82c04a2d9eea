/**
 * The scope of a caller: the files, networks and processes that it sees, on one boot of one machine. A
 * daemon answers callers of its own scope alone. The first scope that uses a state directory has the names
 * in it; any other has a part, a directory in it that is called after the scope.
 *
 * The record says whose the names are. It is made by a rename(2) that no second one follows, as a
 * generation is. After a reboot the next scope takes the place of the one that was there, and so finds its
 * log and its ledger.
 */

import { join, PART, recordLayout, recordOf, shortHash } from './layout.js';
import type { Look } from './trusted-path.js';

export interface ScopeReading {
  /** The kernel's id of this boot; empty where there is none. */
  readonly boot: string;
  /**
   * Namespaces (mount, network, pid, user), and device and inode of the root directory, with dots between.
   */
  readonly ids: string;
}

/** What is asked only when a record is another's. */
export interface MachineReading {
  /** A hash of the machine's id, which machine-id(5) wants to be kept. */
  readonly machine: string;
  /** When this boot began, by the wall clock, in milliseconds since 1970. */
  readonly bootedMs: number;
  readonly wallMs: number;
}

/** A word of `SOLOD_SCOPE`: it becomes the target of a link. */
export const isScopeWord = (text: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(text);

/** The same text for callers that may share a daemon, and for no others. */
export const scopeText = ({ boot, ids }: ScopeReading): string => `${boot}.${ids}`;

/** The part that `SOLOD_SCOPE` replaces. */
export const idsIn = (text: string): string => text.slice(text.indexOf('.') + 1);

/** The boot in such a text. */
const bootIn = (text: string): string => text.slice(0, text.indexOf('.'));

export const partOf = (root: string, text: string): string => join(root, PART + shortHash(text));

/** Far longer than a machine is off, or a daemon goes without touching its record. */
export const GONE_MS = 30 * 24 * 3_600_000;

/** A record is touched this often at most, and by a daemon this often at least. */
export const TOUCH_MS = 24 * 3_600_000;

/** Whose a state directory is, seen from a scope. */
export type Standing =
  /** Its names are this scope's. */
  | 'own'
  /** Nobody's. */
  | 'free'
  /** Those of a boot that is over, or of a scope that has not been seen for `GONE_MS`. */
  | 'over'
  /** Another scope's, and this one has its part. */
  | 'part'
  /** Another scope's, and the part of this one is not there yet. */
  | 'new-part';

/**
 * @param root without links
 * @param text what `scopeText` says of the caller
 * @param machine asked only if the record is another scope's
 */
export function standingIn(root: string, text: string, look: Look, machine: () => MachineReading): Standing {
  const record = look.readLink(recordOf(root));
  if (record.kind === 'target' && record.target === text) return 'own';
  const part = look.readLink(recordOf(partOf(root, text)));
  if (part.kind === 'target' && part.target === text) return 'part';
  if (record.kind !== 'target') return 'free';
  return isOver(root, record.target, text, look, machine()) ? 'over' : 'new-part';
}

/**
 * Two machines may have one id, because they were copied from one image. Then the record of the other is
 * touched after this one has booted, and stays.
 */
function isOver(root: string, of: string, text: string, look: Look, machine: MachineReading): boolean {
  const seen = look.inspect(recordLayout.directory(root));
  if (seen.kind !== 'entry') return false;
  const { modifiedMs } = seen.entry;
  if (machine.wallMs - modifiedMs > GONE_MS) return true;
  const known = look.readLink(recordLayout.machine(root));
  const isSameMachine = known.kind === 'target' && known.target === machine.machine;
  return isSameMachine && bootIn(of) !== bootIn(text) && modifiedMs < machine.bootedMs;
}
