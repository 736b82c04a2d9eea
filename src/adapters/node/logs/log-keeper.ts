/**
 * Keeps the log of a daemon in service within bounds, for as long as it runs.
 *
 * The daemon's stdout and stderr are descriptors of the log, and so are those of whoever else was started for
 * the name. Node can't point a descriptor elsewhere (dup2(2)), so a log that became too long is not renamed:
 * it is copied, and emptied. All descriptors are opened with O_APPEND: what comes next stands at the
 * beginning, whoever writes it.
 */

import {
  constants,
  copyFileSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs';
import { join, NAMES } from '../../../domain/place/layout.js';
import { PART_HEAD_BYTES, partLine, partOf } from '../../../domain/text/log-parts.js';
import { headOf } from '../files/appended-file.js';

/** How long the log gets before it is copied and emptied. There are two copies at most. */
const LOG_BYTES_MAX = 1024 * 1024;
/**
 * Where it can't be copied, that is tried again when so much more has come. At twice its length it is emptied
 * all the same.
 */
const AGAIN_BYTES = 256 * 1024;
/** Another process may append while it is copied: then it is copied again, so often. */
const COPIES_MAX = 3;

/** How often a program is looked at that does not look itself. */
const ROUND_MS = 5_000;

const STDOUT = 1;
const STDERR = 2;

/** A stream of this process whose bytes go to the log. */
interface Sink {
  _write(bytes: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void;
}

export interface LogKeeping {
  /** The directory of the name. */
  readonly directory: string;
  /** A private path in it, another one each time. */
  readonly temporary: () => string;
  readonly bytesMax?: number | undefined;
}

export class LogKeeper {
  readonly #path: string;
  readonly #bytesMax: number;
  #part: number;
  /** Which copy is made next: of what lies before this run, and of its beginning, one is kept to its end. */
  #copy: 'previous' | 'before' = 'previous';
  /** As far as this process has written to it; others do, too. */
  #size: number;
  /** The next look is taken at that length. */
  #lookAt: number;
  /** The disk has taken the last line, or it has not. */
  #disk: 'fine' | 'full' = 'fine';

  private constructor(private readonly keeping: LogKeeping) {
    this.#path = join(keeping.directory, NAMES.log);
    this.#bytesMax = keeping.bytesMax ?? LOG_BYTES_MAX;
    this.#lookAt = this.#bytesMax;
    this.#size = fstatSync(STDERR).size;
    this.#part = partOf(headOf(this.#path, PART_HEAD_BYTES));
  }

  /**
   * From now on the log is kept within bounds: whatever this process prints is counted. What it writes to the
   * descriptors itself, or a child does, is seen by `look`.
   * @returns undefined where stderr is no file
   */
  static attach(keeping: LogKeeping): LogKeeper | undefined {
    try {
      if (!fstatSync(STDERR).isFile()) return undefined;
      const keeper = new LogKeeper(keeping);
      keeper.#count(process.stdout, STDOUT);
      keeper.#count(process.stderr, STDERR);
      return keeper;
    } catch {
      // No descriptor by that number: nothing is printed anywhere.
      return undefined;
    }
  }

  /**
   * The same for a program of somebody's own: its streams are left alone, and looked at every few seconds.
   * Nothing is done where its stderr is not the log: it was started by hand, and has a file of its own.
   */
  static watch(keeping: LogKeeping): void {
    try {
      const [mine, named] = [fstatSync(STDERR), lstatSync(join(keeping.directory, NAMES.log))];
      if (!isSameFile(mine, named)) return;
      const keeper = new LogKeeper(keeping);
      setInterval(() => keeper.look(), ROUND_MS).unref();
    } catch {
      // There is no log, or no stderr.
    }
  }

  /** Copies and empties the log if it has become too long. */
  look(): void {
    try {
      const mine = fstatSync(STDERR);
      const { size } = mine;
      this.#size = size;
      const isFull = this.#disk === 'full' && size >= this.#bytesMax;
      if (size < this.#lookAt && !isFull) return;
      const named = lstatSync(this.#path, { throwIfNoEntry: false });
      const isKept = named !== undefined && isSameFile(mine, named) && this.#keepCopy();
      // Not to be copied, or without a name, and so not to be read either: it must not grow for ever. On a
      // full disk what comes now is worth more than what came before.
      if (isKept || isFull || size >= 2 * this.#bytesMax) this.#empty();
      else this.#lookAt = size + AGAIN_BYTES;
    } catch {
      // The daemon serves on.
    }
  }

  /**
   * Written at once and in one piece, as Node does with files; but a full disk is no error of whoever prints.
   */
  #count(stream: object, descriptor: number): void {
    if (!fstatSync(descriptor).isFile()) return;
    (stream as Sink)._write = (bytes, _encoding, done) => {
      this.#write(descriptor, bytes);
      this.#size += bytes.length;
      if (this.#size >= this.#lookAt || this.#disk === 'full') this.look();
      done();
    };
  }

  #write(descriptor: number, bytes: Buffer): void {
    try {
      for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(writeSync(descriptor, rest));
      this.#disk = 'fine';
    } catch {
      // ENOSPC, EDQUOT, EIO: it is lost, and the daemon is not.
      this.#disk = 'full';
    }
  }

  /**
   * @returns whether all that the log holds is in the copy; not so for what another process appends in this
   * very moment
   */
  #keepCopy(): boolean {
    const { directory } = this.keeping;
    const temporary = this.keeping.temporary();
    try {
      for (let copies = 0; copies < COPIES_MAX; copies++) {
        copyFileSync(this.#path, temporary, constants.COPYFILE_FICLONE);
        if (fstatSync(STDERR).size === statSync(temporary).size) break;
      }
      const before = join(directory, NAMES.logBefore);
      // What is there is of the run before, and older than what takes its place in the other copy.
      if (this.#copy === 'previous') rmSync(before, { force: true });
      renameSync(temporary, this.#copy === 'previous' ? join(directory, NAMES.logPrevious) : before);
      return true;
    } catch {
      rmSync(temporary, { force: true });
      return false;
    }
  }

  #empty(): void {
    this.#part += 1;
    this.#copy = 'before';
    ftruncateSync(STDERR, 0);
    this.#lookAt = this.#bytesMax;
    const line = Buffer.from(partLine(this.#part));
    this.#size = line.length;
    writeSync(STDERR, line);
  }
}

const isSameFile = (one: Stats, other: Stats): boolean =>
  one.isFile() && one.ino === other.ino && one.dev === other.dev;
