import type { Stats } from 'node:fs';
import type { Entry, EntryType } from '../../../ports/file-system.js';

/** What lstat(2) says about an entry, in the terms of the domain. */
export function entryOf(stats: Stats): Entry {
  return { type: typeOf(stats), userId: stats.uid, mode: stats.mode & 0o7777, modifiedMs: stats.mtimeMs };
}

function typeOf(stats: Stats): EntryType {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'link';
  return stats.isSocket() ? 'socket' : 'other';
}
