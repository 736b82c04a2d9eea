/** What a process other than a daemon may remove, and that it harms no daemon at any time. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { claim } from '../../../src/domain/claim/claim.js';
import {
  type CollectOutcome,
  type CollectPlan,
  collectGarbage,
} from '../../../src/domain/gc/collect-garbage.js';
import { childText } from '../../../src/domain/lock/held-lock.js';
import { recordText } from '../../../src/domain/lock/spawn-lock.js';
import { run } from '../../../src/domain/procedure/run.js';
import { daemonIn, leaveGeneration, whoAnswers } from '../../support/daemons.js';
import { holdBefore } from '../../support/hold.js';
import {
  claimPlan,
  HOME,
  identityOf,
  inHome,
  nonceFor,
  PLACE,
  ROOT,
  tree,
  USER_ID,
} from '../../support/plans.js';

const MINUTE_MS = 60_000;

const planFor = (process: MemoryProcess): CollectPlan => ({
  place: PLACE,
  userId: USER_ID,
  nonce: nonceFor(process),
  platform: 'linux',
  probeMs: 100,
});

function collectIn(machine: MemoryMachine): Promise<CollectOutcome> {
  const process = machine.start();
  return machine.clock.finish(run(collectGarbage(planFor(process)), process.ports));
}

const home = (): MemoryMachine => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  return machine;
};

const top = (machine: MemoryMachine): string[] => tree(machine).filter((line) => !/^[^>]*\/./.test(line));

async function lockOf(machine: MemoryMachine, holder: MemoryProcess, child?: MemoryProcess): Promise<string> {
  const plan = { directory: HOME, nonce: nonceFor(holder), holder: identityOf(holder), readyMs: 1_000 };
  machine.files.makeDirectory(inHome('spawn.lock'));
  const text = recordText(plan, machine.clock.now().wallMs);
  const record = inHome(`spawn.lock/${plan.nonce}`);
  machine.files.createFile(record, child === undefined ? text : text + childText(identityOf(child)));
  return `spawn.lock/${plan.nonce}`;
}

describe('generations', () => {
  it('below the current one go when they are dead; the current one and higher ones stay', async () => {
    const machine = home();
    for (const generation of [1, 2, 3, 4]) await leaveGeneration(machine, generation);
    machine.files.makeLink('3', inHome('current'));
    expect(await collectIn(machine)).toEqual({ kind: 'collected', removed: ['2', '1'], kept: [] });
    expect(top(machine)).toEqual(['3/', '4/', 'current -> 3']);
  });

  it('all stay if "current" names none: nothing says which are outdated', async () => {
    for (const target of [undefined, '/nowhere', 'x']) {
      const machine = home();
      for (const generation of [1, 2]) await leaveGeneration(machine, generation);
      if (target !== undefined) machine.files.makeLink(target, inHome('current'));
      expect(await collectIn(machine)).toEqual({ kind: 'collected', removed: [], kept: [] });
    }
  });

  it('that live stay, even if "current" names another', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    machine.files.removeFile(inHome('current'));
    machine.files.makeLink('9', inHome('current'));
    expect(await collectIn(machine)).toMatchObject({ removed: [] });
    expect(daemon.activity).toBe('running');
    expect(top(machine)).toEqual(['1/', 'current -> 9']);
  });

  it('that can not be moved are reported with the reason', async () => {
    const machine = home();
    for (const generation of [1, 2]) await leaveGeneration(machine, generation);
    machine.files.makeLink('2', inHome('current'));
    machine.faults.plant({ method: 'rename', code: 'EXDEV', matching: /\/1$/ });
    expect(await collectIn(machine)).toMatchObject({
      removed: [],
      kept: [{ name: '1', cause: { code: 'EXDEV' } }],
    });
  });
});

it('any number of trash entries, and of private names a minute old whose maker is gone, go', async () => {
  const machine = home();
  for (let n = 0; n < 300; n += 1) machine.files.makeDirectory(inHome(`trash.${n}`));
  machine.files.makeDirectory(inHome('tmp.77-abc'));
  await machine.clock.advance(MINUTE_MS);
  machine.files.makeDirectory(inHome('tmp.78-abc'));
  const outcome = await collectIn(machine);
  expect(outcome.kind === 'collected' && outcome.removed.length).toBe(301);
  expect(top(machine)).toEqual(['tmp.78-abc/']);
});

it('what goes only with a later sweep has gone', async () => {
  const machine = home();
  for (const name of ['trash.1', 'trash.2']) machine.files.makeDirectory(inHome(name));
  machine.faults.plant({ method: 'removeTree', code: 'EBUSY', matching: /trash\.1$/ });
  expect(await collectIn(machine)).toEqual({
    kind: 'collected',
    removed: ['trash.2', 'trash.1'],
    kept: [],
  });
});

describe('the lock', () => {
  it('goes when its holder and the process that it started are gone', async () => {
    for (const children of [0, 1]) {
      const machine = home();
      const holder = machine.start();
      const child = children === 0 ? undefined : machine.start();
      const record = await lockOf(machine, holder, child);
      holder.kill();
      child?.kill();
      expect(await collectIn(machine)).toEqual({ kind: 'collected', removed: [record], kept: [] });
      expect(top(machine)).toEqual([]);
    }
  });

  it.each(['holder', 'child'] as const)('stays while its %s lives', async (who) => {
    const machine = home();
    const [holder, child] = [machine.start(), machine.start()];
    const record = await lockOf(machine, holder, child);
    (who === 'holder' ? child : holder).kill();
    expect(await collectIn(machine)).toMatchObject({ removed: [] });
    expect(tree(machine)).toContain(record);
  });

  it('stays if its holder can’t be seen, or if it is foreign', async () => {
    const machine = home();
    const holder = machine.start();
    await lockOf(machine, holder);
    holder.kill();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM' });
    expect(await collectIn(machine)).toMatchObject({ removed: [] });
    const foreign = home();
    foreign.files.createFile(inHome('spawn.lock'), '1\n');
    expect(await collectIn(foreign)).toMatchObject({ removed: [] });
  });
});

describe('the directory itself', () => {
  it('goes when it has been empty for a minute', async () => {
    const machine = home();
    expect(await collectIn(machine)).toEqual({ kind: 'collected', removed: [], kept: [] });
    await machine.clock.advance(MINUTE_MS);
    expect(await collectIn(machine)).toEqual({ kind: 'removed-empty' });
    expect(machine.files.inspect(HOME)).toEqual({ kind: 'absent' });
    expect(await collectIn(machine)).toEqual({ kind: 'absent' });
  });

  it.each([
    ['a link', (machine: MemoryMachine) => machine.files.makeLink('/', HOME), 'link'],
    ['a plain file', (machine: MemoryMachine) => machine.files.createFile(HOME, ''), 'no-directory'],
  ])('is left alone when it is %s', async (_, lies, why) => {
    const machine = new MemoryMachine();
    machine.files.makeDirectories(ROOT);
    lies(machine);
    expect(await collectIn(machine)).toEqual({ kind: 'distrusted', path: HOME, why });
  });

  it('is left alone when it belongs to another user', async () => {
    const machine = home();
    const process = machine.start();
    const plan = { ...planFor(process), userId: USER_ID + 1 };
    const outcome = await machine.clock.finish(run(collectGarbage(plan), process.ports));
    expect(outcome).toEqual({ kind: 'distrusted', path: ROOT, why: 'foreign' });
  });

  it('that can not be listed is a failure', async () => {
    const machine = home();
    machine.faults.plant({ method: 'list', code: 'EACCES' });
    expect(await collectIn(machine)).toMatchObject({ kind: 'failed', path: HOME, cause: { code: 'EACCES' } });
  });
});

/**
 * The race of a collector with a daemon's sweep. By the time one of them moves a dead generation, the other
 * may have removed it, and a candidate may have published there again. The order: `steps` calls of the first,
 * all of the second, the rest of the first.
 */
describe('a collector and a candidate, with one of them interrupted before any call', () => {
  async function race(order: 'candidate-first' | 'collector-first', steps: number): Promise<'more' | 'over'> {
    const machine = home();
    for (const generation of [1, 2, 3]) await leaveGeneration(machine, generation);
    machine.files.makeLink('3', inHome('current'));
    const [one, other] = [machine.start(), machine.start()];
    const claiming = new Stepper(claim(claimPlan(one)), one.ports);
    const collecting = new Stepper(collectGarbage(planFor(other)), other.ports);
    const [first, second] = order === 'candidate-first' ? [claiming, collecting] : [collecting, claiming];
    let taken = 0;
    while (taken < steps && first.next !== undefined) {
      await first.take();
      taken += 1;
    }
    while (second.next !== undefined) await second.take();
    while (first.next !== undefined) await first.take();
    expect(claiming.outcome).toEqual({ kind: 'claimed', generation: 4 });
    expect(await whoAnswers(machine)).toBe(one.pid);
    expect(top(machine)).toEqual(['4/', 'current -> 4']);
    return taken < steps ? 'over' : 'more';
  }

  it.each(['candidate-first', 'collector-first'] as const)('%s', async (order) => {
    let steps = 0;
    while ((await race(order, steps)) === 'more' && steps < 200) steps += 1;
    expect(steps).toBeGreaterThan(10);
    expect(steps).toBeLessThan(200);
  });

  it('a candidate that published into a collected slot withdraws, even when the collector was faster', async () => {
    const machine = home();
    for (const generation of [1, 2]) await leaveGeneration(machine, generation);
    machine.files.makeLink('1', inHome('current'));
    const late = machine.start();
    const claiming = new Stepper(claim(claimPlan(late)), late.ports);
    machine.files.removeTree(inHome('2'));
    await holdBefore(claiming, { phase: 'publish', method: 'rename' });
    // Meanwhile other candidates have claimed 2 and 3, and 3 has collected 2.
    const daemon = machine.start();
    await leaveGeneration(machine, 2);
    machine.files.rename(inHome('current'), inHome('trash.old'));
    machine.files.makeLink('2', inHome('current'));
    const winner = await daemonIn(machine, {}, daemon);
    expect(top(machine)).toContain('3/');
    // The collector saw a dead 2 before the daemon removed it, and moves what is there now.
    await claiming.take();
    expect(claiming.phase?.phase).toBe('recheck');
    machine.files.rename(inHome('2'), inHome('trash.collector'));
    machine.files.removeTree(inHome('trash.collector'));
    while (claiming.next !== undefined) await claiming.take();
    expect(claiming.outcome).toMatchObject({ kind: 'gave-way', generation: 3 });
    expect(await whoAnswers(machine)).toBe(winner.pid);
  });
});
