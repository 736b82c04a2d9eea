/**
 * solod as a Unix command: signals, write errors, streams, places that are gone. The tests run on both
 * clients where their code differs.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CommandName } from '../../../src/app/options/option-table.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { ECHO, eventually, has, isRoot, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

beforeAll(buildClient, BUILD_MS);

const NODE = ['node', [process.execPath, SOLOD]] as const;
const NATIVE = ['native', [CLIENT]] as const;
const clients: (readonly [string, readonly string[]])[] = hasCargo ? [NODE, NATIVE] : [NODE];

/** Time for a client to ignore the signals that it must ignore. */
const SETTLED_MS = 300;

/** Reports that it is called, and ends after ten seconds or when its caller is gone. */
const SLOW = `export default async ({ args, stdout, signal }) => {
  if (args.length === 0) return;
  stdout.write('called\\n');
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, 10_000);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); });
  });
};`;

async function warm(box: Sandbox, source: string): Promise<string> {
  const service = box.service(source);
  expect((await box.run(['call', service])).code).toBe(0);
  return service;
}

async function said(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  await eventually(`the child says ${text}`, () => output.includes(text));
}

describe.each(clients)('%s', (_, [program = '', ...first]) => {
  describe.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s', (signal) => {
    test('ends a call like the system does: a shell sees a signal and not an exit code', async () => {
      const box = sandbox();
      const service = await warm(box, SLOW);
      const child = box.spawn(program, [...first, 'call', service, 'slow']);
      await said(child, 'called');
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
    });

    test.runIf(has('bash'))('is ignored in a call whose shell ignores it', async () => {
      const box = sandbox();
      const service = await warm(box, SLOW.replace('10_000', '800'));
      const script = `trap '' ${signal.slice(3)}; "$@"; echo "code $?"`;
      const shell = box.spawn('bash', ['-c', script, 'bash', program, ...first, 'call', service, 'slow']);
      await said(shell, 'called');
      await delay(SETTLED_MS);
      const [child] = await childrenOf(shell);
      process.kill(child ?? 0, signal);
      await said(shell, 'code 0');
    });
  });

  test.runIf(has('nohup') && has('bash'))('nohup protects a call from a hang-up', async () => {
    const box = sandbox();
    const service = await warm(box, SLOW.replace('10_000', '800'));
    const script = 'nohup "$@"; echo "code $?"';
    const shell = box.spawn('bash', ['-c', script, 'bash', program, ...first, 'call', service, 'slow']);
    await said(shell, 'called');
    await delay(SETTLED_MS);
    const [child] = await childrenOf(shell);
    process.kill(child ?? 0, 'SIGHUP');
    await said(shell, 'code 0');
  });
});

/** Of each command, what it is asked for so that it prints something; in this order. */
const PRINTING: Readonly<Record<CommandName, readonly (readonly string[])[]>> = {
  call: [['SERVICE'], ['--no-daemon', 'SERVICE'], ['--help']],
  kick: [['--help']],
  serve: [['--help']],
  connect: [['--help']],
  share: [['--explain', '--', 'cat']],
  ls: [[], ['--json']],
  status: [[], ['SERVICE'], ['--json', 'SERVICE']],
  logs: [['SERVICE'], ['-f', 'SERVICE'], ['--json', 'SERVICE']],
  spawns: [['SERVICE'], ['--svg=-', 'SERVICE']],
  stats: [['SERVICE'], ['--json', 'SERVICE']],
  doctor: [[], ['--json']],
  gc: [['--dry-run'], ['--dry-run', '--json'], []],
  restart: [['SERVICE']],
  install: [['--bin-dir=BIN', '--as=x', 'SERVICE']],
  uninstall: [['--bin-dir=BIN', '--as=x', 'SERVICE']],
  'share ls': [['--json']],
  'share install': [['--dry-run', 'SETTINGS'], ['SETTINGS']],
  'share uninstall': [['SETTINGS']],
  path: [['a-name']],
  explain: [['SOLOD_E_LOST']],
  completion: [['bash'], ['zsh'], ['fish']],
  help: [[], ['call'], ['exit-codes']],
  stop: [['SERVICE'], ['--all', '--json']],
};
const BROKEN =
  /^solod: stdout of this process failed: ENOSPC: [^\n]*; check where it leads \[SOLOD_E_STREAM\]\n$/;
const MCP_SETTINGS = { mcpServers: { x: { command: 'cat', args: [] } } };

async function isToldOfFullOutput(box: Sandbox, command: readonly string[]): Promise<void> {
  const env = { PATH: `${path.join(box.path, 'bin')}:${process.env.PATH}` };
  const told = await box.exec('sh', ['-c', '"$@" >/dev/full', 'sh', ...command], { env });
  expect([command, told.code, told.stderr]).toEqual([command, 74, expect.stringMatching(BROKEN)]);
}

describe('an output that fails', () => {
  test('is an error of every command, with its reason', { timeout: 120_000 }, async () => {
    const box = sandbox();
    const service = await warm(box, ECHO);
    const settings = path.join(box.path, 'mcp.json');
    writeFileSync(settings, JSON.stringify(MCP_SETTINGS));
    mkdirSync(path.join(box.place(), 'trash.x'));
    const words = { SERVICE: service, BIN: path.join(box.path, 'bin'), SETTINGS: settings };
    const filled = (word: string): string =>
      word.replace(/SERVICE|BIN|SETTINGS/, (name) => words[name as keyof typeof words]);
    for (const [command, askings] of [
      ['--help', [[]]],
      ['--version', [[]]],
      ...Object.entries(PRINTING),
    ] as const)
      for (const asking of askings)
        await isToldOfFullOutput(box, [...NODE[1], ...command.split(' '), ...asking.map(filled)]);
  });

  test('is the same error in the native client', { skip: !hasCargo }, async () => {
    const box = sandbox();
    const service = await warm(box, ECHO);
    for (const command of [['--version'], ['--help'], ['call', service], ['share', '--explain', '--', 'cat']])
      await isToldOfFullOutput(box, [CLIENT, ...command]);
  });

  test('says nothing to a reader that is gone', async () => {
    const box = sandbox();
    const service = await warm(box, ECHO);
    for (const command of [['ls'], ['doctor'], ['--help'], ['path', 'a-name'], ['call', service]]) {
      const script = '{ sleep 0.3; "$@"; echo "code $?" >&2; } | true';
      const told = await box.exec('sh', ['-c', script, 'sh', process.execPath, SOLOD, ...command]);
      expect([command, told.stderr]).toEqual([command, 'code 141\n']);
    }
  });
});

describe('a log that is followed', () => {
  test.each(['head -1', 'sleep 0.5'])('ends with its reader, even without new lines: %s', async (reader) => {
    const box = sandbox();
    const service = await warm(box, ECHO);
    const script = `{ "$@"; echo "code $?" >&2; } | ${reader} >/dev/null`;
    const told = await box.exec('sh', ['-c', script, 'sh', process.execPath, SOLOD, 'logs', '-f', service]);
    expect(told.stderr).toBe('code 141\n');
  });

  test('ends with a reader behind a socket', async () => {
    const box = sandbox();
    const service = await warm(box, ECHO);
    const child = box.start(['logs', '-f', service]);
    await said(child, 'serving');
    child.stdout?.destroy();
    expect(await once(child, 'exit')).toEqual([141, null]);
  });
});

describe.each(clients)(
  'an error that a user can cause, with the client in %s,',
  (_, [program = '', ...first]) => {
    test('has no stack trace: a directory as stdin', async () => {
      const box = sandbox();
      const service = await warm(box, ECHO);
      for (const how of [[], ['--no-daemon']]) {
        const script = '"$@" < /';
        const call = ['call', ...how, service, '--', '--stdin'];
        const told = await box.exec('sh', ['-c', script, 'sh', program, ...first, ...call]);
        expect([told.code, told.stdout.toString()], told.stderr).toEqual([74, '']);
        expect(told.stderr).toMatch(/^solod: stdin of this process failed: EISDIR: [^\n]*\n$/);
      }
    });

    test('has no stack trace: a working directory that is gone', async () => {
      const box = sandbox();
      const service = await warm(box, ECHO);
      const gone = (...args: string[]) =>
        box.exec('sh', [
          '-c',
          'mkdir gone && cd gone && rmdir ../gone && exec "$@"',
          'sh',
          program,
          ...first,
          ...args,
        ]);
      for (const how of [[], ['--no-daemon'], ['--fallback=inline']]) {
        const told = await gone('call', ...how, '../echo.mjs');
        expect([told.code, told.stdout.toString()], told.stderr).toEqual([64, '']);
        expect(told.stderr).toMatch(
          /^solod: the working directory of this process does not exist any more; [^\n]*\n$/,
        );
        expect((await gone('call', ...how, service)).code).toBe(0);
      }
      for (const command of [
        ['kick', '../echo.mjs'],
        ['status', '../echo.mjs'],
        ['serve', '../echo.mjs'],
        ['ls', '--state-dir=state'],
      ]) {
        const told = await gone(...command);
        expect(told.code, told.stderr).toBeGreaterThan(0);
        expect(told.stderr).toMatch(/^solod: [^\n]*\n$/);
      }
    });

    test.runIf(isRoot && has('setpriv'))('has no stack trace: no home', async () => {
      const box = sandbox();
      const service = box.service();
      // Neither named by the environment nor known to the system.
      spawnSync('chmod', ['755', box.path]);
      const env = {
        HOME: undefined,
        SOLOD_DIR: undefined,
        XDG_RUNTIME_DIR: undefined,
        XDG_STATE_HOME: undefined,
      };
      const bare = (more: NodeJS.ProcessEnv, ...args: string[]) =>
        box.exec('setpriv', ['--reuid=4243', '--regid=4243', '--clear-groups', program, ...first, ...args], {
          env: { ...env, ...more },
          cwd: '/tmp',
        });
      for (const home of [undefined, '', 'relative']) {
        const refused = await bare({ HOME: home }, 'call', service);
        expect([refused.code, refused.stdout.toString()]).toEqual([73, '']);
        expect(refused.stderr).toMatch(
          /^solod: there is no home directory for daemons to live in; [^\n]*\n$/,
        );
      }
      for (const inline of [['--no-daemon'], ['--fallback=inline']])
        expect((await bare({}, 'call', ...inline, service)).code).toBe(0);
      expect((await bare({ SOLOD: 'off' }, 'call', service)).code).toBe(0);
      expect(existsSync('/tmp/.local')).toBe(false);
    });
  },
);

test.runIf(isRoot && has('unshare'))('the command works without /proc', async () => {
  const box = sandbox();
  const service = box.service();
  const script = `mount -t tmpfs none /proc && for command in call status stop; do
    "$0" "$1" $command "$2" </dev/null || exit 1; done; "$0" "$1" ls`;
  const told = await box.exec('unshare', ['-m', 'sh', '-c', script, process.execPath, SOLOD, service]);
  expect(told.code, told.stderr).toBe(0);
  expect(told.stdout.toString()).toMatch(/: ready, pid [0-9]+, .*\n.*: stopped \(pid/);
});

test('control characters of quoted texts and names never reach a terminal', async () => {
  const box = sandbox();
  const folder = path.join(box.path, 'bell\u0007');
  mkdirSync(folder);
  const service = path.join(folder, 'fails.mjs');
  writeFileSync(service, "throw new Error('\\u001b]0;title\\u0007 \\u009b2J \\u001b[31mred\\u001b[0m\\r');");
  const told = await box.run(['call', service]);
  expect(told.code).toBe(70);
  expect(told.stderr).toContain('\\u001b]0;title\\u0007 \\u009b2J red\\u000d');
  for (const command of [
    ['call', service],
    ['doctor', service],
    ['ls'],
    ['spawns', service],
    ['kick', service],
  ]) {
    const { stdout, stderr } = await box.run(command);
    expect([command, /(?![\n\t])\p{Cc}/u.test(stdout.toString() + stderr)]).toEqual([command, false]);
  }
});

async function childrenOf(shell: ChildProcess): Promise<readonly number[]> {
  const listed = spawn('ps', ['-o', 'pid=', '--ppid', String(shell.pid)]);
  let text = '';
  listed.stdout.on('data', (bytes: Buffer) => {
    text += bytes;
  });
  await once(listed, 'close');
  return text.trim().split(/\s+/).map(Number);
}
