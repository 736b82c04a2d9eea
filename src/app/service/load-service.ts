/** Loads a service's module. */

import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { requireFile } from '../environment/bundle-files.js';
import { type Complaint, TROUBLE, textOf } from '../texts/failure-text.js';
import { readService, type Service } from './define-service.js';
import { ownEnvironmentOf } from './service-environment.js';
import { nameFromPath } from './service-file.js';

export type Loading =
  | { readonly kind: 'loaded'; readonly service: Service }
  | { readonly kind: 'broken'; readonly message: string };

/**
 * Never rejects.
 * @param file the real path of the service file
 * @param daemonName what its daemon goes by
 */
export async function loadService(file: string, daemonName: string): Promise<Loading> {
  try {
    const read = readService(await loadModule(file));
    if (read.kind === 'no-service') return broken(TROUBLE.noService(file, read.reason));
    const { name } = read.service;
    // Nobody can have read such a name off the file: callers look for the daemon under another.
    if (name !== undefined && name !== daemonName && daemonName === nameFromPath(file))
      return broken(TROUBLE.hiddenName(file, name));
    // Neither can they have read what they don't pass on.
    const passed = ownEnvironmentOf(file);
    const hidden = read.service.environment?.find((variable) => !passed.includes(variable));
    if (hidden !== undefined) return broken(TROUBLE.hiddenVariable(file, hidden));
    return { kind: 'loaded', service: read.service };
  } catch (error) {
    return broken(TROUBLE.notLoaded(file, describe(error)));
  }
}

/** CommonJS without import(), which would also read the file for its exports once more. */
function loadModule(file: string): unknown {
  return file.endsWith('.cjs')
    ? requireFile(file)
    : import(/* webpackIgnore: true */ /* @vite-ignore */ pathToFileURL(file).href);
}

const broken = (complaint: Complaint): Loading => ({ kind: 'broken', message: textOf(complaint) });

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}
