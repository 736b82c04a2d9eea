/**
 * Daemons on a simulated macOS whose listener a supervisor hands over by sd_listen_fds(3). launchd(8) has
 * another way, and solod does not know it. What the supervisor has bound can't be asked there: it is
 * `listen.sock` in the directory of the name.
 */

import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mac, runOnMac } from '../support/mac.js';
import { eventually, has, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

const NAME = 'supervised';
const LEFT_OUT = has('systemd-socket-activate') ? '' : ' (skipped: there is no systemd-socket-activate)';
const SERVICE = 'export default ({ stdout }) => { stdout.write(String(process.pid)); };';
/** Starts the daemon once for every line that it reads, and keeps the listener. */
const KEEPER = `while read -r line; do sh -c 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@"' sh "$@"; done`;

const placeIn = (box: Sandbox): string => path.join(box.state, NAME);
const listenerIn = (box: Sandbox): string => path.join(placeIn(box), 'listen.sock');
const targetOf = (box: Sandbox): string[] => ['--name', NAME, '--state-dir', box.state];

function activating(box: Sandbox, service: string, listener = listenerIn(box)): ChildProcess {
  mkdirSync(placeIn(box), { recursive: true, mode: 0o700 });
  const serve = [mac(box), SOLOD, 'serve', ...targetOf(box), service];
  return box.spawn('systemd-socket-activate', ['-l', listener, 'sh', '-c', KEEPER, 'sh', ...serve]);
}

/** The socket has its name before anybody listens. */
const listening = (file: string): Promise<void> =>
  eventually('it listens', () =>
    readFileSync('/proc/net/unix', 'utf8')
      .split('\n')
      .some((line) => line.endsWith(` ${file}`) && line.split(' ')[3] === '00010000'),
  );

async function answer(box: Sandbox, service: string): Promise<number> {
  const ended = await runOnMac(box, 'call', service, ...targetOf(box), '--timeout', '30s');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  return Number(ended.stdout.toString());
}

const statusOf = async (box: Sandbox, service: string): Promise<{ kind: string; pid?: number }> =>
  JSON.parse((await runOnMac(box, 'status', service, ...targetOf(box), '--json')).stdout.toString());

async function killed(box: Sandbox, pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await eventually('it is gone', () => !box.daemons().includes(pid));
}

/** A daemon that its supervisor has started. */
async function supervised() {
  const box = sandbox();
  const service = box.service(SERVICE);
  const keeper = activating(box, service);
  await listening(listenerIn(box));
  keeper.stdin?.write('start\n');
  return { box, service, keeper, pid: await answer(box, service) };
}

/** How many connections wait at the listener: nobody accepts them while no daemon lives. */
async function waiting(box: Sandbox): Promise<number> {
  const { stdout } = await box.exec('ss', ['-xlnH', 'src', listenerIn(box)]);
  return Number(stdout.toString().trim().split(/\s+/)[2]);
}

describe.skipIf(LEFT_OUT !== '')(`supervised on a simulated macOS${LEFT_OUT}`, () => {
  it('answers, and the next one follows it with its listener', async () => {
    const { box, service, keeper, pid: first } = await supervised();
    expect(await statusOf(box, service)).toMatchObject({ kind: 'answered', pid: first });
    // Started by hand, another gives way.
    expect((await runOnMac(box, 'serve', ...targetOf(box), service)).code).toBe(0);
    await killed(box, first);
    expect((await statusOf(box, service)).kind).toBe('not-running');
    keeper.stdin?.write('start\n');
    const second = await answer(box, service);
    expect(second).not.toBe(first);
    expect((await runOnMac(box, 'stop', service, ...targetOf(box))).code).toBe(0);
    expect(existsSync(listenerIn(box))).toBe(true);
    keeper.stdin?.end();
  });

  it.skipIf(!has('ss'))(
    'looking at one that is gone wakes none, also if its process id is used again',
    async () => {
      const { box, service, keeper, pid } = await supervised();
      await killed(box, pid);
      const owner = path.join(placeIn(box), 'current', 'owner.json');
      writeFileSync(owner, readFileSync(owner, 'utf8').replace(`"pid":${pid}`, `"pid":${process.pid}`));
      expect((await statusOf(box, service)).kind).toBe('not-running');
      expect(await waiting(box)).toBe(0);
      keeper.stdin?.end();
    },
  );

  it('what is bound elsewhere is refused in one sentence', async () => {
    const box = sandbox();
    const elsewhere = path.join(box.path, 'elsewhere.sock');
    const supervisor = activating(box, box.service(SERVICE), elsewhere);
    let said = '';
    supervisor.stderr?.on('data', (bytes: Buffer) => {
      said += bytes;
    });
    await listening(elsewhere);
    supervisor.stdin?.write('start\n');
    net.connect(elsewhere).on('error', () => {});
    await eventually('it says why', () =>
      /^solod: .*the supervisor does not listen on .*listen\.sock.*\n/m.test(said),
    );
    expect(said.match(/^solod: /gm)).toHaveLength(1);
    supervisor.stdin?.end();
  });

  it('a file that is not a socket is refused in one sentence', async () => {
    const box = sandbox();
    const args = ['-c', 'LISTEN_FDS=1 LISTEN_PID=$$ exec "$@" 3</dev/null', 'sh', mac(box), SOLOD];
    const ended = await box.exec('sh', [...args, 'serve', ...targetOf(box), box.service(SERVICE)]);
    expect(ended).toMatchObject({ code: 73, stderr: expect.stringMatching(/^solod: .*ENOTSOCK.*\n$/) });
  });
});
