import type { Entry } from '../../ports/file-system.js';

export type Distrust =
  | 'link'
  | 'no-directory'
  | 'foreign'
  | 'writable-by-others'
  /** About a directory, or a link, on the way to the one that is asked for. */
  | 'above-foreign'
  | 'above-writable';

/** Whether its owner, and nobody else, may do everything with it. */
export const isClosed = ({ mode }: Entry): boolean => (mode & 0o777) === 0o700;

/** Why a directory can't be trusted; undefined where it can. */
export function distrustOf(entry: Entry, userId: number): Distrust | undefined {
  if (entry.type === 'link') return 'link';
  if (entry.type !== 'directory') return 'no-directory';
  if (entry.userId !== userId) return 'foreign';
  if ((entry.mode & 0o022) !== 0) return 'writable-by-others';
  return undefined;
}

const STICKY = 0o1000;

/** Whether only the owners of what is in a directory, its own owner and root can replace it: inode(7). */
export const isSafeAbove = ({ mode }: Entry): boolean => (mode & 0o022) === 0 || (mode & STICKY) !== 0;
