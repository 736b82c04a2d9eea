import { Buffer } from 'node:buffer';
import { dirname } from 'node:path';
import { Volume } from 'memfs';
import type { Entry, EntryType } from '../../../ports/file-system.js';
import { systemError } from './system-error.js';

/** What a name refers to. The object is its identity: unlike an inode number, it is never used again. */
export type Inode = { -readonly [K in keyof Entry]: Entry[K] };

interface Found {
  /** Without links, dots and doubled slashes. */
  readonly path: string;
  readonly inode: Inode | undefined;
}

const NAME_BYTES_MAX = 255;
const PATH_BYTES_MAX = 4_095;
const LINKS_MAX = 40;

/**
 * One tree of inodes, shared by all processes of a machine, with Linux's rules. memfs keeps the names, texts
 * and targets. It gets only resolved paths, and only calls that Linux would grant. Types, owners, modes and
 * times are kept here, because memfs knows no sockets, takes the time from the real clock, and checks
 * permissions of the real user.
 *
 * Modes are kept and not enforced, as for root. A test plants a refusal as a fault.
 */
export class MemoryDisk {
  readonly #volume = new Volume();
  /** By memfs's inode numbers, which it uses again: an entry is valid as long as its number is in use. */
  readonly #inodes = new Map<number, Inode>();
  readonly #wallMs: () => number;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
    this.#keep('/', { type: 'directory', userId: 0, mode: 0o755 });
  }

  /**
   * path_resolution(7).
   * @param last whether a link in the last place is followed
   */
  find(path: string, last: 'follow' | 'keep', syscall: string): Found {
    refuseUnusable(path, syscall);
    const todo = partsOf(path);
    let found: Found = this.#foundAt('/');
    let links = 0;
    for (let name = todo.shift(); name !== undefined; name = todo.shift()) {
      if (Buffer.byteLength(name) > NAME_BYTES_MAX) throw systemError('ENAMETOOLONG', syscall, path);
      if (found.inode === undefined) throw systemError('ENOENT', syscall, path);
      if (found.inode.type !== 'directory') throw systemError('ENOTDIR', syscall, path);
      const here = this.#foundAt(name === '..' ? dirname(found.path) : below(found.path, name));
      const followed = here.inode?.type === 'link' && (todo.length > 0 || last === 'follow');
      if (followed) {
        links += 1;
        if (links > LINKS_MAX) throw systemError('ELOOP', syscall, path);
        const target = this.#target(here.path);
        todo.unshift(...partsOf(target));
        if (target.startsWith('/')) found = this.#foundAt('/');
      } else found = here;
    }
    return found;
  }

  /** @throws ENOENT where there is nothing */
  get(path: string, last: 'follow' | 'keep', syscall: string): Inode {
    const { inode } = this.find(path, last, syscall);
    if (inode === undefined) throw systemError('ENOENT', syscall, path);
    return inode;
  }

  /**
   * Makes an entry of any type, also one that no port can make: a fifo, another user's directory.
   * @param content a file's text, or a link's target
   */
  create(path: string, entry: Omit<Entry, 'modifiedMs'>, syscall = 'open', content = ''): Inode {
    const found = this.find(path, 'keep', syscall);
    if (found.inode !== undefined) throw systemError('EEXIST', syscall, path);
    if (entry.type === 'directory') this.#volume.mkdirSync(found.path);
    else if (entry.type === 'link') this.#volume.symlinkSync(content, found.path);
    else this.#volume.writeFileSync(found.path, content);
    this.#touchAround(found.path);
    return this.#keep(found.path, entry);
  }

  /** link(2): another name for what is there. */
  link(from: string, to: string): void {
    const source = this.find(from, 'keep', 'link');
    const target = this.find(to, 'keep', 'link');
    if (source.inode === undefined) throw systemError('ENOENT', 'link', from, to);
    if (source.inode.type === 'directory') throw systemError('EPERM', 'link', from, to);
    if (target.inode !== undefined) throw systemError('EEXIST', 'link', from, to);
    this.#volume.linkSync(source.path, target.path);
    this.#touchAround(target.path);
  }

  names(path: string): readonly string[] {
    const found = this.find(path, 'follow', 'scandir');
    if (found.inode === undefined) throw systemError('ENOENT', 'scandir', path);
    if (found.inode.type !== 'directory') throw systemError('ENOTDIR', 'scandir', path);
    return this.#names(found.path);
  }

  target(path: string): string {
    const found = this.find(path, 'keep', 'readlink');
    if (found.inode === undefined) throw systemError('ENOENT', 'readlink', path);
    if (found.inode.type !== 'link') throw systemError('EINVAL', 'readlink', path);
    return this.#target(found.path);
  }

  read(path: string): Buffer {
    return Buffer.from(this.#volume.readFileSync(this.#openable(path)) as Uint8Array);
  }

  append(path: string, text: string): void {
    const resolved = this.#openable(path);
    this.#volume.appendFileSync(resolved, text);
    this.#touch(resolved);
  }

  removeFile(path: string): void {
    const found = this.find(path, 'keep', 'unlink');
    if (found.inode === undefined) throw systemError('ENOENT', 'unlink', path);
    if (found.inode.type === 'directory') throw systemError('EISDIR', 'unlink', path);
    this.#removeEntry(found.path, found.inode);
  }

  removeDirectory(path: string): void {
    const found = this.find(path, 'keep', 'rmdir');
    if (found.inode === undefined) throw systemError('ENOENT', 'rmdir', path);
    if (found.inode.type !== 'directory') throw systemError('ENOTDIR', 'rmdir', path);
    if (this.#names(found.path).length > 0) throw systemError('ENOTEMPTY', 'rmdir', path);
    this.#removeEntry(found.path, found.inode);
  }

  /** Checks what the kernel checks, in its order (do_renameat2, vfs_rename). */
  rename(from: string, to: string): void {
    const source = this.find(from, 'keep', 'rename');
    const target = this.find(to, 'keep', 'rename');
    const refuse = (code: string): Error => systemError(code, 'rename', from, to);
    if (source.inode === undefined) throw refuse('ENOENT');
    if (isBelow(target.path, source.path)) throw refuse('EINVAL');
    if (isBelow(source.path, target.path)) throw refuse('ENOTEMPTY');
    if (source.path === target.path) return;
    if (target.inode !== undefined) {
      const refusal = this.#whyNotOver(source.inode, target.inode, target.path);
      if (refusal !== undefined) throw refuse(refusal);
      this.#removeEntry(target.path, target.inode);
    }
    this.#move(source.path, target.path, source.inode);
  }

  #whyNotOver(source: Inode, target: Inode, path: string): string | undefined {
    if (source.type !== 'directory') return target.type === 'directory' ? 'EISDIR' : undefined;
    if (target.type !== 'directory') return 'ENOTDIR';
    return this.#names(path).length > 0 ? 'ENOTEMPTY' : undefined;
  }

  /** memfs would rename what a link points to. */
  #move(from: string, to: string, inode: Inode): void {
    if (inode.type === 'link') {
      const target = this.#target(from);
      this.#removeEntry(from, inode);
      this.#volume.symlinkSync(target, to);
      this.#inodes.set(this.#number(to), inode);
    } else {
      this.#volume.renameSync(from, to);
      this.#touchAround(from);
    }
    this.#touchAround(to);
  }

  #removeEntry(path: string, inode: Inode): void {
    if (inode.type === 'directory') this.#volume.rmdirSync(path);
    else this.#volume.unlinkSync(path);
    this.#touchAround(path);
  }

  /** open(2) with O_NOFOLLOW, for plain files alone. */
  #openable(path: string): string {
    const found = this.find(path, 'keep', 'open');
    if (found.inode === undefined) throw systemError('ENOENT', 'open', path);
    const refusals = { file: undefined, directory: 'EISDIR', link: 'ELOOP', socket: 'ENXIO', other: 'ENXIO' };
    const code = refusals[found.inode.type];
    if (code !== undefined) throw systemError(code, 'open', path);
    return found.path;
  }

  #keep(path: string, entry: Omit<Entry, 'modifiedMs'>): Inode {
    const inode: Inode = { ...entry, modifiedMs: this.#wallMs() };
    this.#inodes.set(this.#number(path), inode);
    return inode;
  }

  #foundAt(path: string): Found {
    return { path, inode: this.#at(path) };
  }

  #at(path: string): Inode | undefined {
    const stats = this.#volume.lstatSync(path, { throwIfNoEntry: false });
    return stats === undefined ? undefined : this.#inodes.get(Number(stats.ino));
  }

  #number(path: string): number {
    return Number(this.#volume.lstatSync(path).ino);
  }

  #target(path: string): string {
    return String(this.#volume.readlinkSync(path));
  }

  #names(path: string): readonly string[] {
    return this.#volume.readdirSync(path).map(String);
  }

  #touch(path: string): void {
    const inode = this.#at(path);
    if (inode !== undefined) inode.modifiedMs = this.#wallMs();
  }

  #touchAround(path: string): void {
    this.#touch(dirname(path));
  }
}

function refuseUnusable(path: string, syscall: string): void {
  if (path === '') throw systemError('ENOENT', syscall, path);
  if (path.includes('\0')) throw systemError('ERR_INVALID_ARG_VALUE', syscall, path);
  if (Buffer.byteLength(path) > PATH_BYTES_MAX) throw systemError('ENAMETOOLONG', syscall, path);
  if (!path.startsWith('/'))
    throw new Error(`"${path}" is relative, and a simulated process has no directory`);
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const below = (directory: string, name: string): string =>
  directory === '/' ? `/${name}` : `${directory}/${name}`;

const isBelow = (path: string, directory: string): boolean => path.startsWith(`${directory}/`);

/** The permission bits that an entry of this type is born with. */
export const BORN_WITH: Readonly<Record<EntryType, number>> = {
  file: 0o1600,
  directory: 0o700,
  link: 0o777,
  socket: 0o1600,
  other: 0o600,
};
