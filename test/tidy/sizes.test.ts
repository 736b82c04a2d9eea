/** Lines, functions, files and folders stay short enough to be read. `npm run house` prints the numbers. */

import { describe, expect, it } from 'vitest';
import { CROWDED_FOLDERS, LONG_FILES, LONG_FUNCTIONS, WIDE_FILES } from './exceptions.js';
import {
  expectOnly,
  fileLengths,
  folderSizes,
  functionLengths,
  parse,
  planted,
  type Sized,
  type Source,
  sourcesIn,
} from './repository.js';

const MOST_CHARACTERS = 110;
const MOST_LINES_OF_A_FUNCTION = 60;
const MOST_LINES_OF_A_FILE = 400;
const MOST_FILES_OF_A_FOLDER = 15;

const over = (sized: readonly Sized[], limit: number): string[] =>
  sized.filter(({ size }) => size > limit).map(({ what }) => what);

/** The formatter breaks code; what it leaves is a text in one piece. Comments it leaves as they are. */
const wideFiles = (sources: readonly Source[]): string[] =>
  sources.filter(hasWideComment).map(({ file }) => file);

function hasWideComment(source: Source): boolean {
  const { text } = source;
  return parse(source).comments.some(({ start, end }) => {
    const before = text.slice(text.lastIndexOf('\n', start) + 1, start);
    const lines = `${before}${text.slice(start, end)}`.split('\n');
    return lines.some((line) => [...line].length > MOST_CHARACTERS);
  });
}

/** Without the line number, which changes with every edit above it. */
const longFunctions = (sources: readonly Source[]): string[] =>
  over(functionLengths(sources), MOST_LINES_OF_A_FUNCTION).map((what) => what.replace(/:\d+ /, ' '));

const lines = (count: number): string => 'f();\n'.repeat(count);

describe('a line of a comment has at most 110 characters', () => {
  it('in all code', () => {
    expectOnly(wideFiles(sourcesIn('src', 'test', 'scripts', 'tools')), WIDE_FILES);
  });

  it.each([
    [(width: number) => `a();\n// ${'x'.repeat(width - 3)}\n`],
    [(width: number) => `/**\n * A.\n * ${'x'.repeat(width - 3)}\n */\na();\n`],
    [(width: number) => `a(); // ${'x'.repeat(width - 8)}`],
  ])('and a longer one is found', (at) => {
    expect(wideFiles([planted('src/a.ts', at(110)), planted('src/b.ts', at(111))])).toEqual(['src/b.ts']);
  });
});

describe('a function has at most 60 lines', () => {
  it('outside of tests, whose suites are functions too', () => {
    expectOnly(longFunctions(sourcesIn('src', 'scripts', 'tools')), LONG_FUNCTIONS);
  });

  it.each([
    ['function long() {\n', '}\n', 'long'],
    ['const long = async () => {\n', '};\n', 'long'],
    ['class A { long() {\n', '} }\n', 'long'],
    ['class A { #long = () => {\n', '}; }\n', 'long'],
    ['const a = { get long() {\n', '} };\n', 'long'],
    ['export default [function* () {\n', '}];\n', '(anonymous)'],
  ])('and a longer one is found: %j', (begin, end, name) => {
    const source = (body: number) => planted('src/a.ts', `${begin}${lines(body)}${end}`);
    expect(longFunctions([source(58)])).toEqual([]);
    expect(longFunctions([source(59)])).toEqual([`src/a.ts ${name}`]);
  });
});

describe('a file of the product has at most 400 lines', () => {
  it('everywhere in src', () => {
    expectOnly(over(fileLengths(sourcesIn('src')), MOST_LINES_OF_A_FILE), LONG_FILES);
  });

  it('and a longer one is found', () => {
    const sources = [planted('src/a.ts', lines(400)), planted('src/b.ts', lines(401))];
    expect(over(fileLengths(sources), MOST_LINES_OF_A_FILE)).toEqual(['src/b.ts']);
  });
});

describe('a folder has at most 15 files of its own', () => {
  it('in src, tools and test', () => {
    const folders = folderSizes(sourcesIn('src', 'tools', 'test'));
    expectOnly(over(folders, MOST_FILES_OF_A_FOLDER), CROWDED_FOLDERS);
  });

  it('and a fuller one is found', () => {
    const files = (folder: string, count: number) =>
      Array.from({ length: count }, (_, n) => planted(`${folder}/${n}.ts`, ''));
    const sources = [...files('src/a', 15), ...files('src/a/below', 3), ...files('src/b', 16)];
    expect(over(folderSizes(sources), MOST_FILES_OF_A_FOLDER)).toEqual(['src/b']);
  });
});
