/** Which name a caller means, and where its daemon lives. */

import { resolve } from 'node:path';
import { causeOf } from '../../adapters/errno.js';
import type { Failure } from '../../domain/failure.js';
import { isName, labelOf, type Place, type Platform, placeOf } from '../../domain/place/layout.js';
import { causeText } from '../../domain/procedure/cause.js';
import type { Environment } from '../../ports/environment.js';
import { stateRoot } from '../environment/state-root.js';
import type { CommonHost } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
import { type Complaint, textOf } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';

export interface NameOptions {
  /** Name of the daemon: 1 to 64 letters, digits, ".", "_" or "-". */
  readonly name: string;
  /** Directory that holds the directories of all names; by default as `SOLOD_DIR` and the XDG variables in `env` say. */
  readonly stateDirectory?: string | undefined;
  /** Root directory of a project, which then has a daemon of its own. */
  readonly project?: string | undefined;
  /** Environment that solod reads, and of which a started daemon gets a part; by default that of this process. */
  readonly env?: Environment | undefined;
}

export interface Target {
  readonly name: string;
  /** The name, or the name with its project: what the directory is called. */
  readonly label: string;
  readonly place: Place;
  readonly platform: Platform;
  /** Absolute path of the directory of all names. */
  readonly stateDirectory: string;
  /** Real path of the project's root. */
  readonly project: string | undefined;
}

type Invalid = { readonly kind: 'failed'; readonly failure: Failure };

export const invalid = (complaint: Complaint): Invalid => invalidBecause(textOf(complaint), complaint.code);

const invalidBecause = (message: string, code?: string | undefined): Invalid => ({
  kind: 'failed',
  failure: { kind: 'invalid-request', message, code },
});

/**
 * @returns a failure also where the options need a working directory that has been removed, or a home directory and there is none
 */
export function resolveTarget(options: NameOptions, host: CommonHost): Resolved<Target> {
  if (host.unsupported !== undefined) return invalid(USAGE.platform(host.unsupported));
  if (!isName(options.name)) return invalid(USAGE.name(options.name));
  return orInvalid(() => targetOf(options, host));
}

/** Turns what the system refuses while options are read into a failure. */
export function orInvalid<T>(resolved: () => Resolved<T>): Resolved<T> {
  try {
    return resolved();
  } catch (error) {
    const isDirectoryGone = error instanceof Error && 'syscall' in error && error.syscall === 'uv_cwd';
    return isDirectoryGone ? invalid(USAGE.noDirectory()) : invalidBecause(causeText(causeOf(error)));
  }
}

function targetOf({ name, ...options }: NameOptions, host: CommonHost): Resolved<Target> {
  const { platform, userId } = host;
  const from = host.directory();
  const project = options.project === undefined ? undefined : host.realPath(resolve(from, options.project));
  if (options.project !== undefined && project === undefined) return invalid(USAGE.project(options.project));
  const root = options.stateDirectory ?? stateRoot(options.env ?? host.env, from, host.home);
  if (root === undefined) return { kind: 'failed', failure: { kind: 'no-home' } };
  const stateDirectory = resolve(from, root);
  const label = labelOf(name, project);
  const place = placeOf(stateDirectory, label, userId, platform);
  return { kind: 'resolved', value: { name, label, place, platform, stateDirectory, project } };
}
