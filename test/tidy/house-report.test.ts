/** `npm run house`: the numbers are those of the tree that it is given. */

import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { measure, planted, ROOT } from './repository.js';

it('measures a tree', () => {
  const sources = [
    planted('src/a/kick.ts', `import '../b/kick.js';\nfunction f() {\n${'g();\n'.repeat(70)}}\n`),
    planted('src/b/kick.ts', `import '../a/kick.js';\n// ${'x'.repeat(120)}\n`),
    planted('src/b/long.ts', 'a();\n'.repeat(401)),
  ];
  expect(Object.fromEntries(measure(sources).map(({ of, value }) => [of, value]))).toEqual({
    lines: '476',
    files: '3',
    folders: '2',
    'files in the fullest folder': '2 (src/b)',
    'longest file': '401 (src/b/long.ts)',
    'files over 400 lines': '1',
    'longest function': '72 (src/a/kick.ts:2 f)',
    'functions over 60 lines': '1',
    'functions over 25 lines': '1',
    'import cycles of files': '1 (of 2)',
    'import cycles of folders': '1 (of 2)',
    'base names used twice': '1',
    'lines over 110 characters': '1',
  });
});

it('prints the numbers of this tree', () => {
  const printed = execFileSync(process.execPath, ['tools/house/house.mjs'], { cwd: ROOT, encoding: 'utf8' });
  expect(printed).toMatch(/^src, as it stands$/m);
  expect(printed).toMatch(/import cycles of files +0$/m);
});
