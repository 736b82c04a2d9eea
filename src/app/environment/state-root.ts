/**
 * Where things are, as the environment says. The warm call loads this file too (`warm-call.ts`): it imports
 * nothing heavy.
 */

import { realpathSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import type { Platform } from '../../domain/place/layout.js';
import type { Environment } from '../../ports/environment.js';

export type { Environment } from '../../ports/environment.js';

/** @returns undefined on a system where solod can't run, such as Windows, whose sockets have no path */
export function platformOf(): Platform | undefined {
  return process.platform === 'linux' || process.platform === 'darwin' ? process.platform : undefined;
}

/**
 * @returns the user's home directory as the system's user database has it
 * @throws a system error if the user is not in it
 */
export const homeDirectory = (): string => process.getBuiltinModule('node:os').userInfo().homedir;

/** @returns undefined if there is no such file */
export function realPath(file: string): string | undefined {
  try {
    return realpathSync.native(resolve(file));
  } catch {
    return undefined;
  }
}

/**
 * @returns an empty path if the directory has been removed, which is what the native client sends then, too
 */
export function workingDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '';
  }
}

/**
 * @param home asks the system; it throws if the user is not in passwd(5)
 * @returns undefined if neither the environment nor the system knows an absolute one
 */
export function homeOf(env: Environment, home = homeDirectory): string | undefined {
  try {
    // An empty HOME says on purpose that there is none.
    const found = env.HOME ?? home();
    return isAbsolute(found) ? found : undefined;
  } catch {
    return undefined;
  }
}
