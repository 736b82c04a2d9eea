/** The commands of each example's README run as they stand, and print what stands there. */

import { readdirSync, readFileSync } from 'node:fs';
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

it('every example is in the list', () => {
  const list = readFileSync(path.join(EXAMPLES, 'README.md'), 'utf8');
  for (const name of folders) expect(list).toContain(`(${name}/README.md)`);
});
