/**
 * Both clients agree to the letter, and where one of them is changed alone, the check names what was changed.
 */

import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Row {
  readonly name: string;
  readonly type: string;
  readonly file: string;
  readonly value: string | number | undefined;
}

/** What tools/protocol/check.mjs exports. */
interface Check {
  check(root: string): Promise<string[]>;
  readShared(root: string): Promise<readonly Row[]>;
  differences(rows: readonly Row[], rust: string): string[];
  unused(rows: readonly Row[], root: string): string[];
  rustText(rows: readonly Row[]): string;
}

const root = path.resolve(import.meta.dirname, '../..');
const { check, readShared, differences, unused, rustText }: Check = await import(
  pathToFileURL(path.join(root, 'tools/protocol/check.mjs')).href
);
const rows = await readShared(root);
const rust = readFileSync(path.join(root, 'native/src/protocol.rs'), 'utf8');

const changed = ({ type, value }: Row): string | number => {
  if (typeof value === 'number') return value + 1;
  return type === 'u8' ? '~' : `${value}~`;
};
const names = (complaints: readonly string[]): string[] =>
  complaints.map((complaint) => complaint.split(':')[0] ?? '');

describe('this checkout', () => {
  it('passes npm run check:protocol', () => {
    const command = [path.join(root, 'tools/protocol/protocol.mjs'), '--check'];
    expect(execFileSync(process.execPath, command, { encoding: 'utf8', stdio: 'pipe' })).toBe('');
  });

  it('has the table that is looked through', () => {
    expect(rows.length).toBeGreaterThan(100);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
  });
});

describe('a constant that is changed on one side only is named', () => {
  it.each(rows)('$name', (row) => {
    const others = rows.map((other) => (other === row ? { ...row, value: changed(row) } : other));
    expect(names(differences(others, rust))).toEqual([row.name]);
    expect(names(differences(rows, rustText(others)))).toEqual([row.name]);
  });

  it.each(rows)('$name, where it is missing', (row) => {
    const without = rows.map((other) => (other === row ? { ...row, value: undefined } : other));
    expect(names(differences(without, rust))).toEqual([row.name]);
    const left = rows.filter((other) => other !== row);
    expect(names(differences(rows, rustText(left)))).toEqual([row.name]);
    expect(names(differences(left, rust))).toEqual([row.name]);
  });
});

describe('a change of the sources', () => {
  let scratch: string;

  beforeAll(() => {
    scratch = mkdtempSync(path.join(tmpdir(), 'solod-protocol-'));
    symlinkSync(path.join(root, 'node_modules'), path.join(scratch, 'node_modules'));
    for (const part of ['src', 'native/src'])
      cpSync(path.join(root, part), path.join(scratch, part), { recursive: true });
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  async function complaintsAfter(file: string, from: string, to: string): Promise<string[]> {
    const target = path.join(scratch, file);
    const before = readFileSync(target, 'utf8');
    expect(before).toContain(from);
    writeFileSync(target, before.replaceAll(from, to));
    try {
      return names(await check(scratch));
    } finally {
      writeFileSync(target, before);
    }
  }

  it.each([
    ['WIRE_VERSION', 'src/domain/evidence/edition.ts', 'WIRE_VERSION = 1;', 'WIRE_VERSION = 2;'],
    ['STALE_MS', 'src/domain/lock/timing.ts', 'staleMs: 10_000', 'staleMs: 9_000'],
    ['OVERRIDE_MS', 'src/domain/lock/timing.ts', 'overrideMs: 2_000', 'overrideMs: 2_001'],
    ['FUTURE_MS', 'src/domain/lock/timing.ts', 'futureMs: 1_000', 'futureMs: 1_001'],
    ['POLL_GROWTH', 'src/domain/lock/timing.ts', 'pollGrowth: 1.3', 'pollGrowth: 1.31'],
    ['NAME_SOCKET', 'src/domain/place/layout.ts', "socket: 'sock'", "socket: 'socket'"],
    ['CHUNK_HEARTBEAT', 'src/app/wire/chunks.ts', "heartbeat: 'H'", "heartbeat: 'h'"],
    ['EXIT_LOST', 'src/app/environment/exit-codes.ts', 'lost: 76', 'lost: 86'],
    ['TEXT_UNUSABLE', 'src/app/texts/failure-text.ts', "can't be used:", 'is of no use:'],
    ['REASON_OVERRIDE', 'src/ports/spawn-reason.ts', "'override'", "'overridden'"],
  ])('%s, in TypeScript alone', async (name, file, from, to) => {
    expect(await complaintsAfter(file, from, to)).toEqual([name]);
  });

  it('in Rust alone', async () => {
    const file = 'native/src/protocol.rs';
    expect(await complaintsAfter(file, 'STALE_MS: f64 = 10_000.0', 'STALE_MS: f64 = 10_000.5')).toEqual([
      'STALE_MS',
    ]);
  });

  it('an exit code that two tables share is named in both', async () => {
    expect(
      await complaintsAfter('src/app/environment/exit-codes.ts', 'tempFail: 75', 'tempFail: 74'),
    ).toEqual(['REFUSAL_DRAINING', 'EXIT_TEMP_FAIL']);
  });

  it('an anchor that is gone is named', async () => {
    expect(
      await complaintsAfter('src/domain/lock/timing.ts', 'export const READY_SHARE', 'const READY_SHARE'),
    ).toEqual(['READY_SHARE']);
    expect(await complaintsAfter('native/src/protocol.rs', 'pub const STALE_MS', 'const STALE_MS')).toEqual([
      'STALE_MS',
    ]);
  });

  it('a constant that Rust has written down somewhere else is named', () => {
    const planted = { name: 'NOWHERE', type: 'u32', file: '', value: 1 };
    expect(names(unused([...rows, planted], scratch))).toEqual(['NOWHERE']);
  });
});
