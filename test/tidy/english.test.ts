/**
 * Comments, messages, test names and documents are in plain English: CONTRIBUTING.md has the rules, this has
 * the words.
 */

import { describe, expect, it } from 'vitest';
import { STILTED_FILES } from './exceptions.js';
import { expectOnly, filesAtRoot, planted, ROOT, readSources, type Source } from './repository.js';

interface Phrase {
  readonly found: RegExp;
  readonly instead: string;
  readonly planted: string;
}

const PHRASES: readonly Phrase[] = [
  {
    found: /\bwho(?:so)?ever\b|\bwhomever\b/i,
    instead: 'name the actor: the caller, another client, a daemon',
    planted: 'whoever asks gets an answer',
  },
  { found: /\bmend(?:s|ed|ing)?\b/i, instead: 'fix', planted: 'mend the service' },
  { found: /\bas far as\b/i, instead: 'if, where, up to', planted: 'as far as it is known' },
  { found: /\bthan which\b/i, instead: 'two sentences', planted: 'a name than which none is longer' },
  {
    found: /(?<!\bt?here )\b(?:is|are|was|were) no (?!longer\b|more\b|less\b|fewer\b|other\b)/i,
    instead: 'is not a',
    planted: 'what it found is no directory',
  },
];

const WRITTEN = /\.(?:ts|mjs|cjs|rs|md)$/;
const FOLDERS = ['src', 'test', 'scripts', 'tools', 'docs', 'examples', 'native'];
/** They quote the phrases. */
const QUOTING = ['CONTRIBUTING.md', 'test/tidy/english.test.ts'];

/** A comment that is wrapped reads on behind the star or the slashes. */
const inOneLine = (text: string): string => text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/[/!]?)?\s*/g, ' ');

const stilted = (sources: readonly Source[]): string[] =>
  sources
    .filter(({ text }) => PHRASES.some(({ found }) => found.test(inOneLine(text))))
    .map(({ file }) => file);

describe('plain English', () => {
  it('in code and documents', () => {
    const sources = FOLDERS.flatMap((folder) => {
      const written = readSources(ROOT, folder, WRITTEN);
      expect(written.length, folder).toBeGreaterThan(0);
      return written;
    });
    const documents = filesAtRoot(/\.md$/);
    expect(documents.map(({ file }) => file)).toContain('README.md');
    expectOnly(stilted([...sources, ...documents]), [...QUOTING, ...STILTED_FILES]);
  });

  it.each(PHRASES)('$found is found; instead: $instead', ({ planted: phrase }) => {
    const wrapped = phrase.replaceAll(' ', '\n * ');
    expect(stilted([planted('a.md', phrase), planted('b.ts', `/** ${wrapped} */`)])).toEqual([
      'a.md',
      'b.ts',
    ]);
  });

  it.each(['There is no daemon.', 'It is no longer there.', 'there\n// is no lock', 'amended'])(
    '%j is plain',
    (text) => {
      expect(stilted([planted('a.ts', text)])).toEqual([]);
    },
  );
});
