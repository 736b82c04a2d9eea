/** The bundles of one release lie in one directory. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

declare global {
  /**
   * Set by the build: true in the library, whose files may become part of another program's bundle; false in
   * solod's own programs. Each use compares it in place, because esbuild then leaves out the other branch.
   */
  const SOLOD_LIBRARY: boolean | undefined;
  /** The same for the one bundle that holds others: true there, false in all other programs of solod. */
  const SOLOD_HOLDS: boolean | undefined;
}

/**
 * `import.meta.url` is undefined in the CommonJS bundles, where esbuild then leaves out what only an ES
 * module needs.
 * @param name file name of a bundle
 */
export function siblingFile(name: string): string {
  return join(import.meta.url === undefined ? __dirname : dirname(fileURLToPath(import.meta.url)), name);
}

/**
 * A bundle of this release that another process is to run.
 * @throws as `require` does, if it is not there
 */
export function programFile(name: string): string {
  const file = siblingFile(name);
  return typeof SOLOD_LIBRARY !== 'undefined' && !SOLOD_LIBRARY ? require.resolve(file) : file;
}

/**
 * The program that a started daemon runs. A tool that has the library in a bundle of its own needs the
 * package installed beside it.
 * @returns undefined if it is not there
 */
export function daemonFile(): string | undefined {
  const beside = programFile('daemon.cjs');
  if (typeof SOLOD_LIBRARY !== 'undefined' && !SOLOD_LIBRARY) return beside;
  const { existsSync } = process.getBuiltinModule('node:fs');
  if (existsSync(beside)) return beside;
  try {
    const { resolve } = process.getBuiltinModule('node:module').createRequire(siblingFile('x.cjs'));
    const installed = join(dirname(resolve('solod/package.json')), 'dist/daemon.cjs');
    return existsSync(installed) ? installed : undefined;
  } catch {
    return undefined;
  }
}

/** Bundles that are part of the one that runs. */
const held = new Map<string, unknown>();

export const holdBundle = (name: string, exports: object): void => void held.set(name, exports);

/**
 * Loads a bundle of this release. Each caller names the module's type itself: a list of loaders here would
 * tie all of them to one another.
 * @param name file name of the bundle
 */
export function loadBundle<Exports>(name: string): Exports {
  const isHeld = typeof SOLOD_HOLDS !== 'undefined' && SOLOD_HOLDS && held.has(name);
  return (isHeld ? held.get(name) : requireFile(siblingFile(name))) as Exports;
}

/** Loads a bundle that lies where the daemon's program is: see `daemonFile`, which has found one. */
export function loadBesideDaemon<Exports>(name: string): Exports {
  return requireFile(join(dirname(daemonFile() ?? ''), name)) as Exports;
}

/**
 * Avoids import(), and createRequire() where there is another way: either would load Node's ES module loader.
 * @param file absolute path of a CommonJS module
 */
export function requireFile(file: string) {
  // In an ES module, and in a bundle made of one, `require` may be a stand-in.
  if (typeof SOLOD_LIBRARY !== 'undefined' && !SOLOD_LIBRARY) return require(file);
  return process.getBuiltinModule('node:module').createRequire(file)(file);
}
