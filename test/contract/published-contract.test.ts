/** The contract that `solod/testing` exports holds for solod's own adapters, and finds what breaks it. */

import { describe, expect, it } from 'vitest';
import { adapterContract, type ContractHost } from '../../src/adapters/contract.js';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { nodeSocketHost } from './socket-hosts.js';

async function memory(): Promise<ContractHost> {
  const machine = new MemoryMachine();
  machine.files.makeDirectory('/work');
  return {
    root: '/work',
    platform: 'linux',
    files: machine.files,
    probe: () => machine.start().ports.probe,
    listener: () => machine.start().ports.listener,
    witness: () => machine.start().ports.witness,
    wait: (awaited) => machine.clock.finish(awaited),
    dispose: async () => {},
  };
}

const node = async (): Promise<ContractHost> => ({ ...(await nodeSocketHost()), platform: 'linux' });

describe.each([
  ['memory', memory],
  ['node', node],
] as const)('%s', (_, make) => {
  it.each(adapterContract(make))('$name', ({ run }) => run());
});

const broken = async (checks: ReturnType<typeof adapterContract>): Promise<string[]> => {
  const results = await Promise.allSettled(checks.map(({ run }) => run()));
  return checks.filter((_, n) => results[n]?.status === 'rejected').map(({ name }) => name);
};

it('a rename that replaces whatever is there is found', async () => {
  const careless = adapterContract(async () => {
    const host = await memory();
    const rename = (from: string, to: string) => {
      host.files.removeTree(to);
      return host.files.rename(from, to);
    };
    const files = Object.assign(Object.create(host.files), { rename });
    return { ...host, files };
  });
  expect(await broken(careless)).toContain('a rename refuses a directory that is not empty');
});

it('a lock that is not kept is found', async () => {
  const free = adapterContract(async () => {
    const host = await memory();
    const done = { kind: 'done' } as const;
    return {
      ...host,
      witness: () => ({ hold: () => done, release: () => done, look: () => ({ kind: 'free' }) }),
    };
  });
  expect(await broken(free)).toEqual(['a file is held by one process']);
});
