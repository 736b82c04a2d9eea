// `npm run protocol` writes native/src/protocol.rs from the TypeScript sources. `npm run check:protocol` says where the two
// differ, by the names of the constants, and fails if they do. Another checkout than this one: `--root <dir>`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { check, generatedFile, readShared, rustText } from './check.mjs';

const { values } = parseArgs({ options: { check: { type: 'boolean' }, root: { type: 'string' } } });
const root = path.resolve(
  values.root ?? path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url)))),
);

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
