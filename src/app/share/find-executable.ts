import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';

/** What execvp(3) takes where there is no PATH. */
const USUAL_PATH = '/usr/local/bin:/bin:/usr/bin';

/**
 * The program that a shell would run, as an absolute path. Links stay: some programs go by the name that they
 * are called by.
 * @returns undefined where there is none
 */
export function findExecutable(
  program: string,
  searchPath: string | undefined,
  directory: string,
): string | undefined {
  if (program.includes('/')) return executableAt(resolve(directory, program));
  for (const folder of (searchPath ?? USUAL_PATH).split(':')) {
    const found = executableAt(join(isAbsolute(folder) ? folder : resolve(directory, folder), program));
    if (found !== undefined) return found;
  }
  return undefined;
}

function executableAt(path: string): string | undefined {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : undefined;
  } catch {
    return undefined;
  }
}
