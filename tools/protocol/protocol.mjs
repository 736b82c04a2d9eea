// `npm run protocol` writes native/src/protocol.rs from the TypeScript sources. `npm run check:protocol` says
// where the two differ, by the names of the constants, and fails if they do. `--root <dir>` takes another
// checkout.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from '../support/command-line.mjs';
import { ROOT } from '../support/paths.mjs';
import { check, generatedFile, readShared, rustText } from './check.mjs';

const { values } = readArguments('protocol', {
  options: { check: { type: 'boolean' }, root: { type: 'string', default: ROOT } },
});
const root = path.resolve(values.root);

if (values.check) {
  const complaints = await check(root);
  for (const complaint of complaints) console.error(`check:protocol: ${complaint}`);
  if (complaints.length > 0) process.exitCode = 1;
} else {
  const rows = await readShared(root);
  const missing = rows.filter(({ value }) => value === undefined);
  for (const { name, file, what } of missing) console.error(`protocol: ${name}: ${file} has no ${what}`);
  if (missing.length > 0) process.exitCode = 1;
  else writeFileSync(generatedFile(root), rustText(rows));
}
