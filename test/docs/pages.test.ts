/** The pages that are made of tables are up to date, and everything that people can meet has a page. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_MEANINGS } from '../../src/app/environment/exit-codes.js';
import { ERROR_CODES } from '../../src/app/manual/explain.js';
import { VARIABLES } from '../../src/app/manual/topics.js';
import { COMMANDS } from '../../src/app/options/command-table.js';
import { COMMAND_OPTIONS, type CommandName, OPTIONS } from '../../src/app/options/option-table.js';
import { ROOT, sourcesIn } from '../tidy/repository.js';

interface Maker {
  makePages(): Promise<ReadonlyMap<string, string>>;
}

const { makePages }: Maker = await import(pathToFileURL(path.join(ROOT, 'tools/pages/make-pages.mjs')).href);
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');
const pageOf = (command: string): string => `docs/commands/${command.replace(' ', '-')}.md`;

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

  /** Only set for programs that are started, or passed on to them: nothing of solod is changed by these. */
  const OF_OTHERS = new Set(['PWD', 'LISTEN_PID', 'LISTEN_FDNAMES', 'LISTEN_PIDFDID']);
  const variablesIn = (text: string): string[] =>
    [
      ...text.matchAll(/\benv\.([A-Z][A-Z_]+)|'((?:SOLOD|LISTEN)(?:_[A-Z]+)*|NOTIFY_SOCKET|INVOCATION_ID)'/g),
    ].map(([, one, other]) => one ?? other ?? '');

  it('every environment variable that the sources name', () => {
    const sources = sourcesIn('src').filter(({ file }) => !file.startsWith('src/app/manual/'));
    const named = new Set(sources.flatMap(({ text }) => variablesIn(text)));
    expect(named.size).toBeGreaterThan(8);
    const known = new Set(VARIABLES.map(([name]) => name));
    expect([...named].filter((name) => !known.has(name) && !OF_OTHERS.has(name))).toEqual([]);
    for (const name of known) expect(read('docs/reference.md')).toContain(`\`${name}\``);
  });
});
