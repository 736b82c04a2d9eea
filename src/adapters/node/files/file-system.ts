/** The file system of the machine. A link as the last name of a path is never followed. */

import { Buffer } from 'node:buffer';
import {
  chmodSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { FileSystem, InspectReading, LinkReading, ListReading } from '../../../ports/file-system.js';
import type { ChangeReading, TextReading, WrongType } from '../../../ports/readings.js';
import { causeOf, refusedChange, refusedRead } from '../../errno.js';
import { RUNTIME } from '../runtime.js';
import { keepForOwner } from './appended-file.js';
import { change, created, DONE, failed, opened, TO_READ } from './file-calls.js';
import { entryOf } from './lstat-entry.js';

/** Far more than solod writes. A longer file was written by another program. */
export const TEXT_BYTES_MAX = 65_536;
/** A generation holds two entries. */
export const TREE_ENTRIES_MAX = 1_000;

const PRIVATE_DIRECTORY = 0o700;
/** With the sticky bit: cleaners of temporary directories leave such files alone (tmpfiles.d(5)). */
const PRIVATE_FILE = 0o1600;

const { O_APPEND, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const TO_APPEND = O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
const TO_TIGHTEN = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;

const WRONG_TYPE: WrongType = { kind: 'wrong-type' };

function makeDirectory(path: string): ChangeReading {
  const made = change(() => mkdirSync(path, PRIVATE_DIRECTORY));
  return made.kind === 'done' ? setExactMode(path) : made;
}

/**
 * The umask may take permissions from the owner, and the parent may pass on its set-group-ID bit. mkdir(2)
 * never gives more permissions than asked for, so nobody gets in before this is done.
 */
function setExactMode(path: string): ChangeReading {
  const found = inspect(path);
  // Another process may have moved the directory since. It was made, and what is there now must not be
  // changed.
  if (found.kind !== 'entry' || found.entry.type !== 'directory') return DONE;
  if (found.entry.mode === PRIVATE_DIRECTORY) return DONE;
  return absentIsDone(change(() => chmodSync(path, PRIVATE_DIRECTORY)));
}

/**
 * Not the recursion of mkdirSync: under a umask that takes permissions from the owner it makes parents that
 * it can't enter.
 */
function makeDirectories(path: string): ChangeReading {
  const made = makeDirectory(path);
  if (made.kind !== 'absent') return unlessDirectory(path, made);
  const parent = dirname(path);
  if (parent === path) return made;
  const above = makeDirectories(parent);
  return above.kind === 'done' ? unlessDirectory(path, makeDirectory(path)) : above;
}

/** Another process may have made the directory first. */
function unlessDirectory(path: string, made: ChangeReading): ChangeReading {
  if (made.kind === 'done' || made.kind === 'absent') return made;
  if (isDirectory(path)) return DONE;
  return made.kind === 'occupied' ? WRONG_TYPE : made;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    // Unknown counts as no. The caller reports its own error; only a bug is thrown.
    causeOf(error);
    return false;
  }
}

function inspect(path: string): InspectReading {
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return { kind: 'absent' };
    return { kind: 'entry', entry: entryOf(stats) };
  } catch (error) {
    return refusedRead(error);
  }
}

/** Changes the mode by descriptor: chmod(2) would follow a link that another process may have put there. */
function tighten(path: string): ChangeReading {
  return change(() => opened(path, TO_TIGHTEN, (fd) => fchmodSync(fd, PRIVATE_DIRECTORY)));
}

function list(path: string): ListReading {
  try {
    return { kind: 'names', names: readdirSync(path) };
  } catch (error) {
    return refusedRead(error);
  }
}

function readLink(path: string): LinkReading {
  try {
    return { kind: 'target', target: readlinkSync(path) };
  } catch (error) {
    return refusedRead(error);
  }
}

function readText(path: string): TextReading {
  try {
    return opened(path, TO_READ, readWhole);
  } catch (error) {
    return refusedRead(error);
  }
}

/** The content when the file was opened, without what is appended meanwhile. */
function readWhole(fd: number): TextReading {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return WRONG_TYPE;
  if (stats.size > TEXT_BYTES_MAX)
    return failed('EFBIG', `${stats.size} bytes are more than ${TEXT_BYTES_MAX}`);
  const bytes = Buffer.allocUnsafe(stats.size);
  let length = 0;
  while (length < stats.size) {
    const count = readSync(fd, bytes, length, stats.size - length, null);
    if (count === 0) break;
    length += count;
  }
  return { kind: 'text', text: bytes.toString('utf8', 0, length) };
}

/** Half a record would read like a forged one. */
const createFile = (path: string, text: string): ChangeReading =>
  created(path, PRIVATE_FILE, (fd) => {
    keepForOwner(fd, PRIVATE_FILE);
    writeFileSync(fd, text);
  });

function appendText(path: string, text: string): ChangeReading {
  try {
    return opened(path, TO_APPEND, (fd) => writeOnce(fd, Buffer.from(text)));
  } catch (error) {
    return refusedChange(error);
  }
}

/** One write(2), so that the lines of several writers don't mix. */
function writeOnce(fd: number, bytes: Buffer): ChangeReading {
  if (!fstatSync(fd).isFile()) return WRONG_TYPE;
  const count = writeSync(fd, bytes);
  return count === bytes.length ? DONE : failed('EIO', `${count} of ${bytes.length} bytes were taken`);
}

function removeFile(path: string): ChangeReading {
  if (RUNTIME.unlinkOfDirectory === 'removes' && isDirectoryItself(path)) return WRONG_TYPE;
  const removed = change(() => unlinkSync(path));
  // For a directory POSIX and macOS say EPERM, Linux says EISDIR.
  if (removed.kind !== 'failed' || removed.cause.code !== 'EPERM') return removed;
  return isDirectoryItself(path) ? WRONG_TYPE : removed;
}

function isDirectoryItself(path: string): boolean {
  const found = inspect(path);
  return found.kind === 'entry' && found.entry.type === 'directory';
}

const removeDirectory = (path: string): ChangeReading => change(() => rmdirSync(path));

/**
 * Another process may remove the same tree: what is gone counts as removed. Between unlink's refusal and the
 * listing the directory could be replaced by a link, which the listing would follow. Only processes that may
 * write to the parent directory can do that, and only its owner may.
 */
function clear(path: string, budget: { entries: number }): ChangeReading {
  budget.entries -= 1;
  if (budget.entries < 0) return failed('E2BIG', `more than ${TREE_ENTRIES_MAX} entries; some are left`);
  const removed = removeFile(path);
  if (removed.kind !== 'wrong-type') return absentIsDone(removed);
  const inside = list(path);
  if (inside.kind !== 'names') return absentIsDone(inside);
  for (const name of inside.names) {
    const reading = clear(`${path}/${name}`, budget);
    if (reading.kind !== 'done') return reading;
  }
  return absentIsDone(removeDirectory(path));
}

const absentIsDone = (reading: ChangeReading): ChangeReading => (reading.kind === 'absent' ? DONE : reading);

export function nodeFileSystem(): FileSystem {
  return {
    makeDirectory,
    makeDirectories,
    inspect,
    tighten,
    list,
    readLink,
    readText,
    createFile,
    appendText,
    makeLink: (target, path) => change(() => symlinkSync(target, path)),
    rename: (from, to) => change(() => renameSync(from, to)),
    removeFile,
    removeDirectory,
    removeTree: (path) => clear(path, { entries: TREE_ENTRIES_MAX }),
  };
}
