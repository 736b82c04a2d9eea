/** Files that several processes append to, with a limited size. */

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  openSync,
  readSync,
  renameSync,
  statSync,
} from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
/** A fifo of that name must not block the caller, and a link must not be followed. */
const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
const PRIVATE = 0o600;
const OWNER = 0o700;
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/** @returns descriptor of a file that its owner may read and append to, whatever the umask is */
export function openToAppend(path: string): number {
  const descriptor = openSync(path, APPEND, PRIVATE);
  try {
    keepForOwner(descriptor, PRIVATE);
  } catch {
    // The file exists already and belongs to another user.
  }
  return descriptor;
}

/** A umask may take permissions from the owner too. */
export function keepForOwner(descriptor: number, mode: number): void {
  if ((fstatSync(descriptor).mode & OWNER) !== (mode & OWNER)) fchmodSync(descriptor, mode);
}

/**
 * Renames a file that is too long. One file before the current one is kept.
 * @param before path of the file before
 * @param bytesMax size at which the file is renamed
 */
export function rotate(path: string, before: string, bytesMax: number): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > bytesMax) renameSync(path, before);
}

/**
 * The end of a file; empty if it can't be read.
 * @param from first byte that counts; the first of all if the file has been truncated since
 * @param bytesMax number of bytes at most
 */
export function tailOf(path: string, from: number, bytesMax: number): string {
  return readingFrom(path, '', (descriptor) => tailFrom(descriptor, from, bytesMax));
}

/** The beginning of a file, one character a byte; empty if it can't be read. */
export function headOf(path: string, bytesMax: number): string {
  return readingFrom(path, '', (descriptor) => bytesOf(descriptor, 0, bytesMax).toString('latin1'));
}

/** @returns the result of `read`; `otherwise` if the file can't be opened or read */
export function readingFrom<T>(path: string, otherwise: T, read: (descriptor: number) => T): T {
  try {
    const descriptor = openSync(path, READ);
    try {
      return read(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return otherwise;
  }
}

/** The bytes between two offsets, up to the end of the file. */
export function bytesOf(descriptor: number, from: number, to: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, to - from));
  return bytes.subarray(0, readSync(descriptor, bytes, 0, bytes.length, from));
}

/** The same for an open file. */
export function tailFrom(descriptor: number, from: number, bytesMax: number): string {
  const { size } = fstatSync(descriptor);
  const start = Math.max(from > size ? 0 : from, size - bytesMax);
  return bytesOf(descriptor, start, size).toString('utf8');
}
