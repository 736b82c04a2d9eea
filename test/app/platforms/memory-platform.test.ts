/** The container module of the memory platform: the commands run on a memory machine. */

import { beforeEach, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { type Commands, commands, platformModule } from '../../../src/app/entry/composition.js';
import { createSolod } from '../../../src/app/library/create-solod.js';
import { readArguments } from '../../../src/app/options/read-options.js';
import { memoryHost } from '../../../src/app/platforms/memory-platform.js';

const ROOT = '/home/user/.local/state/solod';
const DAEMON = { name: 'build', command: ['/bin/daemon'] } as const;

let machine: MemoryMachine;
let printed: string;
let all: Commands;

const solodIn = (process: MemoryProcess) => createSolod(memoryHost(process));

beforeEach(() => {
  machine = new MemoryMachine();
  machine.install('/bin/daemon', async (process) => {
    const claimed = await solodIn(process).claim({ name: 'build' });
    if (claimed.kind === 'claimed') claimed.serve((connection) => connection.end('hello'));
  });
  printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const output = { print, complain: print, progress: () => {} };
  all = commands(output, platformModule(memoryHost(machine.start())));
});

function options() {
  const read = readArguments('status', ['--state-dir', ROOT]);
  if (read.kind !== 'read') throw new Error(read.kind);
  return read.value.options;
}

async function start(): Promise<number> {
  const result = await machine.clock.finish(solodIn(machine.start()).obtain(DAEMON));
  if (result.kind !== 'started') throw new Error(result.kind);
  return result.owner.pid;
}

it('ls, doctor and spawns see a daemon', async () => {
  const pid = await start();
  expect(await all.list.run(options())).toBe(0);
  expect(printed).toContain(`build: running, pid ${pid}`);
  expect(await all.doctor.run(undefined, options())).toBe(0);
  expect(printed).toContain('0 problems');
  expect(await all.spawns.run(undefined, { ...options(), name: 'build' })).toBe(0);
  expect(printed).toContain(`${pid}  cold`);
});

it('stop kills no daemon whose line "claimed" could not be written', async () => {
  const pid = await start();
  const ledger = `${ROOT}/build/spawns.jsonl`;
  const read = machine.files.readText(ledger);
  if (read.kind !== 'text') throw new Error(read.kind);
  const kept = read.text.split('\n').filter((line) => line.includes('"started"'));
  machine.files.removeFile(ledger);
  machine.files.createFile(ledger, `${kept.join('\n')}\n`);
  // It speaks a protocol of its own, so it can't be asked.
  expect(await all.stop.run(undefined, { ...options(), name: 'build' })).toBe(69);
  expect(machine.lookUp(pid).kind).toBe('present');
});

it('gc removes what a killed candidate has left', async () => {
  const candidate = machine.start();
  candidate.onCall = ({ method }) => {
    if (method === 'listen') candidate.kill();
  };
  void candidate.run(() => solodIn(candidate).claim({ name: 'build' }));
  await machine.clock.settle();
  await machine.clock.advance(86_400_000);
  expect(await machine.clock.finish(all.gc.run(undefined, options()))).toBe(0);
  expect(printed).toMatch(/^removed .*\/build/);
  expect(machine.files.list(`${ROOT}/build`)).not.toMatchObject({ names: [expect.stringContaining('tmp')] });
});

it('logs prints what the log holds', async () => {
  await start();
  machine.files.createFile(`${ROOT}/build/log`, 'a line\nanother line\n');
  expect(await all.logs.run(undefined, { ...options(), name: 'build', json: true })).toBe(0);
  expect(JSON.parse(printed)).toMatchObject({ lines: ['a line', 'another line'] });
});
