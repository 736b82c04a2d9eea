/** A platform that was added by the recipe in docs/platforms.md runs the library and the commands. */

import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { commands, platformModule } from '../../../src/app/entry/composition.js';
import { createSolod } from '../../../src/app/library/create-solod.js';
import { readArguments } from '../../../src/app/options/read-options.js';
import { layout } from '../../../src/domain/place/layout.js';
import { PlainMachine } from '../../support/plain-platform.js';

const DAEMON = { name: 'build', command: ['/daemon'] } as const;

function machineWithDaemon(): PlainMachine {
  const machine = new PlainMachine();
  machine.programs.set('/daemon', async (host) => {
    const claimed = await createSolod(host).claim({ name: 'build' });
    if (claimed.kind === 'claimed')
      claimed.serve((connection) => connection.end(`daemon ${host.processes.self().pid}`));
  });
  return machine;
}

it('the library: one daemon for several callers, and another one when that has died', async () => {
  const machine = machineWithDaemon();
  const callers = [1, 2, 3].map(() => createSolod(machine.start()));
  const results = await Promise.all(callers.map((solod) => solod.connect(DAEMON)));
  const said = await Promise.all(
    results.map((result) => (result.kind === 'failed' ? result.message : text(result.connection))),
  );
  expect(said[0]).toMatch(/^daemon \d+$/);
  expect(new Set(said).size).toBe(1);
  expect(machine.starts).toEqual(['cold /daemon']);
  machine.kill(Number(said[0]?.split(' ')[1]));
  expect((await createSolod(machine.start()).obtain(DAEMON)).kind).toBe('started');
  expect(machine.starts).toEqual(['cold /daemon', 'dead-daemon /daemon']);
});

it('the commands: they see its daemon, and clear up after it', async () => {
  const machine = machineWithDaemon();
  const printed: string[] = [];
  const output = {
    print: (line: string) => void printed.push(line),
    complain: (line: string) => void printed.push(line),
    progress: () => {},
  };
  const all = commands(output, platformModule(machine.start()));
  const read = readArguments('status', ['--state-dir', '/state']);
  if (read.kind !== 'read') throw new Error(read.kind);
  const started = await createSolod(machine.start()).obtain(DAEMON);
  if (started.kind !== 'started') throw new Error(started.kind);

  expect(await all.list.run(read.value.options)).toBe(0);
  expect(printed.splice(0).join('')).toContain(`build: running, pid ${started.owner.pid}`);
  expect(await all.doctor.run(undefined, read.value.options)).toBe(0);
  expect(printed.splice(0).join('')).toContain('0 problems');

  machine.kill(started.owner.pid);
  expect(await all.status.run(undefined, { ...read.value.options, name: 'build' })).toBe(69);
  expect(printed.splice(0).join('')).toBe('build: not running\n');
  const leftover = layout.private('/state/build', '9999-abcdefgh');
  machine.put(leftover, 'directory', '');
  machine.pass(86_400_000);
  expect(await all.gc.run(undefined, read.value.options)).toBe(0);
  expect(printed.splice(0).join('')).toContain(`removed ${leftover}`);
});
