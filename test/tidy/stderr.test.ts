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

/** What is said there is news in a daemon's log, or an answer to `--verbose`, and not a caller's failure. */
const NEWS = [
  'src/app/daemon/claim-and-serve.ts: say',
  'src/app/daemon/daemon.ts: say',
  'src/app/daemon/serve.ts: say',
  'src/app/daemon/service-manager.ts: say',
  'src/app/entry/call-and-kick.ts: say',
  'src/app/programs/program-claim.ts: say',
  'src/app/programs/programs.ts: say',
  'src/app/share/share-client.ts: say',
];

/** `say('…')` and `output.complain('…')`: a sentence of no table, and so without a code. */
function spokenIn(source: Source): string[] {
  const found: string[] = [];
  new Visitor({
    CallExpression({ callee, arguments: [first] }) {
      const name =
        callee.type === 'Identifier'
          ? callee.name
          : callee.type === 'MemberExpression' && callee.property.type === 'Identifier'
            ? callee.property.name
            : '';
      const isWritten = first?.type === 'Literal' || first?.type === 'TemplateLiteral';
      if (/^(?:say|complain)$/.test(name) && isWritten) found.push(`${source.file}: ${name}`);
    },
  }).visit(parse(source).program);
  return found;
}

describe('a message comes from a table, which gives it a code', () => {
  it('in all of src', () => {
    expectOnly(sourcesIn('src').flatMap(spokenIn), NEWS);
  });

  it('and one that does not is found', () => {
    const texts = ["say('it failed');", 'output.complain(`it failed`);', 'say(messageOf(it));'];
    const found = texts.flatMap((text, n) => spokenIn(planted(`src/app/${n}.ts`, text)));
    expect(found).toEqual(['src/app/0.ts: say', 'src/app/1.ts: complain']);
  });
});
