/** What may be asked of `obtain`, `kick` and `call`, and what it comes to. */

import { resolve } from 'node:path';
import type { SpawnTarget } from '../../adapters/node/processes/spawner.js';
import { type Caller, type Edition, editionKey, WIRE_VERSION } from '../../domain/evidence/edition.js';
import { SILENT_MS_MAX } from '../../domain/lifecycle/start-ledger.js';
import { type Timing, timingFrom } from '../../domain/lock/timing.js';
import { daemonEnvironment, environmentText } from '../../domain/place/daemon-environment.js';
import { shortHash } from '../../domain/place/layout.js';
import { daemonFile } from '../environment/bundle-files.js';
import type { DaemonWish } from '../environment/daemon-switch.js';
import { type Environment, workingDirectory } from '../environment/state-root.js';
import { ownEnvironmentOf } from '../service/service-environment.js';
import { type Resolved, resolveService } from '../service/service-file.js';
import { type NameOptions, resolveTarget, type Target } from './daemon-target.js';

/** How a service's daemon is run. All in milliseconds. */
export interface DaemonOptions {
  /** A daemon that nobody has called for so long ends; 15 minutes by default, 0 for never. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a daemon that ends lets its work finish; 5 s by default. */
  readonly graceMs?: number | undefined;
  /** A daemon whose resident memory is larger than so many bytes ends once its work is done; no limit by default. */
  readonly memoryLimitBytes?: number | undefined;
  /** The daemon ends when the process with this id does; it lives on its own by default. */
  readonly tether?: number | undefined;
  /** Whether a daemon is wanted; `auto` by default. */
  readonly daemon?: DaemonWish | undefined;
  /** The node binary that runs it; by default the one that runs the caller. */
  readonly node?: string | undefined;
}

/** The daemon of a service file. */
export interface ServiceOptions extends Omit<NameOptions, 'name'>, DaemonOptions {
  /** The path of the service file. */
  readonly service: string;
  /** Instead of the service's own name. */
  readonly name?: string | undefined;
}

/**
 * A daemon of one's own: a program that calls `claim` with the same name. It is started with `env` where that is given; by default
 * with those of this process's variables that every daemon gets (docs/decisions/0015-environment-of-a-daemon.md).
 */
export interface ProgramOptions extends NameOptions {
  /** The program and its arguments; no shell sees them. */
  readonly command: readonly [string, ...string[]];
}

/** All in milliseconds; what they mean and their defaults: `Timing`. */
export interface TimingOptions {
  readonly timing?: Partial<Timing> | undefined;
}

export interface DaemonRequest {
  readonly target: Target;
  readonly spawn: Omit<SpawnTarget, 'channel'>;
  readonly timing: Timing;
  /** What the caller says of itself; undefined for a program of one's own. */
  readonly caller: Caller | undefined;
}

export type DaemonSelector = ServiceOptions | ProgramOptions;

export function resolveRequest(
  options: DaemonSelector & TimingOptions,
  userId: number,
  defaults: Partial<Timing>,
): Resolved<DaemonRequest> {
  const service = 'service' in options ? resolveService(options.service) : undefined;
  if (service?.kind === 'failed') return service;
  const name = options.name ?? service?.value.name ?? '';
  const resolved = resolveTarget({ ...options, name }, userId);
  if (resolved.kind === 'failed') return resolved;
  const target = resolved.value;
  const edition = service?.value.edition;
  const command =
    'service' in options ? daemonCommand(options, target, edition?.path ?? '') : fromHere(options.command);
  if (command === undefined) return { kind: 'failed', failure: { kind: 'no-daemon-program' } };
  const environment = (): Readonly<Record<string, string>> => environmentFor(options, edition);
  return {
    kind: 'resolved',
    value: {
      target,
      spawn: {
        directory: target.place.directory,
        command,
        environment,
        silentMs: edition === undefined ? undefined : SILENT_MS_MAX,
        limits: isInsisted(options) ? 'ignored' : 'respected',
        build: () => `${buildOf(command, edition)}:${shortHash(environmentText(environment()))}`,
      },
      timing: timingFrom({ ...defaults, ...defined(options.timing) }),
      caller: edition === undefined ? undefined : { ...edition, wire: WIRE_VERSION },
    },
  };
}

/** Whether a daemon is asked for on purpose, or there is no other way to answer. */
const isInsisted = (options: DaemonSelector): boolean =>
  !('service' in options) || options.daemon === 'on' || (options.env ?? process.env).SOLOD === 'on';

/** A service's daemon serves everybody; what a program is given on purpose is its author's to say. */
function environmentFor(options: DaemonSelector, edition: Edition | undefined): Record<string, string> {
  const env: Environment = options.env ?? process.env;
  if (edition === undefined && options.env !== undefined) return definedVariables(env);
  const named = edition === undefined ? [] : ownEnvironmentOf(edition.path);
  return daemonEnvironment(env, named, workingDirectory());
}

function definedVariables(env: Environment): Record<string, string> {
  const entries = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return Object.fromEntries(entries);
}

/** A program by a relative path is the caller's, and the started process is in another directory. One without a slash is on the PATH. */
const programFromHere = (program: string): string =>
  program.includes('/') ? resolve(workingDirectory() || '/', program) : program;

const fromHere = ([program, ...args]: readonly [string, ...string[]]): [string, ...string[]] => [
  programFromHere(program),
  ...args,
];

/** A program of one's own is not looked into: its command line is what it goes by. */
function buildOf(command: readonly string[], edition: Edition | undefined): string {
  return edition === undefined ? shortHash(command.join('\0')) : `${editionKey(edition)}:${command[0]}`;
}

/** The daemon is told everything: its own environment, and its working directory, may say otherwise than the caller's. */
function daemonCommand(
  options: ServiceOptions,
  target: Target,
  service: string,
): readonly [string, ...string[]] | undefined {
  const program = daemonFile();
  if (program === undefined) return undefined;
  const node = programFromHere(options.node ?? process.execPath);
  return [node, program, ...daemonFlags(options, target), '--', service];
}

/** A daemon's options, as arguments of its command line. */
export function daemonFlags(options: DaemonOptions, target: Target): readonly string[] {
  const { name, stateDirectory, project } = target;
  return writtenFlags({ name, 'state-dir': stateDirectory, project, ...daemonSettings(options) });
}

/** How a started daemon is run, by the names of the command's options. */
export function daemonSettings(options: DaemonOptions): Readonly<Record<string, string | undefined>> {
  return {
    'idle-timeout': options.idleTimeoutMs === undefined ? undefined : `${options.idleTimeoutMs}ms`,
    grace: options.graceMs === undefined ? undefined : `${options.graceMs}ms`,
    'memory-limit': options.memoryLimitBytes === undefined ? undefined : `${options.memoryLimitBytes}B`,
    tether: options.tether === undefined ? undefined : String(options.tether),
  };
}

/** An option without a value is left out. */
export function writtenFlags(settings: Readonly<Record<string, string | undefined>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
}

/** An option that is given as undefined is one that is not given. */
function defined<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
