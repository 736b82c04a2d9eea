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

/** The daemon itself, loaded when it is needed, and without import(): that alone would load Node's ES module loader. */
export function loadServe(): typeof import('./daemon/serve.js') {
  return process.getBuiltinModule('node:module').createRequire(join(here(), 'solod.cjs'))('./serve.cjs');
}
