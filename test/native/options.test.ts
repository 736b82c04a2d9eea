/** The native client takes the options of `call` and `kick` that the table has, and no other. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { COMMAND_OPTIONS } from '../../src/app/options/option-table.js';

const rust = readFileSync(path.resolve(import.meta.dirname, '../../native/src/app/options.rs'), 'utf8');

const quoted = (text: string): string[] => [...text.matchAll(/"([a-z-]+)"/g)].map(([, name]) => name ?? '');
const list = (name: string): string[] =>
  quoted(new RegExp(`const ${name}: &\\[&str\\] =\\s*&\\[([^;]*)\\];`).exec(rust)?.[1] ?? '');
/** The arms of `takes_value`, one line each. */
const arms = (/fn takes_value[\s\S]*?\n}\n/.exec(rust)?.[0] ?? '').split('\n');

const ofBoth = [
  ...list('WITH_VALUE'),
  ...list('OF_DAEMONS'),
  ...arms.filter((arm) => !arm.includes('Command::Call')).flatMap(quoted),
];
const ofCalls = arms.filter((arm) => arm.includes('Command::Call')).flatMap(quoted);

it('kick takes the options of the table', () => {
  expect(ofBoth.sort()).toEqual([...COMMAND_OPTIONS.kick].sort());
});

it('call takes the options of the table', () => {
  expect([...ofBoth, ...ofCalls].sort()).toEqual([...COMMAND_OPTIONS.call].sort());
});
