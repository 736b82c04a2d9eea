// `npm run house [-- <revision>…]`: the size of `src` in numbers, as it stands and as it was in other
// revisions.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measure } from './measure.mjs';
import { readSources } from './sources.mjs';

const root = path.resolve(import.meta.dirname, '../..');
const FOLDER = 'src';

/** @param {string} revision */
function measureRevision(revision) {
  const scratch = mkdtempSync(path.join(tmpdir(), 'solod-house-'));
  try {
    const archive = execFileSync('git', ['archive', revision, FOLDER], {
      cwd: root,
      maxBuffer: 256 * 1024 * 1024,
    });
    execFileSync('tar', ['-x', '-C', scratch], { input: archive });
    return measure(readSources(scratch, FOLDER));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const { positionals: revisions } = parseArgs({ allowPositionals: true });
for (const revision of [...revisions, undefined]) {
  const rows = revision === undefined ? measure(readSources(root, FOLDER)) : measureRevision(revision);
  console.log(`\n${FOLDER}, ${revision ?? 'as it stands'}`);
  for (const { of, value } of rows) console.log(`  ${of.padEnd(28)} ${value}`);
}
