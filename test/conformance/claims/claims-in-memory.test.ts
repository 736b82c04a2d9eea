/** The claim's procedure runs its scenarios in a simulated machine. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { claim } from '../../../src/domain/claim/claim.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { handedLock } from '../../../src/domain/lock/held-lock.js';
import { run } from '../../../src/domain/procedure/run.js';
import { claimPlan, HOME, inHome, ownerOf, ROOT, tree } from '../../support/plans.js';
import {
  anonymous,
  type Candidate,
  type ClaimScenario,
  claimScenarios,
  endsByNode,
  type Item,
  KILLED,
  type NthCall,
  wordOf,
} from './claim-scenario.js';

async function makeItem(machine: MemoryMachine, at: string, item: Item): Promise<void> {
  const { files, disk } = machine;
  switch (item.kind) {
    case 'directory':
      files.makeDirectory(at);
      break;
    case 'file':
      files.createFile(at, '');
      break;
    case 'link':
      files.makeLink(item.to, at);
      break;
    case 'owner': {
      const owner = machine.start();
      files.createFile(at, ownerText(ownerOf(owner)));
      if (item.process === 'gone') owner.kill();
      return;
    }
    case 'socket': {
      const daemon = machine.start();
      await daemon.ports.listener.listen(at);
      if (item.listener === 'dead') daemon.kill();
      return;
    }
  }
  if (item.ageMs !== undefined)
    disk.get(at, 'keep', 'test').modifiedMs = machine.clock.now().wallMs - item.ageMs;
}

async function setUp({ directory, before }: ClaimScenario): Promise<MemoryMachine> {
  const machine = new MemoryMachine();
  machine.files.makeDirectory(ROOT);
  if (directory === 'file') machine.files.createFile(HOME, '');
  else if (directory !== 'missing') machine.files.makeDirectory(HOME);
  if (directory === 'writable') machine.disk.get(HOME, 'keep', 'test').mode = 0o777;
  for (const [name, item] of Object.entries(before)) await makeItem(machine, inHome(name), item);
  return machine;
}

/** Starts a candidate. @returns lets it go on if it waits, and tells its outcome */
async function comesTo(machine: MemoryMachine, lock: string | undefined, candidate: Candidate) {
  const { dies, fails, waits, leaves } = candidate;
  const me = machine.start();
  if (fails !== undefined) {
    const { method, nth, code } = fails;
    machine.faults.plant({ method: method as 'rename', code, skip: nth - 1, pid: me.pid });
  }
  let made = 0;
  let killed: (word: string) => void = () => {};
  const death = new Promise<string>((resolve) => {
    killed = resolve;
  });
  me.onCall = ({ method }) => {
    if (method === dies?.method) made += 1;
    if (method !== dies?.method || made !== dies.nth) return;
    me.kill();
    killed(KILLED);
  };
  const plan = claimPlan(me, { lock: handedLock(HOME, lock) });
  const word = me.run((ports) => run(claim(plan), me.calls.on(ports))).then(wordOf);
  if (waits !== undefined) await stopBefore(me, waits);
  return async () => {
    me.calls.release();
    const said = await machine.clock.finish(Promise.race([word, death]));
    if (leaves) me.kill();
    return said;
  };
}

async function stopBefore({ calls }: MemoryProcess, { method, nth }: NthCall): Promise<void> {
  // The procedure begins in the next turn.
  calls.hold();
  await undefined;
  await undefined;
  for (let met = 0; ; ) {
    if (calls.next === undefined) throw new Error(`there is no call ${nth} of ${method}`);
    if (calls.next.method === method) met += 1;
    if (met === nth) return;
    await calls.step();
  }
}

describe('claims in memory', () => {
  it.each(claimScenarios)('$name', async (scenario) => {
    const machine = await setUp(scenario);
    const outcomes: string[] = [];
    const waiting: (() => Promise<void>)[] = [];
    for (const [n, candidate] of scenario.candidates.entries()) {
      const word = await comesTo(machine, scenario.lock, candidate);
      if (candidate.waits === undefined) outcomes[n] = await word();
      else
        waiting.push(async () => {
          outcomes[n] = await word();
        });
    }
    for (const goOn of waiting) await goOn();
    expect({ outcomes, tree: tree(machine).map(anonymous) }).toEqual(endsByNode(scenario));
  });
});
