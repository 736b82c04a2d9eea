/** What the status line makes of what it is given: of stdin, of git's words, of everything together. */

import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSession, type Session } from '../../../src/app/status-line/input.js';
import {
  directoryText,
  type Line,
  type LineRepository,
  renderLine,
} from '../../../src/app/status-line/line.js';
import { parseStatus } from '../../../src/app/status-line/porcelain.js';
import { readStdin } from '../../../src/app/status-line/stdin.js';

const COMMIT = '0123456789012345678901234567890123456789';
const CLEAN = {
  branch: 'main',
  commit: COMMIT,
  ahead: 0,
  behind: 0,
  staged: 0,
  changed: 0,
  untracked: 0,
  conflicts: 0,
  ignored: [],
};

describe('what git status says', () => {
  const text = (...records: readonly string[]): string => records.map((record) => `${record}\0`).join('');
  const HEAD = [`# branch.oid ${COMMIT}`, '# branch.head main'];
  const FILE = 'N... 100644 100644 100644 0123 4567';

  it('of a clean work tree', () => {
    expect(parseStatus(text(...HEAD))).toEqual(CLEAN);
  });

  it.each([
    [['# branch.upstream o/main', '# branch.ab +2 -11'], { ahead: 2, behind: 11 }],
    [[`1 A. ${FILE} a`, `1 .M ${FILE} b`, `1 MM ${FILE} c`], { staged: 2, changed: 2 }],
    // What is renamed has its old path in a record of its own, whatever that looks like.
    [[`2 R. ${FILE} R100 new`, '? old', '? really'], { staged: 1, untracked: 1 }],
    [['u UU N... 1 2 3 4 a b c x', 'u AA N... 1 2 3 4 a b c y'], { conflicts: 2 }],
    [['? a\nb', '? c/'], { untracked: 2 }],
    [['! node_modules/', '! a.log', '! deep/er/'], { untracked: 0, ignored: ['node_modules', 'deep/er'] }],
    [['9 what is not known'], { staged: 0, changed: 0, untracked: 0 }],
  ])('%j', (records, expected) => {
    expect(parseStatus(text(...HEAD, ...records))).toMatchObject(expected);
  });

  it('of a detached head, and before the first commit', () => {
    const detached = parseStatus(text('# branch.oid abc', '# branch.head (detached)'));
    expect(detached).toMatchObject({ branch: undefined, commit: 'abc' });
    const initial = parseStatus(text('# branch.oid (initial)', '# branch.head main'));
    expect(initial).toMatchObject({ branch: 'main', commit: undefined });
  });

  it('is not what it does not say', () => {
    for (const said of ['', 'usage: git', text('# branch.head main')])
      expect(parseStatus(said)).toBe(undefined);
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (said) => void parseStatus(said)));
  });
});

describe('what stdin says', () => {
  it.each<[string, Session]>([
    ['', {}],
    [' \n', {}],
    ['{}', {}],
    ['{"cwd":"/a","workspace":{"current_dir":"/b"}}', { directory: '/a' }],
    ['{"workspace":{"current_dir":"/b","project_dir":"/c"}}', { directory: '/b' }],
    ['{"model":"Large"}', { model: 'Large' }],
    ['{"model":{"id":"large-4"}}', { model: 'large-4' }],
    ['{"model":{"id":"large-4","display_name":"Large"}}', { model: 'Large' }],
    ['{"cost":0.5}', { costUsd: 0.5 }],
    [
      '{"cost":{"total_cost_usd":1,"total_duration_ms":2,"total_lines_added":3,"total_lines_removed":4}}',
      { costUsd: 1, durationMs: 2, linesAdded: 3, linesRemoved: 4 },
    ],
    [
      '{"context_window":{"used_percentage":12.5},"output_style":{"name":"terse"}}',
      { contextPercent: 12.5, style: 'terse' },
    ],
    // What is not there yet, some say with null.
    ['{"cwd":null,"model":null,"cost":null,"context_window":{"used_percentage":null}}', {}],
    ['{"session_id":"x","version":{"any":["thing"]},"__proto__":{"model":"x"}}', {}],
  ])('%s', (json, session) => {
    const reading = readSession(json);
    expect(reading).toEqual({ kind: 'session', session: expect.anything(), wrong: [] });
    if (reading.kind === 'session') expect(JSON.parse(JSON.stringify(reading.session))).toEqual(session);
  });

  it.each<[string, readonly string[], Session]>([
    ['{"model":5,"cost":1}', ['model'], { costUsd: 1 }],
    ['{"cost":{"total_cost_usd":"1","total_duration_ms":2}}', ['cost.total_cost_usd'], { durationMs: 2 }],
    ['{"cost":-1,"cwd":"/a"}', ['cost.total_cost_usd'], { directory: '/a' }],
    ['{"cost":1e999}', ['cost.total_cost_usd'], {}],
    ['{"cwd":"","workspace":[],"model":{"display_name":{}}}', ['cwd', 'workspace', 'model.display_name'], {}],
    ['{"cwd":"a\\u0000b"}', ['cwd'], {}],
  ])('%s: what is wrong is named and left out', (json, wrong, session) => {
    const reading = readSession(json);
    expect(reading).toMatchObject({ kind: 'session', wrong });
    if (reading.kind === 'session') expect(JSON.parse(JSON.stringify(reading.session))).toEqual(session);
  });

  it.each(['[]', 'null', '5', '"x"', '{', '{"a":}', 'hello', '{} {}'])('%s is not an object', (json) => {
    expect(readSession(json)).toEqual({ kind: 'no-object' });
  });

  it('whatever it is, nothing is thrown', () => {
    fc.assert(fc.property(fc.json(), (json) => void readSession(json)));
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('cwd', 'model', 'cost', 'workspace', 'output_style'), fc.jsonValue()),
        (value) => {
          expect(readSession(JSON.stringify(value)).kind).toBe('session');
        },
      ),
    );
  });
});

describe('reading stdin', () => {
  const limits = { waitMs: 60_000, bytes: 10 };

  it('a terminal is not read', async () => {
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    expect(await readStdin(stdin, limits)).toEqual({ kind: 'read', text: '' });
    expect(stdin.listenerCount('data')).toBe(0);
  });

  it('to its end, without a byte order mark, and a character may come in two pieces', async () => {
    const stdin = new PassThrough();
    stdin.write(Buffer.from([0xef, 0xbb, 0xbf, 0x61, 0xc3]));
    stdin.end(Buffer.from([0xa9]));
    expect(await readStdin(stdin, limits)).toEqual({ kind: 'read', text: 'aé' });
  });

  it('not beyond its limit', async () => {
    const stdin = new PassThrough();
    stdin.write('x'.repeat(11));
    expect(await readStdin(stdin, limits)).toEqual({ kind: 'too-long' });
    expect(stdin.destroyed).toBe(true);
  });

  it('not for ever; what has come until then counts', async () => {
    const stdin = new PassThrough();
    stdin.write('{}');
    expect(await readStdin(stdin, { ...limits, waitMs: 10 })).toEqual({ kind: 'endless', text: '{}' });
    expect(stdin.destroyed).toBe(true);
  });

  it('one that fails says so', async () => {
    const stdin = new PassThrough();
    const reading = readStdin(stdin, limits);
    stdin.destroy(Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO', syscall: 'read' }));
    expect(await reading).toEqual({ kind: 'failed', cause: { code: 'EIO', message: 'EIO: i/o error' } });
  });
});

const repository = (changes: Partial<LineRepository> = {}): LineRepository => ({
  name: 'project',
  inside: '',
  head: CLEAN,
  status: CLEAN,
  operation: undefined,
  ...changes,
});

const line = (changes: Partial<Line> = {}): Line => ({
  directory: '/srv/project',
  home: '/home/me',
  repository: undefined,
  session: {},
  troubles: [],
  ...changes,
});

describe('the line', () => {
  it.each<[Partial<Line>, string]>([
    [{}, '/srv/project'],
    [{ repository: repository() }, '/srv/project  main'],
    [
      {
        repository: repository({
          status: { ...CLEAN, ahead: 1, behind: 2, conflicts: 3, staged: 4, changed: 5, untracked: 6 },
          operation: 'merge',
        }),
      },
      '/srv/project  main ↑1 ↓2 !3 +4 ~5 ?6 merge',
    ],
    [
      { repository: repository({ head: { branch: undefined, commit: '0123456789' } }) },
      '/srv/project  :0123456',
    ],
    [
      { repository: repository({ head: { branch: 'b\x1b[31mad\n name', commit: undefined } }) },
      '/srv/project  bad name',
    ],
    [
      { repository: repository({ head: { branch: undefined, commit: undefined }, status: undefined }) },
      '/srv/project',
    ],
    [
      {
        session: {
          model: ' Large\x07\n4 ',
          costUsd: 1.005,
          durationMs: 3_725_000,
          linesAdded: 10,
          contextPercent: 41.6,
          style: 'terse',
        },
      },
      '/srv/project  Large 4  $1.00  1h02m  +10/-0  42%  terse',
    ],
    [{ session: { durationMs: 59_999, style: 'default', linesAdded: 0 } }, '/srv/project  59s'],
    [
      { session: { model: 'x'.repeat(99), costUsd: 0, durationMs: 60_000 } },
      `/srv/project  ${'x'.repeat(29)}…  $0.00  1m`,
    ],
    [
      {
        troubles: [
          { what: 'one', todo: 'do\nthis', code: 'SOLOD_E_A' },
          { what: 'x'.repeat(99), todo: 'that', code: 'SOLOD_E_B' },
        ],
      },
      `/srv/project  one; do this · ${'x'.repeat(64)}… [SOLOD_E_A] [SOLOD_E_B]`,
    ],
    [{ directory: '\x1b[2J', troubles: [] }, 'unknown error'],
  ])('%#: %j', (changes, text) => {
    expect(renderLine(line(changes), 'plain')).toBe(text);
  });

  it('has colours, each of which ends', () => {
    const coloured = renderLine(
      line({
        repository: repository({ operation: 'rebase' }),
        session: { model: 'Large' },
        troubles: [{ what: 'wrong', todo: 'stop', code: 'SOLOD_E_A' }],
      }),
      'coloured',
    );
    expect(coloured).toBe(
      '\x1b[34m/srv/project\x1b[0m  \x1b[36mmain\x1b[0m \x1b[33mrebase\x1b[0m  \x1b[2mLarge\x1b[0m  \x1b[31mwrong; stop [SOLOD_E_A]\x1b[0m',
    );
  });

  it.each<[string, Partial<Line>, string]>([
    ['home', { directory: '/home/me' }, '~'],
    ['below home', { directory: '/home/me/a' }, '~/a'],
    ['beside home', { directory: '/home/mean' }, '/home/mean'],
    ['home with a slash', { directory: '/home/me/a', home: '/home/me//' }, '~/a'],
    ['no home', { directory: '/home/me', home: undefined }, '/home/me'],
    ['the root as home', { directory: '/a', home: '/' }, '/a'],
    [
      'a long one',
      { directory: `/${'a'.repeat(20)}/${'b'.repeat(25)}` },
      `…${'a'.repeat(13)}/${'b'.repeat(25)}`,
    ],
    [
      'a long one in a repository',
      { directory: `/home/me/${'a'.repeat(40)}/project/src`, repository: repository({ inside: 'src' }) },
      '…/project/src',
    ],
    [
      'a long one at the top of a repository',
      { directory: `/${'a'.repeat(40)}/project`, repository: repository() },
      '…/project',
    ],
    ['emoji are not split', { directory: `/${'😀'.repeat(50)}` }, `…${'😀'.repeat(39)}`],
  ])('a directory: %s', (_, changes, text) => {
    expect(directoryText(line(changes))).toBe(text);
  });

  it('is one line, and never empty, whatever it is made of', () => {
    const text = fc.string({ unit: 'binary' });
    const lines = fc.record({
      directory: text,
      home: fc.option(text, { nil: undefined }),
      repository: fc.record({ name: text, inside: text, head: fc.record({ branch: text, commit: text }) }),
      session: fc.record({ model: text, style: text }, { requiredKeys: [] }),
      troubles: fc.array(fc.record({ what: text, todo: text }), { maxLength: 2 }),
    });
    fc.assert(
      fc.property(lines, (made) => {
        const whole = {
          ...made,
          repository: { ...made.repository, status: undefined, operation: undefined },
        };
        expect(renderLine(whole, 'plain')).not.toMatch(/^$|[\p{Cc}\p{Cs}]/u);
      }),
    );
  });
});
