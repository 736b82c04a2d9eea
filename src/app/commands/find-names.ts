/** Finds the names in a state directory, and those that live in a short place because of a long path. */

import { parseOwner } from '../../domain/evidence/owner.js';
import {
  generationOf,
  isLabel,
  isScopeFile,
  labelOfDirectory,
  layout,
  makerOf,
  NAMES,
  type Place,
  type Platform,
} from '../../domain/place/layout.js';
import type { FileSystem } from '../../ports/file-system.js';
import { forbiddenEntry } from './forbidden-access.js';

/** Files that mark the directory of a name: other programs are unlikely to use these names. */
const MARKS: ReadonlySet<string> = new Set([NAMES.lock, NAMES.spawns]);

export interface PlacesQuery {
  readonly files: FileSystem;
  readonly userId: number;
  readonly root: string;
  readonly platform: Platform;
  /** The place of a name in that directory, or a short one where its path is too long. */
  placeOf(label: string): Place;
}

/** A directory of a name. It may be called otherwise than the name. */
export interface NamedPlace extends Place {
  /** The name, or the name with its project. */
  readonly label: string;
}

export function placesIn(query: PlacesQuery): NamedPlace[] {
  const { files, root, platform } = query;
  const own = namesIn(files, root).filter((name) => isPlace(query, name));
  const near = own.map((name): NamedPlace => {
    return { label: labelOfDirectory(name, platform) ?? name, root, directory: `${root}/${name}` };
  });
  return [...near, ...shortPlaces(query)];
}

/** Empty directories of names, unless the state directory also holds something that solod can't have made. */
export function emptyPlacesIn({ files, root, platform }: PlacesQuery): Place[] {
  const names = namesIn(files, root).filter((name) => !isScopeFile(name));
  const isEmptied = (name: string): boolean =>
    labelOfDirectory(name, platform) !== undefined && isOwnDirectory(files, `${root}/${name}`);
  if (!names.every(isEmptied)) return [];
  const places = names.map((name): Place => ({ root, directory: `${root}/${name}` }));
  return places.filter(({ directory }) => {
    const listed = files.list(directory);
    return listed.kind === 'names' && listed.names.length === 0;
  });
}

function isOwnDirectory(files: FileSystem, path: string): boolean {
  const found = files.inspect(path);
  return found.kind === 'entry' && found.entry.type === 'directory' && (found.entry.mode & 0o777) === 0o700;
}

function namesIn(files: FileSystem, directory: string): string[] {
  const listed = files.list(directory);
  return listed.kind === 'names' ? [...listed.names].sort() : [];
}

/** The user may keep other things in the state directory as well. */
function isPlace({ files, userId, root }: PlacesQuery, name: string): boolean {
  const directory = `${root}/${name}`;
  const found = files.inspect(directory);
  if (found.kind !== 'entry' || found.entry.type !== 'directory') return false;
  // What is in it can't be seen: a daemon may be.
  if (forbiddenEntry(files, directory) !== undefined) return found.entry.userId === userId && isLabel(name);
  const current = files.readLink(layout.current(directory));
  if (current.kind === 'target' && generationOf(current.target) !== undefined) return true;
  return namesIn(files, directory).some((name) => MARKS.has(name) || makerOf(name) !== undefined);
}

/** The owner file in a short place says whose place it is, which counts only if that name leads there. */
function shortPlaces({ files, root, placeOf }: PlacesQuery): NamedPlace[] {
  const { root: shortRoot } = placeOf('x'.repeat(200));
  // Windows limits no path.
  if (shortRoot === root) return [];
  return namesIn(files, shortRoot).flatMap((name) => {
    const reading = files.readText(layout.currentOwner(`${shortRoot}/${name}`));
    const label = reading.kind === 'text' ? parseOwner(reading.text)?.name : undefined;
    if (label === undefined || !isLabel(label)) return [];
    const place = placeOf(label);
    return place.directory === `${shortRoot}/${name}` ? [{ ...place, label }] : [];
  });
}
