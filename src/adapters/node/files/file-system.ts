/** The file system of the machine. On every path the last name is taken for itself: a link there is never followed. */

import { Buffer } from 'node:buffer';
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
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
import { keepForOwner } from './appended-file.js';
import { change, DONE, failed, opened, TO_CREATE, TO_READ } from './file-calls.js';
import { entryOf } from './lstat-entry.js';

/** Nothing of solod's is nearly as long; what is longer was written by somebody else. */
export const TEXT_BYTES_MAX = 65_536;
/** A generation holds two entries. */
export const TREE_ENTRIES_MAX = 1_000;

const PRIVATE_DIRECTORY = 0o700;
/** With the sticky bit, which means nothing on a file but that cleaners of temporary directories pass it by (tmpfiles.d(5)). */
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
 * A umask takes from the owner too if it says so, and a parent may hand its set-group-ID bit down. mkdir(2) never gives
 * more permission than it was asked for, so nobody gets in before this is through.
 */
function setExactMode(path: string): ChangeReading {
  const found = inspect(path);
  // Somebody may have moved it away since: it was made all the same, and what is there now is not for us to change.
  if (found.kind !== 'entry' || found.entry.type !== 'directory') return DONE;
  if (found.entry.mode === PRIVATE_DIRECTORY) return DONE;
  return absentIsDone(change(() => chmodSync(path, PRIVATE_DIRECTORY)));
}

/** Not mkdir's own recursion: under a umask that takes from the owner, it makes parents that it can't enter. */
function makeDirectories(path: string): ChangeReading {
  const made = makeDirectory(path);
  if (made.kind !== 'absent') return unlessDirectory(path, made);
  const parent = dirname(path);
  if (parent === path) return made;
  const above = makeDirectories(parent);
  return above.kind === 'done' ? unlessDirectory(path, makeDirectory(path)) : above;
}

/** A directory that is there is as good as one made now: another process may have been faster. */
function unlessDirectory(path: string, made: ChangeReading): ChangeReading {
  if (made.kind === 'done' || made.kind === 'absent') return made;
  if (isDirectory(path)) return DONE;
  return made.kind === 'occupied' ? WRONG_TYPE : made;
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  } catch (error) {
    // Not known to be one, then. The caller hands on why it asked; only a bug may leave here.
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

/** By descriptor: chmod(2) would follow a link that was put there since the caller looked. */
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

/** What the file held when it was opened; what is appended meanwhile is left for the next time. */
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

function createFile(path: string, text: string): ChangeReading {
  let fd: number;
  try {
    fd = openSync(path, TO_CREATE, PRIVATE_FILE);
  } catch (error) {
    return refusedChange(error);
  }
  const written = change(() => {
    keepForOwner(fd, PRIVATE_FILE);
    writeFileSync(fd, text);
  });
  const closed = change(() => closeSync(fd));
  const reading = written.kind === 'done' ? closed : written;
  // Half a record reads like a whole one that somebody forged. Should this fail too, the first cause tells more.
  if (reading.kind !== 'done') change(() => unlinkSync(path));
  return reading;
}

function appendText(path: string, text: string): ChangeReading {
  try {
    return opened(path, TO_APPEND, (fd) => writeOnce(fd, Buffer.from(text)));
  } catch (error) {
    return refusedChange(error);
  }
}

/** One write(2), so that lines of several writers do not mix. */
function writeOnce(fd: number, bytes: Buffer): ChangeReading {
  if (!fstatSync(fd).isFile()) return WRONG_TYPE;
  const count = writeSync(fd, bytes);
  return count === bytes.length ? DONE : failed('EIO', `${count} of ${bytes.length} bytes were taken`);
}

function removeFile(path: string): ChangeReading {
  const removed = change(() => unlinkSync(path));
  // POSIX, and macOS with it, calls it EPERM where Linux says EISDIR.
  if (removed.kind !== 'failed' || removed.cause.code !== 'EPERM') return removed;
  const found = inspect(path);
  return found.kind === 'entry' && found.entry.type === 'directory' ? WRONG_TYPE : removed;
}

const removeDirectory = (path: string): ChangeReading => change(() => rmdirSync(path));

/**
 * Another process may be removing the same tree: what is gone already counts as removed. Between unlink's refusal and
 * the listing a directory could give way to a link, and the listing would follow it; only who may write to the
 * directory around it can do that, and that is its owner's alone.
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
