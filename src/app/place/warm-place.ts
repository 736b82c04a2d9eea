/**
 * The place of a warm call: where `derivePlace` leads in the usual situations, if everything is there and
 * nobody else could have put it there. In any other situation the whole command derives it, and says what
 * is wrong.
 */

import { lstatSync, readlinkSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import {
  directoryName,
  fitsSocketPath,
  PART,
  type Platform,
  recordOf,
  shortHash,
} from '../../domain/place/layout.js';
import type { Environment } from '../../ports/environment.js';
import { homeDirectory, realPath } from '../environment/state-root.js';

/**
 * @param scope what `scopeText` says of this process
 * @returns the directory of the name; undefined if this is not a warm call's situation
 * @throws a system error if something is missing
 */
export function warmPlace(
  name: string,
  env: Environment,
  userId: number,
  platform: Platform,
  scope: string,
): string | undefined {
  const asked = askedRoot(env, userId);
  const above = asked && realPath(dirname(asked));
  if (!above) return undefined;
  const root = join(above, basename(asked));
  const own = [root, join(root, PART + shortHash(scope))].find((of) => recordIn(of) === scope);
  const directory = own && join(own, directoryName(name, platform));
  if (!directory || !fitsSocketPath(directory, platform)) return undefined;
  for (let at = directory; ; at = dirname(at)) {
    const { uid, mode } = lstatSync(at);
    const isAbove = at.length < root.length;
    if ((mode & TYPE) !== DIRECTORY || (uid !== userId && !(isAbove && uid === 0))) return undefined;
    if ((mode & 0o022) !== 0 && !(isAbove && (mode & STICKY) !== 0)) return undefined;
    if (at === directory && (mode & 0o777) !== 0o700) return undefined;
    if (at === '/') return directory;
  }
}

/** inode(7) */
const TYPE = 0o170000;
const DIRECTORY = 0o040000;
const STICKY = 0o1000;

function askedRoot({ SOLOD_DIR, XDG_STATE_HOME, HOME }: Environment, userId: number): string | undefined {
  if (SOLOD_DIR) return resolve(SOLOD_DIR);
  const runtime = `/run/user/${userId}`;
  // A caller that has another home than its login is not at home there.
  if (isOwn(runtime, userId, 0o777) && realPath(HOME ?? '') === realPath(homeDirectory()))
    return join(runtime, 'solod');
  const base = XDG_STATE_HOME || HOME;
  if (!base || !isAbsolute(base) || !isOwn(base, userId, 0)) return undefined;
  return join(base, XDG_STATE_HOME ? '' : '.local/state', 'solod');
}

/** @param mask which of the permissions must be those of 0700 */
function isOwn(path: string, userId: number, mask: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found?.uid === userId && (found.mode & mask) === (0o700 & mask);
}

function recordIn(root: string): string | undefined {
  try {
    return readlinkSync(recordOf(root));
  } catch {
    return undefined;
  }
}
