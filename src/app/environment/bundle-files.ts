/** The bundles of one release stand beside each other. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function here(): string {
  return typeof __dirname === 'string' ? __dirname : dirname(fileURLToPath(import.meta.url));
}

/** @param name of a bundle */
export function siblingFile(name: string): string {
  return join(here(), name);
}

/** What a started daemon runs. */
export function daemonFile(): string {
  return join(here(), 'daemon.cjs');
}

/**
 * Loads a bundle that lies beside this one. Each caller names the module's type itself: a list of loaders here would tie all of them to
 * one another.
 * @param name the bundle's file name
 */
export function loadBundle<Exports>(name: string): Exports {
  return requireFile(siblingFile(name)) as Exports;
}

/**
 * Without import() and, where there is another way, without createRequire(): either would load Node's ES module loader.
 * @param file the absolute path of a CommonJS module
 */
export function requireFile(file: string) {
  if (typeof require === 'function') return require(file);
  return process.getBuiltinModule('node:module').createRequire(file)(file);
}
