/**
 * Watches a set of directories, each by itself, as inotify(7) requires. A watch follows the inode, not the
 * path.
 */

import fs from 'node:fs';
import path from 'node:path';

export type FollowReading =
  /** `added` directories were not watched before. Earlier changes in them have not been reported. */
  | { readonly kind: 'followed'; readonly added: number }
  /** The system has no more watches, or none at all. */
  | { readonly kind: 'refused' };

/**
 * `structure`: a directory, or a file that makes it a repository, was made, removed or moved. The set of
 * directories to watch may have changed.
 */
export type Change = 'structure' | 'content';

export class Watchers {
  readonly #watchers = new Map<string, fs.FSWatcher>();

  /** @param onChange called for every change */
  constructor(private readonly onChange: (change: Change) => void) {}

  /** Watches these directories and no others. */
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
      // Removed in the meantime, or unreadable. Then git can't read it either.
      return ['ENOENT', 'ENOTDIR', 'EACCES'].includes(code) ? 'absent' : 'refused';
    }
  }

  /** The entry may be a watched directory, which has another inode from now on. */
  #renamed(directory: string, name: string | null): Change {
    const before = this.#watchers.size;
    if (name === null) this.#dropTree(directory);
    else this.#dropTree(path.join(directory, name));
    // If the directory itself is moved or removed, the event has its own name.
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
