/** The files that this process has loaded as modules, in the state in which they were loaded. */

import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { siblingFile } from '../../environment/bundle-files.js';

const PACKAGES = /[\\/]node_modules[\\/]/;
const OWN = siblingFile('');
const states = new Map<string, string>();

/**
 * Called for each module that is about to be loaded.
 * @param url of the module, or its absolute path
 */
export function noteLoaded(url: string): void {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const isCounted = isAbsolute(path) && !path.startsWith(OWN) && !PACKAGES.test(path);
  if (isCounted && !states.has(path)) states.set(path, stateOf(path));
}

/** @returns the path of a file that has changed, or is gone, since it was loaded */
export function changedFile(): string | undefined {
  for (const [path, state] of states) if (stateOf(path) !== state) return path;
  return undefined;
}

function stateOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? '' : `${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}
