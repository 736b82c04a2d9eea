/** Help lists every command with its options, and every exit code, from the tables. */

import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_MEANINGS } from '../../../src/app/environment/exit-codes.js';
import { COMMAND_OPTIONS, type CommandName, optionHelp } from '../../../src/app/options/option-table.js';
import { sandbox } from '../support/sandbox.js';

const flat = (text: string): string => text.replace(/\s+/g, ' ');

async function help(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await sandbox().run([...args, '--help']);
  expect([code, stderr]).toEqual([0, '']);
  return stdout.toString();
}

describe('solod --help', () => {
  it('names every command and every exit code', async () => {
    const text = await help();
    const shareText = await help('share');
    for (const command of Object.keys(COMMAND_OPTIONS)) {
      const [first, second] = command.split(' ');
      expect(second === undefined ? text : shareText).toMatch(new RegExp(`^  ${second ?? first} `, 'm'));
    }
    for (const [name, meaning] of Object.entries(EXIT_MEANINGS)) {
      const number = String(EXIT[name as keyof typeof EXIT_MEANINGS]);
      expect(flat(text)).toContain(` ${number} ${meaning.replaceAll('`', '')} `);
    }
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

it.each(Object.entries(COMMAND_OPTIONS))('solod %s --help names its options', async (command, names) => {
  const text = flat(await help(...command.split(' ')));
  const written = [...text.matchAll(/ --([a-z-]+)(?= )/g)].map(([, name]) => name ?? '');
  for (const name of names) {
    expect(written).toContain(name);
    expect(text).toContain(flat(optionHelp(command as CommandName, name).help));
  }
});
