/** A new daemon removes leftovers, and leaves alone what another process may still use. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import { listToSweep, type SweepPlan, sweepOne } from '../../../src/domain/claim/sweep.js';
import { handedLock } from '../../../src/domain/lock/held-lock.js';
import { run } from '../../../src/domain/procedure/run.js';
import { claimIn, leaveGeneration, makeGeneration } from '../../support/daemons.js';
import { HOME, inHome, tree } from '../../support/plans.js';

const MINUTE_MS = 60_000;

async function sweepIn(machine: MemoryMachine, changes: Partial<SweepPlan> = {}): Promise<void> {
  const { pid, ports } = machine.start();
  const plan: SweepPlan = {
    directory: HOME,
    nonce: `${pid}-abc-0`,
    below: 5,
    proven: 4,
    platform: 'linux',
    probeMs: 100,
    ...changes,
  };
  for (const name of await machine.clock.finish(run(listToSweep(plan), ports)))
    await machine.clock.finish(run(sweepOne(plan, name), ports));
}

/** What is left at the top of the directory. */
function left(machine: MemoryMachine): string[] {
  return tree(machine)
    .filter((line) => !/\/./.test(line))
    .map((line) => line.replace('/', ''));
}

async function listeningAt(machine: MemoryMachine, path: string, backlog = 511) {
  const process = machine.start({ backlog });
  await process.ports.listener.listen(path);
  return process;
}

const home = (): MemoryMachine => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  return machine;
};

const OWNER = inHome('3/owner.json');

describe('generations', () => {
  it('that are lower and dead are collected; the own one and higher ones stay, dead or alive', async () => {
    const machine = home();
    for (const generation of [1, 2, 4, 5, 6, 70]) await leaveGeneration(machine, generation);
    await sweepIn(machine);
    expect(left(machine)).toEqual(['5', '6', '70']);
  });

  it('that are lower and alive stay: a candidate may be about to withdraw from there', async () => {
    const machine = home();
    machine.files.makeDirectory(inHome('2'));
    await listeningAt(machine, inHome('2/sock'));
    await leaveGeneration(machine, 3);
    await sweepIn(machine);
    expect(left(machine)).toEqual(['2']);
  });

  it.each(['EAGAIN', 'ETIMEDOUT', 'EACCES', 'EMFILE', 'EWHATEVER'])(
    'stay if the probe is ambiguous (%s)',
    async (code) => {
      const machine = home();
      await leaveGeneration(machine, 3);
      machine.faults.plant({ method: 'connect', code });
      await sweepIn(machine);
      expect(left(machine)).toEqual(['3']);
    },
  );

  it('a generation that the claim saw dead is not probed again', async () => {
    const machine = home();
    await leaveGeneration(machine, 4);
    machine.faults.plant({ method: 'connect', code: 'EMFILE' });
    await sweepIn(machine);
    expect(left(machine)).toEqual([]);
  });

  it('that refuse stay where refusal may mean a full backlog, except the one that the claim saw dead', async () => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    for (const generation of [3, 4]) await makeGeneration(machine, generation);
    machine.faults.plant({ method: 'connect', code: 'ECONNREFUSED' });
    await sweepIn(machine, { platform: 'darwin' });
    expect(left(machine)).toEqual(['3']);
  });

  it('that refuse go where the process of their owner is gone, or another one has its id', async () => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    const { pid } = await leaveGeneration(machine, 2);
    await leaveGeneration(machine, 3);
    machine.start({ pid });
    await sweepIn(machine, { platform: 'darwin' });
    expect(left(machine)).toEqual([]);
  });

  it.each([
    { owner: 'is missing', changes: ({ files }: MemoryMachine) => files.removeFile(OWNER) },
    {
      owner: 'is half of one',
      changes: ({ files }: MemoryMachine) => {
        files.removeFile(OWNER);
        files.createFile(OWNER, '{"pid":');
      },
    },
  ])('that refuse go where their owner file $owner', async ({ changes }) => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    await leaveGeneration(machine, 3);
    changes(machine);
    await sweepIn(machine, { platform: 'darwin' });
    expect(left(machine)).toEqual([]);
  });

  it('that refuse stay where their owner file can’t be read', async () => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    await leaveGeneration(machine, 3);
    machine.faults.plant({ method: 'readText', code: 'EACCES', matching: /owner/ });
    await sweepIn(machine, { platform: 'darwin' });
    expect(left(machine)).toEqual(['3']);
  });

  it.each([
    { name: 'a plain file', lies: ({ files }: MemoryMachine) => files.createFile(inHome('3'), '') },
    { name: 'an empty directory', lies: ({ files }: MemoryMachine) => files.makeDirectory(inHome('3')) },
    { name: 'a dangling link', lies: ({ files }: MemoryMachine) => files.makeLink('nowhere', inHome('3')) },
  ])('that consist of $name are collected', async ({ lies }) => {
    const machine = home();
    lies(machine);
    await sweepIn(machine);
    expect(left(machine)).toEqual([]);
  });

  it('that can’t be moved stay complete: a lower layer of an overlay file system', async () => {
    const machine = home();
    for (const generation of [2, 3]) await leaveGeneration(machine, generation);
    machine.faults.plant({ method: 'rename', code: 'EXDEV', matching: /\/2$/ });
    await sweepIn(machine);
    expect(tree(machine)).toEqual(['2/', '2/owner.json', '2/sock']);
  });

  it('entries that only look like one stay', async () => {
    const machine = home();
    const names = ['0', '01', '3x', 'current.old', 'log', 'spawn.lock', 'tmp', 'trash', '1e1'];
    for (const name of names) machine.files.makeDirectory(inHome(name));
    await sweepIn(machine);
    expect(left(machine)).toEqual([...names].sort());
  });
});

describe('trash', () => {
  it('goes, no matter which process left it', async () => {
    const machine = home();
    machine.files.makeDirectories(inHome('trash.7-old-0.3/deep/down'));
    machine.files.createFile(inHome('trash.x'), '');
    machine.files.makeLink('/', inHome('trash.link'));
    await sweepIn(machine);
    expect(left(machine)).toEqual([]);
    expect(machine.files.list('/')).toEqual({ kind: 'names', names: ['state'] });
  });

  it('that can’t be removed does not stop the sweep', async () => {
    const machine = home();
    for (const name of ['trash.a', 'trash.b']) machine.files.makeDirectory(inHome(name));
    machine.faults.plant({ method: 'removeTree', code: 'EACCES', matching: /trash\.a$/ });
    await sweepIn(machine);
    expect(left(machine)).toEqual(['trash.a']);
  });
});

describe('private names of others', () => {
  const GONE = 77;
  const PRIVATE = ['tmp.77-abc', 'tmp.77-abc-0', 'tmp.77-abc-0.link', 'tmp.77-abc.lock'];

  it('go when they are a minute old and their maker is gone', async () => {
    const machine = home();
    for (const name of PRIVATE) machine.files.makeDirectory(inHome(name));
    await machine.clock.advance(MINUTE_MS);
    await sweepIn(machine);
    expect(left(machine)).toEqual([]);
  });

  it('stay when they are younger: their maker may live where its process id can’t be seen', async () => {
    const machine = home();
    for (const name of PRIVATE) machine.files.makeDirectory(inHome(name));
    await machine.clock.advance(MINUTE_MS - 1);
    await sweepIn(machine);
    expect(left(machine)).toEqual([...PRIVATE].sort());
  });

  it.each(['running', 'stopped', 'zombie'] as const)(
    'stay while their maker exists (%s)',
    async (activity) => {
      const machine = home();
      const maker = machine.start({ pid: GONE });
      if (activity === 'stopped') maker.stop();
      if (activity === 'zombie') maker.kill('zombie');
      machine.files.makeDirectory(inHome('tmp.77-abc-0'));
      await machine.clock.advance(MINUTE_MS);
      await sweepIn(machine);
      expect(left(machine)).toEqual(['tmp.77-abc-0']);
    },
  );

  it.each(['inspect', 'lookUp'] as const)(
    'stay when they or their maker can’t be inspected (%s)',
    async (method) => {
      const machine = home();
      machine.files.makeDirectory(inHome('tmp.77-abc-0'));
      await machine.clock.advance(MINUTE_MS);
      machine.faults.plant({ method, code: 'EACCES' });
      await sweepIn(machine);
      expect(left(machine)).toEqual(['tmp.77-abc-0']);
    },
  );

  it('the own ones stay, even when the clock says that they are old', async () => {
    const machine = home();
    const nonce = '77-abc-0';
    machine.files.makeDirectory(inHome(`tmp.${nonce}`));
    await machine.clock.advance(MINUTE_MS);
    await sweepIn(machine, { nonce });
    expect(left(machine)).toEqual([`tmp.${nonce}`]);
  });

  it.each(['tmp.77', 'tmp.x-abc', 'tmp.77-ABC', 'tmp.77-abc.other', 'tmp.77-abc.lock.old'])(
    'names that solod does not make stay: %s',
    async (name) => {
      const machine = home();
      machine.files.makeDirectory(inHome(name));
      await machine.clock.advance(MINUTE_MS);
      await sweepIn(machine);
      expect(left(machine)).toEqual([name]);
    },
  );
});

describe('a sweep', () => {
  it('is bounded: one daemon removes a limited number, names of one call first, and the next one goes on', async () => {
    const machine = home();
    for (let n = 0; n < 256; n += 1) machine.files.makeDirectory(inHome(`trash.${n}`));
    await leaveGeneration(machine, 3);
    await sweepIn(machine);
    expect(left(machine)).toEqual(['3']);
    await sweepIn(machine);
    expect(left(machine)).toEqual([]);
  });

  it.each(['EACCES', 'ENOENT', 'ENOTDIR'])('of a directory that can’t be listed (%s) ends', async (code) => {
    const machine = home();
    await leaveGeneration(machine, 3);
    machine.faults.plant({ method: 'list', code });
    await sweepIn(machine);
    expect(left(machine)).toEqual(['3']);
  });

  it('comes after `current` names the new daemon, and after the lock has ended', async () => {
    const machine = home();
    await leaveGeneration(machine, 1);
    const process = machine.start();
    const order: string[] = [];
    process.onCall = ({ method, args }) => order.push(`${method} ${args.join(' ')}`);
    await claimIn(machine, { lock: handedLock(HOME, '7-x') }, process);
    const at = (part: string) => order.findIndex((call) => call.includes(part));
    const steps = [at(`link ${inHome('current')}`), at('removeFile'), at('trash')];
    expect(steps).not.toContain(-1);
    expect([...steps].sort((a, b) => a - b)).toEqual(steps);
  });
});
