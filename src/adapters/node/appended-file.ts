/** Files that several processes append to, and that are kept from growing for ever. */

import fs from 'node:fs';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = fs.constants;
/** A fifo by that name must not hold the caller up, nor a link lead it elsewhere. */
export const APPEND = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
const READ = O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

/**
 * Keeps one file before the current one.
 * @param bytesMax how long a file may have become
 */
export function rotate(path: string, bytesMax: number): void {
  const size = fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > bytesMax) fs.renameSync(path, `${path}.1`);
}

/**
 * The end of a file, empty where it can't be read.
 * @param from the first byte that counts
 * @param bytesMax how much of its end is wanted
 */
export function tailOf(path: string, from: number, bytesMax: number): string {
  try {
    const descriptor = fs.openSync(path, READ);
    try {
      return tailFrom(descriptor, from, bytesMax);
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return '';
  }
}

/** The same of a file that is open. */
export function tailFrom(descriptor: number, from: number, bytesMax: number): string {
  const { size } = fs.fstatSync(descriptor);
  const start = Math.max(from, size - bytesMax);
  const bytes = Buffer.alloc(Math.max(0, size - start));
  return bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, start));
}
