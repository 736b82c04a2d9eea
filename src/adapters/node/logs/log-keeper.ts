/**
 * Limits the size of a daemon's log while the daemon runs.
 *
 * The daemon's stdout and stderr are descriptors of the log, and other processes that were started for the
 * name have it open too. Node has no dup2(2), so a log that is too long is not renamed but copied and
 * truncated. All descriptors have O_APPEND, so the next write of any process lands at the beginning.
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
import { RUNTIME } from '../runtime.js';

/** Size at which the log is copied and truncated. There are two copies at most. */
const LOG_BYTES_MAX = 1024 * 1024;
/**
 * If copying fails, it is tried again after so much more. At twice the maximal size the log is truncated in
 * any case.
 */
const AGAIN_BYTES = 256 * 1024;
/** Another process may append during the copy. Then the copy is made again, up to so many times. */
const COPIES_MAX = 3;

/** How often the log of a program is checked whose output is not counted. */
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
  /** Returns a new private path in it each time. */
  readonly temporary: () => string;
  readonly bytesMax?: number | undefined;
}

export class LogKeeper {
  readonly #path: string;
  readonly #bytesMax: number;
  #part: number;
  /** Which copy is made next. Of the runs before, and of the beginning of this one, one copy each is kept. */
  #copy: 'previous' | 'before' = 'previous';
  /** Bytes that this process knows of. Other processes write too. */
  #size: number;
  /** Size at which to check next. */
  #lookAt: number;
  /** Whether the disk took the last line. */
  #disk: 'fine' | 'full' = 'fine';

  private constructor(private readonly keeping: LogKeeping) {
    this.#path = join(keeping.directory, NAMES.log);
    this.#bytesMax = keeping.bytesMax ?? LOG_BYTES_MAX;
    this.#lookAt = this.#bytesMax;
    this.#size = fstatSync(STDERR).size;
    this.#part = partOf(headOf(this.#path, PART_HEAD_BYTES));
  }

  /**
   * Limits the log from now on and counts what this process prints. `look` sees what children, or direct
   * writes to the descriptors, have added.
   * @returns undefined if stderr is not a file
   */
  static attach(keeping: LogKeeping): LogKeeper | undefined {
    try {
      if (!fstatSync(STDERR).isFile()) return undefined;
      const keeper = new LogKeeper(keeping);
      if (RUNTIME.printing === 'past-stream') keeper.#lookOften();
      else {
        keeper.#count(process.stdout, STDOUT);
        keeper.#count(process.stderr, STDERR);
      }
      return keeper;
    } catch {
      // The descriptor is closed: nothing is printed.
      return undefined;
    }
  }

  /**
   * The same for a program that embeds solod: leaves its streams alone and checks the log every few seconds.
   * Does nothing if stderr is not the log, as in a program that was started by hand.
   */
  static watch(keeping: LogKeeping): void {
    try {
      const [mine, named] = [fstatSync(STDERR), lstatSync(join(keeping.directory, NAMES.log))];
      if (!isSameFile(mine, named)) return;
      const keeper = new LogKeeper(keeping);
      keeper.#lookOften();
    } catch {
      // Without a log or without stderr nothing is kept.
    }
  }

  /** For what is printed without being counted. */
  #lookOften(): void {
    setInterval(() => this.look(), ROUND_MS).unref();
  }

  /** Copies and truncates the log if it is too long. */
  look(): void {
    try {
      const mine = fstatSync(STDERR);
      const { size } = mine;
      this.#size = size;
      const isFull = this.#disk === 'full' && size >= this.#bytesMax;
      if (size < this.#lookAt && !isFull) return;
      const named = lstatSync(this.#path, { throwIfNoEntry: false });
      const isKept = named !== undefined && isSameFile(mine, named) && this.#keepCopy();
      // A log that can't be copied, or has no name any more, must not grow for ever. On a full disk new lines
      // are worth more than old ones.
      if (isKept || isFull || size >= 2 * this.#bytesMax) this.#empty();
      else this.#lookAt = size + AGAIN_BYTES;
    } catch {
      // The daemon goes on, whatever happens to its log.
    }
  }

  /**
   * Writes synchronously, as Node does with files, but ignores a full disk: the code that prints can't help
   * it.
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
      // ENOSPC, EDQUOT, EIO: the line is lost.
      this.#disk = 'full';
    }
  }

  /**
   * @returns whether the copy holds the whole log, except what another process appends at this moment
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
      // That file is from the run before, and older than what is copied now.
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
