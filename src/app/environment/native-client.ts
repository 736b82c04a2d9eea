/**
 * Finds the native client in the package of this platform, an optional dependency that npm installs beside
 * this package.
 */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { siblingFile } from './bundle-files.js';

/** The platforms that it is built for. */
const PLATFORMS: readonly string[] = ['linux-x64', 'linux-arm64'];

export type NativeClient =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing'; readonly package: string }
  | { readonly kind: 'not-for-here' };

/**
 * @param platform `process.platform` and `process.arch`, with a dash between them
 * @param beside a file of this package, from which the other package is resolved
 */
export function findNativeClient(
  platform = `${process.platform}-${process.arch}`,
  beside: string = siblingFile('solod.cjs'),
): NativeClient {
  if (!PLATFORMS.includes(platform)) return { kind: 'not-for-here' };
  const name = `@solod/client-${platform}`;
  const path = resolveIn(name, beside) ?? builtBeside(beside);
  return path === undefined ? { kind: 'missing', package: name } : { kind: 'found', path };
}

/** Whether this Node can become another program, by execve(2): since 22.15. */
export const canHandOver = (): boolean => 'execve' in process;

function resolveIn(name: string, beside: string): string | undefined {
  try {
    return createRequire(beside).resolve(`${name}/bin/solod-client`);
  } catch {
    return undefined;
  }
}

/** The client that a checkout has built. */
function builtBeside(beside: string): string | undefined {
  const path = join(dirname(beside), '../native/target/release/solod-client');
  return existsSync(path) ? path : undefined;
}
