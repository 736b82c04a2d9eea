/**
 * A service file as callers see it, without loading it. On the path of the warm call: imports nothing heavy.
 */

import { closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Edition } from '../../domain/evidence/edition.js';
import type { Failure } from '../../domain/failure.js';
import { shortHash } from '../../domain/place/layout.js';
import { siblingFile } from '../environment/bundle-files.js';
import { realPath, workingDirectory } from '../environment/state-root.js';

export type Resolved<T> =
  | { readonly kind: 'resolved'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A service file, with the name of its daemon unless the caller gives another. */
export interface ServiceFile {
  readonly path: string;
  readonly name: string;
  readonly edition: Edition;
  /** Its text up to `HEAD_BYTES`. */
  readonly text: string;
}

/** The name must be known before the service is loaded, so it is read off the first part of the text. */
const OWN_NAME = /\bdefineService\(\s*\{\s*name:\s*(['"])([^'"\n]*)\1/;
/**
 * The version likewise. It stands before `run`, whose code may contain something that looks like a version.
 */
const OWN_VERSION = /\bdefineService\(\s*\{(?:(?!\brun\b)[^}]){0,2000}?\bversion:\s*(['"])([^'"\n]*)\1/;
/** How a file begins that the system executes, or that is not text: Node loads no such file as a module. */
export const NOT_A_MODULE = /^#!|\0/;
export const HEAD_BYTES = 64 * 1024;

/** `solod:status-line` names a service that comes with solod: a bundle beside this one. */
export const SHIPPED = { prefix: 'solod:', statusLine: 'status-line', share: 'share' } as const;
const SHIPPED_NAMES: readonly string[] = [SHIPPED.statusLine, SHIPPED.share];

/**
 * Whether a service comes with this release of solod. Such a service goes by its context alone: nothing of
 * the process has to be replaced for it, which takes some milliseconds.
 * @param real real path of the service file
 */
export const isShipped = (real: string): boolean =>
  SHIPPED_NAMES.some((name) => real === siblingFile(`${name}.cjs`));

/**
 * Finds a service file, or the file of a service that comes with solod. Its name is the one it gives itself
 * (`defineService({ name: '…'`, first property, string literal). By default it is that of the file with
 * a short hash of its real path, so that two checkouts don't share a daemon by accident.
 */
export function resolveService(asked: string): Resolved<ServiceFile> {
  const shipped = SHIPPED_NAMES.find((name) => asked === `${SHIPPED.prefix}${name}`);
  if (asked.startsWith(SHIPPED.prefix) && shipped === undefined) {
    const known = SHIPPED_NAMES.map((name) => `${SHIPPED.prefix}${name}`).join(' or ');
    return { kind: 'failed', failure: { kind: 'service-unknown', asked, known } };
  }
  const file = shipped === undefined ? asked : siblingFile(`${shipped}.cjs`);
  const real = realPath(file);
  const head = real === undefined ? undefined : readHead(real);
  if (real === undefined || head === undefined)
    return {
      kind: 'failed',
      failure: { kind: 'service-missing', path: resolve(workingDirectory() || '/', file) },
    };
  const { text, ...state } = head;
  const edition = { version: ownVersionIn(text) ?? '', path: real, ...state };
  return {
    kind: 'resolved',
    value: { path: real, name: ownNameIn(text) ?? nameFromPath(real), edition, text },
  };
}

export function ownNameIn(text: string): string | undefined {
  return OWN_NAME.exec(text)?.[2];
}

export function ownVersionIn(text: string): string | undefined {
  return OWN_VERSION.exec(text)?.[2];
}

/** The name of a service that gives itself none. */
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
    // Most files are small, every call comes by here, and Node reads a whole file in one call.
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
