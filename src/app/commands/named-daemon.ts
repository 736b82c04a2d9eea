/** Which daemons a command line means: the one that it names, or all in the state directory. */

import path from 'node:path';
import { type Derivation, type Ignored, ignoredBases } from '../../domain/place/derive-place.js';
import { placeOf } from '../../domain/place/layout.js';
import { invalid, resolveTarget, type Target } from '../library/daemon-target.js';
import type { CommandOptions } from '../options/option-table.js';
import { callerOn, deriveFor, shortIn } from '../place/find-place.js';
import type { Host } from '../platforms/host.js';
import { type Resolved, resolveService } from '../service/service-file.js';
import { USAGE } from '../texts/usage-text.js';
import { complainOf, type Parts } from './command-parts.js';
import { type NamedPlace, type PlacesQuery, placesIn } from './find-names.js';
import { forbiddenEntry, forbiddenList } from './forbidden-access.js';

export const isNamed = (service: string | undefined, { name }: CommandOptions): boolean =>
  service !== undefined || name !== undefined;

/** Which daemon a command line names: by its service file, or by a name among the options. */
export interface Meant {
  readonly service: string | undefined;
  readonly options: CommandOptions;
}

/**
 * A program's daemon has no service file, and people write its name alone. A file of that name goes first.
 */
export function meantBy(host: Host, service: string | undefined, options: CommandOptions): Meant {
  const asGiven: Meant = { service, options };
  if (service === undefined || options.name !== undefined || resolveService(service).kind === 'resolved')
    return asGiven;
  const target = resolveTarget({ ...options, name: service }, host);
  if (target.kind === 'failed') return asGiven;
  const found = host.files.inspect(target.value.place.directory);
  // What may not be looked at may be there.
  const isThere = found.kind === 'entry' || found.kind === 'failed';
  return isThere ? { service: undefined, options: { ...options, name: service } } : asGiven;
}

export function resolveNamed(
  host: Host,
  service: string | undefined,
  options: CommandOptions,
): Resolved<Target> {
  const file = service === undefined ? undefined : resolveService(service);
  if (file?.kind === 'failed') return file;
  const name = options.name ?? file?.value.name;
  if (name === undefined) return invalid(USAGE.noDaemon());
  return resolveTarget({ ...options, name }, host);
}

/**
 * Runs a command for the daemon that the command line names.
 * @returns the command's exit code; if the name is missing or wrong, or this process may not enter its
 *   directory, says so and returns that failure's
 */
export async function withNamed(
  { host, output }: Parts,
  service: string | undefined,
  options: CommandOptions,
  run: (target: Target) => number | Promise<number>,
): Promise<number> {
  const target = resolveNamed(host, service, options);
  if (target.kind === 'failed') return complainOf(output, target.failure);
  const forbidden = forbiddenEntry(host.files, target.value.place.directory);
  return forbidden === undefined ? run(target.value) : complainOf(output, forbidden);
}

/**
 * Runs a command for every name in the state directory.
 * @returns the command's exit code; if this process may not see the names, says so and returns that failure's
 */
export async function withAll(
  { host, output }: Parts,
  options: CommandOptions,
  run: (places: readonly NamedPlace[]) => number | Promise<number>,
): Promise<number> {
  const query = placesQueryOf(host, options);
  const forbidden = forbiddenList(host.files, query.root);
  return forbidden === undefined ? run(placesIn(query)) : complainOf(output, forbidden);
}

export const derivedFor = (host: Host, { stateDirectory }: CommandOptions): Derivation =>
  deriveFor(host, host.env, stateDirectory);

/** Every base directory that this caller can't use. */
export const ignoredFor = (host: Host, { stateDirectory }: CommandOptions): readonly Ignored[] =>
  ignoredBases(callerOn(host, host.env, stateDirectory), host.files);

/**
 * The directory of all names that this caller may know. Before a command runs, it is certain that there is
 * one (`program.ts`); only `doctor` also looks at what is not trusted.
 */
export function rootOf(host: Host, options: CommandOptions): string {
  const derived = derivedFor(host, options);
  return derived.kind === 'place' ? derived.root : namedRoot(host, options);
}

const namedRoot = (host: Host, { stateDirectory }: CommandOptions): string =>
  path.resolve(host.directory() || '/', stateDirectory ?? host.env.SOLOD_DIR ?? '/');

export function placesQueryOf(host: Host, options: CommandOptions): PlacesQuery {
  const { files, userId, platform } = host;
  const derived = derivedFor(host, options);
  const root = rootOf(host, options);
  const short = derived.kind === 'place' ? shortIn(derived, host, host.env) : undefined;
  return {
    files,
    userId,
    root,
    platform,
    placeOf: (label) => placeOf(root, label, userId, platform, short),
  };
}

/** Every name in the state directory. */
export const placesOf = (host: Host, options: CommandOptions): NamedPlace[] =>
  placesIn(placesQueryOf(host, options));
