/** A slow, a loading and a stopped daemon are not dead, and are not replaced. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually, type Sandbox, sandbox } from '../support/sandbox.js';

async function served(box: Sandbox, service: string): Promise<number> {
  const { stdout } = await box.run(['call', service]);
  return JSON.parse(stdout.toString()).pid;
}

describe('a daemon that does not answer', () => {
  it('is named in the failure and not replaced; restart --force ends it, and a new one serves', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await served(box, service);
    process.kill(pid, 'SIGSTOP');
    const call = await box.run(['call', service, '--timeout', '600ms']);
    expect([call.code, call.stderr]).toEqual([69, expect.stringContaining(`pid ${pid}`)]);
    const plain = await box.run(['restart', service, '--timeout', '600ms']);
    expect(plain.code).toBe(69);
    expect(box.daemons()).toEqual([pid]);

    const forced = await box.run(['restart', service, '--force']);
    expect([forced.code, forced.stdout.toString()]).toEqual([
      0,
      expect.stringContaining(`before: pid ${pid}`),
    ]);
    const [successor, ...others] = box.daemons();
    expect([successor === pid, others]).toEqual([false, []]);
    expect(box.spawns()).toEqual(['cold', 'restart']);
  });

  it('status says what is known about it', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await served(box, service);
    process.kill(pid, 'SIGSTOP');
    const status = await box.run(['status', service, '--timeout', '300ms']);
    expect(status.code).toBe(69);
    expect(status.stdout.toString()).toMatch(
      new RegExp(
        `: not answering, pid ${pid} \\(no answer within 300 ms; running for .+; its process is stopped; .*\\)\n$`,
      ),
    );
    const facts = await box.run(['status', service, '--timeout', '300ms', '--json']);
    expect(JSON.parse(facts.stdout.toString())).toMatchObject({
      ...{ kind: 'not-answering', activity: 'stopped' },
      owner: { pid, startedMs: expect.any(Number) },
      cause: { message: 'no answer within 300 ms' },
    });
    process.kill(pid, 'SIGCONT');
  });

  it('and then continues serves as before: it was not replaced', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await served(box, service);
    process.kill(pid, 'SIGSTOP');
    const waiting = box.run(['call', service, '--timeout', '30s']);
    await box.run(['kick', service]);
    await box.run(['call', service, '--timeout', '300ms']);
    process.kill(pid, 'SIGCONT');
    expect(JSON.parse((await waiting).stdout.toString()).pid).toBe(pid);
    expect([box.daemons(), box.spawns()]).toEqual([[pid], ['cold']]);
  });

  it('is not signalled if the owner file names another process', async () => {
    const box = sandbox();
    const service = box.service();
    const pid = await served(box, service);
    process.kill(pid, 'SIGSTOP');
    const bystander = box.spawn('sleep', ['60']);
    const owner = path.join(box.place(), 'current', 'owner.json');
    const text = JSON.parse(readFileSync(owner, 'utf8'));
    writeFileSync(owner, JSON.stringify({ ...text, pid: bystander.pid }));
    const forced = await box.run(['restart', service, '--force', '--timeout', '3s']);
    expect(forced.code).not.toBe(0);
    expect([bystander.exitCode, bystander.signalCode]).toEqual([null, null]);
    process.kill(pid, 'SIGKILL');
  });

  it('but answers in time is asked to end, also with --force', async () => {
    const box = sandbox();
    const service = box.service(`
      import { existsSync } from 'node:fs';
      import { setTimeout as delay } from 'node:timers/promises';
      export default async ({ args, stdout }) => {
        while (args[0] !== undefined && !existsSync(args[0])) await delay(10);
        stdout.write('done');
      };
    `);
    await box.run(['call', service]);
    const gate = path.join(box.path, 'gate');
    const slow = box.run(['call', service, '--', gate]);
    const status = async () => JSON.parse((await box.run(['status', service, '--json'])).stdout.toString());
    await eventually('work in flight', async () => (await status()).inFlight === 1);
    const restarted = box.run(['restart', service, '--force', '--timeout', '60s']);
    await eventually('its being asked', async () => (await status()).state === 'draining');
    writeFileSync(gate, '');
    expect((await restarted).code).toBe(0);
    expect((await slow).stdout.toString()).toBe('done');
  });
});

describe('a daemon that is still loading', () => {
  it.each([
    ['waits', 'await new Promise((resolve) => setTimeout(resolve, 6_000));'],
    ['computes', 'const end = Date.now() + 6_000; while (Date.now() < end);'],
  ])('and %s says so, and is not taken for one that hangs', async (_, load) => {
    const box = sandbox();
    const service = box.service(`${load}\nexport default ({ stdout }) => void stdout.write('ready');`);
    expect((await box.run(['kick', service])).code).toBe(0);
    await eventually('its claim', () => box.generations().length > 0);
    const call = await box.run(['call', service, '--timeout', '1s']);
    expect([call.code, call.stderr]).toEqual([
      75,
      expect.stringMatching(/has been loading its service for \d+\.\d s/),
    ]);
    expect((await box.run(['call', service, '--timeout', '60s'])).stdout.toString()).toBe('ready');
    expect(box.spawns()).toEqual(['cold']);
  });
});
