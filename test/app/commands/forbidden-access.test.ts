/** What commands say of daemons that the system keeps from them, on a machine in memory. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/adapters/memory/files/faults.js';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { type Commands, commands, platformModule } from '../../../src/app/entry/composition.js';
import { createSolod } from '../../../src/app/library/create-solod.js';
import { readArguments } from '../../../src/app/options/read-options.js';
import { memoryHost } from '../../../src/app/platforms/memory-platform.js';

const ROOT = '/home/user/.local/state/solod';
const PLACE = `${ROOT}/build`;

let machine: MemoryMachine;
let printed: string;
let complained: string;
let all: Commands;

beforeEach(async () => {
  machine = new MemoryMachine();
  machine.install('/bin/daemon', async (process) => {
    const claimed = await createSolod(memoryHost(process)).claim({ name: 'build' });
    if (claimed.kind === 'claimed') claimed.serve((connection) => connection.end('hello'));
  });
  const solod = createSolod(memoryHost(machine.start()));
  await machine.clock.finish(solod.obtain({ name: 'build', command: ['/bin/daemon'] }));
  [printed, complained] = ['', ''];
  const print = (text: string): void => {
    printed += text;
  };
  const complain = (text: string): void => {
    complained += text;
  };
  all = commands({ print, complain, progress: () => {} }, platformModule(memoryHost(machine.start())));
});

const forbid = (method: Fault['method'], matching: RegExp, code: string): void =>
  void machine.faults.plant({ method, matching, code, times: Number.POSITIVE_INFINITY });

function optionsOf(...args: readonly string[]) {
  const read = readArguments('status', args);
  if (read.kind !== 'read') throw new Error(read.kind);
  return read.value.options;
}

const EVERY = optionsOf('--state-dir', ROOT);
const BUILD = optionsOf('--state-dir', ROOT, '--name', 'build');

/** Each of these says so in one sentence, and prints nothing. */
async function expectUnusable(
  directory: string,
  code: string,
  runs: readonly (() => number | Promise<number>)[],
): Promise<void> {
  for (const run of runs) {
    complained = '';
    expect(await run()).toBe(73);
    expect(complained).toMatch(new RegExp(`^the state directory ${directory} can't be used: .*${code}`));
  }
  expect(printed).toBe('');
}

describe.each(['EACCES', 'EPERM'])('%s', (code) => {
  const sandboxed = new RegExp(`^a sandbox forbids Unix sockets, .*${PLACE}.* ${code}`);

  it('of a socket that this user may write to is the answer of a sandbox', async () => {
    forbid('connect', /sock$/, code);
    expect(await all.status.run(undefined, BUILD)).toBe(69);
    expect(printed).toMatch(/^build: not answering, pid \d+ \(a sandbox forbids Unix sockets: /);
    expect(await all.list.run(EVERY)).toBe(0);
    expect(printed).toMatch(/\nbuild: not answering, pid \d+ \(a sandbox forbids Unix sockets: /);
    expect(complained).toBe('');
    expect(await all.stop.run(undefined, BUILD)).toBe(77);
    expect(complained).toMatch(sandboxed);
    complained = '';
    expect(await all.stopAll.run(undefined, EVERY)).toBe(77);
    expect(complained).toMatch(sandboxed);
  });

  it('of the state directory ends what looks at all names', async () => {
    forbid('list', new RegExp(`^${ROOT}$`), code);
    await expectUnusable(ROOT, code, [
      () => all.list.run(EVERY),
      () => all.status.run(undefined, EVERY),
      () => all.stopAll.run(undefined, EVERY),
      () => all.stats.run(undefined, EVERY),
      () => all.gc.run(undefined, EVERY),
    ]);
    expect(await all.doctor.run(undefined, EVERY)).toBe(1);
    expect(printed).toMatch(new RegExp(`problem  ${ROOT}: the directory can't be read: .*${code}`));
  });

  it('of what is in the directory of a name is told of that name, and the name is listed', async () => {
    for (const method of ['inspect', 'readLink', 'readText', 'list', 'connect'] as const)
      forbid(method, method === 'list' ? new RegExp(`^${PLACE}$`) : new RegExp(`^${PLACE}/`), code);
    await expectUnusable(PLACE, code, [
      () => all.status.run(undefined, BUILD),
      () => all.stop.run(undefined, BUILD),
      () => all.stopAll.run(undefined, EVERY),
      () => all.spawns.run(undefined, BUILD),
      () => all.logs.run(undefined, BUILD),
    ]);
    expect(await all.list.run(EVERY)).toBe(0);
    expect(printed).toMatch(/^build: not answering \(this process may not enter its directory: /);
    printed = '';
    expect(await all.doctor.run(undefined, EVERY)).toBe(1);
    expect(printed).toMatch(new RegExp(`problem  ${PLACE}: the directory can't be read: .*${code}`));
  });
});

it('EACCES of a socket that this user may not write to is not put down to a sandbox', async () => {
  forbid('connect', /sock$/, 'EACCES');
  const socket = machine.disk.find(`${PLACE}/1/sock`, 'keep', 'lstat').inode;
  if (socket === undefined) throw new Error('there is no socket');
  socket.mode = 0o444;
  expect(await all.stop.run(undefined, BUILD)).toBe(69);
  expect(complained).toMatch(/^can't be asked to stop: build: not answering, pid \d+ \(EACCES/);
  expect(complained).not.toContain('sandbox');
});
