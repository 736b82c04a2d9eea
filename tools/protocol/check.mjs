/** Reads what both clients must agree on from TypeScript, writes it as Rust, and says where the two differ. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { SHARED } from './shared-constants.mjs';

const GENERATED = 'native/src/protocol.rs';
const NATIVE = 'native/src';

/**
 * What TypeScript says.
 * @param root of a checkout
 * @returns a row each: its value, or undefined where the anchor, the export that the table names, is missing
 */
export async function readShared(root) {
  const files = [...new Set(SHARED.map(({ file }) => file))];
  const modules = await load(root, files);
  const sources = Object.fromEntries(
    files.map((file) => [file, readFileSync(path.join(root, file), 'utf8')]),
  );
  return SHARED.map((row) => ({ ...row, value: row.read(modules[row.file], sources[row.file]) }));
}

/** The modules as they are in the sources, not as they were built. */
async function load(root, files) {
  const { outputFiles } = await build({
    stdin: {
      contents: files.map((file, index) => `export * as m${index} from './${file}';`).join('\n'),
      resolveDir: root,
    },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  const [{ text = '' } = {}] = outputFiles;
  const loaded = await import(`data:text/javascript;base64,${Buffer.from(text).toString('base64')}`);
  return Object.fromEntries(files.map((file, index) => [file, loaded[`m${index}`]]));
}

function rustValue({ type, value }) {
  switch (type) {
    case '&str':
      return JSON.stringify(value)
        .replace(/\\(?:u([0-9a-f]{4})|.)/g, rustEscape)
        .replace(/(?! )\s/g, (space) => `\\u{${space.codePointAt(0).toString(16)}}`);
    case 'u8':
      return `b'${value}'`;
    case 'f64':
      return Number.isInteger(value) ? `${grouped(value)}.0` : String(value);
    default:
      return grouped(value);
  }
}

/** Rust knows JSON's escapes but for `\b`, `\f` and the form of `\u`. */
function rustEscape(written, digits) {
  if (digits !== undefined) return `\\u{${digits}}`;
  return { '\\b': '\\u{8}', '\\f': '\\u{c}' }[written] ?? written;
}

const grouped = (value) => String(value).replace(/\B(?=(?:\d{3})+$)/g, '_');

const declaration = (row) => `pub const ${row.name}: ${row.type} = ${rustValue(row)};`;

const HEAD = `//! What this client and the one in TypeScript must agree on. Written by \`npm run protocol\` from the TypeScript sources, which
//! \`npm run check:protocol\` holds it to: change it there.

`;

/** The whole of the Rust file. */
export function rustText(rows) {
  return `${HEAD}${rows.map(declaration).join('\n')}\n`;
}

/** @returns the declarations of a Rust file, by their names */
function declared(text) {
  const found = [...text.matchAll(/^pub const ([A-Z0-9_]+): .+$/gm)];
  return new Map(found.map(([line, name]) => [name, line]));
}

/**
 * @param rows what TypeScript says
 * @param rust the text of the generated file
 * @returns a complaint for each constant on which the two differ, beginning with its name
 */
export function differences(rows, rust) {
  const theirs = declared(rust);
  const complaints = rows.flatMap((row) => {
    if (row.value === undefined) return [`${row.name}: ${row.file} has no ${row.what}`];
    const line = theirs.get(row.name);
    if (line === undefined) return [`${row.name}: ${GENERATED} does not have it`];
    if (line === declaration(row)) return [];
    return [`${row.name}: ${row.file} has ${rustValue(row)}, and ${GENERATED} says "${line}"`];
  });
  const known = new Set(rows.map(({ name }) => name));
  const orphans = [...theirs.keys()].filter((name) => !known.has(name));
  complaints.push(...orphans.map((name) => `${name}: nothing in TypeScript stands behind it`));
  if (complaints.length === 0 && rust !== rustText(rows))
    complaints.push(`${GENERATED}: not what \`npm run protocol\` writes`);
  return complaints;
}

/** A constant that the native client does not use is one that it has written down somewhere else. */
export function unused(rows, root) {
  const sources = readdirSync(path.join(root, NATIVE), { recursive: true })
    .filter((file) => file.endsWith('.rs') && file !== 'protocol.rs')
    .map((file) => readFileSync(path.join(root, NATIVE, file), 'utf8'))
    .join('\n');
  const names = new Set(sources.match(/\b[A-Z][A-Z0-9_]+\b/g));
  return rows
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => `${name}: nothing in ${NATIVE} uses it`);
}

export const generatedFile = (root) => path.join(root, GENERATED);

/** @returns everything that is wrong in a checkout */
export async function check(root) {
  const rows = await readShared(root);
  return [...differences(rows, readFileSync(generatedFile(root), 'utf8')), ...unused(rows, root)];
}
