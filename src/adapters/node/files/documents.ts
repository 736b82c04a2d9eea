/** A user's own files, on the file system of the machine. */

import {
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { DocumentReading, Documents, Draft, PathReading } from '../../../ports/documents.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { causeOf, refusedChange, refusedRead } from '../../errno.js';
import { change, created, failed, opened, TO_READ } from './file-calls.js';

/** Settings are written by hand. A longer file is something else. */
export const DOCUMENT_BYTES_MAX = 8 * 2 ** 20;

const { O_DIRECTORY, O_RDONLY } = constants;
const PRIVATE = 0o600;

function resolve(path: string): PathReading {
  try {
    return { kind: 'path', path: realpathSync.native(path) };
  } catch (error) {
    return refusedRead(error);
  }
}

function read(path: string): DocumentReading {
  try {
    return opened(path, TO_READ, readWhole);
  } catch (error) {
    return refusedRead(error);
  }
}

function readWhole(fd: number): DocumentReading {
  const stats = fstatSync(fd);
  if (!stats.isFile()) return { kind: 'wrong-type' };
  if (stats.size > DOCUMENT_BYTES_MAX)
    return failed('EFBIG', `${stats.size} bytes are more than ${DOCUMENT_BYTES_MAX}`);
  const text = textOf(readFileSync(fd));
  if (text === undefined) return failed('EILSEQ', 'it is not UTF-8');
  const { mode, uid, gid } = stats;
  return { kind: 'document', document: { text, mode: mode & 0o7777, userId: uid, groupId: gid } };
}

/**
 * @returns undefined for bytes that would come back as others; a byte order mark is kept, and so is not
 * passed over
 */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

const create = (path: string, draft: Draft): ChangeReading => created(path, PRIVATE, (fd) => fill(fd, draft));

/** Sets the mode last: chown(2) clears bits, and nobody else may read the file before its owner is set. */
function fill(fd: number, { text, mode, userId, groupId }: Draft): void {
  writeFileSync(fd, text);
  const made = fstatSync(fd);
  const owner = [userId ?? made.uid, groupId ?? made.gid] as const;
  if (owner[0] !== made.uid || owner[1] !== made.gid) fchownSync(fd, ...owner);
  fchmodSync(fd, mode);
  fsyncSync(fd);
}

/** Answers of file systems without hard links to link(2). */
const NO_LINKS: ReadonlySet<string> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP']);

type Link = (from: string, to: string) => void;

function publish(link: Link, from: string, to: string): ChangeReading {
  const linked = change(() => link(from, to));
  if (linked.kind === 'failed' && NO_LINKS.has(linked.cause.code)) return publishByRename(from, to);
  if (linked.kind !== 'done') return linked;
  const unlinked = change(() => unlinkSync(from));
  syncDirectory(dirname(to));
  return unlinked;
}

/**
 * Another process may put a file there between the check and the rename. There is no better way without
 * link(2).
 */
function publishByRename(from: string, to: string): ChangeReading {
  try {
    if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return { kind: 'occupied' };
  } catch (error) {
    return refusedChange(error);
  }
  return replace(from, to);
}

function replace(from: string, to: string): ChangeReading {
  const renamed = change(() => renameSync(from, to));
  if (renamed.kind === 'done') syncDirectory(dirname(to));
  return renamed;
}

/** Some file systems refuse fsync(2) of a directory. Then a power cut may bring the old file back, whole. */
function syncDirectory(path: string): void {
  try {
    opened(path, O_RDONLY | O_DIRECTORY, fsyncSync);
  } catch (error) {
    // Only a bug is thrown.
    causeOf(error);
  }
}

/** @param link link(2), which some file systems lack */
export function nodeDocuments(link: Link = linkSync): Documents {
  return { resolve, read, create, publish: (from, to) => publish(link, from, to), replace };
}
