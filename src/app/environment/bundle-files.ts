/** The bundles of one release stand beside each other. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the build says of itself: true in the library, whose files may become part of another program; false in solod's own programs. */
declare const SOLOD_LIBRARY: boolean | undefined;

const IS_LIBRARY = typeof SOLOD_LIBRARY === 'undefined' || SOLOD_LIBRARY;

function here(): string {
  return typeof __dirname === 'string' ? __dirname : dirname(fileURLToPath(import.meta.url));
}

/** @param name of a bundle */
export function siblingFile(name: string): string {
  return join(here(), name);
}

/**
 * What a started daemon runs. A tool that has the library in a bundle of its own needs the package beside it.
 * @returns undefined where there is none
 */
export function daemonFile(): string | undefined {
  const beside = join(here(), 'daemon.cjs');
  if (!IS_LIBRARY || existsSync(beside)) return beside;
  try {
    const { resolve } = process.getBuiltinModule('node:module').createRequire(join(here(), 'x.cjs'));
    const installed = join(dirname(resolve('solod/package.json')), 'dist/daemon.cjs');
    return existsSync(installed) ? installed : undefined;
  } catch {
    return undefined;
  }
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
  // In an ES module, and in what is bundled of one, `require` may be a stand-in.
  if (!IS_LIBRARY && typeof require === 'function') return require(file);
  return process.getBuiltinModule('node:module').createRequire(file)(file);
}
