/** Source files as text, and what a parser reads in them. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';

/**
 * @typedef {object} Source
 * @property {string} file path from the root of the repository, with forward slashes
 * @property {string} text
 */

/**
 * @typedef {object} FunctionLength
 * @property {string} name `(anonymous)` where the source gives none
 * @property {number} line the first one, from 1
 * @property {number} lines from the first to the last, both included
 */

/** @typedef {import('oxc-parser').Node} Node */

const CODE = /\.(?:ts|mjs|cjs)$/;
const NOT_OURS = new Set(['node_modules', 'dist', 'target', 'platform', 'results', 'reports']);

/**
 * @param {string} root the directory that `folder` and the paths in the result are relative to
 * @param {string} folder
 * @param {RegExp} [wanted] matched against the file name
 * @returns {Source[]} in the order of their paths
 */
export function readSources(root, folder, wanted = CODE) {
  return listFiles(path.join(root, folder))
    .filter((file) => wanted.test(file))
    .map((file) => ({
      file: path.relative(root, file).split(path.sep).join('/'),
      text: readFileSync(file, 'utf8'),
    }))
    .sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** @param {string} folder @returns {string[]} */
function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.') || NOT_OURS.has(entry.name)) return [];
    const entryPath = path.join(folder, entry.name);
    if (entry.isDirectory()) return listFiles(entryPath);
    return entry.isFile() ? [entryPath] : [];
  });
}

/** @type {WeakMap<Source, import('oxc-parser').ParseResult>} several rules look at the same sources */
const parsed = new WeakMap();

/** @param {Source} source @throws {Error} where the parser finds a syntax error */
export function parse(source) {
  const known = parsed.get(source);
  if (known !== undefined) return known;
  const result = parseSync(source.file, source.text);
  const [error] = result.errors;
  if (error !== undefined) throw new Error(`${source.file}: ${error.message}`);
  parsed.set(source, result);
  return result;
}

/** @param {string} text @returns {number} as an editor counts them */
export function countLines(text) {
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}

/** @param {string} text @param {number} offset @returns {number} from 1 */
export function lineAt(text, offset) {
  return text.slice(0, offset).split('\n').length;
}

/**
 * Functions, arrow functions and methods, those inside others too.
 * @param {Source} source
 * @returns {FunctionLength[]}
 */
export function functionsIn(source) {
  /** @type {FunctionLength[]} */
  const found = [];
  /** @type {Map<number, string>} the name of the function that begins at an offset */
  const names = new Map();
  /** @param {{ start: number, end: number, id?: { name: string } | null }} node */
  const add = (node) => {
    const line = lineAt(source.text, node.start);
    const lines = lineAt(source.text, node.end) - line + 1;
    found.push({ name: node.id?.name ?? names.get(node.start) ?? '(anonymous)', line, lines });
  };
  /** @param {{ key?: any, value?: any }} node */
  const nameProperty = ({ key, value }) => {
    if (value !== null && value !== undefined && key.name !== undefined) names.set(value.start, key.name);
  };
  new Visitor({
    VariableDeclarator: ({ id, init }) => {
      if (init !== null && id.type === 'Identifier') names.set(init.start, id.name);
    },
    Property: nameProperty,
    PropertyDefinition: nameProperty,
    MethodDefinition: nameProperty,
    FunctionDeclaration: add,
    FunctionExpression: add,
    ArrowFunctionExpression: add,
  }).visit(parse(source).program);
  return found;
}

/**
 * What a file imports: statements, re-exports, `import()` and the types written `import('…')`.
 * @param {Source} source
 * @returns {string[]} specifiers as written, each once
 */
export function importsOf(source) {
  /** @type {Set<string>} */
  const specifiers = new Set();
  /** @param {{ source: Node | null }} node */
  const add = ({ source: literal }) => {
    if (literal?.type === 'Literal' && typeof literal.value === 'string') specifiers.add(literal.value);
  };
  new Visitor({
    ImportDeclaration: add,
    ExportNamedDeclaration: add,
    ExportAllDeclaration: add,
    ImportExpression: add,
    TSImportType: add,
  }).visit(parse(source).program);
  return [...specifiers];
}
