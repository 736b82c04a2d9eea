/** A kick of the library that the native client runs: what it says, and when Node kicks all the same. */

import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo, LEFT_OUT } from '../../native/client.js';
import { eventually, ROOT, type Sandbox, sandbox } from '../support/sandbox.js';

const INDEX = path.join(ROOT, 'dist/index.js');

interface Kicked {
  readonly host: number;
  readonly results: readonly { readonly kind: string; readonly pid?: number; readonly reason?: string }[];
}

/** Kicks in a process of its own, one time for each of the options, and says what came of it. */
async function kicks(box: Sandbox, options: readonly object[], index = INDEX): Promise<Kicked> {
  const caller = path.join(mkdtempSync(path.join(box.path, 'host-')), 'caller.mjs');
  writeFileSync(
    caller,
    `import { kick } from ${JSON.stringify(pathToFileURL(index).href)};
     const results = ${JSON.stringify(options)}.map((each) => kick(each));
     process.stdout.write(JSON.stringify({ host: process.pid, results }));
     process.exit(0);`,
  );
  const { code, stdout, stderr } = await box.exec(process.execPath, [caller]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout.toString()) as Kicked;
}

/** What the ledger says of the latest start. */
function started(box: Sandbox): { readonly by: number; readonly asker: string; readonly pid: number } {
  const lines = readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8').split('\n').filter(Boolean);
  const starts = lines.map((line) => JSON.parse(line)).filter(({ kind }) => kind === 'started');
  return starts.at(-1);
}

const served = (box: Sandbox): Promise<void> =>
  eventually('the daemon serves', () => box.daemons().length === 1 && box.leftovers().length === 0);

describe.skipIf(!hasCargo)(`the first kick of a process${LEFT_OUT}`, () => {
  beforeAll(buildClient, BUILD_MS);

  it('is one of the native client, and says the same; a later one is Node’s', async () => {
    const box = sandbox();
    const service = box.service();
    const { host, results } = await kicks(box, [{ service }]);
    const { by, asker, pid } = started(box);
    expect(results).toEqual([{ kind: 'started', pid, reason: 'cold' }]);
    expect([by === host, asker]).toEqual([false, 'caller.mjs']);
    await served(box);
    const again = await kicks(box, [{ service }]);
    expect(again.results).toMatchObject([{ kind: 'running', owner: { pid } }]);
    process.kill(pid, 'SIGKILL');
    const dead = await kicks(box, [{ service }, { service }]);
    expect(dead.results[0]).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
    expect(started(box).by).not.toBe(dead.host);
    expect(['contended', 'running']).toContain(dead.results[1]?.kind);
    await served(box);
    expect(box.spawns()).toEqual(['cold', 'dead-daemon']);
  });

  it('is given to the daemon as Node would give it', async () => {
    const launches = [];
    for (const more of [{}, { timing: { totalMs: 10_000 } }]) {
      const box = sandbox();
      const { host } = await kicks(box, [{ service: box.service(), stateDirectory: box.state, ...more }]);
      expect(started(box).by === host).toBe('timing' in more);
      await served(box);
      const [pid = 0] = box.daemons();
      const words = () => readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      await eventually('the client has become the daemon', () => !words().includes('kick-report'));
      launches.push(
        words()
          .replaceAll(box.path, '<box>')
          .replaceAll(/echo-[0-9a-z]{8}/g, '<name>'),
      );
    }
    expect(launches[0]).toBe(launches[1]);
  });

  it.each([{ idleTimeoutMs: 60_000 }, { node: process.execPath }, { daemon: 'on', graceMs: 1_000 }])(
    'is Node’s with settings for the daemon: %j',
    async (settings) => {
      const box = sandbox();
      const { host, results } = await kicks(box, [{ service: box.service(), ...settings }]);
      expect(results).toMatchObject([{ kind: 'started' }]);
      expect(started(box).by).toBe(host);
      await served(box);
    },
  );

  it('is one start of many at once', async () => {
    const box = sandbox();
    const service = box.service();
    const all = await Promise.all(Array.from({ length: 20 }, () => kicks(box, [{ service }])));
    const kinds = all.map(({ results }) => results[0]?.kind);
    expect(kinds.filter((kind) => kind === 'started')).toHaveLength(1);
    await served(box);
    expect(box.spawns()).toEqual(['cold']);
  });

  /** A copy of the package, with that in place of the native client. */
  function copyWith(box: Sandbox, put: (client: string) => void): string {
    const solod = path.join(box.path, 'node_modules/solod');
    mkdirSync(solod, { recursive: true, mode: 0o755 });
    cpSync(path.join(ROOT, 'dist'), path.join(solod, 'dist'), { recursive: true });
    cpSync(path.join(ROOT, 'package.json'), path.join(solod, 'package.json'));
    const bin = path.join(box.path, `node_modules/@solod/client-linux-${process.arch}/bin`);
    mkdirSync(bin, { recursive: true, mode: 0o755 });
    put(path.join(bin, 'solod-client'));
    return path.join(solod, 'dist/index.js');
  }

  it.each<[string, (client: string) => void]>([
    ['others can write to', (client) => [cpSync(CLIENT, client), chmodSync(client, 0o777)]],
    [
      'lies where others can write',
      (client) => [cpSync(CLIENT, client), chmodSync(path.dirname(client), 0o777)],
    ],
    ['is a link', (client) => symlinkSync(CLIENT, client)],
    ['fails', (client) => writeFileSync(client, '#!/bin/sh\necho "{}"\nexit 3\n', { mode: 0o755 })],
    ['says nothing', (client) => writeFileSync(client, '#!/bin/sh\n', { mode: 0o755 })],
    ['can not be run', (client) => writeFileSync(client, 'nonsense', { mode: 0o755 })],
  ])('is Node’s if the client %s', async (_, put) => {
    const box = sandbox();
    const { host, results } = await kicks(box, [{ service: box.service() }], copyWith(box, put));
    expect(results).toMatchObject([{ kind: 'started', reason: 'cold' }]);
    expect(started(box).by).toBe(host);
    await served(box);
  });
});
