/** Loads a service's module. */

import { pathToFileURL } from 'node:url';
import { requireFile } from '../environment/bundle-files.js';
import { type Complaint, textOf } from '../texts/complaint.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { readService, type Service } from './define-service.js';
import { ownEnvironmentOf } from './service-environment.js';
import { nameFromPath } from './service-file.js';
import { stackOf } from './thrown.js';
import { ownWorkersOf } from './worker-count.js';

export type Loading =
  | { readonly kind: 'loaded'; readonly service: Service }
  | { readonly kind: 'broken'; readonly message: string };

/**
 * Never rejects.
 * @param file real path of the service file
 * @param daemonName name of its daemon
 */
export async function loadService(file: string, daemonName: string): Promise<Loading> {
  try {
    const read = readService(await loadModule(file));
    if (read.kind === 'no-service') return broken(TROUBLE.noService(file, read.reason));
    const { name } = read.service;
    // Callers could not read this name off the file, so they look for the daemon under another one.
    if (name !== undefined && name !== daemonName && daemonName === nameFromPath(file))
      return broken(TROUBLE.hiddenName(file, name));
    // Callers could not read these names either, so they did not pass the variables on.
    const hidden = hiddenVariable(file, read.service.environment);
    if (hidden !== undefined) return broken(TROUBLE.hiddenVariable(file, hidden));
    const { workers } = read.service;
    // The daemon could not read it, and runs calls itself.
    if (workers !== undefined && workers !== ownWorkersOf(file)) return broken(TROUBLE.hiddenWorkers(file));
    return { kind: 'loaded', service: read.service };
  } catch (error) {
    return broken(TROUBLE.notLoaded(file, stackOf(error)));
  }
}

/** The file is read only for a service that names variables: a first call waits for this. */
function hiddenVariable(file: string, named: readonly string[] = []): string | undefined {
  if (named.length === 0) return undefined;
  const passed = ownEnvironmentOf(file);
  return named.find((variable) => !passed.includes(variable));
}

let importModule = (url: string): Promise<unknown> =>
  import(/* webpackIgnore: true */ /* @vite-ignore */ url);

/** @param given does what `import()` does where this module can't */
export const importBy = (given: typeof importModule): void => {
  importModule = given;
};

/** CommonJS without import(), which would parse the file a second time for its exports. */
function loadModule(file: string): unknown {
  return file.endsWith('.cjs') ? requireFile(file) : importModule(pathToFileURL(file).href);
}

const broken = (complaint: Complaint): Loading => ({ kind: 'broken', message: textOf(complaint) });
