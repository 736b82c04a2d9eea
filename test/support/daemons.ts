/** Candidates and daemons in a simulated host, which run the real claim. */

import type { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../src/adapters/memory/memory-process.js';
import { type ClaimOutcome, type ClaimPlan, claim } from '../../src/domain/claim/claim.js';
import { ownerText, parseOwner } from '../../src/domain/evidence/owner.js';
import { run } from '../../src/domain/procedure/run.js';
import { claimPlan, inHome, ownerOf } from './plans.js';

type Changes = Partial<ClaimPlan>;

/** The claim of a candidate, for a program that runs in its process. Only the test lets time pass. */
export const claims = (process: MemoryProcess, changes: Changes = {}): Promise<ClaimOutcome> =>
  process.run((ports) => run(claim(claimPlan(process, changes)), ports));

/** Runs one candidate from its start to its outcome. Its process lives on. */
export async function claimIn(
  machine: MemoryMachine,
  changes: Changes = {},
  process: MemoryProcess = machine.start(),
): Promise<{ readonly process: MemoryProcess; readonly outcome: ClaimOutcome }> {
  return { process, outcome: await machine.clock.finish(claims(process, changes)) };
}

/** Claims the name as a daemon does, and accepts every client. */
export async function becomesDaemon(process: MemoryProcess, changes: Changes = {}): Promise<MemoryProcess> {
  const outcome = await claims(process, changes);
  if (outcome.kind !== 'claimed') throw new Error(`the daemon to be: ${JSON.stringify(outcome)}`);
  process.serve({ kind: 'accepted' });
  return process;
}

/** A daemon that is up. */
export const daemonIn = (
  machine: MemoryMachine,
  changes: Changes = {},
  process: MemoryProcess = machine.start(),
): Promise<MemoryProcess> => machine.clock.finish(becomesDaemon(process, changes));

/** A generation of a living process. `current` may or may not name it. */
export async function makeGeneration(machine: MemoryMachine, generation: number): Promise<MemoryProcess> {
  const maker = machine.start();
  machine.files.makeDirectories(inHome(String(generation)));
  machine.files.createFile(inHome(`${generation}/owner.json`), ownerText(ownerOf(maker)));
  await maker.ports.listener.listen(inHome(`${generation}/sock`));
  return maker;
}

/** A generation as a killed daemon leaves it. */
export async function leaveGeneration(machine: MemoryMachine, generation: number): Promise<MemoryProcess> {
  const maker = await makeGeneration(machine, generation);
  maker.kill();
  return maker;
}

/** The process whose daemon a client of the name reaches. */
export async function whoAnswers(machine: MemoryMachine): Promise<number | undefined> {
  const { probe, files } = machine.start().ports;
  const reading = await probe.connect(inHome('current/sock'), 10);
  if (reading.kind !== 'connected') return undefined;
  const owner = files.readText(inHome('current/owner.json'));
  return owner.kind === 'text' ? parseOwner(owner.text)?.pid : undefined;
}
