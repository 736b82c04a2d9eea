/**
 * Watches a set of directories, each by itself: inotify(7) knows no other way, and a watch follows the inode,
 * not the path.
 */

import fs from 'node:fs';
import path from 'node:path';

export type FollowReading =
  /** `added` were not watched before: what changed in them until now has not been told. */
  | { readonly kind: 'followed'; readonly added: number }
  /** The system has no more watches, or does not have them at all. */
  | { readonly kind: 'refused' };

/**
 * `structure`: a directory, or what makes a directory a repository, has come, gone or moved; the set to be
 * watched may be another.
 */
export type Change = 'structure' | 'content';

export class Watchers {
  readonly #watchers = new Map<string, fs.FSWatcher>();

  /** @param onChange told of every change, however many come at once */
  constructor(private readonly onChange: (change: Change) => void) {}

  /** Watches these, and no others any more. */
  follow(directories: ReadonlySet<string>): FollowReading {
    for (const directory of this.#watchers.keys()) if (!directories.has(directory)) this.#drop(directory);
    let added = 0;
    for (const directory of directories) {
      if (this.#watchers.has(directory)) continue;
      const watched = this.#watch(directory);
      if (watched === 'refused') return { kind: 'refused' };
      if (watched === 'watched') added += 1;
    }
    return { kind: 'followed', added };
  }

  close(): void {
    for (const directory of this.#watchers.keys()) this.#drop(directory);
  }

  #watch(directory: string): 'watched' | 'absent' | 'refused' {
    try {
      const watcher = fs.watch(directory, { persistent: false }, (event, name) =>
        this.onChange(event === 'rename' ? this.#renamed(directory, name) : 'content'),
      );
      watcher.on('error', () => {
        this.#drop(directory);
        this.onChange('structure');
      });
      this.#watchers.set(directory, watcher);
      return 'watched';
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      // Removed in the meantime, or nothing that can be looked into: then git can't either.
      return ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code) ? 'absent' : 'refused';
    }
  }

  /** What has come, gone or moved may be a directory that is watched, by another inode from now on. */
  #renamed(directory: string, name: string | null): Change {
    const before = this.#watchers.size;
    if (name === null) this.#dropTree(directory);
    else this.#dropTree(path.join(directory, name));
    // A directory that is itself moved or removed is told of by its own name.
    if (name === path.basename(directory)) this.#dropTree(directory);
    const isNews = name === null || name === '.git' || isDirectory(path.join(directory, name));
    return isNews || this.#watchers.size < before ? 'structure' : 'content';
  }

  #dropTree(top: string): void {
    for (const directory of this.#watchers.keys())
      if (directory === top || directory.startsWith(`${top}/`)) this.#drop(directory);
  }

  #drop(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }
}

function isDirectory(file: string): boolean {
  try {
    return fs.lstatSync(file).isDirectory();
  } catch {
    return false;
  }
}
