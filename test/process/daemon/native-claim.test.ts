/** A name that is claimed natively, by the process that then becomes the daemon in Node. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { launchText } from '../../../src/adapters/node/files/launch-file.js';
import { isScopeFile } from '../../../src/domain/place/layout.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { type Ended, eventually, has, type Sandbox, sandbox } from '../support/sandbox.js';
import { callsIn } from '../support/traced-calls.js';

const owner = (box: Sandbox): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(path.join(box.place(), 'current/owner.json'), 'utf8'));

const words = (box: Sandbox): { pid: number; kind: string; asker?: string }[] =>
  readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

async function answers(box: Sandbox, service: string): Promise<number> {
  const { code, stdout, stderr } = await box.exec(CLIENT, ['call', service]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout.toString()) as { pid: number }).pid;
}

describe.skipIf(!hasCargo)(`a daemon whose name was claimed natively${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it('is the started process, says of itself what Node would, and holds the listener as descriptor 3', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const byNode = owner(box);
    process.kill(Number(byNode.pid), 'SIGKILL');
    const pid = await answers(box, service);
    const native = owner(box);
    expect(Object.keys(native)).toEqual(Object.keys(byNode));
    const { pid: _, startTime, startedMs, ...same } = native;
    expect(byNode).toMatchObject(same);
    expect([native.pid, typeof startTime, typeof startedMs]).toEqual([pid, 'string', 'number']);
    await eventually('it is ready', () => words(box).filter(({ kind }) => kind === 'ready').length === 2);
    const last = words(box).filter((word) => word.pid === pid);
    expect(last.map(({ kind }) => kind)).toEqual(['started', 'claimed', 'ready']);
    expect(last[0]?.asker).toBe('solod-client');
    expect(readlinkSync(`/proc/${pid}/fd/3`)).toMatch(/^socket:/);
    expect(box.generations()).toEqual([2]);
  });

  it.skipIf(!has('strace'))(
    'ends by alarm(2) where Node hangs at its start, and else ignores it',
    async () => {
      const box = sandbox();
      const service = box.service();
      const log = path.join(box.path, 'calls');
      const traced = [
        '-f',
        '-qq',
        '-o',
        log,
        '-e',
        'trace=/^(alarm|setitimer|execve)$',
        CLIENT,
        'call',
        service,
      ];
      // strace ends with the daemon.
      const ended = box.exec('strace', traced);
      const launch = () => existsSync(path.join(box.place(), 'launch'));
      await eventually('it is ready', () => box.names().length === 1 && launch());
      const pid = Number(owner(box).pid);
      process.kill(pid, 'SIGALRM');
      expect(await answers(box, service)).toBe(pid);
      process.kill(pid, 'SIGKILL');
      await ended;
      const calls = readFileSync(log, 'utf8').split('\n');
      const own = calls.filter((line) => line.startsWith(`${pid} `) && !line.includes('---'));
      expect(own[0]).toMatch(/alarm\(60\)|setitimer\(ITIMER_REAL, .*tv_sec=60/);
      expect(own[1]).toMatch(/execve\(".*node/);
    },
  );

  it('leaves its listener to no child, so that its end is seen while a child lives on', async () => {
    const box = sandbox();
    const service = box.service(`
      import { spawn } from 'node:child_process';
      export default ({ stdout, env }) => {
        const child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
        child.unref();
        const { SOLOD_CLAIMED, SOLOD_START_CHANNEL } = process.env;
        stdout.write(JSON.stringify({ pid: process.pid, child: child.pid, SOLOD_CLAIMED, SOLOD_START_CHANNEL }));
      };
    `);
    box.leaveLaunchFile(service);
    const { stdout } = await box.exec(CLIENT, ['call', service]);
    const said = JSON.parse(stdout.toString()) as { pid: number; child: number };
    try {
      expect(Object.keys(said)).toEqual(['pid', 'child']);
      process.kill(said.pid, 'SIGKILL');
      const again = await box.exec(CLIENT, ['call', service]);
      const next = JSON.parse(again.stdout.toString()) as { pid: number; child: number };
      process.kill(next.child, 'SIGKILL');
      expect(next.pid).not.toBe(said.pid);
    } finally {
      process.kill(said.child, 'SIGKILL');
    }
  });

  it('ends well, and is followed by one that Node claimed, and the other way round', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const pids = [];
    for (const call of [box.exec.bind(box, CLIENT), box.run.bind(box), box.exec.bind(box, CLIENT)]) {
      const { stdout } = await call(['call', service]);
      pids.push((JSON.parse(stdout.toString()) as { pid: number }).pid);
      expect((await box.run(['stop', service])).code).toBe(0);
    }
    expect(new Set(pids).size).toBe(3);
    expect(box.generations()).toEqual([3]);
  });

  it('is left to a service manager that listens for the name', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const listener = path.join(box.place(), 'listen.sock');
    writeFileSync(listener, '');
    const pid = await answers(box, service);
    expect(
      words(box)
        .filter((word) => word.pid === pid)
        .map(({ kind }) => kind),
    ).toContain('claimed');
    // As in a start by Node: the first descriptor is the start channel's.
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('SOLOD_CLAIMED');
  });

  it('claims anew if its listener is not there, or not its own', async () => {
    const box = sandbox();
    const service = box.service();
    const node = path.join(box.path, 'node');
    // Closes it, as a program between the two might.
    writeFileSync(node, `#!/bin/bash\nexec 3<&-\nexec ${process.execPath} "$@"\n`, { mode: 0o755 });
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const [, ...rest] = readFileSync(launch, 'utf8').split('\0').slice(0, -1);
    writeFileSync(launch, launchText([node, ...rest]));
    await answers(box, service);
    expect(box.daemons()).toHaveLength(1);
    expect(box.generations()).toEqual([2]);
  });

  it.each(['call', 'kick'])("leaves no name behind that blocks if Node can't be run: %s", async (command) => {
    const box = sandbox();
    const service = box.service();
    box.leaveLaunchFile(service);
    const launch = path.join(box.place(), 'launch');
    const [, ...rest] = readFileSync(launch, 'utf8').split('\0').slice(0, -1);
    const broken = path.join(box.path, 'node');
    writeFileSync(broken, 'not a program', { mode: 0o755 });
    writeFileSync(launch, launchText([broken, ...rest]));
    const { code, stderr } = await box.exec(CLIENT, [command, service]);
    if (command === 'call')
      expect([code, stderr]).toEqual([70, expect.stringMatching(/can't be run: Exec format/)]);
    await eventually('it has ended', () => box.daemons().length === 0);
    await answers(box, service);
    expect(box.daemons()).toHaveLength(1);
  });
});

describe.skipIf(!hasCargo)(`a name that has never been served${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const asker = (box: Sandbox): string | undefined => words(box)[0]?.asker;

  it.each(['call', 'kick', 'call in a project'])(
    'is started without Node, as Node would: %s',
    async (how) => {
      const [command = '', ...project] = how.split(' in a ');
      const started = [];
      for (const run of [(box: Sandbox) => box.exec.bind(box, CLIENT), (box: Sandbox) => box.run.bind(box)]) {
        const box = sandbox();
        const state = path.join(box.path, 'not/yet/there');
        const env = { SOLOD_DIR: state };
        const options = project.map((name) => `--${name}=${box.path}`);
        const { code, stderr } = await run(box)([command, ...options, box.service()], { env });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        const [name = ''] = readdirSync(state).filter((each) => !isScopeFile(each));
        const place = path.join(state, name);
        await eventually('it is ready', () => existsSync(path.join(place, 'launch')));
        // A daemon may say that it has claimed before its starter on Node has written the start down.
        const lines = readFileSync(path.join(place, 'spawns.jsonl'), 'utf8').split('\n').filter(Boolean);
        const entries = lines.map((line) => JSON.parse(line) as Record<string, string>);
        const { asker, build } = entries.find(({ kind }) => kind === 'started') ?? {};
        const record = ['of', 'machine'].map((link) => readlinkSync(path.join(state, '.scope', link)));
        const plain = (text: string): string => text.replaceAll(box.path, '<box>');
        const launch = plain(readFileSync(path.join(place, 'launch'), 'utf8'));
        const [node] = build?.split(':').slice(-2) ?? [];
        started.push({ asker, record, launch: launch.replaceAll(/echo-[0-9a-z]{8}/g, '<name>'), node });
      }
      expect(started[0]).toEqual({ ...started[1], asker: 'solod-client' });
      expect(started[1]?.asker).toBe('solod.cjs');
    },
  );

  it('is left to Node where what is called node may be a program that looks for it', async () => {
    const box = sandbox();
    const service = box.service();
    const bin = path.join(box.path, 'bin');
    mkdirSync(bin, { mode: 0o755 });
    writeFileSync(path.join(bin, 'node'), `#!/bin/sh\nexec ${process.execPath} "$@"\n`, { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env.PATH}` };
    const { code, stderr } = await box.exec(CLIENT, ['call', service], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(asker(box)).not.toBe('solod-client');
  });

  it('is left to Node in a directory with parts of other scopes', async () => {
    const box = sandbox();
    const service = box.service();
    mkdirSync(path.join(box.state, '.at-0000000000000'), { mode: 0o700 });
    await answers(box, service);
    expect(asker(box)).not.toBe('solod-client');
  });
});

describe.skipIf(!hasCargo)(`candidates of both kinds${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  const COUNT = 40;
  const KINDS: readonly [string, (n: number) => boolean][] = [
    ['native ones alone', () => true],
    ['every second one on Node', (n) => n % 2 === 0],
  ];

  /** One serves until it is killed; the others have ended when this resolves. */
  async function storm(box: Sandbox, service: string, isNative: (n: number) => boolean): Promise<Ended[]> {
    const candidates = Array.from({ length: COUNT }, (_, n) => {
      const args = ['serve', service];
      return isNative(n) ? box.exec(CLIENT, args) : box.run(args);
    });
    let ended = 0;
    for (const candidate of candidates) void candidate.then(() => ended++);
    await eventually('all others have given way', () => ended === COUNT - 1);
    const pid = Number(owner(box).pid);
    process.kill(pid, 'SIGKILL');
    return Promise.all(candidates);
  }

  it.each(KINDS)('%s: one serves a cold name, and one the name of a dead daemon', async (_, isNative) => {
    const box = sandbox();
    const service = box.service();
    box.leaveRecord();
    for (const generation of [1, 2]) {
      const ends = await storm(box, service, isNative);
      expect(box.generations()).toEqual([generation]);
      const losers = ends.filter(({ signal }) => signal === null);
      expect(losers).toHaveLength(COUNT - 1);
      const said = `solod: ${path.basename(box.place())} is served by generation ${generation} in ${box.place()}\n`;
      for (const { code, stderr } of losers) expect([code, stderr]).toEqual([0, said]);
      expect(box.leftovers()).toEqual([]);
    }
  });

  it.skipIf(!has('strace'))('a loser starts no other program', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const log = path.join(box.path, 'calls');
    const { code } = await box.exec('strace', [
      '-f',
      '-o',
      log,
      '-e',
      'trace=execve',
      CLIENT,
      'serve',
      service,
    ]);
    expect(code).toBe(0);
    expect(readFileSync(log, 'utf8').match(/execve\(/g)).toHaveLength(1);
  });

  it('serve leaves to Node what it does not know, and fails before the claim without Node', async () => {
    const box = sandbox();
    const service = box.service();
    box.leaveRecord();
    const wrong = await box.exec(CLIENT, ['serve', '--grace', 'x', service]);
    const byNode = await box.run(['serve', '--grace', 'x', service]);
    expect([wrong.code, wrong.stderr]).toEqual([byNode.code, byNode.stderr]);
    const without = await box.exec(CLIENT, ['serve', service], { env: { PATH: '/nonexistent' } });
    expect([without.code, without.stderr]).toEqual([71, expect.stringContaining('"node" was looked for')]);
    expect(box.names()).toEqual([]);
  });
});

/** The calls of a candidate that others can see, and the one by which it becomes Node. */
const CALLS = 'mkdir,write,bind,listen,rename,symlink,unlink,rmdir,dup2,connect,execve';
/** strace does not count the call by which the candidate itself was run. */
const TO_NODE = 'execve:when=1';
const canTrace = hasCargo && has('strace');

describe.skipIf(!canTrace)(
  `a candidate is killed at every point of its claim${canTrace ? '' : ' (skipped: no strace, or no cargo)'}`,
  () => {
    beforeAll(buildClient, BUILD_MS);

    function box(state: 'cold' | 'dead'): { readonly box: Sandbox; readonly service: string } {
      const made = sandbox();
      const service = made.service();
      made.leaveRecord();
      if (state === 'dead') {
        made.leaveLaunchFile(service);
        // Of a daemon that was killed.
        mkdirSync(path.join(made.place(), '1'), { mode: 0o700 });
        execFileSync('python3', [
          '-c',
          `import socket; socket.socket(socket.AF_UNIX).bind('${made.place()}/1/sock')`,
        ]);
        symlinkSync('1', path.join(made.place(), 'current'));
      }
      return { box: made, service };
    }

    const trace = (made: Sandbox, options: readonly string[], service: string): Promise<Ended> =>
      made.exec('strace', [
        '-qq',
        '-o',
        '/dev/null',
        '-e',
        `trace=${CALLS}`,
        ...options,
        CLIENT,
        'serve',
        service,
      ]);

    /** Each call by its name and its number among the calls of that name, up to the one that runs Node. */
    async function pointsOf(state: 'cold' | 'dead'): Promise<string[]> {
      const { box: made, service } = box(state);
      const log = path.join(made.path, 'calls');
      const stop = ['-e', `inject=${TO_NODE}:signal=SIGKILL`];
      await made.exec('strace', [
        '-qq',
        '-o',
        log,
        '-e',
        `trace=${CALLS}`,
        ...stop,
        CLIENT,
        'serve',
        service,
      ]);
      return callsIn(readFileSync(log, 'utf8')).flatMap(({ name, count }) => {
        if (name !== 'execve') return [`${name}:when=${count}`];
        return count === 1 ? [] : [TO_NODE];
      });
    }

    it.each(['cold', 'dead'] as const)(
      'on a name that is %s',
      async (state) => {
        const points = await pointsOf(state);
        expect(points.length).toBeGreaterThan(8);
        expect(points).toContain(TO_NODE);
        for (const point of points) {
          const { box: made, service } = box(state);
          const ended = await trace(made, ['-e', `inject=${point}:signal=SIGKILL`], service);
          expect([point, ended.signal]).toEqual([point, 'SIGKILL']);
          await answers(made, service);
          // What a killed candidate had for itself alone may stay for a minute.
          await eventually('one daemon is left', () => made.daemons().length === 1);
          expect([point, existsSync(path.join(made.place(), 'current/sock'))]).toEqual([point, true]);
          await made.dispose();
        }
      },
      300_000,
    );
  },
);
