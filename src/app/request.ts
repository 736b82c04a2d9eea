/** What may be asked of `obtain`, `kick` and `call`, and what it comes to. */

import type { SpawnTarget } from '../adapters/node/spawner.js';
import { type Timing, timingFrom } from '../domain/timing.js';
import { daemonFile } from './beside.js';
import type { Environment } from './host.js';
import { type NameOptions, type Resolved, resolveService, resolveTarget, type Target } from './target.js';

/** How a service's daemon is run. All in milliseconds. */
export interface DaemonOptions {
  /** A daemon that nobody has called for so long ends; 15 minutes by default, 0 for never. */
  readonly idleTimeoutMs?: number | undefined;
  /** How long a daemon that ends lets its work finish; 5 s by default. */
  readonly graceMs?: number | undefined;
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

/** A daemon of one's own: a program that calls `claim` with the same name. */
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
  readonly spawn: SpawnTarget;
  readonly timing: Timing;
  /** The path of the service file; undefined for a program of one's own. */
  readonly service: string | undefined;
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
  const env: Environment = options.env ?? process.env;
  const command =
    'service' in options ? daemonCommand(options, target, service?.value.path ?? '') : options.command;
  return {
    kind: 'resolved',
    value: {
      target,
      spawn: { directory: target.place.directory, command, env },
      timing: timingFrom({ ...defaults, ...defined(options.timing) }),
      service: service?.value.path,
    },
  };
}

/** The daemon is told everything: its own environment, and its working directory, may say otherwise than the caller's. */
function daemonCommand(
  options: ServiceOptions,
  target: Target,
  service: string,
): readonly [string, ...string[]] {
  const settings = {
    name: target.name,
    'state-dir': target.stateDirectory,
    project: target.project,
    'idle-timeout': options.idleTimeoutMs === undefined ? undefined : `${options.idleTimeoutMs}ms`,
    grace: options.graceMs === undefined ? undefined : `${options.graceMs}ms`,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  return [options.node ?? process.execPath, daemonFile(), ...flags, '--', service];
}

/** An option that is given as undefined is one that is not given. */
function defined<T extends object>(options: T | undefined): Partial<T> {
  return Object.fromEntries(
    Object.entries(options ?? {}).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
