/**
 * The same source becomes the same bytes, wherever it lies. So everybody can compare a published client with
 * what they build themselves.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ROOT, sandbox } from '../process/support/sandbox.js';
import { BUILD_MS, hasCargo } from './client.js';

interface Toolchains {
  crossToolchain(processor: string): object | undefined;
}
const file = pathToFileURL(path.join(ROOT, 'scripts/rust-toolchain.mjs')).href;
const { crossToolchain }: Toolchains = await import(file);

const canBuild = (processor: string): boolean =>
  process.platform === 'linux' &&
  (processor === process.arch ? hasCargo : crossToolchain(processor) !== undefined);

/** @returns the client that is built from a copy of the checkout in that folder */
function builtIn(folder: string, processor: string): Buffer {
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(ROOT, 'scripts'), path.join(folder, 'scripts'), { recursive: true });
  for (const part of ['src', '.cargo', 'Cargo.toml', 'Cargo.lock'])
    cpSync(path.join(ROOT, 'native', part), path.join(folder, 'native', part), { recursive: true });
  const build = [path.join(folder, 'scripts/native.mjs'), 'build', processor];
  execFileSync(process.execPath, build, { stdio: ['ignore', 'ignore', 'inherit'], timeout: BUILD_MS });
  const triple = { x64: 'x86_64-unknown-linux-gnu', arm64: 'aarch64-unknown-linux-gnu' }[processor] ?? '';
  const target = processor === process.arch ? '.' : triple;
  return readFileSync(path.join(folder, 'native/target', target, 'release/solod-client'));
}

describe.each(['x64', 'arm64'])('the client for %s', (processor) => {
  const isLeftOut = !canBuild(processor);
  it.skipIf(isLeftOut)(
    `is the same from two folders${isLeftOut ? ' (skipped: no toolchain)' : ''}`,
    () => {
      const box = sandbox();
      const one = builtIn(path.join(box.path, 'one'), processor);
      const other = builtIn(path.join(box.path, 'a longer path', 'to/the other'), processor);
      expect(one.length).toBeGreaterThan(100_000);
      // The bytes themselves would be printed.
      expect(one.equals(other)).toBe(true);
      expect(one.includes(box.path)).toBe(false);
    },
    2 * BUILD_MS,
  );
});
