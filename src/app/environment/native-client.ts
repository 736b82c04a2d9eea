/**
 * Finds the native client in the package of this platform, an optional dependency that npm installs beside
 * this package.
 */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { siblingFile } from './bundle-files.js';
import { VERSION } from './version.js';

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

export type TriedClient =
  | NativeClient
  /** It is there, and does not run, or is of another release. */
  | { readonly kind: 'unusable'; readonly path: string; readonly why: string };

/** How long it may take to say its version, in milliseconds. */
const TRIAL_MS = 5_000;

/** The same, but it is run once: a file may be broken, for another processor, or not executable. */
export function tryNativeClient(): TriedClient {
  const found = findNativeClient();
  if (found.kind !== 'found') return found;
  const { path } = found;
  const { error, signal, status, stdout } = spawnSync(path, ['--version'], {
    encoding: 'utf8',
    timeout: TRIAL_MS,
  });
  if (error !== undefined) return { kind: 'unusable', path, why: error.message };
  if (signal !== null) return { kind: 'unusable', path, why: `${signal} has ended it` };
  const said = stdout.trim();
  if (status === 0 && said === VERSION) return found;
  return { kind: 'unusable', path, why: said === '' ? `it ended with exit code ${status}` : `it is ${said}` };
}

/**
 * How a file that is written once, such as a shim, calls the command: by the native client where it is there,
 * which is also told this Node, because the PATH of the caller may have none.
 */
export function lastingCommand(): readonly [string, ...string[]] {
  const native = tryNativeClient();
  return native.kind === 'found'
    ? [native.path, `--runtime=${process.execPath}`]
    : [process.execPath, siblingFile('solod.cjs')];
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
