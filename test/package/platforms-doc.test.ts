/** The example in docs/platforms.md runs as it stands, with what the package brings. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../..');

it('starts one daemon for three callers', () => {
  const page = readFileSync(path.join(ROOT, 'docs/platforms.md'), 'utf8');
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(page) ?? [];
  const bundle = (name: string): string => JSON.stringify(path.join(ROOT, 'dist', `${name}.js`));
  const scratch = mkdtempSync(path.join(tmpdir(), 'solod-platforms-'));
  try {
    const file = path.join(scratch, 'example.mjs');
    const told = 'console.log(JSON.stringify([results.map(({ kind }) => kind), machine.spawns.length]));';
    const source = example.replace("'solod'", bundle('index')).replace("'solod/testing'", bundle('testing'));
    writeFileSync(file, `${source}\n${told}`);
    const said = execFileSync(process.execPath, [file], { encoding: 'utf8' });
    expect(JSON.parse(said)).toEqual([['started', 'attached', 'attached'], 1]);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
});
