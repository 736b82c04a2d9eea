/** Where things are, as the environment says. The warm call goes by it too (`warm.ts`): nothing heavy is imported here. */

import { realpathSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import type { Platform } from '../../domain/place/layout.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** @returns undefined where solod does not run: on Windows, above all, where sockets have no such names */
export function platformOf(): Platform | undefined {
  return process.platform === 'linux' || process.platform === 'darwin' ? process.platform : undefined;
}

/**
 * The directory that holds the directories of all names: `$SOLOD_DIR`, else `$XDG_RUNTIME_DIR/solod`, else
 * `$XDG_STATE_HOME/solod`, else `~/.local/state/solod`. A relative XDG directory is ignored, as the XDG Base Directory
 * Specification demands; a relative `$SOLOD_DIR` counts from the working directory.
 * @returns undefined where that would be in a home directory, and there is none
 */
export function stateRoot(env: Environment): string | undefined {
  const { SOLOD_DIR, XDG_RUNTIME_DIR, XDG_STATE_HOME } = env;
  if (SOLOD_DIR) return resolve(SOLOD_DIR);
  for (const base of [XDG_RUNTIME_DIR, XDG_STATE_HOME])
    if (base && isAbsolute(base)) return join(base, 'solod');
  const home = homeOf(env);
  return home && join(home, '.local', 'state', 'solod');
}

/** @returns undefined where there is no such file */
export function realPath(file: string): string | undefined {
  try {
    return realpathSync.native(resolve(file));
  } catch {
    return undefined;
  }
}

/** One that has been removed has no name any more, and is sent without one, as the native client does. */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

/** @returns undefined where neither the environment nor the system knows one: a user without an entry in passwd(5) */
export function homeOf(env: Environment): string | undefined {
  try {
    // An empty HOME is none, and on purpose; homedir() would take it for one.
    const home = env.HOME ?? process.getBuiltinModule('node:os').userInfo().homedir;
    return isAbsolute(home) ? home : undefined;
  } catch {
    return undefined;
  }
}
