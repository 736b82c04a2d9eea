/** The commands of each example's README run as they stand, and print what stands there. */

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { blocksIn, NewMachine, ROOT } from './readme-blocks.js';

const EXAMPLES = path.join(ROOT, 'examples');
const PACKAGES = ['solod', 'eslint', 'prettier', 'typescript', '@types/node', 'undici-types'] as const;
const SERVER = '@modelcontextprotocol/server-memory';
const folders = readdirSync(EXAMPLES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

let machine: NewMachine | undefined;
afterEach(async () => {
  await machine?.close();
  machine = undefined;
});

it.each(folders)('%s', async (name) => {
  const made = new NewMachine();
  machine = made;
  made.copyIn(EXAMPLES);
  made.addPackages(...PACKAGES);
  made.addProgram('solod', process.execPath, path.join(ROOT, 'dist/solod.cjs'));
  made.addProgram('tsc', process.execPath, path.join(ROOT, 'node_modules/typescript/bin/tsc'));
  made.addServer(SERVER, path.join(ROOT, 'node_modules', SERVER, 'dist/index.js'));
  const blocks = blocksIn(readFileSync(path.join(EXAMPLES, name, 'README.md'), 'utf8'));
  expect(blocks.length).toBeGreaterThan(0);
  for (const { commands, prints } of blocks) {
    const told = await made.run(commands, path.join(made.folder, name));
    expect({ stdout: told.stdout, code: told.code }, told.stderr).toEqual({ stdout: prints, code: 0 });
  }
});

it('the settings for VS Code format what is saved, as Run on Save fills them in and runs them', async () => {
  const made = new NewMachine();
  machine = made;
  made.copyIn(EXAMPLES);
  made.addPackages('solod', 'prettier');
  made.addProgram('solod', process.execPath, path.join(ROOT, 'dist/solod.cjs'));
  const page = readFileSync(path.join(EXAMPLES, 'editor/README.md'), 'utf8');
  const settings = JSON.parse(/^```json\n(.*?)^```$/ms.exec(page)?.[1] ?? '');
  const [{ match, cmd }] = settings['emeraldwalk.runonsave'].commands;
  const file = path.join(made.folder, 'of mine.ts');
  writeFileSync(file, 'const  a=1\n');
  expect(file).toMatch(new RegExp(match));
  const { code, stderr } = await made.run(
    `solod install prettier.mjs --as format; PATH="$HOME/.local/bin:$PATH"; ${cmd.replace(/\$\{file\}/g, file)}`,
  );
  expect({ code }, stderr).toEqual({ code: 0 });
  expect(readFileSync(file, 'utf8')).toBe('const a = 1;\n');
});

it('every example is in the list', () => {
  const list = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
  for (const name of folders) expect(list).toContain(`(${name}/README.md)`);
});
