// `npm run pages` writes the pages that are made of solod's own tables. `--check` says which differ.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from '../support/command-line.mjs';
import { ROOT } from '../support/paths.mjs';
import { makePages } from './make-pages.mjs';

const { values } = readArguments('pages', { options: { check: { type: 'boolean' } } });
const pages = await makePages();
const folder = path.join(ROOT, 'docs/commands');

if (values.check) {
  for (const [file, text] of pages)
    if (readFileSync(path.join(ROOT, file), 'utf8') !== text) {
      console.error(`check:pages: ${file} is not what \`npm run pages\` writes`);
      process.exitCode = 1;
    }
} else {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
  for (const [file, text] of pages) writeFileSync(path.join(ROOT, file), text);
}
