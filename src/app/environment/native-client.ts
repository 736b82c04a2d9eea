/** Where the native client is: in the package of this platform, which npm installs beside this one as an optional dependency. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { siblingFile } from './bundle-files.js';

/** What it is built for; elsewhere there is none to miss. */
const PLATFORMS: readonly string[] = ['linux-x64', 'linux-arm64'];

export type NativeClient =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'missing'; readonly package: string }
  | { readonly kind: 'not-for-here' };

/**
 * @param platform as `process.platform` and `process.arch` have it, with a dash between them
 * @param beside a file of this package, from which others are found
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

function resolveIn(name: string, beside: string): string | undefined {
  try {
    return createRequire(beside).resolve(`${name}/bin/solod-client`);
  } catch {
    return undefined;
  }
}

/** In a checkout, by `node scripts/native.mjs build`. */
function builtBeside(beside: string): string | undefined {
  const path = join(dirname(beside), '../native/target/release/solod-client');
  return existsSync(path) ? path : undefined;
}
