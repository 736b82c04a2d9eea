/** Clients wait until all are there, and nobody is left over: not of a gate, not of a whole run. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../process/support/sandbox.js';
import { Gate, inhabitantsOf, ROOT } from './modules.js';

/** Short: sockets' paths are. */
const made: string[] = [];
const children: ChildProcess[] = [];

function folder(): string {
  const directory = mkdtempSync('/tmp/rivals-');
  made.push(directory);
  return directory;
}

function start(program: string, args: readonly string[], cwd: string, env = {}): ChildProcess {
  const child = spawn(program, args, { cwd, env: { PATH: process.env.PATH, ...env }, stdio: 'pipe' });
  children.push(child);
  return child;
}

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const directory of made.splice(0)) {
    for (const pid of inhabitantsOf(directory)) process.kill(pid, 'SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});

const shell = (cwd: string, script: string, input = '') => ({
  ...{ program: '/bin/sh', args: ['-c', script], env: {}, cwd, input },
});

describe('a gate', () => {
  it('holds all until it opens; then each becomes its client, with its own input', async () => {
    const directory = folder();
    const gate = new Gate(path.join(directory, 'gate'));
    for (let n = 0; n < 6; n++)
      gate.add(shell(directory, `: >begun-${n}; read line; echo "$$ $line"`, `n${n}\n`));
    await gate.gathered();
    expect(readdirSync(directory)).toEqual(['gate']);
    expect(inhabitantsOf(directory).sort()).toEqual(gate.pids.toSorted());

    gate.open();
    const ended = await Promise.all(gate.clients.map((client) => client.ended));
    expect(ended.map(({ code, stdout }) => [code, stdout])).toEqual(
      gate.pids.map((pid, n) => [0, `${pid} n${n}\n`]),
    );
    await gate.close();
    expect(readdirSync(directory).sort()).toEqual(Array.from({ length: 6 }, (_, n) => `begun-${n}`));
    expect(inhabitantsOf(directory)).toEqual([]);
  });

  it('that is closed before it opened ends those that wait, and nothing has begun', async () => {
    const directory = folder();
    const gate = new Gate(path.join(directory, 'gate'));
    for (let n = 0; n < 3; n++) gate.add(shell(directory, ': >begun'));
    await gate.gathered();
    await gate.close();
    const ended = await Promise.all(gate.clients.map((client) => client.ended));
    expect(ended.map(({ wasEnded }) => wasEnded)).toEqual([true, true, true]);
    expect([readdirSync(directory), inhabitantsOf(directory)]).toEqual([[], []]);
  });
});

describe('who has to do with a directory', () => {
  it('is found by its command line, its working directory, or its environment, and nobody else is', () => {
    const [directory, elsewhere] = [folder(), folder()];
    const inner = path.join(directory, 'inner');
    mkdirSync(inner);
    const found = [
      start('sleep', ['60'], inner),
      start('sleep', ['60'], elsewhere, { HOME: inner }),
      start('sh', ['-c', `sleep 60; : ${directory}`], elsewhere),
    ];
    start('sleep', ['60'], elsewhere, { HOME: `${directory}x` });
    const pids = found.map(({ pid }) => pid).sort();
    expect(
      inhabitantsOf(directory)
        .filter((pid) => pids.includes(pid))
        .sort(),
    ).toEqual(pids);
    const others = new Set(inhabitantsOf(elsewhere));
    expect(children.map(({ pid }) => others.has(pid ?? 0))).toEqual([false, true, true, true]);
  });
});

describe('npm run rivals', () => {
  const CONTROL = ['--only', 'bind, probe, unlink, bind', '--scenario', 'address-deleted', '--clients', '2'];

  function rivals(directory: string, args: readonly string[]) {
    const child = start(process.execPath, [path.join(ROOT, 'tools/rivals/rivals.mjs'), ...args], ROOT, {
      TMPDIR: directory,
    });
    const said = { stderr: '' };
    child.stderr?.on('data', (bytes) => {
      said.stderr += bytes;
    });
    child.stdout?.resume();
    const code = new Promise((resolve) => child.once('close', resolve));
    return { child, code, said };
  }

  it('finds two daemons where the address of the known-bad one was deleted, and leaves nothing behind', async () => {
    const [directory, results] = [folder(), folder()];
    const { code } = rivals(directory, [...CONTROL, '--rival-rounds', '1', '--results', results]);
    expect(await code).toBe(0);
    const [row] = JSON.parse(readFileSync(path.join(results, 'rivals.json'), 'utf8')).rows;
    expect(row).toMatchObject({ rounds: 1, left: { least: 2, most: 2, notOne: 1 }, fates: { right: 2 } });
    expect(existsSync(path.join(results, 'rivals.md'))).toBe(true);
    expect([readdirSync(directory), inhabitantsOf(directory)]).toEqual([[], []]);
  });

  it('that is told to end takes everything with it', async () => {
    const directory = folder();
    const { child, code } = rivals(directory, [...CONTROL, '--rival-rounds', '50', '--results', directory]);
    await eventually('daemons', () => inhabitantsOf(directory).filter((pid) => pid !== child.pid).length > 1);
    child.kill('SIGTERM');
    expect(await code).toBe(143);
    expect([readdirSync(directory), inhabitantsOf(directory)]).toEqual([[], []]);
  });

  it.each([
    [['--clients', '65'], 'rivals: --clients is a whole number from 1 to 64; see --help\n'],
    [['--minutes', 'soon'], 'rivals: --minutes is a number above 0; see --help\n'],
    [['--only', 'nobody'], 'rivals: --only: there is no "nobody"; see --help\n'],
    [
      ['--write-docs', '--scenario', 'cold'],
      'rivals: --write-docs takes a whole run, without --only and --scenario; see --help\n',
    ],
  ])('refuses %j', async (args, sentence) => {
    const { code, said } = rivals(folder(), args);
    expect([await code, said.stderr]).toEqual([64, sentence]);
  });
});
