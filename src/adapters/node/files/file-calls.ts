/** How system calls on files are made, and their errors read. */

import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import type { ChangeReading, Done, Failed } from '../../../ports/readings.js';
import { refusedChange } from '../../errno.js';

// Without O_NONBLOCK, open(2) of a fifo waits for its other end.
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
export const TO_READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;
const TO_CREATE = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;

export const DONE: Done = { kind: 'done' };

export const failed = (code: string, message: string): Failed => ({
  kind: 'failed',
  cause: { code, message },
});

export function change(act: () => void): ChangeReading {
  try {
    act();
    return DONE;
  } catch (error) {
    return refusedChange(error);
  }
}

/** Opens a file, uses it and closes it. Throws the first error on the way. */
export function opened<R>(path: string, flags: number, use: (fd: number) => R): R {
  const fd = openSync(path, flags);
  try {
    return use(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes a file and writes to it. One that is not written as a whole is removed. */
export function created(path: string, mode: number, write: (fd: number) => void): ChangeReading {
  let fd: number;
  try {
    fd = openSync(path, TO_CREATE, mode);
  } catch (error) {
    return refusedChange(error);
  }
  const written = change(() => write(fd));
  const closed = change(() => closeSync(fd));
  const reading = written.kind === 'done' ? closed : written;
  // If removing fails too, the first cause tells more.
  if (reading.kind !== 'done') change(() => unlinkSync(path));
  return reading;
}
