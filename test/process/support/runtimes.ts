/** Other runtimes and installers for process tests: on the PATH, or fetched by `npm run runtimes`. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './sandbox.js';

type Installer = 'pnpm-10' | 'pnpm-11' | 'pnpm-12' | 'yarn-1' | 'yarn-4';

interface Runtimes {
  findRuntime(name: 'bun' | 'deno' | 'node.exe' | Installer): string | undefined;
}

const runtimes: Runtimes = await import(pathToFileURL(path.join(ROOT, 'scripts/other-runtimes.mjs')).href);

export const BUN = runtimes.findRuntime('bun');
export const DENO = runtimes.findRuntime('deno');
export const NODE_FOR_WINDOWS = runtimes.findRuntime('node.exe');

export const findInstaller = (name: Installer): string | undefined => runtimes.findRuntime(name);

/** Stands in the name of a test that is skipped. */
export const without = (name: string, found: string | undefined): string =>
  found === undefined ? ` (skipped: no ${name}; "npm run runtimes" fetches it)` : '';
