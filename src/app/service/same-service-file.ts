/** Whether a service file is the one that was found before, for callers that call again and again. */

import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { realPath } from '../environment/state-root.js';
import type { ServiceFile } from './service-file.js';

/**
 * The kernel's clock stands still for some milliseconds: a file that was found so soon after a change may
 * have changed again.
 */
const CLOCK_TICK_MS = 50;

/**
 * One stat(2) in place of reading the file. Only a file that is reached through symbolic links needs more:
 * one of them may lead elsewhere now.
 * @param nowMs the time by the system's clock, in milliseconds
 */
export function isStillThere(asked: string, { path, edition }: ServiceFile, nowMs = Date.now()): boolean {
  if (resolve(asked) !== path && realPath(asked) !== path) return false;
  const stats = statSync(path, { throwIfNoEntry: false });
  return (
    stats !== undefined &&
    stats.ctimeMs === edition.changedMs &&
    stats.mtimeMs === edition.modifiedMs &&
    stats.size === edition.size &&
    stats.ino === edition.inode &&
    nowMs - stats.ctimeMs >= CLOCK_TICK_MS
  );
}
