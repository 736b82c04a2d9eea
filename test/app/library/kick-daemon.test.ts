/** What a kick makes of what the native client says, on a machine in memory. */

import { expect, it } from 'vitest';
import type { KickTarget } from '../../../src/adapters/kick-target.js';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { type KickOptions, kickDaemon } from '../../../src/app/library/kick-daemon.js';
import { serviceDaemon } from '../../../src/app/library/memory-daemon.js';
import type { CallerHost } from '../../../src/app/platforms/host.js';
import { memoryHost } from '../../../src/app/platforms/memory-platform.js';

const SERVICE = '/home/user/a.mjs';

/** A kick where the client says that; with what it was asked, and what was told. */
function kicked(
  said: string | undefined,
  options: Partial<KickOptions> = {},
  given: Partial<CallerHost> = {},
  machine = new MemoryMachine(),
) {
  const asked: KickTarget[] = [];
  const told: string[] = [];
  const host = memoryHost(machine.start());
  const service = { kind: 'resolved', value: { path: SERVICE, name: 'a', text: '' } } as never;
  const result = kickDaemon(
    {
      ...host,
      env: { ...host.env, CI: undefined },
      findService: () => service,
      warn: (line) => told.push(line),
      kickByClient: (target) => {
        asked.push(target);
        return said;
      },
      ...given,
    },
    { service: SERVICE, ...options } as KickOptions,
  );
  return { result, asked, told, starts: machine.spawns };
}

it('a start is told as Node tells it', () => {
  const { result, asked, told } = kicked('{"kind":"started","pid":7,"reason":"cold"}', {
    stateDirectory: '/s',
    env: { A: 'b' },
  });
  expect(result).toEqual({ kind: 'started', pid: 7, reason: 'cold', warning: undefined });
  expect(asked).toEqual([
    { daemon: '/usr/lib/solod/daemon.cjs', args: ['--state-dir=/s', '--', SERVICE], env: { A: 'b' } },
  ]);
  expect(told).toEqual([]);
});

it('a warning of the client is told', () => {
  const warning = { kind: 'overrode-lock', ageMs: 12_000 };
  const { result, told } = kicked(JSON.stringify({ kind: 'started', pid: 7, reason: 'override', warning }));
  expect(result).toMatchObject({ kind: 'started', warning });
  expect(told).toEqual([expect.stringContaining('12')]);
});

it('a start of another caller is one', () => {
  expect(kicked('{"kind":"contended"}').result).toEqual({ kind: 'contended' });
});

it('a client that says nothing leaves the kick to Node', () => {
  const { result, asked } = kicked(undefined);
  expect(asked).toHaveLength(1);
  expect(result.kind).not.toBe('contended');
});

it.each([
  { timing: { totalMs: 1 } },
  { node: '/n' },
  { graceMs: 1 },
  { project: '/' },
  { daemon: 'off' },
] as const)('the client is not asked with %j', (options) => {
  expect(kicked('{"kind":"contended"}', options).asked).toEqual([]);
});

it.each(['EPERM', 'EACCES'])('where a sandbox answers a socket with %s, nothing is started', (code) => {
  const cause = { code, message: `bind ${code}` };
  const { result, told, starts } = kicked(undefined, {}, { trySocket: () => cause });
  expect(result).toMatchObject({
    kind: 'switched-off',
    why: expect.stringContaining(`bind ${code}`),
    failure: { kind: 'sockets-forbidden', cause },
  });
  expect([told, starts]).toEqual([[], []]);
});

it('what is not an answer of a sandbox keeps no kick from starting', () => {
  const cause = { code: 'EMFILE', message: 'EMFILE' };
  expect(kicked(undefined, {}, { trySocket: () => cause }).starts).toHaveLength(1);
});

it('where a daemon lives, no socket is tried', async () => {
  const machine = new MemoryMachine();
  machine.install(
    '/usr/bin/node',
    serviceDaemon(() => 0),
  );
  kicked(undefined, {}, {}, machine);
  await machine.clock.settle();
  const trySocket = () => ({ code: 'EPERM', message: 'EPERM' });
  expect(kicked(undefined, {}, { trySocket }, machine).result.kind).toBe('running');
});
