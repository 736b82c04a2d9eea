/**
 * The publish race: two candidates in every order of their calls, each killed before any call or not at all;
 * three in every order with a few interruptions. Two never serve, and no living daemon loses its clients.
 */

import { describe, expect, it } from 'vitest';
import type { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { ClaimOutcome } from '../../../src/domain/claim/claim.js';
import { parseOwner } from '../../../src/domain/evidence/owner.js';
import { layout } from '../../../src/domain/place/layout.js';
import { leaveGeneration } from '../../support/daemons.js';
import { holdBefore } from '../../support/hold.js';
import { HOME, inHome, tree } from '../../support/plans.js';
import {
  alive,
  type Candidate,
  explore,
  make,
  type Race,
  serves,
  startRace,
  startReadyRace,
  wasKilled,
} from '../../support/races.js';

type SetUp = (machine: MemoryMachine) => Promise<void>;

const nothing: SetUp = async () => {};
const tombstone: SetUp = async (machine) => {
  await leaveGeneration(machine, 1);
  machine.files.makeLink('1', inHome('current'));
};
const unpointed: SetUp = async (machine) => {
  await tombstone(machine);
  await leaveGeneration(machine, 2);
};
const pointerless: SetUp = async (machine) => {
  await leaveGeneration(machine, 1);
  await leaveGeneration(machine, 3);
};

function ownerPid({ machine }: Race, path: string): number | undefined {
  const reading = machine.files.readText(path);
  return reading.kind === 'text' ? parseOwner(reading.text)?.pid : undefined;
}

/** The outcome of a candidate, known as soon as it decides to leave. */
const outcomeOf = ({ stepper: { phase, outcome } }: Candidate): ClaimOutcome | undefined =>
  phase?.phase === 'leave' ? (phase.memory as { readonly outcome: ClaimOutcome }).outcome : outcome;

/** Holds at every moment. */
function judgeMoment(race: Race): void {
  const { candidates } = race;
  const serving = candidates.filter(serves);
  expect(serving.length).toBeLessThanOrEqual(1);
  for (const { process } of serving) expect(ownerPid(race, layout.currentOwner(HOME))).toBe(process.pid);
  for (const candidate of candidates) expect(outcomeOf(candidate)?.kind).not.toBe('failed');
}

/** A candidate that is about to give way does so to one that stays. */
function judgeGivingWay(race: Race): void {
  for (const candidate of race.candidates) {
    const outcome = outcomeOf(candidate);
    if (candidate.stepper.next?.method !== 'close' || outcome?.kind !== 'gave-way') continue;
    const { generation } = outcome;
    const owner = race.candidates.find(
      ({ process }) =>
        process.pid === ownerPid(race, layout.currentOwner(HOME).replace('current', String(generation))),
    );
    expect(owner?.stepper.phase?.phase ?? 'ended').not.toBe('withdraw');
  }
}

/** Holds when no candidate has a call left. */
function judgeEnd(race: Race): void {
  const { candidates, machine } = race;
  if (candidates.some((candidate) => alive(candidate) && candidate.stepper.next !== undefined)) return;
  const serving = candidates.filter(serves);
  const killed = candidates.filter(wasKilled);
  if (killed.length === 0) {
    expect(serving).toHaveLength(1);
    expect(tree(machine)).toHaveLength(4);
  } else expect(serving.length + killed.length).toBeGreaterThan(0);
}

function judge(race: Race): void {
  judgeMoment(race);
  judgeGivingWay(race);
  judgeEnd(race);
}

/**
 * `test/explorer` goes through every order. These races run over memfs and the memory adapters, and a few
 * interruptions are enough.
 */
const SOME = { interruptions: 1, kills: 0 };

describe('the race of two candidates', () => {
  it('on a new name, from their first calls on: one is delayed before any call', async () => {
    const { worlds, ends } = await explore(() => startRace(2, nothing), judge, SOME);
    expect(worlds).toBeGreaterThan(100);
    expect(ends).toBeGreaterThan(5);
  }, 180_000);

  it('after a dead daemon: one is delayed before any call', async () => {
    const { worlds } = await explore(() => startReadyRace(2, tombstone), judge, SOME);
    expect(worlds).toBeGreaterThan(50);
  }, 180_000);

  it.each([
    { name: 'after a daemon that died before it repointed', setUp: unpointed },
    { name: 'without `current`, and with a gap', setUp: pointerless },
  ])(
    '$name: one is delayed before any call',
    async ({ setUp }) => {
      const { worlds } = await explore(() => startReadyRace(2, setUp), judge, SOME);
      expect(worlds).toBeGreaterThan(50);
    },
    180_000,
  );
});

describe('the race of three candidates, the first of them delayed', () => {
  const BEFORE = {
    probing: { phase: 'look', method: 'connect' },
    publishing: { phase: 'publish', method: 'rename' },
    rechecking: { phase: 'recheck' },
  } as const;

  async function heldUp(at: keyof typeof BEFORE): Promise<Race> {
    const race = await startReadyRace(3, tombstone);
    const [first] = race.candidates;
    if (first !== undefined) await holdBefore(first.stepper, BEFORE[at]);
    return race;
  }

  it.each(['probing', 'publishing', 'rechecking'] as const)(
    'before %s: one is killed before any call, or none',
    async (at) => {
      let withdrawn = 0;
      await explore(
        () => heldUp(at),
        (race) => {
          judge(race);
          if (race.candidates.some(({ stepper }) => stepper.phase?.phase === 'withdraw')) withdrawn += 1;
        },
        { interruptions: 0, kills: 1 },
      );
      // Two follow each other past the third, which finds its slot collected. The search reaches that.
      expect(withdrawn > 0).toBe(at === 'publishing');
    },
    180_000,
  );

  it('before publishing: another is delayed before any call as well', async () => {
    const { worlds } = await explore(() => heldUp('publishing'), judge, SOME);
    expect(worlds).toBeGreaterThan(50);
  }, 180_000);
});

it('a failing order is reported, so that it can be replayed', async () => {
  const race = await startRace(1, nothing);
  await make(race, 'step 0');
  const surprised = explore(
    async () => startRace(1, nothing),
    ({ candidates }) => expect(candidates[0]?.stepper.phase?.phase).toBe('prepare'),
  );
  await expect(surprised).rejects.toThrow(/^after (?:step 0, )+step 0$/);
});
