/**
 * Which edition of a service a daemon has loaded, which one a caller has in mind, and what follows if they
 * differ. Editions are ordered, and a daemon only ever retires for a later one: two that are used in turn
 * cost one replacement, not one each time.
 */

import { parseJson } from './json.js';

/** The version of what solod's two sides say to each other beyond the Nailgun protocol. */
export const WIRE_VERSION = 1;

export interface Edition {
  /** What the service calls its version; empty where it has none. */
  readonly version: string;
  /** The real path of the service file, … */
  readonly path: string;
  /**
   * … and its size in bytes and time of last modification, in milliseconds since 1970: an unchanged file is
   * not read again.
   */
  readonly size: number;
  readonly modifiedMs: number;
}

/** What a caller says of itself. */
export interface Caller extends Edition {
  readonly wire: number;
  /**
   * How long it had been at it when it sent its request, in milliseconds; undefined where it does not say.
   */
  readonly waitedMs?: number | undefined;
  /** Whether it had a daemon started on the way. */
  readonly spawned?: boolean | undefined;
}

export const callerText = (caller: Caller): string => JSON.stringify(caller);

/**
 * @returns undefined where no solod of this kind has called: public Nailgun clients say nothing of themselves
 */
export function parseCaller(text: string): Caller | undefined {
  const value = parseJson(text);
  if (typeof value !== 'object' || value === null) return undefined;
  const { wire, version, path, size, modifiedMs } = value as Readonly<Record<string, unknown>>;
  if (typeof wire !== 'number' || typeof version !== 'string' || typeof path !== 'string') return undefined;
  if (typeof size !== 'number' || typeof modifiedMs !== 'number') return undefined;
  const { waitedMs, spawned } = value as Readonly<Record<string, unknown>>;
  const isTime = typeof waitedMs === 'number' && waitedMs >= 0 && Number.isFinite(waitedMs);
  return {
    ...{ wire, version, path, size, modifiedMs },
    ...(isTime ? { waitedMs } : {}),
    ...(spawned === true ? { spawned } : {}),
  };
}

/** The same text for the same file in the same state. */
export const editionKey = ({ path, size, modifiedMs, version }: Edition): string =>
  `${path}:${size}:${modifiedMs}:${version}`;

/** How the content of a caller's service file compares with what the daemon has loaded. */
export type Content = 'same' | 'different' | 'unknown';

export type CallerVerdict =
  | { readonly kind: 'served' }
  /** The daemon is the older one: it makes room. */
  | { readonly kind: 'newer'; readonly why: string }
  /** The daemon is the newer one, and the caller does not speak its wire. */
  | { readonly kind: 'outdated' };

const SERVED: CallerVerdict = { kind: 'served' };

/**
 * @param own what the daemon has loaded
 * @param content asked only where neither wire nor version decide
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
  // What can't be read proves nothing: another mount namespace's file, say.
  if (content !== 'different') return SERVED;
  // The file that was loaded is not there any more: whatever stands in its place is later.
  if (caller.path === own.path) return { kind: 'newer', why: `${own.path} has changed` };
  // Two files by one name: the later one, so that there is an order.
  if (caller.modifiedMs <= own.modifiedMs) return SERVED;
  return { kind: 'newer', why: `${caller.path} is later than ${own.path}` };
}

/**
 * Semantic Versioning 2.0.0, section 11; numbers only, where there are more or fewer than three. No version
 * at all comes before every other.
 * @returns positive if `a` comes after `b`, negative if before, 0 if neither
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parseVersion(a), parseVersion(b)];
  return (
    compareParts(left.release, right.release, 0) || comparePrereleases(left.prerelease, right.prerelease)
  );
}

interface Version {
  readonly release: readonly string[];
  readonly prerelease: readonly string[];
}

function parseVersion(text: string): Version {
  // Build metadata says nothing of precedence.
  const [plain = ''] = text.trim().replace(/^v/, '').split('+');
  const dash = plain.indexOf('-');
  const release = (dash < 0 ? plain : plain.slice(0, dash)).split('.').filter((part) => part !== '');
  return { release, prerelease: dash < 0 ? [] : plain.slice(dash + 1).split('.') };
}

/** A version without a prerelease comes after all that have one. */
function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return Math.sign(b.length) - Math.sign(a.length);
  return compareParts(a, b, 0);
}

function compareParts(a: readonly string[], b: readonly string[], from: number): number {
  const [left, right] = [a[from], b[from]];
  if (left === undefined || right === undefined)
    return Number(left !== undefined) - Number(right !== undefined);
  return comparePart(left, right) || compareParts(a, b, from + 1);
}

const NUMBER = /^[0-9]{1,15}$/;

/** Numbers by their value, and before words; words by their characters. */
function comparePart(a: string, b: string): number {
  const [isNumberA, isNumberB] = [NUMBER.test(a), NUMBER.test(b)];
  if (isNumberA && isNumberB) return Number(a) - Number(b);
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
