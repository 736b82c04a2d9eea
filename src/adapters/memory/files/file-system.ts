import type {
  EntryType,
  FileSystem,
  InspectReading,
  LinkReading,
  ListReading,
} from '../../../ports/file-system.js';
import type { ChangeReading, TextReading } from '../../../ports/readings.js';
import { refusedChange, refusedRead } from '../../errno.js';
import { TEXT_BYTES_MAX } from '../../node/files/file-system.js';
import { BORN_WITH, type MemoryDisk } from './disk.js';
import type { Faults, FaultyMethod } from './faults.js';
import { systemError } from './system-error.js';

/** The process that makes a call. */
export interface Actor {
  readonly pid: number;
  readonly userId: number;
}

/** One process's view of the disk. Each call is a single step: no other process runs in between. */
export class MemoryFileSystem implements FileSystem {
  readonly #disk: MemoryDisk;
  readonly #actor: Actor;
  readonly #faults: Faults;

  constructor(disk: MemoryDisk, actor: Actor, faults: Faults) {
    this.#disk = disk;
    this.#actor = actor;
    this.#faults = faults;
  }

  makeDirectory(path: string): ChangeReading {
    return this.#change('makeDirectory', [path], () => this.#create(path, 'directory', 'mkdir'));
  }

  makeDirectories(path: string): ChangeReading {
    return this.#change('makeDirectories', [path], () => {
      const parts = path.split('/').filter((part) => part !== '');
      for (let depth = 1; depth <= parts.length; depth += 1) {
        this.#ensureDirectory(`/${parts.slice(0, depth).join('/')}`);
      }
    });
  }

  inspect(path: string): InspectReading {
    return this.#read('inspect', path, () => {
      const { inode } = this.#disk.find(path, 'keep', 'lstat');
      return inode === undefined ? { kind: 'absent' } : { kind: 'entry', entry: { ...inode } };
    });
  }

  tighten(path: string): ChangeReading {
    return this.#change('tighten', [path], () => {
      const inode = this.#disk.get(path, 'keep', 'open');
      if (inode.type !== 'directory') throw systemError('ENOTDIR', 'open', path);
      const { userId } = this.#actor;
      if (userId !== 0 && userId !== inode.userId) throw systemError('EPERM', 'fchmod', path);
      inode.mode = BORN_WITH.directory;
    });
  }

  list(path: string): ListReading {
    return this.#read('list', path, () => ({ kind: 'names', names: this.#disk.names(path) }));
  }

  readLink(path: string): LinkReading {
    return this.#read('readLink', path, () => ({ kind: 'target', target: this.#disk.target(path) }));
  }

  readText(path: string): TextReading {
    return this.#read('readText', path, () => {
      const bytes = this.#disk.read(path);
      if (bytes.length > TEXT_BYTES_MAX) throw systemError('EFBIG', 'read', path);
      return { kind: 'text', text: bytes.toString('utf8') };
    });
  }

  createFile(path: string, text: string): ChangeReading {
    return this.#change('createFile', [path], () => this.#create(path, 'file', 'open', text));
  }

  appendText(path: string, text: string): ChangeReading {
    return this.#change('appendText', [path], () => this.#disk.append(path, text));
  }

  makeLink(target: string, path: string): ChangeReading {
    return this.#change('makeLink', [target, path], () => {
      if (target === '') throw systemError('ENOENT', 'symlink', target, path);
      this.#create(path, 'link', 'symlink', target);
    });
  }

  rename(from: string, to: string): ChangeReading {
    return this.#change('rename', [from, to], () => this.#disk.rename(from, to));
  }

  removeFile(path: string): ChangeReading {
    return this.#change('removeFile', [path], () => this.#disk.removeFile(path));
  }

  removeDirectory(path: string): ChangeReading {
    return this.#change('removeDirectory', [path], () => this.#disk.removeDirectory(path));
  }

  removeTree(path: string): ChangeReading {
    const reading = this.#change('removeTree', [path], () => this.#clear(path));
    return reading.kind === 'absent' ? { kind: 'done' } : reading;
  }

  #create(path: string, type: EntryType, syscall: string, content = ''): void {
    this.#disk.create(path, { type, userId: this.#actor.userId, mode: BORN_WITH[type] }, syscall, content);
  }

  #ensureDirectory(path: string): void {
    if (this.#disk.find(path, 'keep', 'mkdir').inode === undefined) this.#create(path, 'directory', 'mkdir');
    else if (this.#disk.find(path, 'follow', 'stat').inode?.type !== 'directory')
      throw systemError('ENOTDIR', 'mkdir', path);
  }

  #clear(path: string): void {
    if (this.#disk.get(path, 'keep', 'unlink').type === 'directory') {
      for (const name of this.#disk.names(path)) this.#clear(`${path}/${name}`);
      this.#disk.removeDirectory(path);
    } else this.#disk.removeFile(path);
  }

  #change(method: FaultyMethod, args: readonly string[], act: () => void): ChangeReading {
    try {
      this.#faults.strike(this.#actor.pid, method, args);
      act();
      return { kind: 'done' };
    } catch (error) {
      return refusedChange(error);
    }
  }

  #read<R>(method: FaultyMethod, path: string, look: () => R): R | ReturnType<typeof refusedRead> {
    try {
      this.#faults.strike(this.#actor.pid, method, [path]);
      return look();
    } catch (error) {
      return refusedRead(error);
    }
  }
}
