/**
 * Node's cache of compiled modules, in the directory of the name, where nobody else can write. It holds what
 * the daemon and its service load, so that the next daemon need not compile it. Node has it since 22.1.
 * Solod's own compiled code lies beside it, on every Node (`kept-code.ts`).
 */

import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from '../../../domain/place/layout.js';
import { isKeptCode, type KeptCode } from './kept-code.js';

/** module.enableCompileCache(), module.flushCompileCache(): Node's documentation of `node:module`. */
interface Cache {
  readonly enableCompileCache?: (directory: string) => unknown;
  /** Since 22.10. Before, Node writes the cache when the process exits. */
  readonly flushCompileCache?: () => void;
}

/** After the start, so that no caller waits for it, and soon, because the daemon may be killed later. */
const FLUSH_MS = 1_000;

/**
 * To be called before anything is loaded that the claim does not need.
 * @param directory of the name, which the claim has checked
 * @param code solod's own code, as this process has compiled it
 */
export function useCompileCache(directory: string, code: KeptCode | undefined): void {
  const { enableCompileCache, flushCompileCache } = process.getBuiltinModule(
    'node:module',
  ) as unknown as Cache;
  if (enableCompileCache === undefined && code === undefined) return;
  const root = join(directory, NAMES.compileCache);
  enableCompileCache?.(root);
  setTimeout(() => {
    flushCompileCache?.();
    code?.leaveIn(root);
    sweep(root, code?.name);
  }, FLUSH_MS).unref();
}

/** Each release of Node has a directory there, and each build of solod a file. Removes all others. */
function sweep(root: string, code: string | undefined): void {
  const isUsed = (name: string): boolean =>
    name.startsWith(`${process.version}-`) && (code === undefined || !isKeptCode(name) || name === code);
  try {
    for (const name of readdirSync(root))
      if (!isUsed(name)) rmSync(join(root, name), { recursive: true, force: true });
  } catch {
    // It is housekeeping: what stays is harmless.
  }
}
