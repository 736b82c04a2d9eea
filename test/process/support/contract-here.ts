/**
 * A program that holds the adapters of the system and the runtime on which it runs to the contract. It prints
 * what is broken. `contract-bundle.ts` makes one file of it.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { adapterContract, type ContractHost } from '../../../src/adapters/contract/contract.js';
import { nodeClock } from '../../../src/adapters/node/clock.js';
import { nodeFileSystem } from '../../../src/adapters/node/files/file-system.js';
import { nodeWitness } from '../../../src/adapters/node/files/held-files.js';
import { NodeProcessTable } from '../../../src/adapters/node/processes/process-table.js';
import { RUNTIME } from '../../../src/adapters/node/runtime.js';
import { NodeListener } from '../../../src/adapters/node/sockets/listener.js';
import { NodeSocketProbe } from '../../../src/adapters/node/sockets/socket-probe.js';
import { windowsParts } from '../../../src/app/platforms/windows-platform.js';
import type { FileSystem } from '../../../src/ports/file-system.js';
import type { Listener } from '../../../src/ports/listener.js';
import type { SocketProbe } from '../../../src/ports/socket-probe.js';
import type { Witness } from '../../../src/ports/witness.js';

const onWindows = process.platform === 'win32';
const [program = '', ...asked] = process.argv.slice(1);

interface Parts {
  readonly files: FileSystem;
  readonly witness: Witness | undefined;
  probe(): SocketProbe & { drop(): void };
  listener(): Listener;
}

function parts(): Parts {
  if (!onWindows)
    return {
      files: nodeFileSystem(),
      witness: nodeWitness(process.platform),
      probe: () => new NodeSocketProbe(),
      listener: () => new NodeListener(),
    };
  const windows = windowsParts();
  return {
    ...windows,
    probe: () => windows.probe(undefined, undefined),
    listener: () => windows.listener(undefined),
  };
}

/** Another process of this program, which `hold` is the life of. */
async function killed({ socket, file }: { readonly socket: string; readonly file: string }) {
  const args = [...RUNTIME.runArguments, program, socket, file];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const [said] = await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
  return JSON.parse(String(said));
}

async function hold(socket: string, file: string): Promise<void> {
  const { witness, listener } = parts();
  const held = [witness?.hold(file) ?? { kind: 'done' }, await listener().listen(socket)];
  if (held.some(({ kind }) => kind !== 'done')) throw new Error(JSON.stringify(held));
  writeSync(1, JSON.stringify(new NodeProcessTable().self()));
  setInterval(() => {}, 1_000);
}

async function make(): Promise<ContractHost> {
  // Short, whatever TMPDIR says: a socket's path has little room.
  const root = mkdtempSync(path.join(onWindows ? tmpdir() : '/tmp', 'solod-'));
  const probes: { drop(): void }[] = [];
  const listeners: { close(): Promise<unknown> }[] = [];
  const { files, witness } = parts();
  return {
    root,
    files,
    platform: process.platform as ContractHost['platform'],
    clock: nodeClock,
    processes: () => new NodeProcessTable(),
    probe: () => kept(probes, parts().probe()),
    listener: () => kept(listeners, parts().listener()),
    ...(witness === undefined ? {} : { witness: () => parts().witness ?? witness }),
    killed,
    wait: (awaited) => awaited,
    dispose: async () => {
      for (const probe of probes) probe.drop();
      for (const listener of listeners) await listener.close();
      // A file that is held is not removed on Windows.
      if (!onWindows) rmSync(root, { recursive: true, force: true });
    },
  };
}

function kept<K, T extends K>(all: K[], one: T): T {
  all.push(one);
  return one;
}

async function check(): Promise<void> {
  const broken: Record<string, string> = {};
  const checks = adapterContract(make);
  for (const { name, run } of checks)
    await run().catch((error: unknown) => {
      broken[name] = String(error);
    });
  writeSync(1, JSON.stringify({ count: checks.length, broken }));
  process.exit(0);
}

const [socket, file] = asked;
void (socket === undefined || file === undefined ? check() : hold(socket, file));
