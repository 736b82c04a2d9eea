import { describe, expect, test } from 'vitest';
import {
  absolutePreloads,
  daemonEnvironment,
  environmentText,
} from '../../../src/domain/place/daemon-environment.js';

const passed = (env: Record<string, string | undefined>, named: readonly string[] = []) =>
  daemonEnvironment(env, named, '/here');

describe('the environment of a daemon', () => {
  test('is what a login has', () => {
    const login = {
      HOME: '/home/u',
      USER: 'u',
      LOGNAME: 'u',
      SHELL: '/bin/sh',
      PATH: '/usr/bin:/bin',
      LANG: 'C.UTF-8',
      LC_ALL: 'C',
      XDG_RUNTIME_DIR: '/run/user/7',
      XDG_DATA_DIRS: '/usr/share',
      HTTPS_PROXY: 'http://proxy',
      no_proxy: '*',
      SSL_CERT_FILE: '/etc/ca.pem',
      TMPDIR: '/tmp',
    };
    expect(passed(login)).toEqual(login);
  });

  test.each([
    'GIT_DIR',
    'GIT_INDEX_FILE',
    'NODE_OPTIONS',
    'NODE_PATH',
    'NODE_CHANNEL_FD',
    'NODE_UNIQUE_ID',
    'NODE_V8_COVERAGE',
    'NODE_ENV',
    'NODE_DEBUG',
    'LD_PRELOAD',
    'npm_config_x',
    'INIT_CWD',
    'PWD',
    'OLDPWD',
    'TZ',
    'CI',
    'SOLOD',
    'SOLOD_START_CHANNEL',
    'LISTEN_FDS',
    'NOTIFY_SOCKET',
    'XDG_SESSION_ID',
    '__proto__',
  ])('has no %s of the caller', (name) => {
    expect(Object.keys(passed(Object.fromEntries([[name, '/x']])))).toEqual([]);
  });

  test('means no relative path, but for files, which count from the directory of the caller', () => {
    expect(
      passed({ HOME: 'h', SHELL: '', XDG_CONFIG_HOME: './c', PATH: '.:/bin::node_modules/.bin' }),
    ).toEqual({
      PATH: '/bin',
    });
    expect(passed({ NODE_EXTRA_CA_CERTS: 'ca.pem', SSL_CERT_DIR: '', SOLOD_DIR: 'daemons' })).toEqual({
      NODE_EXTRA_CA_CERTS: '/here/ca.pem',
      SSL_CERT_DIR: '',
      SOLOD_DIR: '/here/daemons',
    });
    expect(passed({ SOLOD_DIR: 'C:\\daemons' })).toEqual({ SOLOD_DIR: 'C:\\daemons' });
  });

  test.each([
    ['/tmp', true],
    ['/tmp/', true],
    ['/var/tmp', true],
    ['/tmp/user/1000', true],
    ['/var/folders/ab/c0ffee_x/T/', true],
    ['/tmp/build-1', false],
    ['/home/u/tmp', false],
    ['tmp', false],
  ])('has TMPDIR=%s only if that is of the system: %s', (directory, isKept) => {
    expect(passed({ TMPDIR: directory })).toEqual(isKept ? { TMPDIR: directory } : {});
  });

  test('has what the service names, one by one or by how they begin', () => {
    const env = { TOKEN: 't', TOKENS: 't', APP_A: 'a', APP_: 'b', APPB: 'c' };
    expect(passed(env, ['TOKEN', 'APP_*', 'MISSING'])).toEqual({ TOKEN: 't', APP_A: 'a', APP_: 'b' });
  });

  test('has the same text in whatever order the variables came', () => {
    expect(environmentText({ B: '2', A: '1' })).toBe(environmentText({ A: '1', B: '2' }));
    expect(environmentText({ A: '1' })).not.toBe(environmentText({ A: '2' }));
  });
});

test.each([
  ['--require ./a.cjs', '--require /here/./a.cjs'],
  ['-r ../a.cjs', '-r /here/../a.cjs'],
  ['--import=./a.mjs --max-old-space-size=9', '--import=/here/./a.mjs --max-old-space-size=9'],
  ['--require  "./a b.cjs"', '--require  "/here/./a b.cjs"'],
  ['--require pkg --import /a.mjs', '--require pkg --import /a.mjs'],
  ['--title ./a', '--title ./a'],
  ['', ''],
])('preloads count from the directory of the caller: %s', (options, expected) => {
  expect(absolutePreloads(options, '/here')).toBe(expected);
  expect(daemonEnvironment({ NODE_OPTIONS: options }, ['NODE_*'], '/here')).toEqual({
    NODE_OPTIONS: expected,
  });
});
