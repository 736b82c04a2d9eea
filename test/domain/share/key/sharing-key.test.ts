import { describe, expect, it } from 'vitest';
import { isSessionNoise } from '../../../../src/domain/share/key/session-noise.js';
import {
  differences,
  keyText,
  type SharingWish,
  sharingKey,
  variablesFor,
} from '../../../../src/domain/share/key/sharing-key.js';

const WISH: SharingWish = {
  executable: '/bin/server',
  args: ['--root', '.'],
  directory: '/home/a/project',
  from: 'same-directory',
  env: { PATH: '/bin', HOME: '/home/a', API_TOKEN: 'secret', TERM: 'xterm', UNSET: undefined },
  only: undefined,
  terms: 'concurrent',
};

const isSame = (changes: Partial<SharingWish>, base = WISH): boolean =>
  keyText(sharingKey(base)) === keyText(sharingKey({ ...base, ...changes }));

const withVariables = (env: Record<string, string>): Partial<SharingWish> => ({
  env: { ...WISH.env, ...env },
});

describe('two clients share a process', () => {
  it.each<[string, Partial<SharingWish>]>([
    ['in another terminal', withVariables({ TERM: 'dumb', SHLVL: '3', TMUX: 'x', SSH_TTY: '/dev/pts/1' })],
    [
      'whose variables stand in another order',
      { env: Object.fromEntries(Object.entries(WISH.env).reverse()) },
    ],
  ])('%s', (_, changes) => {
    expect(isSame(changes)).toBe(true);
  });

  it.each<[string, Partial<SharingWish>]>([
    ['with another token', withVariables({ API_TOKEN: 'other' })],
    ['with a variable that nobody knows', withVariables({ SOMETHING: '1' })],
    ['with other keys', withVariables({ SSH_AUTH_SOCK: '/run/agent' })],
    ['with another home', withVariables({ HOME: '/home/b' })],
    ['in another directory', { directory: '/home/a' }],
    ['with other arguments', { args: ['--root .'] }],
    ['of another program', { executable: '/usr/bin/server' }],
    ['on other terms', { terms: 'serial' }],
  ])('but not one %s', (_, changes) => {
    expect(isSame(changes)).toBe(false);
  });

  it('in any directory, where that is said', () => {
    const anywhere: SharingWish = { ...WISH, from: 'any-directory' };
    expect(isSame({ directory: '/tmp' }, anywhere)).toBe(true);
    expect(isSame({ from: 'same-directory' }, anywhere)).toBe(false);
  });

  it('where only named variables count', () => {
    const narrowed: SharingWish = { ...WISH, only: ['API_TOKEN', 'TERM'] };
    expect(isSame(withVariables({ SOMETHING: '1', SSH_AUTH_SOCK: 'x' }), narrowed)).toBe(true);
    expect(isSame(withVariables({ API_TOKEN: 'other' }), narrowed)).toBe(false);
    expect(isSame(withVariables({ HOME: '/home/b' }), narrowed)).toBe(false);
    expect(isSame(withVariables({ TERM: 'dumb' }), narrowed)).toBe(false);
  });
});

describe('a server is given', () => {
  it('what counts, and nothing else of anybody', () => {
    expect(variablesFor(WISH)).toEqual({ PATH: '/bin', HOME: '/home/a', API_TOKEN: 'secret' });
    expect(variablesFor({ ...WISH, only: ['TERM'] })).toEqual({
      PATH: '/bin',
      HOME: '/home/a',
      TERM: 'xterm',
    });
    expect(variablesFor({ ...WISH, only: [] })).toEqual({ PATH: '/bin', HOME: '/home/a' });
  });

  it('no noise that looks like something basic', () => {
    const env = { XDG_SESSION_ID: '3', XDG_DATA_HOME: '/d', LC_ALL: 'C' };
    expect(variablesFor({ env, only: [] })).toEqual({ XDG_DATA_HOME: '/d', LC_ALL: 'C' });
  });
});

it.each([
  ['TERM', true],
  ['TERMINAL', false],
  ['TERM_PROGRAM', true],
  ['SOLOD_DIR', true],
  ['SSH_AUTH_SOCK', false],
  ['PWD', true],
  ['PWD2', false],
])('%s is noise: %s', (name, noise) => {
  expect(isSessionNoise(name)).toBe(noise);
});

it('why two differ', () => {
  const other = { ...WISH, ...withVariables({ API_TOKEN: 'other', NEW: '1' }), directory: '/x', args: [] };
  expect(differences(sharingKey(WISH), sharingKey(other))).toEqual([
    { part: 'args', what: '' },
    { part: 'directory', what: '/x' },
    { part: 'variable', what: 'API_TOKEN' },
    { part: 'variable', what: 'NEW' },
  ]);
  expect(differences(sharingKey(WISH), sharingKey(WISH))).toEqual([]);
});
