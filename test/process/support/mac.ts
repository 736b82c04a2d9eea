/** macOS, simulated: a Node that takes this machine for a Mac, and starts daemons that do so, too. */

import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Ended, ROOT, type Sandbox } from './sandbox.js';

/** @returns path of that program */
export function mac(box: Sandbox): string {
  const program = path.join(box.path, 'node-on-mac');
  if (existsSync(program)) return program;
  const preload = path.join(ROOT, 'test/support/as-darwin.cjs');
  const run = `exec '${process.execPath}' --no-deprecation --require '${preload}' "$@"`;
  writeFileSync(program, `#!/bin/sh\nexport SOLOD_TEST_DARWIN='${program}'\n${run}\n`);
  chmodSync(program, 0o755);
  return program;
}

/** Runs the command on it. */
export const runOnMac = (box: Sandbox, ...args: readonly string[]): Promise<Ended> =>
  box.run(args, { node: mac(box) });
