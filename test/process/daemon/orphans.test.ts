/** A daemon whose name is taken from under it goes, and its successor's files are its successor's. */

import { readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { eventually, sandbox } from '../support/sandbox.js';

/** Ends its call when there is such a file as it is given, however slow the machine. */
const SLOW = `
  import { existsSync } from 'node:fs';
  import { setTimeout as delay } from 'node:timers/promises';
  export default async ({ args, stdout }) => {
    while (args[0] !== undefined && !existsSync(args[0])) await delay(10);
    stdout.write(process.pid + '\\n');
  };
`;

describe.each<[string, (place: string) => void]>([
  ['the directory', (place) => rmSync(place, { recursive: true, force: true })],
  ['the directory of all names', (place) => rmSync(path.dirname(place), { recursive: true, force: true })],
  ['its generation', (place) => rmSync(path.join(place, '1'), { recursive: true, force: true })],
  ['its socket', (place) => rmSync(path.join(place, '1', 'sock'))],
  ['current', (place) => rmSync(path.join(place, 'current'))],
  ['the directory, moved away', (place) => renameSync(place, `${place}.moved`)],
])('%s is removed under load', (_, remove) => {
  it('what was accepted is answered, one daemon serves in the end, and the old one is gone', async () => {
    const box = sandbox();
    const service = box.service(SLOW);
    const first = Number((await box.run(['call', service])).stdout);
    const place = box.place();
    const gate = path.join(box.path, 'gate');
    const inFlight = box.all(4, () => ['call', service, '--', gate]);
    await eventually('work in flight', async () => {
      const { stdout } = await box.run(['status', service, '--json']);
      return JSON.parse(stdout.toString()).inFlight === 4;
    });
    remove(place);
    const later = box.all(4, () => ['call', service, '--timeout', '30s']);
    writeFileSync(gate, '');
    expect((await inFlight).map(({ code, stdout }) => [code, Number(stdout)])).toEqual(
      Array(4).fill([0, first]),
    );
    for (const { code, stdout } of await later) expect([code, Number(stdout) > 0]).toEqual([0, true]);
    await eventually('the end of the old one', () => !box.daemons().includes(first));

    const [second, ...more] = box.daemons();
    expect([typeof second, more]).toEqual(['number', []]);
    const after = await box.run(['call', service]);
    expect(Number(after.stdout)).toBe(second);
    const status = JSON.parse((await box.run(['status', service, '--json'])).stdout.toString());
    expect(readdirSync(path.join(status.directory, String(status.generation))).sort()).toEqual([
      'owner.json',
      'sock',
    ]);
  });
});

describe('a daemon ends', () => {
  it('when its service file is deleted', async () => {
    const box = sandbox();
    const service = box.service(SLOW);
    await box.run(['call', service]);
    rmSync(service);
    await eventually('its end', () => box.daemons().length === 0);
  });

  it('when the process that it is tied to does', async () => {
    const box = sandbox();
    const service = box.service(SLOW);
    const host = box.spawn('sleep', ['60']);
    await box.run(['call', service, '--tether', String(host.pid)]);
    await delay(300);
    expect(box.daemons()).toHaveLength(1);
    host.kill('SIGKILL');
    await eventually('its end', () => box.daemons().length === 0);
  });

  it('when it takes more memory than it may, its work done first', async () => {
    const box = sandbox();
    const service = box.service(`
      const held = [];
      export default ({ stdout }) => {
        held.push(Buffer.alloc(64 * 2 ** 20, 1));
        stdout.write(String(held.length));
      };
    `);
    const { code, stdout } = await box.run(['call', service, '--memory-limit', '100M']);
    expect([code, stdout.toString()]).toEqual([0, '1']);
    await eventually('its end', () => box.daemons().length === 0);
  });

  it('and its sockets and owner files carry the sticky bit: cleaners pass them by', async () => {
    const box = sandbox();
    await box.run(['call', box.service(SLOW)]);
    const modes = await box.exec('stat', [
      '-c',
      '%a',
      ...['sock', 'owner.json'].map((name) => path.join(box.place(), '1', name)),
    ]);
    expect(modes.stdout.toString()).toBe('1600\n1600\n');
  });
});
