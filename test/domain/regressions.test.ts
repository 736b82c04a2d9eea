/** Corners in which a claim, an obtain or a lock once went wrong, or nearly did. */
import { expect, it } from 'vitest';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { Stepper } from '../../src/adapters/memory/stepper.js';
import { claim } from '../../src/domain/claim/claim.js';
import { judgeConnect } from '../../src/domain/evidence/connect-verdict.js';
import { handedLock } from '../../src/domain/lock/held-lock.js';
import { recordText, takeOver } from '../../src/domain/lock/spawn-lock.js';
import { timingFrom } from '../../src/domain/lock/timing.js';
import { type ObtainOutcome, obtain } from '../../src/domain/obtain/obtain.js';
import { run, runSync } from '../../src/domain/procedure/run.js';
import { claimIn, claims, daemonIn } from '../support/daemons.js';
import {
  claimPlan,
  HOME,
  identityOf,
  inHome,
  nonceFor,
  obtainPlan,
  ROOT,
  tree,
  USER_ID,
} from '../support/plans.js';

const FOREVER = Number.POSITIVE_INFINITY;

it('a directory named `current` that can’t be moved ends the claim, instead of a loop without end', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('current/x'));
  machine.faults.plant({ method: 'rename', code: 'EXDEV', matching: /trash\..*current$/, times: FOREVER });
  const process = machine.start();
  const stepper = new Stepper(claim(claimPlan(process)), process.ports);
  for (let n = 0; n < 1_000 && stepper.next !== undefined; n += 1) await stepper.take();
  expect(stepper.outcome).toMatchObject({
    kind: 'failed',
    failure: { kind: 'claim-failed', act: 'moving away', cause: { code: 'EXDEV' } },
  });
});

it('macOS: an owner file that can’t be read does not prove a dead daemon', async () => {
  const platform = 'darwin';
  const machine = new MemoryMachine({ platform });
  const daemon = await daemonIn(machine, { platform }, machine.start({ backlog: 0 }));
  daemon.stop();
  await machine.start().ports.probe.connect(inHome('current/sock'), 10);
  machine.faults.plant({ method: 'readText', code: 'EMFILE' });
  expect((await claimIn(machine, { platform })).outcome).toMatchObject({
    kind: 'gave-way',
    doubt: { code: 'EMFILE' },
  });
});

it('macOS: what is not a socket is dead', () => {
  const reading = { kind: 'errno', cause: { code: 'ENOTSOCK', message: '' } } as const;
  expect(judgeConnect(reading, 'darwin')).toEqual({ kind: 'dead' });
});

it('a lock that can’t be taken over blocks nobody for longer than the fallback', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('spawn.lock'));
  machine.onSpawn = (child, { lockNonce }) => {
    void claims(child, { lock: handedLock(HOME, lockNonce) }).then(() => child.serve({ kind: 'accepted' }));
  };
  const holder = machine.start();
  const record = { nonce: nonceFor(holder), holder: identityOf(holder), readyMs: 1_500 };
  machine.files.createFile(
    inHome(`spawn.lock/${nonceFor(holder)}`),
    recordText(record, machine.clock.now().wallMs),
  );
  holder.kill();
  machine.faults.plant({ method: 'removeFile', code: 'EACCES', matching: /spawn\.lock/, times: FOREVER });
  const process = machine.start();
  const timing = timingFrom({ totalMs: 4_000 });
  const plan = obtainPlan(process, { timing });
  const outcome = await machine.clock.finish(process.run((ports) => run(obtain(plan), ports)));
  expect(outcome).toMatchObject({ kind: 'started', reason: 'lock-error' });
});

it('the starter’s lock ends also where the state directory can’t be used', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('spawn.lock'));
  machine.files.createFile(inHome('spawn.lock/9-a'), '');
  machine.faults.plant({ method: 'inspect', code: 'EIO', matching: new RegExp(`${ROOT}$`) });
  expect((await claimIn(machine, { lock: handedLock(HOME, '9-a') })).outcome.kind).toBe('failed');
  expect(tree(machine)).toEqual([]);
});

it('a `current` of the highest number there is leads to no second daemon', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  machine.files.makeLink('999999999999999', inHome('current'));
  expect((await claimIn(machine)).outcome.kind).toBe('claimed');
  expect((await claimIn(machine)).outcome.kind).not.toBe('claimed');
});

it('of many who saw the same foreign directory, one takes the lock over', () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('spawn.lock/junk'));
  const processes = Array.from({ length: 5 }, () => machine.start());
  const outcomes = processes.map(({ pid, ports }) => {
    const plan = { directory: HOME, nonce: nonceFor({ pid }), readyMs: 1_500 };
    const observed = { kind: 'foreign', type: 'directory', modifiedMs: 0 } as const;
    return runSync(takeOver(plan, observed), ports).kind;
  });
  expect(outcomes.filter((kind) => kind === 'held')).toHaveLength(1);
});

it('there is no generation after the highest that a name can have', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('999999999'));
  expect((await claimIn(machine)).outcome).toMatchObject({
    kind: 'failed',
    failure: {
      kind: 'claim-failed',
      act: 'counting up in',
      path: HOME,
      cause: { code: 'EOVERFLOW', message: 'there is no generation after 999999999' },
    },
  });
  expect(tree(machine)).toEqual(['999999999/']);
});

it('in a directory that can’t be trusted not even a lock is touched', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectory(ROOT);
  machine.disk.create(HOME, { type: 'directory', userId: USER_ID, mode: 0o777 });
  machine.files.makeDirectory(inHome('spawn.lock'));
  machine.files.createFile(inHome('spawn.lock/9-a'), '');
  expect((await claimIn(machine, { lock: handedLock(HOME, '9-a') })).outcome.kind).toBe('failed');
  expect(tree(machine)).toEqual(['spawn.lock/', 'spawn.lock/9-a']);
});

async function toTheEnd(
  machine: MemoryMachine,
  stepper: Stepper<ObtainOutcome>,
  before: () => Promise<void>,
): Promise<ObtainOutcome | undefined> {
  for (let n = 0; n < 1_000 && stepper.next !== undefined; n += 1) {
    await before();
    await machine.clock.finish(stepper.take());
  }
  return stepper.outcome;
}

it('a daemon that came while the lock was jammed is attached: nothing is started beside it', async () => {
  const machine = new MemoryMachine();
  machine.faults.plant({ method: 'rename', code: 'EACCES', matching: /spawn\.lock$/, times: FOREVER });
  const process = machine.start();
  const stepper = new Stepper(obtain(obtainPlan(process)), process.ports);
  const patientUntilMs = machine.clock.now().monotonicMs + timingFrom().lockFallbackMs;
  let daemon: Promise<unknown> | undefined;
  const outcome = await toTheEnd(machine, stepper, async () => {
    // It has found nobody, its patience is over, and what it does next is to look at the lock.
    if (machine.clock.now().monotonicMs < patientUntilMs || stepper.next?.port !== 'files') return;
    daemon ??= daemonIn(machine);
    await daemon;
  });
  expect(outcome).toMatchObject({ kind: 'attached' });
  expect(machine.spawns).toEqual([]);
});

it('a caller that is held up with the lock until its time is over starts nothing, and ends the lock', async () => {
  const machine = new MemoryMachine();
  const process = machine.start();
  const stepper = new Stepper(obtain(obtainPlan(process)), process.ports);
  let isHeldUp = false;
  const outcome = await toTheEnd(machine, stepper, async () => {
    if (isHeldUp || !tree(machine).some((line) => line.includes('spawn.lock/'))) return;
    isHeldUp = true;
    await machine.clock.advance(3_000);
  });
  expect(isHeldUp).toBe(true);
  expect(outcome).toMatchObject({ kind: 'failed', failure: { kind: 'timed-out' } });
  expect(machine.spawns).toEqual([]);
  expect(tree(machine).filter((line) => line.includes('spawn.lock'))).toEqual([]);
});
