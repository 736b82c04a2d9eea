/**
 * macOS, simulated: a preload makes this machine answer as xnu does where solod looks
 * (`test/support/as-darwin.cjs`). It was never run on a Mac.
 */

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { contractProgram, expectContractKept } from '../support/contract-bundle.js';
import { emptyBacklogs, fillBacklog } from '../support/full-backlog.js';
import { mac, runOnMac } from '../support/mac.js';
import { eventually, oneDaemon, type Sandbox, sandbox } from '../support/sandbox.js';

const CALLERS = 20;
afterEach(emptyBacklogs);

async function called(box: Sandbox, service: string, word = 'x'): Promise<number> {
  const ended = await runOnMac(box, 'call', service, '--timeout', '60s', '--', word);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  const { args, pid } = JSON.parse(ended.stdout.toString());
  expect(args).toEqual([word]);
  return pid;
}

/** @returns the process id that its daemon had */
async function killed(box: Sandbox, service: string): Promise<number> {
  const pid = await called(box, service);
  process.kill(pid, 'SIGKILL');
  await eventually('it is gone', () => box.daemons().length === 0);
  return pid;
}

describe.skipIf(process.platform !== 'linux')('on a simulated macOS', () => {
  it('its adapters keep the contract', async () => {
    const box = sandbox();
    const { stdout } = await box.exec(mac(box), [await contractProgram(box.path)]);
    expectContractKept(stdout.toString());
  });

  it('call, kick, status, restart, stop', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await called(box, service);
    expect((await runOnMac(box, 'status', service)).stdout.toString()).toContain(`pid ${pid}`);
    expect((await runOnMac(box, 'restart', service)).code).toBe(0);
    const next = await called(box, service);
    expect(next).not.toBe(pid);
    expect((await runOnMac(box, 'stop', service)).stdout.toString()).toContain(`pid ${next}`);
    expect((await runOnMac(box, 'status', service)).stdout.toString()).toContain('not running');
    expect(box.spawns()).toEqual(['cold', 'restart']);
  });

  it('ls, logs, spawns, stats, doctor, gc', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await called(box, service);
    for (const command of ['ls', 'logs', 'spawns', 'stats']) {
      const { code, stdout } = await runOnMac(box, command, ...(command === 'ls' ? [] : [service]));
      expect([command, code, stdout.toString()]).toEqual([command, 0, expect.stringContaining(`${pid}`)]);
    }
    expect((await runOnMac(box, 'doctor')).stdout.toString()).toContain('0 problems');
    expect(await runOnMac(box, 'gc')).toMatchObject({ code: 0, stderr: '' });
    expect(await called(box, service)).toBe(pid);
  });

  it('names whose case differs have daemons and directories of their own, which the commands list', async () => {
    const box = sandbox();
    const service = box.service();
    const names = ['echo', 'Echo', 'ECHO'];
    const called = async (name: string): Promise<number> => {
      const { code, stdout } = await runOnMac(box, 'call', service, '--name', name);
      expect(code).toBe(0);
      return JSON.parse(stdout.toString()).pid;
    };
    const pids = [];
    for (const name of names) pids.push(await called(name));
    expect(new Set(pids).size).toBe(names.length);
    // The warm way leads to the same.
    for (const [n, name] of names.entries()) expect(await called(name)).toBe(pids[n]);
    expect(new Set(box.names().map((name) => name.toLowerCase())).size).toBe(names.length);
    const listed = (await runOnMac(box, 'ls', '--json')).stdout.toString();
    expect(new Set(JSON.parse(listed).map(({ name }: { name: string }) => name))).toEqual(new Set(names));
    expect((await runOnMac(box, 'stop', '--name', 'Echo')).stdout.toString()).toContain(`pid ${pids[1]}`);
    expect((await runOnMac(box, 'doctor')).stdout.toString()).toContain('0 problems, 0 notes');
    expect((await runOnMac(box, 'gc')).code).toBe(0);
    expect((await runOnMac(box, 'stop', '--all')).stdout.toString()).toMatch(
      /^ECHO: stopped.*\n.*echo: stopped/ms,
    );
    expect(box.daemons()).toEqual([]);
  });

  it('install, which makes a command, but no unit of systemd', async () => {
    const box = sandbox();
    const service = box.service();
    const bin = path.join(box.path, 'bin');
    expect((await runOnMac(box, 'install', service, '--as', 'say', '--bin-dir', bin)).code).toBe(0);
    const said = await box.exec(path.join(bin, 'say'), ['a word']);
    expect(JSON.parse(said.stdout.toString()).args).toEqual(['a word']);
    expect((await runOnMac(box, 'uninstall', 'say')).code).toBe(0);
    expect(existsSync(bin)).toBe(false);
    expect(await runOnMac(box, 'install', service, '--systemd')).toMatchObject({
      code: 64,
      stderr: expect.stringContaining('--systemd does not work on darwin'),
    });
  });

  it('install: a command whose name differs by case is the same one', async () => {
    const box = sandbox();
    const [service, other] = [box.service(), box.service(undefined, 'other.mjs')];
    const bin = ['--bin-dir', path.join(box.path, 'bin')];
    expect((await runOnMac(box, 'install', service, '--as', 'say', ...bin)).code).toBe(0);
    expect(await runOnMac(box, 'install', other, '--as', 'Say', ...bin)).toMatchObject({
      code: 73,
      stderr: expect.stringContaining('say is already installed for'),
    });
    expect((await runOnMac(box, 'uninstall', 'SAY', ...bin)).code).toBe(0);
    expect(existsSync(path.join(box.path, 'bin'))).toBe(false);
  });

  it('five kicks start one process, and none where a daemon is', async () => {
    const box = sandbox();
    const service = box.service();
    for (let n = 0; n < 5; n++) expect((await runOnMac(box, 'kick', service)).code).toBe(0);
    await oneDaemon(box);
    await called(box, service);
    for (let n = 0; n < 5; n++) expect((await runOnMac(box, 'kick', service)).code).toBe(0);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('twenty kicks, and ten at once, start one process', async () => {
    const box = sandbox();
    const service = box.service();
    const kicks = (count: number) =>
      Promise.all(Array.from({ length: count }, () => runOnMac(box, 'kick', service)));
    for (const { code } of await kicks(10)) expect(code).toBe(0);
    await oneDaemon(box);
    for (let n = 0; n < 20; n++) expect((await runOnMac(box, 'kick', service)).code).toBe(0);
    for (const { code } of await kicks(10)) expect(code).toBe(0);
    await called(box, service);
    await oneDaemon(box);
    expect(box.spawns()).toEqual(['cold']);
  });

  it.each(['', '{"pid":', 'of another program\n'])('an owner file of %j blocks nobody', async (text) => {
    const box = sandbox();
    const service = box.service();
    await killed(box, service);
    writeFileSync(path.join(box.place(), 'current', 'owner.json'), text);
    await called(box, service);
    await oneDaemon(box);
    expect(box.generations()).toEqual([2]);
  });

  it('collects an older generation whose daemon is dead', async () => {
    const box = sandbox();
    const service = box.service();
    await killed(box, service);
    const [first, kept] = [path.join(box.place(), '1'), path.join(box.path, 'kept')];
    renameSync(first, kept);
    await killed(box, service);
    renameSync(kept, first);
    expect(box.generations()).toEqual([1, 2]);
    await called(box, service);
    await oneDaemon(box);
    expect(box.generations()).toEqual([3]);
  });

  it('a process that has the id of a killed daemon does not block the name', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await killed(box, service);
    // This very process lives, and has the id that the owner file tells of.
    const owner = path.join(box.place(), 'current', 'owner.json');
    writeFileSync(owner, readFileSync(owner, 'utf8').replace(`"pid":${pid}`, `"pid":${process.pid}`));
    expect(await called(box, service)).not.toBe(pid);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
    expect(box.generations()).toEqual([2]);
  });

  it('a full backlog never costs a second daemon', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await called(box, service);
    process.kill(pid, 'SIGSTOP');
    await fillBacklog(path.join(box.place(), 'current', 'sock'));
    expect((await runOnMac(box, 'call', service, '--timeout', '700ms')).code).toBe(69);
    expect((await runOnMac(box, 'kick', service)).code).toBe(0);
    expect((await runOnMac(box, 'serve', service)).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
    process.kill(pid, 'SIGCONT');
    emptyBacklogs();
    expect(await called(box, service)).toBe(pid);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('a daemon that hangs is ended with proof', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await called(box, service);
    process.kill(pid, 'SIGSTOP');
    expect((await runOnMac(box, 'restart', service, '--force', '--timeout', '2s')).code).toBe(0);
    expect(await called(box, service)).not.toBe(pid);
    expect(await oneDaemon(box)).not.toBe(pid);
  });

  it(`${CALLERS} at once: cold, and right after a SIGKILL of the daemon`, async () => {
    const box = sandbox();
    const service = box.service();
    for (const reason of ['cold', 'dead-daemon']) {
      const answers = await Promise.all(
        Array.from({ length: CALLERS }, (_, n) => called(box, service, `call ${n}`)),
      );
      const pid = await oneDaemon(box);
      expect(new Set(answers)).toEqual(new Set([pid]));
      expect(box.spawns().at(-1)).toBe(reason);
      process.kill(pid, 'SIGKILL');
    }
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
  });
});
