/** README and the first steps are short and easy to read. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { flesch } from 'flesch';
import { syllable } from 'syllable';
import { describe, expect, it } from 'vitest';
import { filesAtRoot, ROOT, readSources } from '../tidy/repository.js';

const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** Without code, headings and marks; what stands in a cell of a table is a sentence of its own. */
const proseOf = (markdown: string): string =>
  markdown
    .replace(/^```.*?^```$/gms, '')
    .replace(/^#.*$/gm, '')
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\|[-:| ]*\|$/gm, '')
    .replaceAll('|', '\n\n')
    .replace(/^\s*(?:[-*]|\d+\.) /gm, '\n\n')
    .replace(/`[^`]*`/g, 'it');

const wordsOf = (text: string): string[] => text.match(/[A-Za-z][A-Za-z'’-]*/g) ?? [];

const sentencesOf = (markdown: string): string[][] =>
  proseOf(markdown)
    .split(/\n\s*\n|(?<=[.!?])\s+/)
    .map(wordsOf)
    .filter((words) => words.length > 1);

/** Flesch reading ease: 60 to 70 is plain English, below 50 is difficult. */
function easeOf(sentences: readonly string[][]): number {
  const words = sentences.flat();
  const syllables = words.reduce((sum, word) => sum + syllable(word), 0);
  return flesch({ sentence: sentences.length, word: words.length, syllable: syllables });
}

describe.each(['README.md', 'docs/getting-started.md'])('%s', (file) => {
  const sentences = sentencesOf(read(file));

  it('has no sentence of more than 30 words', () => {
    expect(sentences.length).toBeGreaterThan(20);
    expect(sentences.filter((words) => words.length > 30).map((words) => words.join(' '))).toEqual([]);
  });

  it('is easy to read', () => expect(easeOf(sentences)).toBeGreaterThanOrEqual(50));
});

it('README.md has 900 words at most, code and tables among them', () => {
  const words = read('README.md').split(/\s+/).filter(Boolean);
  expect(words.length).toBeGreaterThan(300);
  expect(words.length).toBeLessThanOrEqual(900);
});

/** For contributors, with a word on each command. */
const ANNOTATED = new Set(['docs/performance.md', 'docs/testing.md']);
const COMMENTED = /^```sh\n(?:(?!```).*\n)*?.*(?<!\S)#/m;

it('commands can be copied into every shell: an interactive zsh takes a comment for arguments', () => {
  const pages = [...filesAtRoot(/\.md$/), ...readSources(ROOT, 'docs', /\.md$/)].concat(
    readSources(ROOT, 'examples', /\.md$/),
  );
  expect(pages.length).toBeGreaterThan(60);
  const commented = pages.filter(({ file, text }) => !ANNOTATED.has(file) && COMMENTED.test(text));
  expect(commented.map(({ file }) => file)).toEqual([]);
  expect('```sh\nsolod ls\nsolod stop  # ends it\n```\n').toMatch(COMMENTED);
  expect('```sh\nsolod ls a#b\n```\n\n# A heading\n').not.toMatch(COMMENTED);
});

it('commands can be copied into fish, too: it has no here-documents', () => {
  const HERE = /^```sh\n(?:(?!```).*\n)*?.*<</m;
  const pages = ['README.md', 'docs/getting-started.md', 'examples/eslint/README.md'].map((file) =>
    read(file),
  );
  expect(pages.filter((text) => HERE.test(text))).toEqual([]);
  expect("```sh\nsolod ls\ncat > a <<'END'\nb\nEND\n```\n").toMatch(HERE);
});

it('finds what is difficult', () => {
  const hard = 'Notwithstanding considerable organizational complications, implementation materialized.';
  expect(easeOf(sentencesOf(hard))).toBeLessThan(50);
  expect(sentencesOf(`${'word '.repeat(31)}.`)[0]).toHaveLength(31);
});
