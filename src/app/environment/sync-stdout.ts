/** The command's own streams. They avoid what `process.stdout` costs at every start. */

import { createReadStream, fstatSync, writeSync } from 'node:fs';
import { type Readable, Writable } from 'node:stream';

/**
 * Milliseconds until the next try, where another process has made the descriptor non-blocking, and its pipe
 * is full.
 */
const FULL_MS = 2;

/**
 * Writes synchronously, as `process.stdout` does for files, terminals and pipes on POSIX systems (Node's
 * documentation of process I/O), so that all output is written when the process exits.
 */
export class StandardOutput extends Writable {
  readonly #descriptor: 1 | 2;

  constructor(descriptor: 1 | 2) {
    super({ decodeStrings: true });
    this.#descriptor = descriptor;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let rest = bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(writeSync(this.#descriptor, rest));
      done();
    } catch (error) {
      // A process that shares the open file description has set O_NONBLOCK on it.
      const isFull = (error as NodeJS.ErrnoException).code === 'EAGAIN';
      if (isFull) setTimeout(() => this._write(rest, _encoding, done), FULL_MS);
      else done(error as Error);
    }
  }
}

/**
 * Node takes a directory for an empty stdin: reading it fails here, as in every other program. Node does
 * not open what Wine hands over of its host, though it can be read.
 */
function ownStdin(): Readable {
  try {
    if (!fstatSync(0).isDirectory()) return process.stdin;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EBADF') throw error;
  }
  return createReadStream('', { fd: 0, autoClose: false });
}

/** The streams of a call by the command. Its stdin is not touched unless the service reads. */
export const ownStreams = () => ({
  stdin: ownStdin,
  stdout: new StandardOutput(1),
  stderr: new StandardOutput(2),
});
