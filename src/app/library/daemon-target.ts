/** Which name a caller means, and where its daemon lives. */

import { resolve } from 'node:path';
import { causeOf } from '../../adapters/errno.js';
import type { Failure } from '../../domain/failure.js';
import type { Derivation, DerivedPlace } from '../../domain/place/derive-place.js';
import { isName, labelOf } from '../../domain/place/layout.js';
import { causeText } from '../../domain/procedure/cause.js';
import type { Environment } from '../../ports/environment.js';
import { deriveFor, type Housed, placeIn } from '../place/find-place.js';
import { settled } from '../place/settle-place.js';
import type { CommonHost } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
import { type Complaint, textOf } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';

export interface NameOptions {
  /** Name of the daemon: 1 to 64 letters, digits, ".", "_" or "-". */
  readonly name: string;
  /**
   * Directory that holds the directories of all names; by default as `SOLOD_DIR` and the XDG variables in
   * `env` say.
   */
  readonly stateDirectory?: string | undefined;
  /** Root directory of a project, which then has a daemon of its own. */
  readonly project?: string | undefined;
  /**
   * Environment that solod reads, and of which a started daemon gets a part; by default that of this process.
   */
  readonly env?: Environment | undefined;
}

export interface Target extends Housed {
  readonly name: string;
  /** Absolute path of the state directory, which may hold parts of several scopes. */
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
 * @returns a failure also where the options need a working directory that has been removed, or a home
 * directory and there is none
 */
export function resolveTarget(options: NameOptions, host: CommonHost): Resolved<Target> {
  if (host.unsupported !== undefined) return invalid(USAGE.platform(host.unsupported));
  if (!isName(options.name)) return invalid(USAGE.name(options.name));
  return orInvalid(() => targetOf(options, host));
}

/** The same, in a place that this process's scope has taken: something may be started there. */
export const settledTarget: typeof resolveTarget = (options, host) =>
  settled(
    () => resolveTarget(options, host),
    ({ derived }) => derived,
    host,
  );

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
  const { platform } = host;
  const from = host.directory();
  const project = options.project === undefined ? undefined : host.realPath(resolve(from, options.project));
  if (options.project !== undefined && project === undefined) return invalid(USAGE.project(options.project));
  const env = options.env ?? host.env;
  const derived = deriveFor(host, env, options.stateDirectory);
  if (derived.kind !== 'place') return { kind: 'failed', failure: failureOf(derived) };
  const label = labelOf(name, project);
  const place = placeIn(derived, label, host, env);
  const stateDirectory = derived.asked;
  return { kind: 'resolved', value: { name, label, place, platform, stateDirectory, derived, project } };
}

/** Why a caller has no place. */
export function failureOf(derived: Exclude<Derivation, DerivedPlace>): Failure {
  switch (derived.kind) {
    case 'no-home':
      return { kind: 'no-home' };
    case 'no-directory':
      return invalid(USAGE.noDirectory()).failure;
    case 'scope-invalid':
      return invalid(USAGE.scope(derived.value)).failure;
    case 'distrusted':
      return { kind: 'state-directory-distrusted', path: derived.path, why: derived.why };
  }
}
