/**
 * Which directories of a repository are to be watched, so that nothing that git would tell changes unseen.
 */

import fs from 'node:fs';
import path from 'node:path';
import { type Repository, repositoryAt } from './repository.js';

export type DirectoriesReading =
  | { readonly kind: 'directories'; readonly directories: ReadonlySet<string> }
  /** More than are watched. */
  | { readonly kind: 'too-many' };

interface Place {
  readonly path: string;
  /** With everything below it, or by itself. */
  readonly extent: 'deep' | 'flat';
}

const deep = (...parts: string[]): Place => ({ path: path.join(...parts), extent: 'deep' });
const flat = (...parts: string[]): Place => ({ path: path.join(...parts), extent: 'flat' });

/**
 * The work tree but for what is ignored, also where nothing is tracked yet; and what lies beside HEAD and the
 * refs, of submodules and other repositories inside it, too.
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

/** What has just been removed has no entries; whoever watches what it was in is told of that. */
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
