/** The native client, built from the checkout where there is a toolchain that works. */

import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const root = path.resolve(import.meta.dirname, '../..');

interface Toolchain {
  hasCargo(): boolean;
  hasRustc(): boolean;
}

const toolchain: Toolchain = await import(pathToFileURL(path.join(root, 'scripts/rust-toolchain.mjs')).href);

export const CLIENT = path.join(root, 'native/target/release/solod-client');

export const hasCargo = process.platform === 'linux' && toolchain.hasCargo();

export const hasRustc = toolchain.hasRustc();

/** Stands in the name of a test that is skipped. */
export const LEFT_OUT = hasCargo ? '' : ' (skipped: no working cargo, so no native client)';

/** How long a build may take if everything is built anew, beside other tests. It ends by itself before. */
export const BUILD_MS = 300_000;

/** Builds it unless that has been done; cargo itself keeps two builds apart. */
export function buildClient(): void {
  if (hasCargo)
    execFileSync(process.execPath, [path.join(root, 'scripts/native.mjs'), 'build'], { stdio: 'inherit' });
}
