/** What a caller asks for, made precise: which name, where it lives, what starts its daemon. */

import fs from 'node:fs';
import path from 'node:path';
import type { Edition } from '../domain/edition.js';
import type { Failure } from '../domain/failure.js';
import { isName, labelOf, type Place, type Platform, placeOf, shortHash } from '../domain/layout.js';
import { type Environment, platformOf, realPath, stateRoot } from './host.js';
import { type Complaint, textOf, USAGE } from './sentences.js';

export interface NameOptions {
  /** The daemon's name: 1 to 64 letters, digits, ".", "_" or "-". */
  readonly name: string;
  /** The directory of all names. By default as `SOLOD_DIR` and the XDG variables in `env` say. */
  readonly stateDirectory?: string | undefined;
  /** The root of a project: the daemon is then this project's own. */
  readonly project?: string | undefined;
  /** The environment that is read, and that a started daemon gets; by default this process's. */
  readonly env?: Environment | undefined;
}

export interface Target {
  readonly name: string;
  /** The name, or the name with its project: what the directory is called. */
  readonly label: string;
  readonly place: Place;
  readonly platform: Platform;
  /** The directory of all names, absolute. */
  readonly stateDirectory: string;
  /** The real path of the project's root. */
  readonly project: string | undefined;
}

export type Resolved<T> =
  | { readonly kind: 'resolved'; readonly value: T }
  | { readonly kind: 'failed'; readonly failure: Failure };

export const invalid = (complaint: Complaint): { readonly kind: 'failed'; readonly failure: Failure } => ({
  kind: 'failed',
  failure: { kind: 'invalid-request', message: textOf(complaint) },
});

export function resolveTarget(options: NameOptions, userId: number): Resolved<Target> {
  const platform = platformOf();
  if (platform === undefined) return invalid(USAGE.platform(process.platform));
  if (!isName(options.name)) return invalid(USAGE.name(options.name));
  const project = options.project === undefined ? undefined : realPath(options.project);
  if (options.project !== undefined && project === undefined) return invalid(USAGE.project(options.project));
  const stateDirectory = path.resolve(options.stateDirectory ?? stateRoot(options.env ?? process.env));
  const label = labelOf(options.name, project);
  const place = placeOf(stateDirectory, label, userId, platform);
  return { kind: 'resolved', value: { name: options.name, label, place, platform, stateDirectory, project } };
}

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

/**
 * Finds a service file. Its name is its own, where it has one (`defineService({ name: '…'` with the name as the first
 * property, a string literal), else its file name with a short hash of its real path, so that two checkouts never meet
 * by accident.
 */
export function resolveService(file: string): Resolved<ServiceFile> {
  const real = realPath(file);
  const head = real === undefined ? undefined : readHead(real);
  if (real === undefined || head === undefined)
    return { kind: 'failed', failure: { kind: 'service-missing', path: path.resolve(file) } };
  const { text, size, modifiedMs } = head;
  const edition = { version: ownVersionIn(text) ?? '', path: real, size, modifiedMs };
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
  const base = path.basename(real).replace(/\.[^.]*$/, '');
  const plain = base.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return `${plain.slice(0, 40) || 'service'}-${shortHash(real).slice(0, 8)}`;
}

interface Head {
  readonly text: string;
  readonly size: number;
  readonly modifiedMs: number;
}

function readHead(real: string): Head | undefined {
  try {
    const descriptor = fs.openSync(real, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    try {
      const { size, mtimeMs } = fs.fstatSync(descriptor);
      const bytes = Buffer.allocUnsafe(Math.min(size, HEAD_BYTES));
      const text = bytes.toString('utf8', 0, fs.readSync(descriptor, bytes, 0, bytes.length, 0));
      return { text, size, modifiedMs: mtimeMs };
    } finally {
      fs.closeSync(descriptor);
    }
  } catch {
    return undefined;
  }
}
