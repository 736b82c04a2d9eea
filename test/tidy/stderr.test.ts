/** One place speaks for solod on stderr, so that every line of its own looks the same. */

import { Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import { OTHER_SPEAKERS } from './exceptions.js';
import { expectOnly, parse, planted, type Source, sourcesIn } from './repository.js';

const SPEAKER = 'solod: ';
const THE_PLACE = 'src/domain/text/speaker.ts';

const speakers = (sources: readonly Source[]): string[] => sources.filter(speaks).map(({ file }) => file);

function speaks(source: Source): boolean {
  let found = false;
  new Visitor({
    Literal: ({ value }) => {
      found ||= typeof value === 'string' && value.startsWith(SPEAKER);
    },
    TemplateElement: ({ value }) => {
      found ||= value.raw.startsWith(SPEAKER);
    },
  }).visit(parse(source).program);
  return found;
}

describe('one place writes "solod: "', () => {
  it('in all of src', () => {
    expectOnly(speakers(sourcesIn('src')), [THE_PLACE, ...OTHER_SPEAKERS]);
  });

  it('and another one is found', () => {
    const texts = ["write('solod: it failed');", 'write(`solod: it failed`);', "write('solod:status-line');"];
    const sources = texts.map((text, n) => planted(`src/app/${n}.ts`, `// solod: a comment\n${text}`));
    expect(speakers(sources)).toEqual(['src/app/0.ts', 'src/app/1.ts']);
  });
});
