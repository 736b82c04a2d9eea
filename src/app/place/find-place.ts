/** Derives the place of this caller's daemons from what its host sees. */

import {
  type CallerReading,
  type Derivation,
  type DerivedPlace,
  derivePlace,
} from '../../domain/place/derive-place.js';
import { type Place, type Platform, placeOf } from '../../domain/place/layout.js';
import { scopeText } from '../../domain/place/scope.js';
import { shortRootOf } from '../../domain/place/short-root.js';
import type { Environment } from '../../ports/environment.js';
import type { CommonHost } from '../platforms/host.js';

/** A daemon's name and where it lives. */
export interface Housed {
  /** The name, or the name with its project. */
  readonly label: string;
  readonly place: Place;
  readonly platform: Platform;
  readonly derived: DerivedPlace;
}

type Seeing = Pick<
  CommonHost,
  'userId' | 'directory' | 'home' | 'scope' | 'machine' | 'files' | 'platform' | 'derive'
>;

/** @param stateDirectory named by an option, in place of `SOLOD_DIR` */
export function deriveFor(host: Seeing, env: Environment, stateDirectory: string | undefined): Derivation {
  const caller = callerOn(host, env, stateDirectory);
  return host.derive?.(caller.env, caller.directory) ?? derivePlace(caller, host.files);
}

export function callerOn(host: Seeing, env: Environment, stateDirectory: string | undefined): CallerReading {
  return {
    userId: host.userId,
    directory: host.directory(),
    env: stateDirectory ? { ...env, SOLOD_DIR: stateDirectory } : env,
    home: () => homeIn(host),
    scope: () => scopeText({ ...host.scope(), ...(env.SOLOD_SCOPE ? { ids: env.SOLOD_SCOPE } : {}) }),
    machine: () => host.machine(),
  };
}

function homeIn(host: Seeing): string | undefined {
  try {
    return host.home();
  } catch {
    // The user is not in the user database.
    return undefined;
  }
}

/** @param label the name, or the name with its project */
export const placeIn = (derived: DerivedPlace, label: string, host: Seeing, env: Environment): Place =>
  placeOf(derived.root, label, host.userId, host.platform, shortIn(derived, host, env));

/** Where names live whose path is too long. */
export const shortIn = (derived: DerivedPlace, host: Seeing, env: Environment) => () =>
  shortRootOf(derived, callerOn(host, env, undefined), host.files, host.platform);
