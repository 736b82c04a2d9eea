/**
 * Node's cache of compiled modules, in the directory of the name: nobody else can write there. It has what
 * the daemon and its service load, and spares the next daemon the compiling. Node 22.1 and newer have it.
 */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from '../../domain/place/layout.js';

/** module.enableCompileCache(), module.flushCompileCache(): Node's documentation of `node:module`. */
interface Cache {
  readonly enableCompileCache?: (directory: string) => unknown;
  /** Since 22.10. Before, Node writes the cache when the process exits. */
  readonly flushCompileCache?: () => void;
}

/** After the start, so that no caller waits for it; and a daemon that is killed later has left it. */
const FLUSH_MS = 1_000;

/**
 * To be called before anything is loaded that the claim does not need.
 * @param directory of the name, which the claim has checked
 */
export function useCompileCache(directory: string): void {
  const { enableCompileCache, flushCompileCache } = process.getBuiltinModule(
    'node:module',
  ) as unknown as Cache;
  if (enableCompileCache === undefined) return;
  const root = join(directory, NAMES.compileCache);
  enableCompileCache(root);
  setTimeout(() => {
    flushCompileCache?.();
    sweep(root);
  }, FLUSH_MS).unref();
}

/** Each release of Node has a directory of its own in it; those of others are not used again. */
function sweep(root: string): void {
  try {
    for (const name of readdirSync(root))
      if (!name.startsWith(`${process.version}-`)) rmSync(join(root, name), { recursive: true, force: true });
  } catch {
    // It is housekeeping: what stays is harmless.
  }
}
