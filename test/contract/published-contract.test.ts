/** The contract that `solod/testing` exports holds for solod's own adapters, and finds what breaks it. */

import { describe, expect, it } from 'vitest';
import { adapterContract, type ContractHost } from '../../src/adapters/contract/contract.js';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { PlainMachine } from '../support/plain-platform.js';
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
    clock: machine.clock,
    processes: () => machine.start().ports.processes,
    killed: async ({ socket, file }) => {
      const process = machine.start();
      const self = process.ports.processes.self();
      process.ports.witness.hold(file);
      await machine.clock.finish(process.ports.listener.listen(socket));
      process.kill();
      return self;
    },
    wait: (awaited) => machine.clock.finish(awaited),
    dispose: async () => {},
  };
}

const node = async (): Promise<ContractHost> => ({ ...(await nodeSocketHost()), platform: 'linux' });

/** A platform that was added by the recipe of docs/platforms.md. */
async function plain(): Promise<ContractHost> {
  const machine = new PlainMachine();
  machine.put('/work', 'directory', '');
  const { files, clock } = machine.start();
  return {
    root: '/work',
    platform: 'linux',
    files,
    clock,
    probe: () => machine.start().probe(),
    listener: () => machine.start().listener(),
    processes: () => machine.start().processes,
    killed: async ({ socket }) => {
      const host = machine.start();
      const self = host.processes.self();
      await host.listener().listen(socket);
      machine.kill(self.pid);
      return self;
    },
    wait: (awaited) => awaited,
    dispose: async () => {},
  };
}

describe.each([
  ['memory', memory],
  ['plain', plain],
  ['node', node],
] as const)('%s', (_, make) => {
  it.each(adapterContract(make))('$name', ({ run }) => run());
});

const broken = async (checks: ReturnType<typeof adapterContract>): Promise<string[]> => {
  const results = await Promise.allSettled(checks.map(({ run }) => run()));
  return checks.filter((_, n) => results[n]?.status === 'rejected').map(({ name }) => name);
};

type Spoilt = (host: ContractHost) => Partial<ContractHost>;
type Files = ContractHost['files'];

const DONE = { kind: 'done' } as const;
const spoiltFiles = (host: ContractHost, spoil: (files: Files) => Partial<Files>) => ({
  files: Object.assign(Object.create(host.files), spoil(host.files)),
});

/** What an adapter does wrong, and the check that finds it. */
const WRONG: readonly (readonly [string, string, Spoilt])[] = [
  [
    'a rename that replaces whatever is there',
    'a rename refuses a directory that is not empty',
    (host) =>
      spoiltFiles(host, (files) => ({
        rename: (from, to) => {
          files.removeTree(to);
          return files.rename(from, to);
        },
      })),
  ],
  [
    'a file that is created over another',
    'a file is created once, with its text',
    (host) =>
      spoiltFiles(host, (files) => ({
        createFile: (path, text) => {
          files.removeFile(path);
          return files.createFile(path, text);
        },
      })),
  ],
  [
    'a link that is followed when it is replaced',
    'a link is made once, is followed, and is replaced and removed itself',
    (host) =>
      spoiltFiles(host, (files) => ({
        rename: (from, to) => {
          const link = files.readLink(to);
          return files.rename(from, link.kind === 'target' ? `${host.root}/${link.target}` : to);
        },
      })),
  ],
  [
    'an append that begins the file anew',
    'text is appended at the end',
    (host) =>
      spoiltFiles(host, (files) => ({
        appendText: (path, text) => {
          const removed = files.removeFile(path);
          return removed.kind === 'done' ? files.createFile(path, text) : removed;
        },
      })),
  ],
  [
    'a directory that looks empty',
    'what is in a directory is listed, and has a type',
    (host) => spoiltFiles(host, () => ({ list: () => ({ kind: 'names', names: [] }) })),
  ],
  [
    'a lock that is not kept',
    'a file is held by one process',
    () => ({ witness: () => ({ hold: () => DONE, release: () => DONE, look: () => ({ kind: 'free' }) }) }),
  ],
  [
    'a lock that two processes hold at once',
    'a file is held by one process',
    (host) => ({
      witness: () => {
        const witness = host.witness?.();
        const look = (path: string) => witness?.look(path) ?? { kind: 'absent' as const };
        const hold = (path: string) => {
          witness?.hold(path);
          return DONE;
        };
        return { look, hold, release: () => DONE };
      },
    }),
  ],
  [
    'a lock that outlives its process',
    'a process that was killed has ended, and has let go of its socket and its file',
    () => ({
      witness: () => ({ hold: () => DONE, release: () => DONE, look: () => ({ kind: 'held' }) }),
    }),
  ],
  [
    'a probe that finds a daemon everywhere',
    'a name that nothing has is absent',
    () => ({
      probe: () => ({
        connect: async () => ({ kind: 'connected' }),
        greet: async () => ({ kind: 'silent' }),
      }),
    }),
  ],
  [
    'a probe that can not tell a dead daemon',
    'a process that was killed has ended, and has let go of its socket and its file',
    () => ({
      probe: () => ({ connect: async () => ({ kind: 'silent' }), greet: async () => ({ kind: 'silent' }) }),
    }),
  ],
  [
    'a listener that takes a name that is taken',
    'a name is taken once',
    (host) => ({
      listener: () => {
        const listener = host.listener();
        const listen = async (path: string) => {
          host.files.removeFile(path);
          return listener.listen(path);
        };
        return { listen, close: () => listener.close() };
      },
    }),
  ],
  [
    'a process table that sees nobody',
    'a process finds itself, and another one finds it',
    (host) => ({
      processes: () => {
        const self = host.processes?.().self();
        if (self === undefined) throw new Error('this host has no processes');
        return { self: () => self, lookUp: () => ({ kind: 'gone' }), signal: () => ({ kind: 'absent' }) };
      },
    }),
  ],
  [
    'a process table that sees everybody',
    'an id that no process has is gone',
    (host) => ({
      processes: () => {
        const self = host.processes?.().self();
        if (self === undefined) throw new Error('this host has no processes');
        const seen = { kind: 'present', startTime: self.startTime, activity: 'running' } as const;
        return { self: () => self, lookUp: () => seen, signal: () => DONE };
      },
    }),
  ],
  [
    'a clock that goes back',
    'the monotonic clock counts milliseconds, and never goes back',
    (host) => {
      let readings = 0;
      const now = () => ({ monotonicMs: 5_000 - readings++, wallMs: 0 });
      return { clock: { now, sleep: (ms) => host.clock?.sleep(ms) ?? Promise.resolve(DONE) } };
    },
  ],
  [
    'a clock that counts seconds',
    'the monotonic clock counts milliseconds, and never goes back',
    ({ clock }) => {
      if (clock === undefined) throw new Error('this host has no clock');
      const now = () => ({ ...clock.now(), monotonicMs: clock.now().monotonicMs / 1_000 });
      return { clock: { now, sleep: (ms) => clock.sleep(ms) } };
    },
  ],
  [
    'a sleep that ends at once',
    'the monotonic clock counts milliseconds, and never goes back',
    ({ clock }) => {
      if (clock === undefined) throw new Error('this host has no clock');
      return { clock: { now: () => clock.now(), sleep: async () => DONE } };
    },
  ],
];

it.each(WRONG)('%s is found', async (_, check, spoil) => {
  const spoilt = adapterContract(async () => {
    const host = await memory();
    return { ...host, ...spoil(host) };
  });
  expect(await broken(spoilt)).toContain(check);
});
