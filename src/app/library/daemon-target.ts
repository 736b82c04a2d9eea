/** What a caller asks for, made precise: which name, where it lives, what starts its daemon. */

import { resolve } from 'node:path';
import type { Failure } from '../../domain/failure.js';
import { isName, labelOf, type Place, type Platform, placeOf } from '../../domain/place/layout.js';
import { type Environment, platformOf, realPath, stateRoot } from '../environment/state-root.js';
import type { Resolved } from '../service/service-file.js';
import { type Complaint, textOf, USAGE } from '../texts/failure-text.js';

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
  const root = options.stateDirectory ?? stateRoot(options.env ?? process.env);
  if (root === undefined) return { kind: 'failed', failure: { kind: 'no-home' } };
  const stateDirectory = resolve(root);
  const label = labelOf(options.name, project);
  const place = placeOf(stateDirectory, label, userId, platform);
  return { kind: 'resolved', value: { name: options.name, label, place, platform, stateDirectory, project } };
}
