/** The native client's side of a shared server: the same sessions, at a megabyte each. */

import { beforeAll, describe, expect, it } from 'vitest';
import { Host, ShareFixture } from '../process/share/share-support.js';
import { sandbox } from '../process/support/sandbox.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from './client.js';

beforeAll(() => buildClient(), BUILD_MS);

describe.skipIf(!hasCargo)(`the native client's side of a shared server${LEFT_OUT}`, () => {
  const start = (share: ShareFixture, options: readonly string[] = [], env = {}): Host =>
    new Host(share.box.spawn(CLIENT, share.args(options), { env }));

  it('shares one server with the client in Node, from the first start on', async () => {
    const share = new ShareFixture(sandbox());
    const hosts = [start(share), start(share)];
    await Promise.all(hosts.map((host) => host.greet()));
    const third = await share.greeted();
    const all = [...hosts, third];
    const answers = await Promise.all(all.map((host, n) => host.call(1, { say: n })));
    expect(answers.map(({ result }) => result?.say)).toEqual([0, 1, 2]);
    expect(share.pids()).toHaveLength(1);
    expect(await Promise.all(all.map((host) => host.end()))).toEqual([0, 0, 0]);
  });

  it('server and broker are killed under load: every request ends once', async () => {
    const share = new ShareFixture(sandbox());
    const hosts = [start(share), start(share), start(share)];
    await Promise.all(hosts.map((host) => host.greet()));
    for (let round = 0; round < 6; round++) {
      const calls = hosts.flatMap((host, n) =>
        Array.from({ length: 5 }, (_, id) => host.call(id, { say: `${n}:${id}`, delayMs: 20 })),
      );
      const victims = round % 2 === 0 ? share.living().slice(-1) : share.box.daemons();
      for (const pid of victims) process.kill(pid, 'SIGKILL');
      for (const [at, { result, error }] of (await Promise.all(calls)).entries())
        if (error === undefined) expect(result?.say).toBe(`${Math.floor(at / 5)}:${at % 5}`);
      const after = await Promise.all(hosts.map((host) => host.call('after', { say: 'after' })));
      expect(after.filter(({ result, error }) => result?.say !== 'after' && error === undefined)).toEqual([]);
    }
    expect(hosts.flatMap(({ strays }) => strays)).toEqual([]);
  });

  it('what it does not know is left to Node, which does not give it back', async () => {
    const share = new ShareFixture(sandbox());
    const own = start(share, ['--own-broker', '--idle-timeout', '1m']);
    await own.greet();
    expect((await own.call(1, { say: 'own' })).result?.say).toBe('own');
    const alone = start(share, [], { SOLOD: 'off' });
    await alone.greet();
    expect((await alone.call(1, { say: 'alone' })).result?.say).toBe('alone');
    expect(share.box.daemons()).toHaveLength(1);
  });
});
