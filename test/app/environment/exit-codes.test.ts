/** One table of exit codes, from which the README and the decisions are made. The help: `test/process/commands/help.test.ts`. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from '../../../src/app/environment/exit-codes.js';

type Name = keyof typeof EXIT_MEANINGS;

const rows = Object.entries(EXIT_MEANINGS).map(
  ([name, meaning]) => [String(EXIT[name as Name]), meaning] as const,
);

describe('the table', () => {
  it('stands in the README, row for row', () => {
    const readme = readFileSync(path.resolve(import.meta.dirname, '../../../README.md'), 'utf8');
    const table = /^\| exit code \|.*\n(?:\|.*\n)+/m.exec(readme)?.[0] ?? '';
    const written = [...table.matchAll(/^\| (\d+) \| (.+) \|$/gm)].map(([, code, meaning]) => [
      code,
      meaning,
    ]);
    expect(written).toEqual(rows);
  });

  it('has each code once, in order', () => {
    const codes = rows.map(([code]) => Number(code));
    expect(codes).toEqual([...new Set(codes)].sort((a, b) => a - b));
  });
});

it('a daemon that declines says the exit code itself', () => {
  expect(exitCodeOf({ kind: 'declined', message: '', exitCode: 7 })).toBe(7);
  expect(exitCodeOf({ kind: 'vacant', directory: '/d' })).toBe(EXIT.unavailable);
});
