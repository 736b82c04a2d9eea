/**
 * A Rust toolchain that is on the PATH and does not work is none: nothing fails for it, neither the build nor
 * the tests.
 */

import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');

/** As rustup's proxies say it when it has no default toolchain. */
const BROKEN = '#!/bin/sh\necho "error: no default toolchain is configured" >&2\nexit 1\n';
const WORKS = '#!/bin/sh\necho "1.63.0"\n';

let tools: string;
beforeEach(() => {
  tools = mkdtempSync(path.join(tmpdir(), 'solod-toolchain-'));
});
afterEach(() => rmSync(tools, { recursive: true, force: true }));

const plant = (name: string, text: string) => writeFileSync(path.join(tools, name), text, { mode: 0o755 });

/** Runs Node where `cargo` and `rustc` are the planted ones. */
function node(...args: readonly string[]): SpawnSyncReturns<string> {
  const PATH = `${tools}${path.delimiter}${process.env.PATH}`;
  const env = { ...process.env, PATH, NO_COLOR: '1' };
  return spawnSync(process.execPath, args, { cwd: root, env, encoding: 'utf8', timeout: 100_000 });
}

function hasCargo(): string {
  const probe = "import('./scripts/rust-toolchain.mjs').then(({ hasCargo }) => console.log(hasCargo()))";
  return node('-e', probe).stdout.trim();
}

describe('a toolchain', () => {
  it.each([
    [{ cargo: WORKS, rustc: WORKS }, 'true'],
    [{ cargo: BROKEN, rustc: WORKS }, 'false'],
    [{ cargo: WORKS, rustc: BROKEN }, 'false'],
  ])('works if both of its tools do', (planted, works) => {
    for (const [name, text] of Object.entries(planted)) plant(name, text);
    expect(hasCargo()).toBe(works);
  });
});

describe('where cargo and rustc are broken', () => {
  beforeEach(() => {
    plant('cargo', BROKEN);
    plant('rustc', BROKEN);
  });

  it('the build of the native client is skipped, and says so', () => {
    const { status, stderr } = node('scripts/native.mjs', 'build');
    expect(stderr).toContain('not built');
    expect(status).toBe(0);
  });

  it('so is the build for another processor without a linker for it', () => {
    for (const linker of ['x86_64-linux-gnu-gcc', 'aarch64-linux-gnu-gcc']) plant(linker, BROKEN);
    for (const processor of ['x64', 'arm64']) {
      const { status, stderr } = node('scripts/native.mjs', 'build', processor);
      expect(stderr).toContain(`no working cargo for ${processor}`);
      expect(status).toBe(0);
    }
  });

  it('packing it fails', () => {
    expect(node('scripts/native.mjs', 'pack').status).toBe(1);
  });

  it('tests that need them are skipped', () => {
    const files = ['test/native/crate.test.ts', 'test/bench/launcher.test.ts'];
    const { status, stdout } = node('node_modules/vitest/vitest.mjs', 'run', ...files);
    expect(stdout).toMatch(/Tests .*skipped/);
    expect(stdout).not.toContain('failed');
    expect(status).toBe(0);
  }, 120_000);
});
