/**
 * Reads what both clients must agree on from TypeScript, writes it as Rust, and says where the two differ.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { load } from '../support/load-sources.mjs';
import { SHARED } from './shared-constants.mjs';

const GENERATED = 'native/src/protocol.rs';
const NATIVE = 'native/src';

/**
 * @typedef {string | number | undefined} Value undefined: the export that the table names is missing
 * @typedef {Pick<import('./shared-constants.mjs').Shared, 'name' | 'type' | 'file'> & { what: string, value:
 *   Value }} Row
 */

/**
 * Reads the values from the TypeScript sources.
 * @param {string} root of a checkout
 * @returns {Promise<Row[]>}
 */
export async function readShared(root) {
  const files = [...new Set(SHARED.map(({ file }) => file))];
  const modules = await load(root, files);
  return SHARED.map(({ read, ...row }) => {
    const source = readFileSync(path.join(root, row.file), 'utf8');
    return { ...row, value: read(modules.get(row.file), source) };
  });
}

/** @param {Row} row @returns {string} */
function rustValue({ type, value }) {
  switch (type) {
    case '&str':
      return rustString(String(value));
    case 'u8':
      return `b'${value}'`;
    case 'f64':
      return Number.isInteger(value) ? `${grouped(value)}.0` : String(value);
    case 'i32':
    case 'u32':
    case 'u64':
    case 'usize':
      return grouped(value);
  }
}

/**
 * @param {string} text
 * @returns {string} a literal: a JSON string, whose escapes differ from Rust's for \b, \f and \u only
 */
const rustString = (text) =>
  JSON.stringify(text)
    .replace(/\\(?:u([0-9a-f]{4})|.)/g, rustEscape)
    .replace(/(?! )\s/g, (space) => `\\u{${space.codePointAt(0)?.toString(16)}}`);

/** @param {string} sequence that JSON escapes with @param {string | undefined} digits of `\u` */
function rustEscape(sequence, digits) {
  if (digits !== undefined) return `\\u{${digits}}`;
  if (sequence === '\\b') return '\\u{8}';
  return sequence === '\\f' ? '\\u{c}' : sequence;
}

/** @param {Value} value @returns {string} with an underscore between thousands */
const grouped = (value) => String(value).replace(/\B(?=(?:\d{3})+$)/g, '_');

/** @param {Row} row */
const declaration = (row) => `pub const ${row.name}: ${row.type} = ${rustValue(row)};`;

const HEAD =
  '//! What this client and the one in TypeScript must agree on. Written by `npm run protocol` ' +
  'from the TypeScript sources, which\n' +
  '//! `npm run check:protocol` holds it to: change it there.\n\n';

/** @param {readonly Row[]} rows @returns {string} the whole Rust file */
export function rustText(rows) {
  return `${HEAD}${rows.map(declaration).join('\n')}\n`;
}

/** @param {string} text of a Rust file @returns {Map<string, string>} its declarations, by their names */
function declarationsIn(text) {
  const found = [...text.matchAll(/^pub const ([A-Z0-9_]+): .+$/gm)];
  return new Map(found.map(([line, name = '']) => [name, line]));
}

/**
 * @param {readonly Row[]} rows what TypeScript says
 * @param {string} rust the text of the generated file
 * @returns {string[]} a complaint for each constant on which the two differ; it begins with the name
 */
export function differences(rows, rust) {
  const theirs = declarationsIn(rust);
  const complaints = rows.flatMap((row) => {
    if (row.value === undefined) return [`${row.name}: ${row.file} has no ${row.what}`];
    const line = theirs.get(row.name);
    if (line === undefined) return [`${row.name}: ${GENERATED} does not have it`];
    if (line === declaration(row)) return [];
    return [`${row.name}: ${row.file} has ${rustValue(row)}, and ${GENERATED} says "${line}"`];
  });
  const known = new Set(rows.map(({ name }) => name));
  const orphans = [...theirs.keys()].filter((name) => !known.has(name));
  complaints.push(...orphans.map((name) => `${name}: it is not in TypeScript`));
  if (complaints.length === 0 && rust !== rustText(rows))
    complaints.push(`${GENERATED}: not what \`npm run protocol\` writes`);
  return complaints;
}

/**
 * If the native client does not use a constant, it has probably written down the value somewhere else.
 * @param {readonly Pick<Row, 'name'>[]} rows
 * @param {string} root of a checkout
 * @returns {string[]} a complaint for each constant that is not used
 */
export function unused(rows, root) {
  const sources = readdirSync(path.join(root, NATIVE), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.rs') && file !== 'protocol.rs')
    .map((file) => readFileSync(path.join(root, NATIVE, file), 'utf8'))
    .join('\n');
  const names = new Set(sources.match(/\b[A-Z][A-Z0-9_]+\b/g));
  return rows
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => `${name}: nothing in ${NATIVE} uses it`);
}

/** @param {string} root of a checkout */
export const generatedFile = (root) => path.join(root, GENERATED);

/** @param {string} root of a checkout @returns {Promise<string[]>} all complaints */
export async function check(root) {
  const rows = await readShared(root);
  return [...differences(rows, readFileSync(generatedFile(root), 'utf8')), ...unused(rows, root)];
}
