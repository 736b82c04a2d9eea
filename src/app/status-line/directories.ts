/** Which directories of a repository to watch, so that no change that git would report goes unseen. */

import fs from 'node:fs';
import path from 'node:path';
import { type Repository, repositoryAt } from './repository.js';

export type DirectoriesReading =
  | { readonly kind: 'directories'; readonly directories: ReadonlySet<string> }
  /** More than the limit. */
  | { readonly kind: 'too-many' };

interface Place {
  readonly path: string;
  /** With everything below it, or alone. */
  readonly extent: 'deep' | 'flat';
}

const deep = (...parts: string[]): Place => ({ path: path.join(...parts), extent: 'deep' });
const flat = (...parts: string[]): Place => ({ path: path.join(...parts), extent: 'flat' });

/**
 * The work tree without what is ignored, with directories in which nothing is tracked yet; the directories of
 * HEAD and of the refs; the same for submodules and other repositories inside.
 * @param ignored directories, relative to the root
 */
export async function directoriesOf(
  { root }: Repository,
  ignored: readonly string[],
  max: number,
): Promise<DirectoriesReading> {
  const skipped = new Set(ignored.map((name) => path.join(root, name)));
  const directories = new Set<string>();
  const todo: Place[] = [deep(root)];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (skipped.has(at.path) || directories.has(at.path)) continue;
    directories.add(at.path);
    if (directories.size > max) return { kind: 'too-many' };
    if (at.extent === 'deep') todo.push(...(await placesIn(at.path)));
  }
  return { kind: 'directories', directories };
}

async function placesIn(directory: string): Promise<readonly Place[]> {
  const entries = await entriesOf(directory);
  return entries.flatMap((entry) => {
    if (entry.name === '.git') return gitPlaces(repositoryAt(directory));
    return entry.isDirectory() ? [deep(directory, entry.name)] : [];
  });
}

/** A directory that has just been removed has no entries. The watch of its parent reports the removal. */
async function entriesOf(directory: string): Promise<readonly fs.Dirent[]> {
  try {
    return await fs.promises.readdir(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** gitrepository-layout(5): HEAD, the index, what is under way; refs, packed or not; what else is ignored. */
function gitPlaces(repository: Repository | undefined): readonly Place[] {
  if (repository === undefined) return [];
  const { gitDirectory, commonDirectory } = repository;
  return [
    flat(gitDirectory),
    flat(commonDirectory),
    flat(commonDirectory, 'info'),
    flat(commonDirectory, 'reftable'),
    deep(commonDirectory, 'refs'),
  ];
}
