/** What the native client tests of itself, and the house style of its sources. */

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasCargo, LEFT_OUT } from './client.js';

const native = path.resolve(import.meta.dirname, '../../native');

/** Nothing ends a synchronous call but its own time. */
const CARGO_MS = 240_000;

function cargo(args: readonly string[]): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync('cargo', args, {
    cwd: native,
    encoding: 'utf8',
    timeout: CARGO_MS,
  });
  return { status, output: stdout + stderr };
}

describe.skipIf(!hasCargo)(`cargo${LEFT_OUT}`, () => {
  it(
    'test',
    () => {
      const { status, output } = cargo(['test', '--offline', '--locked', '--quiet']);
      expect(output).toMatch(/test result: ok\. [1-9][0-9]* passed; 0 failed; 0 ignored/);
      expect(status).toBe(0);
    },
    CARGO_MS + 60_000,
  );
});

describe.skipIf(!hasCargo || cargo(['fmt', '--version']).status !== 0)(`rustfmt${LEFT_OUT}`, () => {
  it('has nothing to do', () => {
    expect(cargo(['fmt', '--check'])).toEqual({ status: 0, output: '' });
  });
});

describe('the crate', () => {
  it('depends on nothing but the standard library', () => {
    const lock = readFileSync(path.join(native, 'Cargo.lock'), 'utf8');
    expect(lock.match(/^name = .*$/gm)).toEqual(['name = "solod-client"']);
  });
});

describe('the words for an errno', () => {
  it('are those that Node has', () => {
    const rust = readFileSync(path.join(native, 'src/system/errno.rs'), 'utf8');
    const table = [...rust.matchAll(/^ {4}\((\d+), "(\w+)", "([^"]+)"\),$/gm)];
    expect(table.length).toBeGreaterThan(30);
    const known = process.getBuiltinModule('node:util').getSystemErrorMap();
    if (process.platform !== 'linux') return;
    for (const [, number, code, message] of table)
      expect(known.get(-Number(number))).toEqual([code, message]);
  });
});
