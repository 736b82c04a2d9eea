/** Both ways to start what is measured: they see the same ends, and take no wrong one for a time. */

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { hasRustc } from '../native/client.js';

const load = (name: string) =>
  import(pathToFileURL(path.resolve(import.meta.dirname, '../../tools/bench', name)).href);
const { NodeLauncher, SmallLauncher } = await load('launcher.mjs');
const { BenchSandbox: Place, peer } = await load('bench-sandbox.mjs');

const place = new Place();
afterAll(() => place.dispose());

function compiled(): string | undefined {
  if (!hasRustc) return undefined;
  const program = path.join(place.scratch, 'launcher');
  const source = path.resolve(import.meta.dirname, '../../tools/bench/launcher.rs');
  const args = ['--edition', '2021', '-D', 'warnings', '-o', program, source];
  const { status, stderr } = spawnSync('rustc', args, { encoding: 'utf8', timeout: 120_000 });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return program;
}

const program = compiled();
const LAUNCHERS = {
  'the small one': program === undefined ? undefined : () => new SmallLauncher(program, place, place.env()),
  'from Node': () => new NodeLauncher(place, place.env()),
};

describe.each(Object.entries(LAUNCHERS))('a launcher: %s', (name, make) => {
  const test = it.skipIf(make === undefined);
  const launcher = make?.();
  const sh = (line: string, more: object = {}) => ({ program: '/bin/sh', args: ['-c', line], ...more });

  test('runs a program to its end, on an input, in a directory', async () => {
    const input = place.write('input', 'seven b');
    expect(await launcher.run(sh('cat', { input, bytes: 7 }))).toBeGreaterThan(0);
    expect(await launcher.run(sh('pwd', { cwd: '/', bytes: 2 }))).toBeGreaterThan(0);
    expect(await launcher.run(sh('exit 3', { code: 3 }))).toBeGreaterThan(0);
  });

  test('an unexpected end gives no time, and says why', async () => {
    await expect(launcher.run(sh('echo "so it is" >&2; exit 3'))).rejects.toThrow(/ended with 3 .*so it is/);
    await expect(launcher.run(sh('echo 12', { bytes: 2 }))).rejects.toThrow('3 bytes of output');
    await expect(launcher.run({ program: '/no/such/program', args: [] })).rejects.toThrow('/no/such/program');
    expect(await launcher.run(sh('exit 0'))).toBeGreaterThan(0);
  });

  test('starts a server, and sees when it can be reached', async () => {
    const socket = path.join(place.scratch, `${name.replaceAll(' ', '-')}.sock`);
    const args = [peer('bare-server.cjs'), socket];
    const { ms, pid } = await launcher.reach(socket, { program: process.execPath, args });
    expect(ms).toBeGreaterThan(0);
    expect(existsSync(socket)).toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

describe('the place', () => {
  it('ends what others have started there, and leaves alone what it started itself', async () => {
    const own = place.start('/bin/sleep', ['60'], { stdio: 'ignore' });
    const other = Number(place.run('/bin/sh', ['-c', 'sleep 60 >/dev/null 2>&1 & echo $!']));
    expect(existsSync(`/proc/${other}/cmdline`)).toBe(true);
    place.endDaemons();
    expect(own.exitCode).toBeNull();
    expect(() => process.kill(own.pid, 0)).not.toThrow();
    const { activity } = (await load('../support/processes.mjs')).lookUp(other);
    expect(activity).toBe('dead');
    own.kill('SIGKILL');
  });
});
