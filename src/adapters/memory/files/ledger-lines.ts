import { join, NAMES } from '../../../domain/place/layout.js';
import { causeOf } from '../../errno.js';
import type { LedgerLines } from '../../ledger.js';
import { BORN_WITH, type MemoryDisk } from './disk.js';

/**
 * The lines of a ledger on a memory disk.
 * @param directory directory of a name
 */
export function ledgerLines(disk: MemoryDisk, directory: string, userId: number): LedgerLines {
  const path = join(directory, NAMES.spawns);
  const read = (): string => orEmpty(() => disk.read(path).toString('utf8'));
  return {
    path,
    append: (text) =>
      void orEmpty(() => {
        if (disk.find(path, 'keep', 'open').inode === undefined)
          disk.create(path, { type: 'file', userId, mode: BORN_WITH.file });
        disk.append(path, text);
        return '';
      }),
    recent: read,
    all: read,
  };
}

/** A ledger that can't be read or written is empty. A bug is still thrown. */
function orEmpty(act: () => string): string {
  try {
    return act();
  } catch (error) {
    causeOf(error);
    return '';
  }
}
