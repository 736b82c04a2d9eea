/** What the pages show as code parses, and names what the package exports and the command takes. */

import { parseSync } from 'oxc-parser';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/app/entry/index.js';
import * as testing from '../../src/app/entry/testing.js';
import { COMMANDS } from '../../src/app/options/command-table.js';
import { COMMAND_OPTIONS, type CommandName, OPTIONS } from '../../src/app/options/option-table.js';
import { filesAtRoot, planted, ROOT, readSources, type Source } from '../tidy/repository.js';

const EXPORTS: Readonly<Record<string, ReadonlySet<string>>> = {
  solod: new Set(Object.keys(library)),
  'solod/testing': new Set(Object.keys(testing)),
};
const pages = (): Source[] => [
  ...filesAtRoot(/^README\.md$/),
  ...readSources(ROOT, 'docs', /\.md$/),
  ...readSources(ROOT, 'examples', /\.md$/),
];

function wrongIn({ file, text }: Source): string[] {
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks
    .flatMap(([, language = '', code = '']) => {
      if (/^(?:js|ts)$/.test(language)) return wrongInCode(language, code);
      if (language === 'json') return wrongInJson(code);
      return language === 'sh' ? code.split('\n').flatMap(wrongInLine) : [];
    })
    .map((what) => `${file}: ${what}`);
}

function wrongInJson(code: string): string[] {
  try {
    JSON.parse(code);
    return [];
  } catch (error) {
    return [String(error)];
  }
}

function wrongInCode(language: string, code: string): string[] {
  const [error] = parseSync(`a.${language}`, code).errors;
  if (error !== undefined) return [`does not parse: ${error.message}`];
  const imports = [...code.matchAll(/^import \{([^}]*)\} from '(solod(?:\/testing)?)'/gm)];
  return imports.flatMap(([, names = '', from = '']) =>
    names
      .split(',')
      .map((name) => name.trim().split(' as ')[0] ?? '')
      .filter((name) => name !== '' && !name.startsWith('type ') && !EXPORTS[from]?.has(name))
      .map((name) => `${from} has no ${name}`),
  );
}

/** A command of solod, up to what another program gets. */
function wrongInLine(line: string): string[] {
  const commands = [...line.matchAll(/(?:^|[|;&(] *)solod ([a-z].*?)(?= -- |[|;&)<>]|$)/g)];
  return commands.flatMap(([, command = '']) => wrongInCommand(command.trim().split(/\s+/)));
}

function wrongInCommand(words: readonly string[]): string[] {
  const [first = '', second = ''] = words;
  const name = Object.hasOwn(COMMANDS, `${first} ${second}`) ? `${first} ${second}` : first;
  if (!Object.hasOwn(COMMANDS, name)) return [`solod has no command ${name}`];
  const taken: readonly string[] = COMMAND_OPTIONS[name as CommandName];
  return words
    .flatMap((word) => /^--([a-z][a-z-]*)/.exec(word)?.[1] ?? [])
    .filter((option) => option !== 'help' && !taken.includes(option))
    .map((option) => `solod ${name} takes no --${option}`);
}

describe('blocks of code', () => {
  it('in all pages', () => {
    const read = pages();
    expect(read.length).toBeGreaterThan(60);
    expect(read.flatMap(wrongIn)).toEqual([]);
  });

  it('options that are named in the text exist', () => {
    const known = new Set<string>([...Object.keys(OPTIONS), 'help', 'version']);
    const named = pages().flatMap(({ file, text }) =>
      [...text.matchAll(/`solod (?:[a-z]+ )+--([a-z][a-z-]*)/g)].map(
        ([, option = '']) => [file, option] as const,
      ),
    );
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(([, option]) => !known.has(option))).toEqual([]);
  });

  it.each([
    ['```js\nexport default async ({ stdout } => {\n```\n', 'does not parse'],
    ["```js\nimport { calls } from 'solod';\n```\n", 'solod has no calls'],
    ['```json\n{ "a": 1, }\n```\n', 'SyntaxError'],
    ['```sh\necho a | solod cal ./x.mjs\n```\n', 'solod has no command cal'],
    ['```sh\nsolod call --tiemout 3s ./x.mjs -- --fix\n```\n', 'solod call takes no --tiemout'],
    ['```sh\nsolod share ls --shared\n```\n', 'solod share ls takes no --shared'],
  ])('are missed where they are wrong: %j', (text, what) => {
    expect(wrongIn(planted('a.md', text)).join()).toContain(what);
  });
});
