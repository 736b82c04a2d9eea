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

/** A candidate for a name. */
export const loadServe = (): typeof import('./daemon/serve.js') => load('serve.cjs');

/** The daemon itself. */
export const loadDaemon = (): typeof import('./daemon/daemon.js') => load('serving.cjs');

/** A call without a daemon needs nothing of one. */
export const loadInline = (): typeof import('./inline.js') => load('inline.cjs');

/** The streams of a call that has been accepted. */
export const loadTalk = (): typeof import('./talk.js') => load('talk.cjs');

/** All of `call` and `kick` but the warm way. */
export const loadQuick = (): typeof import('./quick.js') => load('quick.cjs');

/** Everything else. */
export const loadCommand = (): typeof import('./command.js') => load('command.cjs');

const load = (name: string) => requireFile(siblingFile(name));

/**
 * Without import() and, where there is another way, without createRequire(): either would load Node's ES module loader.
 * @param file the absolute path of a CommonJS module
 */
export function requireFile(file: string) {
  if (typeof require === 'function') return require(file);
  return process.getBuiltinModule('node:module').createRequire(file)(file);
}
