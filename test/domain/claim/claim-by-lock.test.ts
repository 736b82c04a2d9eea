/** The claim of the process that holds a file: with any leftovers, and killed at any time. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import type { ClaimOutcome, ClaimPlan } from '../../../src/domain/claim/claim.js';
import { checkOwnershipByLock, claimByLock } from '../../../src/domain/claim/claim-by-lock.js';
import { ownerText, parseOwner } from '../../../src/domain/evidence/owner.js';
import { sightOwner } from '../../../src/domain/evidence/owner-witness.js';
import { handedLock } from '../../../src/domain/lock/held-lock.js';
import { run, runSync } from '../../../src/domain/procedure/run.js';
import { claimPlan, HOME, inHome, nonceFor, ownerOf, tree } from '../../support/plans.js';

const CLAIMED = { kind: 'claimed', generation: 1 };
const ALIVE = inHome('current/alive');

const planOf = (process: MemoryProcess, changes: Partial<ClaimPlan> = {}): ClaimPlan =>
  claimPlan(process, {
    platform: 'win32',
    ownerText: ownerText({ ...ownerOf(process), startTime: '' }),
    heldOwnerText: ownerText({ ...ownerOf(process), startTime: '', held: true }),
    ...changes,
  });

const claims = (process: MemoryProcess, changes: Partial<ClaimPlan> = {}): Promise<ClaimOutcome> =>
  process.run((ports) => run(claimByLock(planOf(process, changes)), ports));

const windows = () => new MemoryMachine({ platform: 'win32' });

async function claimIn(machine: MemoryMachine, process = machine.start(), changes: Partial<ClaimPlan> = {}) {
  return { process, outcome: await machine.clock.finish(claims(process, changes)) };
}

async function daemonIn(machine: MemoryMachine): Promise<MemoryProcess> {
  const { process, outcome } = await claimIn(machine);
  expect(outcome).toEqual(CLAIMED);
  process.serve({ kind: 'accepted' });
  return process;
}

/** The daemon that a client reaches. */
async function reached(machine: MemoryMachine): Promise<number | undefined> {
  const { probe, files } = machine.start().ports;
  if ((await probe.connect(inHome('current/sock'), 10)).kind !== 'connected') return undefined;
  const text = files.readText(inHome('current/owner.json'));
  return text.kind === 'text' ? parseOwner(text.text)?.pid : undefined;
}

const sighted = (machine: MemoryMachine) =>
  runSync(sightOwner(inHome('current/owner.json')), machine.start().ports);

describe('a claim by lock', () => {
  it('serves, and leaves nothing but what clients need', async () => {
    const machine = windows();
    const daemon = await daemonIn(machine);
    expect(await reached(machine)).toBe(daemon.pid);
    expect(tree(machine)).toEqual(['current/', 'current/alive', 'current/owner.json', 'current/sock']);
  });

  it('gives way to a daemon that answers', async () => {
    const machine = windows();
    const daemon = await daemonIn(machine);
    const { outcome } = await claimIn(machine);
    expect(outcome).toEqual({ kind: 'gave-way', generation: 1, doubt: undefined });
    expect(await reached(machine)).toBe(daemon.pid);
    expect(tree(machine)).toHaveLength(4);
  });

  it('follows a daemon that was killed, at once', async () => {
    const machine = windows();
    (await daemonIn(machine)).kill();
    const daemon = await daemonIn(machine);
    expect(await reached(machine)).toBe(daemon.pid);
    expect(machine.clock.now().monotonicMs).toBe(windows().clock.now().monotonicMs);
  });

  it('waits for a process that merely looks at the file', async () => {
    const machine = windows();
    machine.files.makeDirectories(inHome('current'));
    const looking = machine.start();
    looking.ports.witness.hold(ALIVE);
    const claiming = claimIn(machine);
    await machine.clock.settle();
    looking.ports.witness.release(ALIVE);
    expect((await claiming).outcome).toEqual(CLAIMED);
  });

  it('gives way in doubt to a holder that never answers', async () => {
    const machine = windows();
    machine.files.makeDirectories(inHome('current'));
    machine.start().ports.witness.hold(ALIVE);
    const { outcome } = await claimIn(machine);
    expect(outcome).toMatchObject({ kind: 'gave-way', doubt: { code: 'EBUSY' } });
  });

  it('does not judge a stopped daemon with a full backlog dead', async () => {
    const machine = windows();
    const daemon = machine.start({ backlog: 1 });
    expect((await claimIn(machine, daemon)).outcome).toEqual(CLAIMED);
    daemon.stop();
    for (let n = 0; n < 3; n++)
      await machine.clock.finish(machine.start().ports.probe.connect(inHome('current/sock'), 1));
    expect((await claimIn(machine)).outcome.kind).toBe('gave-way');
    expect(sighted(machine)).toMatchObject({ vitality: 'alive', activity: 'stopped' });
  });

  it('waits for a reader that has a file open', async () => {
    const machine = windows();
    machine.faults.plant({ method: 'rename', code: 'EPERM', times: 3 });
    const { process, outcome } = await claimIn(machine);
    expect(outcome).toEqual(CLAIMED);
    expect(await reached(machine)).toBe(process.pid);
  });

  it('over leftovers of every kind', async () => {
    const machine = windows();
    (await daemonIn(machine)).kill();
    for (const name of ['owner.json', 'sock']) {
      machine.files.removeFile(inHome(`current/${name}`));
      machine.files.makeDirectory(inHome(`current/${name}`));
      machine.files.createFile(inHome(`current/${name}/inside`), '');
    }
    machine.files.makeDirectory(inHome('trash.1-a'));
    machine.files.makeDirectory(inHome('tmp.1-a'));
    await machine.clock.advance(120_000);
    const daemon = await daemonIn(machine);
    expect(await reached(machine)).toBe(daemon.pid);
    expect(tree(machine)).toHaveLength(4);
  });

  it('a claim that fails lets go of the file', async () => {
    const machine = windows();
    machine.faults.plant({ method: 'listen', code: 'EMFILE' });
    const { process, outcome } = await claimIn(machine);
    expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'claim-failed' } });
    expect(process.activity).toBe('running');
    expect((await claimIn(machine)).outcome).toEqual(CLAIMED);
  });

  it('ends the spawn lock', async () => {
    const machine = windows();
    const process = machine.start();
    machine.files.makeDirectories(inHome('spawn.lock'));
    machine.files.createFile(inHome(`spawn.lock/${nonceFor(process)}`), '');
    await claimIn(machine, process, { lock: handedLock(HOME, nonceFor(process)) });
    expect(tree(machine)).toHaveLength(4);
  });

  it('killed before any of its calls, it leaves the name to the next one', async () => {
    for (let calls = 0; ; calls++) {
      const machine = windows();
      (await daemonIn(machine)).kill();
      const victim = machine.start();
      let made = 0;
      victim.onCall = () => {
        made += 1;
        if (made > calls) victim.kill();
      };
      void claims(victim);
      await machine.clock.settle();
      if (victim.activity !== 'gone') break;
      const daemon = await daemonIn(machine);
      expect(await reached(machine)).toBe(daemon.pid);
    }
  });

  it('its owner is known before it can be reached', async () => {
    const machine = windows();
    (await daemonIn(machine)).kill();
    const process = machine.start();
    const stepper = new Stepper(claimByLock(planOf(process)), process.ports);
    while (stepper.next !== undefined) {
      await stepper.take();
      const who = await machine.clock.finish(reached(machine));
      if (who !== undefined) expect(who).toBe(process.pid);
    }
    expect(stepper.outcome).toEqual(CLAIMED);
  });
});

describe('a daemon that holds its file', () => {
  const check = (machine: MemoryMachine, process: MemoryProcess) => {
    const { ownerText: text, heldOwnerText } = planOf(process);
    const plan = { directory: HOME, generation: 1, ownerText: text, heldOwnerText };
    return runSync(checkOwnershipByLock(plan), machine.start().ports);
  };

  it('has its name', async () => {
    const machine = windows();
    expect(check(machine, await daemonIn(machine))).toEqual({ kind: 'held' });
  });

  it.each(['owner.json', 'sock'])('has lost its name without its %s', async (name) => {
    const machine = windows();
    const daemon = await daemonIn(machine);
    machine.files.removeFile(inHome(`current/${name}`));
    expect(check(machine, daemon)).toEqual({ kind: 'lost', path: inHome(`current/${name}`) });
  });

  it('has lost its name to another owner, but not to a reading that fails', async () => {
    const machine = windows();
    const daemon = await daemonIn(machine);
    machine.faults.plant({ method: 'readText', code: 'EMFILE' });
    expect(check(machine, daemon)).toEqual({ kind: 'held' });
    machine.files.removeFile(inHome('current/owner.json'));
    machine.files.createFile(inHome('current/owner.json'), ownerText(ownerOf(machine.start())));
    expect(check(machine, daemon).kind).toBe('lost');
  });
});
