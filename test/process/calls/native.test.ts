/** The native client and the one on Node together: in storms, killed at every point, and in pipelines. */

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { type Ended, eventually, has, oneDaemon, ROOT, type Sandbox, sandbox } from '../support/sandbox.js';
import { callsIn } from '../support/traced-calls.js';

const CALLERS = 200;

/** Every second caller is a native one. */
const mixed = (box: Sandbox, args: (n: number) => readonly string[]): Promise<Ended[]> =>
  Promise.all(
    Array.from({ length: CALLERS }, (_, n) => (n % 2 === 0 ? box.exec(CLIENT, args(n)) : box.run(args(n)))),
  );

/** The program that asked for each start. */
function askers(box: Sandbox): string[] {
  const lines = readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8').split('\n').filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line) as { kind: string; asker: string });
  return entries.filter(({ kind }) => kind === 'started').map(({ asker }) => asker);
}

describe.skipIf(!hasCargo)(`two hundred clients of both kinds${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const call = (service: string) => (n: number) =>
    ['call', '--timeout', '60s', service, '--', `call ${n}`] as const;

  function expectRightAnswers(answers: readonly Ended[]): number[] {
    expect(answers.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
    const said = answers.map(
      ({ stdout }) => JSON.parse(stdout.toString()) as { args: string[]; pid: number },
    );
    expect(said.map(({ args }) => args)).toEqual(answers.map((_, n) => [`call ${n}`]));
    return [...new Set(said.map(({ pid }) => pid))];
  }

  it.each(['nothing', 'a launch file'])('on a cold name, with %s left behind', async (left) => {
    const box = sandbox();
    const service = box.service();
    if (left === 'a launch file') box.leaveLaunchFile(service);
    const answers = await mixed(box, call(service));
    expect(expectRightAnswers(answers)).toEqual([await oneDaemon(box)]);
    expect(box.spawns()).toEqual(['cold']);
    expect(box.generations()).toEqual([1]);
  });

  it('right after a kill of the daemon', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    process.kill(await oneDaemon(box), 'SIGKILL');
    const answers = await mixed(box, call(service));
    expect(expectRightAnswers(answers)).toEqual([await oneDaemon(box)]);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
  });

  it('that kick: one daemon', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const kicks = await mixed(box, () => ['kick', service]);
    expect(kicks.filter(({ code, stderr }) => code !== 0 || stderr !== '')).toEqual([]);
    await oneDaemon(box);
    expect(box.spawns()).toEqual(['cold']);
  });
});

/** The calls of a starter that others can see, from its lock to its exit. */
const CALLS = 'mkdir,openat,write,rename,connect,clone,clone3,fork,vfork,unlink,rmdir,exit_group';
const canTrace = hasCargo && has('strace');

describe.skipIf(!canTrace)(
  `the holder of the lock is killed at every point of its work${canTrace ? '' : ' (left out: no strace, or no cargo)'}`,
  () => {
    beforeAll(buildClient, BUILD_MS);

    it.each(['kick', 'call'])(
      '%s',
      async (command) => {
        const points = await pointsOf(command);
        expect(points.length).toBeGreaterThanOrEqual(FEWEST);
        let killed = 0;
        for (const point of points) {
          const box = sandbox();
          const service = box.service();
          box.leaveLaunchFile(service);
          const ended = await trace(box, ['-e', `inject=${point}:signal=SIGKILL`], command, service);
          if (ended.signal === 'SIGKILL') killed += 1;
          // The next caller: its fallback time is one second, and a process takes a moment to start.
          const { code, stderr } = await box.exec(CLIENT, ['call', service]);
          expect({ point, code, stderr }).toEqual({ point, code: 0, stderr: '' });
          await eventually('one daemon is left', () => box.daemons().length === 1);
          expect(new Set(processesOf(box)).size).toBeLessThanOrEqual(2);
          await box.dispose();
        }
        // How often a call looks for its daemon differs between runs. A kick does not write down a
        // process that has claimed by then.
        expect(killed).toBeGreaterThanOrEqual(command === 'kick' ? points.length - 1 : FEWEST);
      },
      300_000,
    );
  },
);

/** Service file, lock and record, log and ledger, a fork, the child in the record, the end. */
const FEWEST = 12;
/** A call looks for its daemon repeatedly. Only the first looks count. */
const LOOKS = 2;

/** Every call of a client on a cold name, by its name and its number among the calls of that name. */
async function pointsOf(command: string): Promise<string[]> {
  const box = sandbox();
  const service = box.service();
  box.leaveLaunchFile(service);
  const log = path.join(box.path, 'calls');
  await trace(box, ['-o', log], command, service);
  await oneDaemon(box);
  return callsIn(readFileSync(log, 'utf8')).flatMap(({ name, count }) =>
    name === 'connect' && count > LOOKS ? [] : [`${name}:when=${count}`],
  );
}

/** Runs a client under a tracer that sees each call before the client makes it. */
function trace(box: Sandbox, options: readonly string[], command: string, service: string): Promise<Ended> {
  const quiet = options.includes('-o') ? [] : ['-o', '/dev/null'];
  const args = ['-qq', ...quiet, '-e', `trace=${CALLS}`, ...options, CLIENT, command, service];
  return box.exec('strace', args);
}

/** Every process in the ledger. */
function processesOf(box: Sandbox): number[] {
  const lines = readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => (JSON.parse(line) as { pid: number }).pid);
}

describe.skipIf(!hasCargo)(`a client that kicks and is gone${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const WAYS: readonly [string, string][] = [
    ['at once', '"$CLIENT" kick "$SERVICE"'],
    ['with its stdout closed', '"$CLIENT" kick "$SERVICE" >&-'],
    ['with all of its streams closed', '"$CLIENT" kick "$SERVICE" <&- >&- 2>&-'],
    ['in a session of its own', 'setsid "$CLIENT" kick "$SERVICE"'],
    ['in a pipeline whose reader ends first', '{ sleep 0.2; "$CLIENT" kick "$SERVICE"; } | true'],
    ['in a pipeline that is read to its end', '"$CLIENT" kick "$SERVICE" 2>&1 | cat'],
    ['with a stray descriptor', '"$CLIENT" kick "$SERVICE" 7>"$STRAY"'],
    ['with signals ignored', 'trap "" INT TERM HUP PIPE; "$CLIENT" kick "$SERVICE"'],
  ];

  it.each(WAYS)('%s', async (_, script) => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const stray = path.join(box.path, 'stray');
    const env = { CLIENT, SERVICE: service, STRAY: stray };
    const { code, stdout, stderr } = await box.exec('sh', ['-c', script], { env });
    expect([code, stdout.toString(), stderr]).toEqual([0, '', '']);
    await eventually('a daemon', () => box.daemons().length === 1);
    const [pid = 0] = box.daemons();
    expect(askers(box)).toEqual(['solod-client']);
    await eventually('it serves', async () => (await box.run(['status', service])).code === 0);
    expect(holdingsOf(pid, box)).toEqual([]);
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    expect(Number(stat[3])).toBe(pid); // its session
    expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(`/proc/${pid}/fdinfo`);
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^SigBlk:\t0+$/m);
  });

  it('by a parent that reads its pipe to the end', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const stray = openSync(path.join(box.path, 'stray'), 'w');
    const child = spawn(CLIENT, ['kick', service], {
      env: box.env,
      stdio: ['ignore', 'pipe', 'pipe', stray, 'pipe'],
    });
    await Promise.all([1, 2, 4].map((at) => endOf(child.stdio[at] as NodeJS.ReadableStream)));
    await eventually('a daemon', () => box.daemons().length === 1);
  });
});

const endOf = (pipe: NodeJS.ReadableStream): Promise<unknown> => once(pipe.resume(), 'end');

/** What a daemon holds that is not its own: pipes, files and terminals of the process that started it. */
function holdingsOf(pid: number, box: Sandbox): string[] {
  return readdirSync(`/proc/${pid}/fd`)
    .map((fd) => `${fd} ${readlinkSync(`/proc/${pid}/fd/${fd}`)}`)
    .filter((held) => !/anon_inode:|socket:|\/dev\/null$/.test(held))
    .filter((held) => !held.includes(`${box.state}/`) && !/^[0-9]+ pipe:/.test(held));
}

describe.skipIf(!hasCargo)(`what only the native client has${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it('--fallback command: another program answers now, and the daemon is there the next time', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const call = ['call', service, 'x', '--fallback', 'command', '--', 'sh', '-c', 'cat; exit 9'];
    const cold = await box.exec(CLIENT, call, { input: 'some input' });
    expect([cold.code, cold.stdout.toString(), cold.stderr]).toEqual([9, 'some input', '']);
    await oneDaemon(box);
    await eventually('it answers', async () => (await box.run(['status', service])).code === 0);
    const warm = await box.exec(CLIENT, call);
    expect([warm.code, JSON.parse(warm.stdout.toString()).args]).toEqual([0, ['x']]);
  });

  it('--fallback inline: the service answers now, in a process of its own', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const { code, stdout } = await box.exec(CLIENT, ['call', '--fallback', 'inline', service, 'x']);
    const said = JSON.parse(stdout.toString()) as { pid: number; args: string[] };
    const daemon = await oneDaemon(box);
    expect([code, said.args]).toEqual([0, ['x']]);
    expect(said.pid).not.toBe(daemon);
  });

  it('ignores a launch file in a directory that others can write to', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const trap = path.join(box.path, 'trap');
    const mark = path.join(box.path, 'mark');
    writeFileSync(trap, `#!/bin/sh\ntouch ${mark}\n`, { mode: 0o755 });
    writeFileSync(path.join(box.path, 'solod.cjs'), '');
    writeFileSync(launch, readFileSync(launch, 'utf8').replaceAll(/^[^\0]*\0[^\0]*/g, `${trap}\0${trap}`));
    chmodSync(box.place(), 0o777);
    const inline = await box.exec(CLIENT, ['call', '--fallback', 'inline', service]);
    expect([inline.code, inline.stderr]).toEqual([0, '']);
    const called = await box.exec(CLIENT, ['call', service]);
    expect(called.code).toBe(77);
    expect(existsSync(mark)).toBe(false);
  });

  it('leaves unknown arguments to Node', async () => {
    const box = sandbox();
    for (const args of [
      ['--help'],
      ['call', '--help'],
      ['nonsense'],
      ['call', '--nonsense'],
      ['ls', '--json'],
    ]) {
      const [native, node] = [await box.exec(CLIENT, args), await box.run(args)];
      expect([native.code, native.stdout.toString(), native.stderr]).toEqual([
        node.code,
        node.stdout.toString(),
        node.stderr,
      ]);
    }
  });
});

/** Suites that every client of solod has to pass. */
const SUITES = ['calls/calls', 'calls/storms', 'calls/stream', 'daemon/upgrades'];
/** Half a minute on two cores. Only this timeout ends a synchronous call. */
const SUITES_MS = 540_000;

describe.skipIf(!hasCargo)(`the tests of the client on Node${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it(
    `pass with the native one: ${SUITES.join(', ')}`,
    () => {
      const vitest = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
      const files = SUITES.map((suite) => `test/process/${suite}.test.ts`);
      const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', ...files], {
        cwd: ROOT,
        encoding: 'utf8',
        env: { ...process.env, SOLOD_TEST_CLIENT: CLIENT, NO_COLOR: '1', VITEST: undefined },
        timeout: SUITES_MS,
      });
      expect(stdout).toMatch(/Tests {2}[1-9][0-9]* passed/);
      expect([status, stdout.match(/^ *× .*$/gm)]).toEqual([0, null]);
    },
    SUITES_MS + 60_000,
  );
});
