/** Daemons that are started by a supervisor: systemd's own tools, without a running systemd. */

import type { ChildProcess } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const NAME = 'supervised';
const missing = (program: string): string => (has(program) ? '' : ` (skipped: there is no ${program})`);
const SOCKET_ACTIVATE = missing('systemd-socket-activate');
const ANALYZE = missing('systemd-analyze');
const NOTIFY = missing('systemd-notify');

/** Says who answers, and which of a supervisor's variables it can see. */
const SERVICE = `
  export default ({ stdout }) => {
    const seen = Object.keys(process.env).filter((name) => /^(?:LISTEN_|NOTIFY_)/.test(name));
    stdout.write(JSON.stringify({ pid: process.pid, seen }));
  };
`;

/**
 * Starts the daemon once for every line that it reads, and keeps the listener: descriptor 3 stays open in it.
 */
const KEEPER = `while read -r line; do sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' sh "$@"; echo ended; done`;

const placeIn = (box: Sandbox): string => path.join(box.state, NAME);
const listenerIn = (box: Sandbox): string => path.join(placeIn(box), 'listen.sock');
const targetOf = (box: Sandbox): string[] => ['--name', NAME, '--state-dir', box.state];

/** systemd-socket-activate gives its child hardly any environment: the command line says everything. */
function activating(box: Sandbox, service: string, before: readonly string[] = []): ChildProcess {
  mkdirSync(placeIn(box), { recursive: true, mode: 0o700 });
  const serve = [process.execPath, SOLOD, 'serve', ...targetOf(box), service];
  return box.spawn('systemd-socket-activate', ['-l', listenerIn(box), ...before, ...serve]);
}

async function answer(box: Sandbox, service: string): Promise<{ pid: number; seen: string[] }> {
  const { code, stdout, stderr } = await box.run(['call', service, ...targetOf(box), '--timeout', '30s']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.toString());
}

const status = async (box: Sandbox, service: string): Promise<{ kind: string; pid?: number }> => {
  const { stdout } = await box.run(['status', service, ...targetOf(box), '--timeout', '30s', '--json']);
  return JSON.parse(stdout.toString());
};

/**
 * The socket has its name before anybody listens (bind(2), listen(2)); the kernel's table tells the two apart
 * (__SO_ACCEPTCON).
 */
const listens = (file: string): boolean =>
  readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .some((line) => line.endsWith(` ${file}`) && line.split(' ')[3] === '00010000');

const poke = (file: string): Promise<void> =>
  new Promise((resolve) => {
    const socket = net.connect(file);
    socket.on('error', () => resolve()).on('close', () => resolve());
    socket.on('connect', () => socket.destroy());
  });

describe(`activated${SOCKET_ACTIVATE}`, () => {
  const when = it.skipIf(SOCKET_ACTIVATE !== '');

  when('a call finds nobody, leaves it to the supervisor, and is answered by its daemon', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const supervisor = activating(box, service);
    await eventually('it listens', () => listens(listenerIn(box)));
    const first = await answer(box, service);
    expect(first).toEqual({ pid: supervisor.pid, seen: [] });
    expect(await answer(box, service)).toEqual(first);
    expect(box.daemons()).toEqual([first.pid]);
    const inodes = [listenerIn(box), path.join(placeIn(box), 'current', 'sock')].map(
      (file) => lstatSync(file).ino,
    );
    expect(inodes[0]).toBe(inodes[1]);
    expect((await box.run(['stop', service, ...targetOf(box), '--timeout', '30s'])).code).toBe(0);
    expect(existsSync(listenerIn(box))).toBe(true);
  });

  when('a daemon that was started by hand serves on, and the activated one gives way', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const { pid } = await answer(box, service);
    const activated = activating(box, service);
    const ended = new Promise<number | null>((resolve) => activated.once('exit', resolve));
    await eventually('it listens', () => listens(listenerIn(box)));
    await poke(listenerIn(box));
    expect(await ended).toBe(0);
    expect((await answer(box, service)).pid).toBe(pid);
    expect(box.daemons()).toEqual([pid]);
  });

  when('one that is started by hand gives way to an activated one', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const supervisor = activating(box, service);
    await eventually('it listens', () => listens(listenerIn(box)));
    expect((await answer(box, service)).pid).toBe(supervisor.pid);
    const byHand = await box.run(['serve', ...targetOf(box), service]);
    expect(byHand).toMatchObject({ code: 0 });
    expect(box.daemons()).toEqual([supervisor.pid]);
  });

  when('killed, it is followed by the next one with its listener; looking at it starts none', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const keeper = activating(box, service, ['sh', '-c', KEEPER, 'sh']);
    await eventually('it listens', () => listens(listenerIn(box)));
    keeper.stdin?.write('start\n');
    const first = await answer(box, service);
    process.kill(first.pid, 'SIGKILL');
    await eventually('it is gone', () => !box.daemons().includes(first.pid));
    expect((await status(box, service)).kind).toBe('not-running');
    keeper.stdin?.write('start\n');
    const second = await answer(box, service);
    expect(second.pid).not.toBe(first.pid);
    expect(await status(box, service)).toMatchObject({ kind: 'answered', pid: second.pid });
    keeper.stdin?.end();
  });

  when('a socket that was meant for another process is left alone', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const child = box.start(['serve', ...targetOf(box), service], {
      env: { LISTEN_PID: '1', LISTEN_FDS: '1', LISTEN_FDNAMES: 'x' },
    });
    await eventually('it serves', () => existsSync(path.join(placeIn(box), 'current')));
    expect(await answer(box, service)).toEqual({ pid: child.pid, seen: [] });
  });

  it('what is no listening socket is refused in one sentence', async () => {
    const box = sandbox();
    const args = ['-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3</dev/null', 'sh', process.execPath, SOLOD];
    const ended = await box.exec('sh', [...args, 'serve', ...targetOf(box), box.service(SERVICE)]);
    expect(ended).toMatchObject({ code: 73, stderr: expect.stringMatching(/^solod: .*ENOTSOCK.*\n$/) });
  });
});

describe('told when it is ready', () => {
  it("through systemd-notify, with the socket that is nobody else's to know", async () => {
    const box = sandbox();
    const told = path.join(box.path, 'told');
    writeFileSync(path.join(box.path, 'systemd-notify'), `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >>'${told}'\n`);
    chmodSync(path.join(box.path, 'systemd-notify'), 0o755);
    const service = box.service(SERVICE);
    const env = { NOTIFY_SOCKET: '@somewhere', PATH: `${box.path}:${process.env.PATH}` };
    box.start(['serve', ...targetOf(box), service], { env });
    const lines = (): string => (existsSync(told) ? readFileSync(told, 'utf8') : '');
    await eventually('it is ready', () => lines().includes('READY=1'));
    expect((await answer(box, service)).seen).toEqual([]);
    await box.run(['serve', ...targetOf(box), service], { env });
    expect(lines()).toContain('gave way');
    await box.run(['stop', service, ...targetOf(box), '--timeout', '30s']);
    await eventually('it says that it ends', () => lines().includes('@somewhere STOPPING=1'));
  });

  it.skipIf(NOTIFY !== '' || !has('perl'))(`by the real one${NOTIFY}`, async () => {
    const box = sandbox();
    const socket = path.join(box.path, 'notify');
    const receiver = `use Socket; socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, pack_sockaddr_un($ARGV[0])) or die;
      $| = 1; print "bound\\n"; while (defined recv(S, $m, 4096, 0)) { print "$m\\n"; }`;
    const child = box.spawn('perl', ['-e', receiver, socket]);
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
    });
    await eventually('it listens', () => said.includes('bound'));
    box.start(['serve', ...targetOf(box), box.service(SERVICE)], { env: { NOTIFY_SOCKET: socket } });
    await eventually('it is ready', () => said.includes('READY=1'));
  });
});

describe('install and uninstall', () => {
  const files = (box: Sandbox): string[] =>
    (readdirSync(box.path, { recursive: true }) as string[]).filter((name) => /solod[-.]/.test(name)).sort();

  it('writes a unit each, and leaves nothing', async () => {
    const box = sandbox();
    const service = box.service(SERVICE);
    const env = { XDG_CONFIG_HOME: path.join(box.path, 'config') };
    const run = (command: string, ...args: string[]) =>
      box.run([command, service, ...targetOf(box), ...args], { env });
    const dry = await run('install', '--systemd', '--dry-run');
    expect(dry.code).toBe(0);
    expect(dry.stdout.toString()).toContain('ListenStream=');
    expect(files(box)).toEqual([]);
    expect((await run('install', '--systemd')).code).toBe(0);
    expect((await run('install', '--systemd')).code).toBe(0);
    expect(files(box)).toEqual([
      `config/systemd/user/solod-${NAME}.service`,
      `config/systemd/user/solod-${NAME}.socket`,
    ]);
    const forecast = await run('uninstall', '--systemd', '--dry-run', '--json');
    expect(JSON.parse(forecast.stdout.toString())).toMatchObject({ kind: 'dry-run', files: { length: 2 } });
    expect((await run('uninstall', '--systemd', '--dry-run')).stdout.toString()).toContain('would remove ');
    expect(files(box)).toHaveLength(2);
    const removed = await run('uninstall', '--systemd', '--json');
    expect(JSON.parse(removed.stdout.toString())).toMatchObject({ kind: 'removed', files: { length: 2 } });
    expect(files(box)).toEqual([]);
    expect((await run('uninstall', '--systemd')).code).toBe(69);
  });

  it('what it did not write it neither replaces nor removes', async () => {
    const box = sandbox();
    const units = path.join(box.path, '.config/systemd/user');
    mkdirSync(units, { recursive: true });
    const unit = path.join(units, `solod-${NAME}.service`);
    writeFileSync(unit, '[Unit]\n');
    const env = { XDG_CONFIG_HOME: undefined };
    for (const command of ['install', 'uninstall']) {
      const ended = await box.run([command, box.service(), ...targetOf(box), '--systemd'], { env });
      expect(ended).toMatchObject({
        code: 73,
        stderr: expect.stringContaining('was not written by "solod install"'),
      });
    }
    expect(readdirSync(units)).toEqual([path.basename(unit)]);
    expect(readFileSync(unit, 'utf8')).toBe('[Unit]\n');
  });

  it.each([
    [['install', 'none.mjs', '--systemd'], 66],
    [['install', '--systemd'], 64],
    [['install', 'echo.mjs', '--systemd', '--settings', 'settings.json'], 64],
    [['install', 'echo.mjs', '--systemd', '--fallback', 'inline'], 64],
    [['uninstall', 'echo.mjs', '--systemd', '--as', 'x'], 64],
    [['install', 'echo.mjs', '--launchd'], 64],
    [['uninstall', '--systemd'], 64],
  ])('%j: %i, and one sentence', async (args, code) => {
    const box = sandbox();
    box.service();
    const ended = await box.run(args);
    expect(ended).toMatchObject({ code, stderr: expect.stringMatching(/^solod: /) });
    expect(files(box)).toEqual([]);
  });

  it.skipIf(ANALYZE !== '')(`systemd-analyze accepts the units${ANALYZE}`, async () => {
    const box = sandbox();
    const odd = path.join(box.path, 'a b%c$d');
    mkdirSync(odd);
    const service = path.join(odd, 'tool "x".mjs');
    writeFileSync(service, SERVICE);
    const env = { XDG_CONFIG_HOME: path.join(box.path, 'config'), XDG_RUNTIME_DIR: box.path };
    const installed = await box.run(['install', service, '--project', odd, '--systemd', '--json'], { env });
    const units: string[] = JSON.parse(installed.stdout.toString()).files;
    expect(units).toHaveLength(2);
    expect(await box.exec('systemd-analyze', ['--user', 'verify', ...units], { env })).toMatchObject({
      code: 0,
      stderr: '',
    });
  });
});
