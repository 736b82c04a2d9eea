/**
 * Daemons that get their listener from a supervisor. It outlives them, so a connection says nothing about any
 * of them.
 */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { type ClaimOutcome, claim } from '../../../src/domain/claim/claim.js';
import { parseOwner } from '../../../src/domain/evidence/owner.js';
import { layout } from '../../../src/domain/place/layout.js';
import type { Ports } from '../../../src/domain/procedure/procedure.js';
import { run } from '../../../src/domain/procedure/run.js';
import { claimIn, leaveGeneration } from '../../support/daemons.js';
import { claimPlan, HOME, inHome, tree } from '../../support/plans.js';
import { alive, type Candidate, explore, type Race, serves, wasKilled } from '../../support/races.js';

const BOUND = inHome('listen.sock');

async function supervised(): Promise<MemoryMachine> {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  await machine.start().ports.listener.listen(BOUND);
  return machine;
}

/** Like HandedListener: it does not bind, but gives the supervisor's socket one more name. */
function handedOver(machine: MemoryMachine, { ports }: MemoryProcess): Ports {
  const { disk } = machine;
  const inodeOf = (path: string) =>
    machine.files.inspect(path).kind === 'entry' ? disk.get(path, 'keep', 'lstat') : undefined;
  const own = inodeOf(BOUND);
  return {
    ...ports,
    listener: {
      listen: async (path) => {
        disk.link(BOUND, path);
        return { kind: 'done' };
      },
      close: async () => ({ kind: 'done' }),
    },
    probe: {
      connect: async (path, withinMs) =>
        inodeOf(path) === own ? { kind: 'own' } : ports.probe.connect(path, withinMs),
      greet: (withinMs) => ports.probe.greet(withinMs),
    },
  };
}

async function activatedIn(machine: MemoryMachine) {
  const process = machine.start();
  const program = () => run(claim(claimPlan(process)), handedOver(machine, process));
  return { process, outcome: await machine.clock.finish(process.run(program)) };
}

const ownerOf = (machine: MemoryMachine, path: string): number | undefined => {
  const reading = machine.files.readText(path);
  return reading.kind === 'text' ? parseOwner(reading.text)?.pid : undefined;
};

describe('a candidate with a handed listener', () => {
  it('follows the previous holder of the listener once that process is gone', async () => {
    const machine = await supervised();
    const first = await activatedIn(machine);
    expect(first.outcome).toEqual({ kind: 'claimed', generation: 1 });
    expect((await activatedIn(machine)).outcome).toMatchObject({ kind: 'gave-way', doubt: undefined });
    first.process.kill();
    const next = await activatedIn(machine);
    expect(next.outcome).toEqual({ kind: 'claimed', generation: 2 });
    expect(ownerOf(machine, layout.currentOwner(HOME))).toBe(next.process.pid);
    expect(tree(machine)).toEqual(['2/', '2/owner.json', '2/sock', 'current -> 2', 'listen.sock']);
  });

  it('gives way, and reports the doubt, if it can’t see that process', async () => {
    const machine = await supervised();
    (await activatedIn(machine)).process.kill();
    machine.faults.plant({ method: 'lookUp', code: 'EACCES' });
    expect((await activatedIn(machine)).outcome).toMatchObject({
      kind: 'gave-way',
      doubt: { code: 'EBUSY' },
    });
  });

  it('makes a candidate that was started by hand give way, even when its daemon is gone', async () => {
    const machine = await supervised();
    (await activatedIn(machine)).process.kill();
    expect((await claimIn(machine)).outcome).toMatchObject({ kind: 'gave-way', generation: 1 });
  });

  it('gives way to a daemon that was started by hand, and follows it', async () => {
    const machine = await supervised();
    const byHand = await claimIn(machine);
    expect((await activatedIn(machine)).outcome).toMatchObject({ kind: 'gave-way', generation: 1 });
    byHand.process.kill();
    expect((await activatedIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 2 });
  });

  it('removes what others with its listener left, but not the path that the supervisor has bound', async () => {
    const machine = await supervised();
    const left = await leaveGeneration(machine, 1);
    machine.files.removeFile(inHome('1/sock'));
    machine.disk.link(BOUND, inHome('1/sock'));
    await leaveGeneration(machine, 2);
    machine.files.makeLink('2', inHome('current'));
    expect(left.activity).toBe('gone');
    expect((await activatedIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 3 });
    expect(tree(machine)).toEqual(['3/', '3/owner.json', '3/sock', 'current -> 3', 'listen.sock']);
  });
});

const outcomeOf = ({ stepper: { phase, outcome } }: Candidate): ClaimOutcome | undefined =>
  phase?.phase === 'leave' ? (phase.memory as { readonly outcome: ClaimOutcome }).outcome : outcome;

function judge(race: Race): void {
  const { candidates, machine } = race;
  const serving = candidates.filter(serves);
  expect(serving.length).toBeLessThanOrEqual(1);
  for (const { process } of serving) expect(ownerOf(machine, layout.currentOwner(HOME))).toBe(process.pid);
  for (const candidate of candidates) expect(outcomeOf(candidate)?.kind).not.toBe('failed');
  const over = candidates.every(({ stepper }) => stepper.next === undefined);
  if (over && !candidates.some(wasKilled)) expect(candidates.filter(alive)).toHaveLength(1);
}

/**
 * Either an interruption or a kill, to save time. With SOLOD_INTERRUPTIONS=2 (and a kill) all races but the
 * last have passed.
 */
const { SOLOD_INTERRUPTIONS } = process.env;
const BOUNDS =
  SOLOD_INTERRUPTIONS === undefined
    ? [
        { interruptions: 1, kills: 0 },
        { interruptions: 0, kills: 1 },
      ]
    : [{ interruptions: Number(SOLOD_INTERRUPTIONS), kills: 1 }];

type How = 'activated' | 'by-hand';

async function raceOf(
  hows: readonly How[],
  setUp: (machine: MemoryMachine) => Promise<unknown>,
): Promise<Race> {
  const machine = await supervised();
  await setUp(machine);
  const candidates = hows.map((how): Candidate => {
    const process = machine.start();
    const ports = how === 'activated' ? handedOver(machine, process) : process.ports;
    return { process, stepper: new Stepper(claim(claimPlan(process)), ports) };
  });
  for (const { stepper } of candidates) while (stepper.phase?.phase !== 'look') await stepper.take();
  return { machine, candidates };
}

const nothing = async (): Promise<void> => {};
const deadActivated = async (machine: MemoryMachine): Promise<void> =>
  (await activatedIn(machine)).process.kill();
const deadByHand = async (machine: MemoryMachine): Promise<void> => (await claimIn(machine)).process.kill();

describe('in every order, with one delayed before any call, or one killed, one candidate serves', () => {
  it.each([
    ['two with one listener', ['activated', 'activated'], nothing],
    ['two with one listener, after a previous holder', ['activated', 'activated'], deadActivated],
    ['two with one listener, after a daemon by hand', ['activated', 'activated'], deadByHand],
    ['one with the listener and one by hand', ['activated', 'by-hand'], nothing],
    ['one with the listener and one by hand, after a daemon by hand', ['activated', 'by-hand'], deadByHand],
    [
      'one with the listener and one by hand, after a previous holder',
      ['activated', 'by-hand'],
      deadActivated,
    ],
  ] as const)(
    '%s',
    async (_, hows, setUp) => {
      for (const bounds of BOUNDS) {
        const { worlds, ends } = await explore(() => raceOf(hows, setUp), judge, bounds);
        expect(worlds).toBeGreaterThan(30);
        expect(ends).toBeGreaterThan(3);
      }
    },
    300_000,
  );
});
