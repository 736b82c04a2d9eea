/** `examples/editor/format.lua` in a real Neovim: what is saved is formatted, and nothing is lost. */

import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NewMachine, ROOT } from './readme-blocks.js';

const FORMAT = path.join(ROOT, 'examples/editor/format.lua');
/** What it uses came with 0.7. */
const isThere = spawnSync('nvim', ['--headless', '-c', 'if !has("nvim-0.7") | cquit | endif', '-c', 'qa'], {
  stdio: 'ignore',
});
const LEFT_OUT = isThere.status === 0 ? '' : ' (skipped: there is no Neovim 0.7 or newer)';

describe.skipIf(LEFT_OUT !== '')(`saving in Neovim${LEFT_OUT}`, () => {
  const machine = new NewMachine();
  afterAll(() => machine.close());

  async function saved(text: string): Promise<readonly [text: string, said: string]> {
    const file = path.join(machine.folder, 'a.ts');
    writeFileSync(file, text);
    writeFileSync(path.join(machine.folder, 'init.lua'), `dofile('${FORMAT}')\n`);
    const { code, stdout, stderr } = await machine.run(
      'export PATH="$HOME/.local/bin:$PATH"; nvim --headless -u init.lua -c "edit a.ts" -c write -c "qa!"',
    );
    expect({ code }, stderr).toEqual({ code: 0 });
    return [readFileSync(file, 'utf8'), stdout + stderr];
  }

  beforeAll(() => {
    machine.copyIn(path.join(ROOT, 'examples'));
    machine.addPackages('solod', 'prettier');
    machine.addProgram('solod', process.execPath, path.join(ROOT, 'dist/solod.cjs'));
  });

  it('without the command says so, and saves', async () => {
    const [text, said] = await saved('const  a=1\n');
    expect(text).toBe('const  a=1\n');
    expect(said).toContain('there is no command "format"');
  });

  it('formats, and leaves alone what can not be formatted', async () => {
    const { code, stderr } = await machine.run('solod install prettier.mjs --as format');
    expect({ code }, stderr).toEqual({ code: 0 });
    expect((await saved('const  a=1\nlet b : string'))[0]).toBe('const a = 1;\nlet b: string;\n');
    expect((await saved('const a = 1;\n'))[0]).toBe('const a = 1;\n');
    const [text, said] = await saved('let = = 3\n');
    expect(text).toBe('let = = 3\n');
    expect(said).toContain('Expression expected');
    expect((await saved(''))[0]).toBe('');
  });
});
