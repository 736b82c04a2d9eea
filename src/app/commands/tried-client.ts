/** The native client, where a file that is there is not enough. */

import { siblingFile } from '../environment/bundle-files.js';
import { findNativeClient, type NativeClient } from '../environment/native-client.js';
import { VERSION } from '../environment/version.js';
import { runOnTrial } from '../platforms/node-platform.js';

export type TriedClient =
  | NativeClient
  /** It is there, and does not run. */
  | { readonly kind: 'unusable'; readonly path: string; readonly why: string }
  /** `bin/solod` becomes it all the same: a shell has no quick way to tell. */
  | { readonly kind: 'other-version'; readonly path: string; readonly version: string };

/** What is empty, or another program, says something else. */
const RELEASE = /^\d+\.\d+\.\d+\S*$/;

/** How long it may take to say its version, in milliseconds. */
const TRIAL_MS = 5_000;

/** Runs it once: a file may be broken, for another processor, or not executable. */
export function tryNativeClient(): TriedClient {
  const found = findNativeClient();
  if (found.kind !== 'found') return found;
  const { path } = found;
  const trial = runOnTrial(path, ['--version'], TRIAL_MS);
  if (trial.kind === 'failed') return { kind: 'unusable', path, why: trial.why };
  const version = trial.text.trim();
  if (version === VERSION) return found;
  if (!RELEASE.test(version)) return { kind: 'unusable', path, why: `it says version "${version}"` };
  return { kind: 'other-version', path, version };
}

/**
 * How a file that is written once, such as a shim, calls the command: by the native client where it runs,
 * which is also told this Node, because the PATH of the caller may have none.
 */
export function lastingCommand(): readonly [string, ...string[]] {
  const native = tryNativeClient();
  return native.kind === 'found'
    ? [native.path, `--runtime=${process.execPath}`]
    : [process.execPath, siblingFile('solod.cjs')];
}
