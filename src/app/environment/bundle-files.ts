/** The bundles of one release lie in one directory. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `import.meta.url` is undefined in the CommonJS bundles, where esbuild then leaves out what only an ES module needs.
 * @param name file name of a bundle
 */
export function siblingFile(name: string): string {
  return join(import.meta.url === undefined ? __dirname : dirname(fileURLToPath(import.meta.url)), name);
}

/** The program that a started daemon runs. */
export function daemonFile(): string {
  return siblingFile('daemon.cjs');
}

/**
 * Loads a bundle of this release. Each caller names the module's type itself: a list of loaders here would tie all of them to
 * one another.
 * @param name file name of the bundle
 */
export function loadBundle<Exports>(name: string): Exports {
  return requireFile(siblingFile(name)) as Exports;
}

/**
 * Avoids import(), and createRequire() where there is another way: either would load Node's ES module loader.
 * @param file absolute path of a CommonJS module
 */
export function requireFile(file: string) {
  return import.meta.url === undefined
    ? require(file)
    : process.getBuiltinModule('node:module').createRequire(file)(file);
}
