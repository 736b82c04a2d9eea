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

export const isNamed = (service: string | undefined, { name }: CommandOptions): boolean =>
  service !== undefined || name !== undefined;

/** What stands first on the command lines of those that look after daemons, and the options. */
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
  return found.kind === 'entry' ? { service: undefined, options: { ...options, name: service } } : asGiven;
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
 * @returns the command's exit code; if the name is missing or wrong, says so and returns that failure's
 */
export async function withNamed(
  { host, output }: Parts,
  service: string | undefined,
  options: CommandOptions,
  run: (target: Target) => number | Promise<number>,
): Promise<number> {
  const target = resolveNamed(host, service, options);
  return target.kind === 'failed' ? complainOf(output, target.failure) : run(target.value);
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
  return { files, root, platform, placeOf: (label) => placeOf(root, label, userId, platform, short) };
}

/** Every name in the state directory. */
export const placesOf = (host: Host, options: CommandOptions): NamedPlace[] =>
  placesIn(placesQueryOf(host, options));
