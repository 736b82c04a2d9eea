/** The native client, built from the checkout where there is a toolchain. */

import { execFileSync, spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');

export const CLIENT = path.join(root, 'native/target/release/solod-client');

export const hasCargo =
  process.platform === 'linux' &&
  spawnSync('cargo', ['--version'], { stdio: 'ignore', timeout: 30_000 }).status === 0;

/** What stands in the name of a test that is left out. */
export const LEFT_OUT = hasCargo ? '' : ' (left out: no cargo, so no native client)';

/** How long a build may take where everything is built anew, beside other tests. It ends by itself before. */
export const BUILD_MS = 300_000;

/** Builds it unless that has been done; cargo itself keeps two builds apart. */
export function buildClient(): void {
  if (hasCargo)
    execFileSync(process.execPath, [path.join(root, 'scripts/native.mjs'), 'build'], { stdio: 'inherit' });
}
