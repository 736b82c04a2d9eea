/** The pages that are made of tables are up to date, and everything that people can meet has a page. */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_MEANINGS } from '../../src/app/environment/exit-codes.js';
import { ERROR_CODES } from '../../src/app/manual/explain.js';
import { VARIABLES } from '../../src/app/manual/topics.js';
import { COMMANDS } from '../../src/app/options/command-table.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  OPTIONS,
  optionHelp,
} from '../../src/app/options/option-table.js';
import { ROOT, readSources, sourcesIn } from '../tidy/repository.js';

interface Maker {
  makePages(): Promise<ReadonlyMap<string, string>>;
}

const { makePages }: Maker = await import(pathToFileURL(path.join(ROOT, 'tools/pages/make-pages.mjs')).href);
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const pageOf = (command: string): string => `docs/commands/${command.replace(' ', '-')}.md`;

const RUST = readSources(ROOT, 'native/src', /\.rs$/);
const FRONT_DOOR = { file: 'bin/solod', text: read('bin/solod') };

describe('npm run pages', () => {
  it('has nothing left to write', async () => {
    const pages = await makePages();
    expect(pages.size).toBeGreaterThan(20);
    for (const [file, text] of pages) expect(read(file), file).toBe(text);
  });

  it('has no example that shows a value which is not there', async () => {
    for (const text of (await makePages()).values()) expect(text).not.toMatch(/undefined|NaN|\[object/);
  });
});

it('README says in words what the measurements say in numbers', () => {
  const [, own = ''] = /takes of a call:\*\* ([\d.]+) ms/.exec(read('docs/performance.md')) ?? [];
  const words = ['zero', 'one', 'two', 'three', 'four', 'five'];
  expect(read('README.md')).toContain(
    `solod itself takes ${words[Math.round(Number(own))]} milliseconds of it`,
  );
});

describe('there is a page for', () => {
  it.each(Object.keys(COMMANDS) as CommandName[])('solod %s and each of its options', (command) => {
    const page = read(pageOf(command));
    for (const option of COMMAND_OPTIONS[command]) expect(page).toContain(`--${option}`);
    expect(read('docs/commands.md')).toContain(pageOf(command).replace('docs/', ''));
  });

  it('every option of the table: some command takes it', () => {
    const taken = new Set<string>(Object.values(COMMAND_OPTIONS).flat());
    expect(Object.keys(OPTIONS).filter((option) => !taken.has(option))).toEqual([]);
  });

  it('every exit code', () => {
    const ofDaemons = ['ok', 'noRequest', 'upgrading'];
    expect([...ofDaemons, ...Object.keys(EXIT_MEANINGS)].sort()).toEqual(Object.keys(EXIT).sort());
    const reference = read('docs/reference.md');
    for (const [name, meaning] of Object.entries(EXIT_MEANINGS)) {
      expect(reference).toMatch(new RegExp(`^\\| \`${EXIT[name as keyof typeof EXIT_MEANINGS]}\` `, 'm'));
      expect(reference).toContain(meaning);
    }
  });

  it('every code of a message', () => {
    const page = read('docs/troubleshooting.md');
    for (const code of ERROR_CODES) expect(page).toMatch(new RegExp(`^### ${code}$`, 'm'));
  });

  it('every code that a source writes out', () => {
    const known = new Set<string>(ERROR_CODES);
    const written = [...sourcesIn('src'), ...RUST, FRONT_DOOR].flatMap(({ file, text }) =>
      [...text.matchAll(/SOLOD_E_[A-Z_]*[A-Z]/g)].map(([code]) => `${file}: ${code}`),
    );
    expect(written.length).toBeGreaterThan(100);
    expect(written.filter((line) => !known.has(line.split(': ')[1] ?? ''))).toEqual([]);
  });

  it('every table of messages', () => {
    const prefixes = sourcesIn('src').flatMap(({ text }) =>
      [...text.matchAll(/= (?:\/\*.*\*\/ )?coded\('([^']*)', \{/g)].map(([, prefix = '']) => prefix),
    );
    expect(prefixes.sort()).toEqual(
      ['', 'command-', 'install-', 'line-', 'program-', 'share-', 'usage-', 'worker-'].sort(),
    );
  });

  /** As a literal: `EXIT` has the names. A test of values is not an exit. */
  const EXITING = /(?:process\.exit\(|exitCode = |process::exit\()([1-9]\d*)\b/g;

  it('every number with which a source exits', () => {
    const known = new Set<number>(Object.values(EXIT));
    const all = [...sourcesIn('src'), ...RUST, FRONT_DOOR];
    const exits = all.flatMap(({ file, text }) =>
      [...text.matchAll(EXITING)].map(([, code]) => ({ file, code: Number(code) })),
    );
    expect(exits.filter(({ code }) => !known.has(code))).toEqual([]);
    for (const text of ['process.exit(81)', 'process.exitCode = 81;', 'process::exit(81)'])
      expect([...text.matchAll(EXITING)].map(([, code]) => code)).toEqual(['81']);
  });

  it('every page of docs, in the list of all pages', () => {
    const listed = new Set(
      [...read('docs/index.md').matchAll(/\]\(([^)#]+\.md)/g)].map(([, target = '']) => target),
    );
    const pages = readdirSync(path.join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
    expect(pages.length).toBeGreaterThan(15);
    expect(pages.filter((name) => name !== 'index.md' && !listed.has(name))).toEqual([]);
  });

  it('every option, with a description', () => {
    for (const [command, options] of Object.entries(COMMAND_OPTIONS))
      for (const option of options)
        expect(optionHelp(command as CommandName, option).help, `${command} --${option}`).toMatch(
          /\w{2,} \w/,
        );
    for (const [command, { summary }] of Object.entries(COMMANDS))
      expect(summary, command).toMatch(/\w{2,} \w/);
  });

  /** Set for programs that are started, or shown to a service as its caller's: solod does not read them. */
  const OF_OTHERS = new Set([
    'PWD',
    'LISTEN_PID',
    'LISTEN_FDNAMES',
    'LISTEN_PIDFDID',
    'TMPDIR',
    'TMP',
    'TEMP',
    // Node's own, set while a pipe of Windows is made.
    'NODE_PENDING_PIPE_INSTANCES',
  ]);
  /** Also those in the request of a client, which has terminals: no caller sets them. */
  const IN_REQUESTS = /^NAILGUN_/;
  /** How sources name a variable: as a property, in a pattern, in quotes, or for the shell. */
  const NAMINGS = [
    /\benv\.([A-Z][A-Z_0-9]+)/g,
    /\benv\[['"]([A-Z][A-Z_0-9]+)['"]\]/g,
    /['"]((?:SOLOD(?!_E_)|LISTEN)(?:_[A-Z0-9]+)+|SOLOD|NOTIFY_SOCKET|INVOCATION_ID)['"]/g,
    /\bvar(?:_os)?\("([A-Z][A-Z_0-9]+)"\)/g,
    /\$\{?(SOLOD[A-Z_0-9]*)/g,
  ];
  const PATTERN = /\{([^{}]+)\}(?: = [\w.]*\benv\b|: Environment\b)/g;

  const CONSTANT = /\bconst (\w+)(?:: \w+)? = ['"]([A-Z][A-Z_]+)['"]/g;
  const constantsIn = (text: string): [string, string][] =>
    [...text.matchAll(CONSTANT)].map(([, name = '', value = '']) => [name, value]);

  /** @param constants those of all sources: a name may be imported */
  function variablesIn(text: string, constants = new Map(constantsIn(text))): string[] {
    const named = NAMINGS.flatMap((naming) => [...text.matchAll(naming)].map(([, name = '']) => name));
    const patterns = [...text.matchAll(PATTERN)].map(([, names = '']) => names);
    const byConstant = [...text.matchAll(/\benv\[(\w+)\]/g)].map(
      ([, name = '']) => constants.get(name) ?? '',
    );
    return [...named, ...patterns.flatMap((names) => names.match(/\b[A-Z][A-Z_0-9]+\b/g) ?? [])].concat(
      byConstant.filter(Boolean),
    );
  }

  it.each([
    'env.PLANTED',
    "env['SOLOD_PLANTED']",
    "env['PLANTED']",
    "const NAME = 'PLANTED'; const value = process.env[NAME]",
    'const { PLANTED } = process.env',
    'const { HOME: home, PLANTED = "" } = caller.env;',
    'env::var_os("PLANTED")',
    'variable("SOLOD_2_PLANTED")',
    'if [ -n "$SOLOD_PLANTED" ]',
  ])('a variable, and %s is one', (text) => {
    expect(variablesIn(text).join()).toContain('PLANTED');
  });

  it('every environment variable that the sources name', () => {
    const sources = sourcesIn('src').filter(({ file }) => !file.startsWith('src/app/manual/'));
    const all = [...sources, ...RUST, FRONT_DOOR];
    const constants = new Map(all.flatMap(({ text }) => constantsIn(text)));
    const named = new Set(all.flatMap(({ text }) => variablesIn(text, constants)));
    expect(named.size).toBeGreaterThan(8);
    const known = new Set(VARIABLES.map(([name]) => name));
    const unknown = [...named].filter((name) => !known.has(name) && !OF_OTHERS.has(name));
    expect(unknown.filter((name) => !IN_REQUESTS.test(name))).toEqual([]);
    for (const name of known) expect(read('docs/reference.md')).toContain(`\`${name}\``);
  });
});
