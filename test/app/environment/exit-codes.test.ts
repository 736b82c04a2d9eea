/**
 * One table of exit codes, from which the reference and the decisions are made. The help:
 * `test/process/commands/help.test.ts`.
 */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT, EXIT_MEANINGS, exitCodeOf } from '../../../src/app/environment/exit-codes.js';

type Name = keyof typeof EXIT_MEANINGS;

const rows = Object.entries(EXIT_MEANINGS).map(
  ([name, meaning]) => [String(EXIT[name as Name]), meaning] as const,
);

describe('the table', () => {
  it('stands in the reference, row for row', () => {
    const page = readFileSync(path.resolve(import.meta.dirname, '../../../docs/reference.md'), 'utf8');
    const table = /^## Exit codes\n\n(?:\|.*\n)+/m.exec(page)?.[0] ?? '';
    const written = [...table.matchAll(/^\| `(\d+)` +\| (.+?) +\|$/gm)].map(([, code, meaning]) => [
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
