/**
 * Which edition of a service a daemon has loaded, which one a caller wants, and what follows if they differ.
 * Editions are ordered, and a daemon retires only for a later one: two editions that are used in turn cost
 * one replacement, not one each time.
 */

import { parseJson } from './json.js';
import { compareVersions } from './version-order.js';

/** The version of what callers and daemons say to each other beyond the Nailgun protocol. */
export const WIRE_VERSION = 1;

export interface Edition {
  /** What the service calls its version; empty if it has none. */
  readonly version: string;
  /** The real path of the service file, … */
  readonly path: string;
  /** … its size in bytes, and its last modification in milliseconds since 1970. */
  readonly size: number;
  readonly modifiedMs: number;
  /**
   * Its inode, and when anything about it changed last, likewise: nobody can set these. An older solod does
   * not tell them.
   */
  readonly inode?: number | undefined;
  readonly changedMs?: number | undefined;
}

/** What a caller says of itself. */
export interface Caller extends Edition {
  readonly wire: number;
  /** How long it had been running when it sent its request, in milliseconds; undefined if it does not say. */
  readonly waitedMs?: number | undefined;
  /** Whether it started a daemon for this call. */
  readonly spawned?: boolean | undefined;
  /** It would send its next request on the same connection. */
  readonly keep?: true | undefined;
}

export const callerText = (caller: Caller): string => JSON.stringify(caller);

/** The same as `parseCaller(text)?.keep`, for each call: in JSON, no text of a caller can look like it. */
export const wantsKept = (text: string): boolean => text.includes('"keep":true');

/** @returns undefined if the caller is not solod: public Nailgun clients say nothing of themselves */
export function parseCaller(text: string): Caller | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { wire, version, path, size, modifiedMs } = value as Readonly<Record<string, unknown>>;
  if (typeof wire !== 'number' || typeof version !== 'string' || typeof path !== 'string') return undefined;
  if (typeof size !== 'number' || typeof modifiedMs !== 'number') return undefined;
  const { inode, changedMs, waitedMs, spawned, keep } = value as Readonly<Record<string, unknown>>;
  const isTime = typeof waitedMs === 'number' && waitedMs >= 0 && Number.isFinite(waitedMs);
  return {
    ...{ wire, version, path, size, modifiedMs },
    ...(typeof inode === 'number' ? { inode } : {}),
    ...(typeof changedMs === 'number' ? { changedMs } : {}),
    ...(isTime ? { waitedMs } : {}),
    ...(spawned === true ? { spawned } : {}),
    ...(keep === true ? { keep } : {}),
  };
}

/** The same text for the same file in the same state. */
export const editionKey = ({ path, size, modifiedMs, inode, changedMs, version }: Edition): string =>
  `${path}:${size}:${modifiedMs}:${inode}:${changedMs}:${version}`;

/** How the content of a caller's service file compares with what the daemon has loaded. */
export type Content = 'same' | 'different' | 'unknown';

export type CallerVerdict =
  | { readonly kind: 'served' }
  /** The caller wants a later edition: the daemon retires. */
  | { readonly kind: 'newer'; readonly why: string }
  /** The daemon is newer, and the caller does not speak its wire. */
  | { readonly kind: 'outdated' };

const SERVED: CallerVerdict = { kind: 'served' };

/**
 * @param own what the daemon has loaded
 * @param content compares the files; called only if neither wire nor version decides
 */
export function judgeCaller(own: Caller, caller: Caller, content: () => Content): CallerVerdict {
  if (caller.wire > own.wire)
    return { kind: 'newer', why: `wire ${caller.wire} is asked for, this is ${own.wire}` };
  if (caller.wire < own.wire) return { kind: 'outdated' };
  const order = compareVersions(caller.version, own.version);
  if (order > 0)
    return { kind: 'newer', why: `version ${caller.version} is asked for, this is ${own.version || 'none'}` };
  if (order < 0 || editionKey(caller) === editionKey(own)) return SERVED;
  return judgeContent(own, caller, content());
}

function judgeContent(own: Caller, caller: Caller, content: Content): CallerVerdict {
  // A file that can't be read proves nothing: it may be in another mount namespace.
  if (content !== 'different') return SERVED;
  // The file that was loaded has been replaced: the present one is later.
  if (caller.path === own.path) return { kind: 'newer', why: `${own.path} has changed` };
  // Two files of one name: the one with the later time stamp wins, so that there is an order.
  if (caller.modifiedMs <= own.modifiedMs) return SERVED;
  return { kind: 'newer', why: `${caller.path} is later than ${own.path}` };
}
