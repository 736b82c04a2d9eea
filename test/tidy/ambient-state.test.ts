/**
 * The domain and the ports read the world through port calls alone. The compiler keeps out what Node adds to
 * the language (`layers.test.ts`). This finds what the language itself offers, and getters, in which a
 * reading could hide.
 */

import { Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { expectOnly, lineAt, parse, planted, type Source, sourcesIn } from './repository.js';

/** Time, locale, memory that other threads change, and ways to reach anything by another name. */
const GLOBALS = new Set([
  'Date',
  'Temporal',
  'globalThis',
  'eval',
  'Function',
  'Intl',
  'WeakRef',
  'FinalizationRegistry',
  'Atomics',
]);

/** Randomness, and what depends on the locale of the process. */
const LOCAL_METHODS = new Set(['random', 'localeCompare', 'toLocaleString', 'toLocaleUpperCase']);

interface Violation {
  readonly what: string;
  readonly offset: number;
}

function violationsIn(source: Source): Violation[] {
  const found: Violation[] = [];
  const add = (what: string, offset: number) => void found.push({ what, offset });
  const checkGetter = ({ kind, start }: { kind: string; start: number }) => {
    if (kind === 'get') add('a getter', start);
  };
  new Visitor({
    Identifier: ({ name, start }) => {
      if (GLOBALS.has(name)) add(name, start);
    },
    MemberExpression: ({ property, start }) => {
      if (property.type === 'Identifier' && LOCAL_METHODS.has(property.name)) add(property.name, start);
    },
    MetaProperty: ({ start }) => add('import.meta', start),
    MethodDefinition: checkGetter,
    Property: checkGetter,
    TSMethodSignature: checkGetter,
  }).visit(parse(source).program);
  return found;
}

/** It computes from what it holds. */
const DOMAIN_GETTERS = ['src/domain/statistics/histogram.ts a getter'];

const report = (sources: readonly Source[]): string[] =>
  sources.flatMap((source) =>
    violationsIn(source).map(({ what, offset }) => `${source.file} ${what} ${lineAt(source.text, offset)}`),
  );

describe('no ambient time, randomness or environment', () => {
  it.each(['src/domain', 'src/ports'])('in %s', (folder) => {
    expectOnly(
      report(sourcesIn(folder)).map((line) => line.replace(/ \d+$/, '')),
      folder === 'src/domain' ? DOMAIN_GETTERS : [],
    );
  });

  it.each([
    ['const now = Date.now();', 'Date'],
    ['const now = Temporal.Now.instant();', 'Temporal'],
    ['const nonce = Math.random();', 'random'],
    ['const { random } = Math; const nonce = globalThis.crypto;', 'globalThis'],
    ["const time = eval('Date.now()');", 'eval'],
    ["const time = new Function('return 1');", 'Function'],
    ['const zone = Intl.DateTimeFormat();', 'Intl'],
    ['const sorted = names.sort((a, b) => a.localeCompare(b));', 'localeCompare'],
    ['const gone = new WeakRef(state).deref() === undefined;', 'WeakRef'],
    ['const here = import.meta.url;', 'import.meta'],
    ['const plan = { get identity() { return read(); } };', 'a getter'],
    ['class Plan { get identity() { return read(); } }', 'a getter'],
    ['interface Plan { get identity(): string; }', 'a getter'],
  ])('and it is found: %s', (text, what) => {
    expect(report([planted('src/domain/a.ts', `// A first line.\n${text}`)])).toContain(
      `src/domain/a.ts ${what} 2`,
    );
  });

  it('and words in comments and texts are not code', () => {
    const text = '// Date.now() and a getter\nconst says = "process.env, Math.random()"; const random = 1;';
    expect(report([planted('src/domain/a.ts', text)])).toEqual([]);
  });
});
