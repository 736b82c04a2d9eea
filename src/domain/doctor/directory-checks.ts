/** Whether the directories are there, belong to the user, and have a path that a socket can have. */

import type { InspectReading } from '../../ports/file-system.js';
import type { Cause } from '../../ports/readings.js';
import { type Distrust, distrustOf, isClosed } from '../place/distrust.js';
import {
  directoryName,
  fitsSocketPath,
  join,
  type Place,
  type Platform,
  SUN_PATH_BYTES,
} from '../place/layout.js';
import { causeText } from '../procedure/cause.js';
import { DISTRUST } from '../text/distrust-text.js';
import { note, ok, problem, type SymptomsOf, type Tellers } from './finding-parts.js';

export function symptomsOfDirectory(
  path: string,
  reading: InspectReading,
  userId: number,
): DirectorySymptom[] {
  switch (reading.kind) {
    case 'absent':
      return [{ kind: 'directory-missing', path }];
    case 'wrong-type':
      return [{ kind: 'directory-distrusted', path, why: 'no-directory' }];
    case 'failed':
      return [{ kind: 'directory-unreadable', path, cause: reading.cause }];
    case 'entry': {
      const { entry } = reading;
      const why = distrustOf(entry, userId);
      if (why !== undefined) return [{ kind: 'directory-distrusted', path, why }];
      return [
        isClosed(entry)
          ? { kind: 'directory-sound', path }
          : { kind: 'directory-open', path, mode: entry.mode },
      ];
    }
  }
}

export interface ParentReading {
  readonly path: string;
  readonly reading: InspectReading;
}

const STICKY = 0o1000;

/** Writing to a directory includes renaming what is in it, unless it has the sticky bit (inode(7)). */
export function symptomsOfParents(path: string, parents: readonly ParentReading[]): DirectorySymptom[] {
  return parents.flatMap(({ path: parent, reading }): DirectorySymptom[] => {
    if (reading.kind !== 'entry' || reading.entry.type !== 'directory') return [];
    const { mode } = reading.entry;
    const open = (mode & 0o022) !== 0 && (mode & STICKY) === 0;
    return open ? [{ kind: 'parent-writable', path, parent, mode }] : [];
  });
}

export function symptomsOfPath(
  root: string,
  label: string,
  place: Place,
  platform: Platform,
): DirectorySymptom[] {
  const path = join(root, directoryName(label, platform));
  const limit = SUN_PATH_BYTES[platform];
  if (limit === undefined || fitsSocketPath(path, platform)) return [];
  return [{ kind: 'path-too-long', path, instead: place.directory, mostBytes: limit - 1 }];
}

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

export const DIRECTORY_TELLERS = {
  'directory-sound': ({ path }: { path: string }) =>
    ok(path, 'the directory is yours, and others are kept out'),
  'directory-missing': ({ path }: { path: string }) =>
    ok(path, 'there is no such directory yet; the first daemon makes it'),
  'directory-distrusted': ({ path, why }: { path: string; why: Distrust }) =>
    problem(path, `the directory ${DISTRUST[why].what}`, DISTRUST[why].todo),
  'directory-open': ({ path, mode }: { path: string; mode: number }) =>
    note(path, `the directory has mode ${octal(mode)}, not 0700`, 'restrict it with "chmod 700"'),
  'directory-unreadable': ({ path, cause }: { path: string; cause: Cause }) =>
    problem(
      path,
      `the directory can't be read: ${causeText(cause)}`,
      'allow yourself to read and enter it and every directory above it, or set SOLOD_DIR to another directory',
    ),
  'parent-writable': ({ path, parent, mode }: { path: string; parent: string; mode: number }) =>
    problem(
      parent,
      `others can write to it (mode ${octal(mode)}, no sticky bit), so they can replace ${path} with another directory`,
      'run "chmod go-w" or "chmod +t" on it, or set SOLOD_DIR to another directory',
    ),
  'path-too-long': ({ path, instead, mostBytes }: { path: string; instead: string; mostBytes: number }) =>
    note(
      path,
      `the path of its socket would be longer than ${mostBytes} bytes, which is all that a socket's path can have; ${instead} is used instead`,
      'nothing; or set a shorter SOLOD_DIR',
    ),
} as const satisfies Tellers;

export type DirectorySymptom = SymptomsOf<typeof DIRECTORY_TELLERS>;
