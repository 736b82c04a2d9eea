/** A service file as its callers see it, who don't load it. The warm call reads it too (`warm.ts`): nothing heavy is imported here. */

import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Edition } from '../../domain/evidence/edition.js';
import type { Failure } from '../../domain/failure.js';
import { shortHash } from '../../domain/place/layout.js';
import { siblingFile } from '../environment/bundle-files.js';
import { realPath } from '../environment/state-root.js';

export type Resolved<T> =
  | { readonly kind: 'resolved'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A service file, and the name that it has if nobody gives another. */
export interface ServiceFile {
  readonly path: string;
  readonly name: string;
  readonly edition: Edition;
}

/** The name must be known before anything is loaded, so it is read off the text. It stands in the first part of it. */
const OWN_NAME = /\bdefineService\(\s*\{\s*name:\s*(['"])([^'"\n]*)\1/;
/** The version likewise, and before `run`: what it holds may look like one. */
const OWN_VERSION = /\bdefineService\(\s*\{(?:(?!\brun\b)[^}]){0,2000}?\bversion:\s*(['"])([^'"\n]*)\1/;
export const HEAD_BYTES = 64 * 1024;

/** `solod:status-line` names a service that comes with solod: a bundle beside this one. */
export const SHIPPED = { prefix: 'solod:', statusLine: 'status-line' } as const;

/**
 * Finds a service file, or the one that the name of a shipped service means. Its name is its own, where it has one (`defineService({ name: '…'` with the name as the first
 * property, a string literal), else its file name with a short hash of its real path, so that two checkouts never meet
 * by accident.
 */
export function resolveService(asked: string): Resolved<ServiceFile> {
  const shipped = `${SHIPPED.prefix}${SHIPPED.statusLine}`;
  if (asked.startsWith(SHIPPED.prefix) && asked !== shipped)
    return { kind: 'failed', failure: { kind: 'service-unknown', asked, known: shipped } };
  const file = asked === shipped ? siblingFile(`${SHIPPED.statusLine}.cjs`) : asked;
  const real = realPath(file);
  const head = real === undefined ? undefined : readHead(real);
  if (real === undefined || head === undefined)
    return { kind: 'failed', failure: { kind: 'service-missing', path: resolve(file) } };
  const { text, ...state } = head;
  const edition = { version: ownVersionIn(text) ?? '', path: real, ...state };
  return { kind: 'resolved', value: { path: real, name: ownNameIn(text) ?? nameFromPath(real), edition } };
}

export function ownNameIn(text: string): string | undefined {
  return OWN_NAME.exec(text)?.[2];
}

export function ownVersionIn(text: string): string | undefined {
  return OWN_VERSION.exec(text)?.[2];
}

/** The name of a service without one of its own. */
export function nameFromPath(real: string): string {
  const base = basename(real).replace(/\.[^.]*$/, '');
  const plain = base.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${plain.slice(0, 40) || 'service'}-${shortHash(real).slice(0, 8)}`;
}

interface Head extends Pick<Edition, 'size' | 'modifiedMs' | 'inode' | 'changedMs'> {
  readonly text: string;
}

/** @returns undefined if there is no such file */
export function readHead(real: string): Head | undefined {
  try {
    const stats = statSync(real);
    const { size, mtimeMs: modifiedMs, ino: inode, ctimeMs: changedMs } = stats;
    // Most are small, this is on the way of every call, and Node has one call for all of a file.
    const isSmall = stats.isFile() && size <= HEAD_BYTES;
    const text = isSmall ? readFileSync(real, 'utf8') : readPart(real, Math.min(size, HEAD_BYTES));
    return { text, size, modifiedMs, inode, changedMs };
  } catch {
    return undefined;
  }
}

function readPart(real: string, length: number): string {
  const descriptor = openSync(real, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(descriptor);
  }
}
