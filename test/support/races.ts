/**
 * Every order of a race. A search takes the steps of a few candidates in every order, may kill each candidate
 * before any step, and checks the invariants in every state. It explores equal worlds once.
 */

import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../src/adapters/memory/stepper.js';
import { type ClaimOutcome, claim } from '../../src/domain/claim/claim.js';
import { claimPlan, inHome, tree } from './plans.js';

export interface Candidate {
  readonly process: MemoryProcess;
  readonly stepper: Stepper<ClaimOutcome>;
}

/** Several candidates for one name, each held before its next step. */
export interface Race {
  readonly machine: MemoryMachine;
  readonly candidates: readonly Candidate[];
}

/** `step 0` is the next step of the first candidate, `kill 1` the end of the second. */
export type Move = `${'step' | 'kill'} ${number}`;

export const alive = ({ process }: Candidate): boolean => process.activity !== 'gone';

/** It has repointed `current`, and serves after its sweep. */
export function serves(candidate: Candidate): boolean {
  const { phase, outcome } = candidate.stepper;
  const claimed = outcome?.kind === 'claimed' || phase?.phase === 'settle' || phase?.phase === 'sweep';
  return claimed && alive(candidate);
}

export async function startRace(
  count: number,
  setUp: (machine: MemoryMachine) => Promise<void>,
): Promise<Race> {
  const machine = new MemoryMachine();
  await setUp(machine);
  const candidates = Array.from({ length: count }, () => {
    const process = machine.start();
    return { process, stepper: new Stepper(claim(claimPlan(process)), process.ports) };
  });
  return { machine, candidates };
}

/** The same, with every candidate ready to look: their steps before that are invisible to others. */
export async function startReadyRace(
  count: number,
  setUp: (machine: MemoryMachine) => Promise<void>,
): Promise<Race> {
  const race = await startRace(count, setUp);
  for (const { stepper } of race.candidates) while (stepper.phase?.phase !== 'look') await stepper.take();
  return race;
}

export async function make({ candidates }: Race, move: Move): Promise<void> {
  const [act, index] = move.split(' ');
  const candidate = candidates[Number(index)];
  if (candidate === undefined) throw new Error(`no candidate for "${move}"`);
  if (act === 'kill') return candidate.process.kill();
  await candidate.stepper.take();
  const { outcome } = candidate.stepper;
  if (outcome !== undefined && outcome.kind !== 'claimed') candidate.process.exit(0);
}

const goesOn = (candidate: Candidate): boolean => alive(candidate) && candidate.stepper.next !== undefined;

/** Kills a candidate only while another one goes on. Otherwise nobody would notice the kill. */
function movesOf({ candidates }: Race): Move[] {
  const steps = candidates.flatMap((candidate, index): Move[] =>
    goesOn(candidate) ? [`step ${index}`] : [],
  );
  const kills = candidates.flatMap((candidate, index): Move[] =>
    alive(candidate) && candidates.some((other) => other !== candidate && goesOn(other))
      ? [`kill ${index}`]
      : [],
  );
  return [...steps, ...kills];
}

/**
 * Limits of a search. With several interruptions at every step there are too many orders for a test.
 */
export interface Bounds {
  /** How often a candidate that could go on has to wait for another. */
  readonly interruptions: number;
  readonly kills: number;
}

const UNBOUNDED: Bounds = { interruptions: Number.POSITIVE_INFINITY, kills: Number.POSITIVE_INFINITY };

/** What a story has used of its bounds, and which candidate moved last. */
interface Spent extends Bounds {
  readonly last: string;
}

const FRESH: Spent = { interruptions: 0, kills: 0, last: '' };

function spend(spent: Spent, move: Move, possible: readonly Move[]): Spent {
  const [act, who = ''] = move.split(' ');
  if (act === 'kill') return { ...spent, kills: spent.kills + 1 };
  const interrupts = who !== spent.last && possible.some((other) => other === `step ${spent.last}`);
  return { ...spent, last: who, interruptions: spent.interruptions + (interrupts ? 1 : 0) };
}

const isWithin = (spent: Bounds, bounds: Bounds): boolean =>
  spent.interruptions <= bounds.interruptions && spent.kills <= bounds.kills;

/** Whether it was killed, and did not end by itself. */
export const wasKilled = (candidate: Candidate): boolean =>
  !alive(candidate) && (candidate.stepper.outcome?.kind ?? 'claimed') === 'claimed';

/** A dead candidate leaves only its files. */
function fingerprint({ machine, candidates }: Race): string {
  const who = candidates.map((candidate) => {
    const { state, outcome } = candidate.stepper;
    if (!alive(candidate)) return wasKilled(candidate);
    return [state, outcome];
  });
  return JSON.stringify([who, ownersOf(machine)]);
}

/** The disk, and the owner of each socket. */
function ownersOf(machine: MemoryMachine): string[] {
  return tree(machine).map((line) => {
    const text = line.endsWith('owner.json') ? machine.files.readText(inHome(line)) : undefined;
    return text?.kind === 'text' ? `${line} ${JSON.parse(text.text).pid}` : line;
  });
}

export interface Explored {
  readonly worlds: number;
  readonly ends: number;
}

export async function explore(
  begin: () => Promise<Race>,
  judge: (race: Race) => void,
  bounds: Bounds = UNBOUNDED,
): Promise<Explored> {
  // Most calls of a race fail. The stack takes most of the time of a system error, and nobody reads it.
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return await exploreAll(begin, judge, bounds);
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

async function exploreAll(
  begin: () => Promise<Race>,
  judge: (race: Race) => void,
  bounds: Bounds,
): Promise<Explored> {
  const seen = new Set<string>();
  const todo: Move[][] = [[]];
  let ends = 0;
  for (let story = todo.pop(); story !== undefined; story = todo.pop()) {
    const race = await begin();
    let spent = FRESH;
    for (const move of story) {
      spent = spend(spent, move, movesOf(race));
      await make(race, move);
    }
    for (;;) {
      const known =
        bounds === UNBOUNDED ? fingerprint(race) : `${fingerprint(race)} ${JSON.stringify(spent)}`;
      if (seen.has(known)) break;
      seen.add(known);
      judged(race, story, judge);
      const possible = movesOf(race);
      const [next, ...others] = possible.filter((move) => isWithin(spend(spent, move, possible), bounds));
      if (next === undefined) {
        ends += 1;
        break;
      }
      for (const other of others) todo.push([...story, other]);
      spent = spend(spent, next, possible);
      story.push(next);
      await make(race, next);
    }
  }
  return { worlds: seen.size, ends };
}

/** Reports the whole failing order, so that it can be replayed. */
function judged(race: Race, story: readonly Move[], judge: (race: Race) => void): void {
  try {
    judge(race);
  } catch (error) {
    throw new Error(`after ${story.join(', ')}`, { cause: error });
  }
}
