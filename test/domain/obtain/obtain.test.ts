/**
 * A caller attaches, starts a daemon, or gets a reason, within its budget. Many callers start one process.
 */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { childText, handedLock } from '../../../src/domain/lock/held-lock.js';
import { recordText } from '../../../src/domain/lock/spawn-lock.js';
import { FIRST_LOOK_MS, timingFrom } from '../../../src/domain/lock/timing.js';
import {
  type ObtainOutcome,
  type ObtainPlan,
  obtain as obtaining,
} from '../../../src/domain/obtain/obtain.js';
import { run } from '../../../src/domain/procedure/run.js';
import {
  becomesDaemon,
  claimIn,
  claims,
  daemonIn,
  makeGeneration,
  whoAnswers,
} from '../../support/daemons.js';
import { type Before, holdBefore } from '../../support/hold.js';
import { HOME, identityOf, inHome, nonceFor, obtainPlan, ownerOf, ROOT, tree } from '../../support/plans.js';

const FOREVER = Number.POSITIVE_INFINITY;

type Changes = Partial<ObtainPlan>;

/** A caller that has begun, and its future outcome. */
function calling(
  machine: MemoryMachine,
  changes: Changes = {},
  process = machine.start(),
): Promise<ObtainOutcome> {
  return process.run((ports) => run(obtaining(obtainPlan(process, changes)), ports));
}

const obtain = (
  machine: MemoryMachine,
  changes: Changes = {},
  process = machine.start(),
): Promise<ObtainOutcome> => machine.clock.finish(calling(machine, changes, process));

/** A caller that the test holds before that call, in that role. */
async function heldBefore(machine: MemoryMachine, before: Before, role: string, changes: Changes = {}) {
  const process = machine.start();
  const stepper = new Stepper(obtaining(obtainPlan(process, changes)), process.ports);
  const roleOf = ({ memory }: { readonly memory: object }) =>
    (memory as { role?: { kind: string } }).role?.kind;
  await holdBefore(
    stepper,
    before,
    () => machine.clock.finish(stepper.take()),
    () => stepper.phase !== undefined && roleOf(stepper.phase) === role,
  );
  return { process, stepper };
}

/** @param before is done before each call */
async function toTheEnd(
  machine: MemoryMachine,
  stepper: Stepper<ObtainOutcome>,
  before: () => Promise<void> = () => Promise.resolve(),
): Promise<ObtainOutcome | undefined> {
  for (let n = 0; n < 1_000 && stepper.next !== undefined; n += 1) {
    await before();
    await machine.clock.finish(stepper.take());
  }
  return stepper.outcome;
}

interface Child {
  /** The time until it claims, and from there until it serves. */
  readonly startMs?: number;
  readonly loadMs?: number;
}

/** Started processes are daemons: they run the real claim, and serve. */
function childrenServe(machine: MemoryMachine, { startMs = 40, loadMs = 0 }: Child = {}): void {
  machine.onSpawn = (child, { lockNonce }) => {
    void child.run(async ({ clock }) => {
      await clock.sleep(startMs);
      const outcome = await claims(child, { lock: handedLock(HOME, lockNonce) });
      if (outcome.kind !== 'claimed') return child.exit(outcome.kind === 'gave-way' ? 0 : 1);
      await clock.sleep(loadMs);
      child.serve({ kind: 'accepted' });
    });
  };
}

function home(child: Child = {}): MemoryMachine {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  childrenServe(machine, child);
  return machine;
}

function lockOf(machine: MemoryMachine, holder: MemoryProcess, child?: MemoryProcess): void {
  const nonce = nonceFor(holder);
  const plan = { directory: HOME, nonce, holder: identityOf(holder), readyMs: 1_500 };
  machine.files.makeDirectories(inHome('spawn.lock'));
  const text =
    recordText(plan, machine.clock.now().wallMs) + (child === undefined ? '' : childText(identityOf(child)));
  machine.files.createFile(inHome(`spawn.lock/${nonce}`), text);
}

const reasonsOf = ({ spawns }: MemoryMachine) => spawns.map(({ reason }) => reason);
const childrenOf = ({ spawns }: MemoryMachine) =>
  spawns.map(({ reading }) => (reading.kind === 'spawned' ? reading.pid : 0));
const lockLines = (machine: MemoryMachine) =>
  tree(machine).filter((line) => /^(?:spawn\.lock|tmp|trash)/.test(line));
const elapsed = (machine: MemoryMachine, sinceMs: number) =>
  Math.round(machine.clock.now().monotonicMs - sinceMs);
const failureOf = (outcome: ObtainOutcome) => (outcome.kind === 'failed' ? outcome.failure : undefined);

describe('a caller that has another way to its answer', () => {
  const patience = 'leave';

  it('is attached like any caller', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    expect(await obtain(machine, { patience })).toEqual({
      kind: 'attached',
      owner: ownerOf(daemon),
      tookMs: 0,
    });
  });

  it.each([
    ['nobody is there', () => {}],
    ['a daemon is dead', (daemon: MemoryProcess) => daemon.kill()],
    ['a daemon is on its way out', (daemon: MemoryProcess) => daemon.serve({ kind: 'draining' })],
    ['a daemon hangs up', (daemon: MemoryProcess) => daemon.serve({ kind: 'ended' })],
  ])('neither waits nor starts a daemon if %s, and touches no lock', async (what, happens) => {
    const machine = home();
    if (what !== 'nobody is there') happens(await daemonIn(machine));
    const before = tree(machine);
    const begunMs = machine.clock.now().monotonicMs;
    expect(failureOf(await obtain(machine, { patience }))).toEqual({ kind: 'vacant', directory: HOME });
    expect([elapsed(machine, begunMs), reasonsOf(machine), tree(machine)]).toEqual([0, [], before]);
  });

  it('gives a daemon that does not answer its time, and names it', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.serve({ kind: 'silent' });
    const timing = timingFrom({ totalMs: FIRST_LOOK_MS });
    expect(failureOf(await obtain(machine, { patience, timing }))).toMatchObject({
      kind: 'not-answering',
      owner: { pid: daemon.pid },
      afterMs: FIRST_LOOK_MS,
    });
    expect(reasonsOf(machine)).toEqual([]);
  });
});

describe('a caller', () => {
  it('is attached to a daemon that serves, and gets its owner', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    expect(await obtain(machine)).toEqual({ kind: 'attached', owner: ownerOf(daemon), tookMs: 0 });
    expect([reasonsOf(machine), lockLines(machine), daemon.served]).toEqual([[], [], 1]);
  });

  it('starts a daemon if there is none, and gets the reason and the time it took', async () => {
    const machine = new MemoryMachine();
    childrenServe(machine, { startMs: 30, loadMs: 70 });
    const outcome = await obtain(machine);
    expect(outcome).toMatchObject({
      kind: 'started',
      reason: 'cold',
      owner: { pid: childrenOf(machine)[0] },
    });
    expect(outcome.kind === 'started' && Math.round(outcome.tookMs)).toBe(100);
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([['cold'], []]);
    expect(machine.clock.nextDueMs).toBeUndefined();
  });

  it('starts a daemon after a dead one', async () => {
    const machine = home();
    (await daemonIn(machine)).kill();
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
  });

  it('is attached even if the owner file can’t be read: the daemon has answered', async () => {
    const machine = home();
    await daemonIn(machine);
    machine.files.removeFile(inHome('1/owner.json'));
    expect(await obtain(machine)).toEqual({ kind: 'attached', owner: undefined, tookMs: 0 });
  });

  it('is attached, not the starter, if another process serves than the one it started', async () => {
    const machine = home();
    machine.onSpawn = (child) => {
      void child.run(async () => {
        await becomesDaemon(machine.start());
        child.exit(0);
      });
    };
    expect(await obtain(machine)).toMatchObject({ kind: 'attached' });
  });

  it('looks again with the lock held: the race with a daemon that comes up in between', async () => {
    const machine = home();
    const { stepper } = await heldBefore(machine, { phase: 'look', method: 'connect' }, 'holder');
    const daemon = await daemonIn(machine);
    const outcome = await toTheEnd(machine, stepper);
    expect(outcome).toMatchObject({ kind: 'attached', owner: { pid: daemon.pid } });
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([[], []]);
  });

  it('waits for another caller’s daemon', async () => {
    const machine = home({ startMs: 300 });
    const first = calling(machine);
    await machine.clock.advance(100);
    const second = calling(machine);
    expect(await machine.clock.finish(first)).toMatchObject({ kind: 'started' });
    expect(await machine.clock.finish(second)).toMatchObject({
      kind: 'attached',
      owner: { pid: childrenOf(machine)[0] },
    });
    expect(reasonsOf(machine)).toEqual(['cold']);
  });

  it('waits a moment after a start before it looks for the daemon', async () => {
    const machine = home();
    const process = machine.start();
    const methods: string[] = [];
    process.onCall = ({ method }) => methods.push(method);
    await obtain(machine, {}, process);
    expect(methods.slice(methods.indexOf('spawn')).slice(0, 4)).toEqual([
      'spawn',
      'appendText',
      'sleep',
      'connect',
    ]);
  });

  it('begins to poll at once, and backs off', async () => {
    const machine = home({ startMs: 1_000 });
    const process = machine.start();
    const naps: number[] = [];
    process.onCall = ({ method, args }) => {
      if (method === 'sleep') naps.push(Number(args[0]));
    };
    await obtain(machine, {}, process);
    expect(naps.slice(0, 3)).toEqual([1, 1.3, 1.3 * 1.3]);
    expect(Math.max(...naps)).toBe(50);
  });
});

describe('many callers at once', () => {
  it('twenty on a cold name: one process, and all reach it', async () => {
    const machine = new MemoryMachine();
    childrenServe(machine, { startMs: 120, loadMs: 50 });
    const outcomes = await machine.clock.finish(
      Promise.all(Array.from({ length: 20 }, () => calling(machine))),
    );
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual([...Array.from({ length: 19 }, () => 'attached'), 'started']);
    expect(reasonsOf(machine)).toEqual(['cold']);
    expect(new Set(outcomes.map((outcome) => outcome.kind !== 'failed' && outcome.owner?.pid)).size).toBe(1);
    expect([lockLines(machine), machine.clock.nextDueMs]).toEqual([[], undefined]);
  });

  it('twenty at twenty moments after a daemon was killed: one process', async () => {
    const machine = home({ startMs: 100 });
    (await daemonIn(machine)).kill();
    const calls: Promise<ObtainOutcome>[] = [];
    for (let n = 0; n < 20; n += 1) {
      calls.push(calling(machine));
      await machine.clock.advance(11);
    }
    const outcomes = await machine.clock.finish(Promise.all(calls));
    expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(reasonsOf(machine)).toEqual(['dead-daemon']);
  });

  it('the race of two: the second comes at any call of the first, and there is one process', async () => {
    const calls = await callsOfOneStart();
    expect(calls).toBeGreaterThan(15);
    for (let at = 0; at < calls; at += 1) {
      const machine = new MemoryMachine();
      childrenServe(machine, { startMs: 10 });
      const first = machine.start();
      let call = 0;
      let second: Promise<ObtainOutcome> | undefined;
      first.onCall = () => {
        if (call === at) second = calling(machine);
        call += 1;
      };
      const outcomes = [await obtain(machine, {}, first)];
      if (second !== undefined) outcomes.push(await machine.clock.finish(second));
      expect(
        outcomes.filter(({ kind }) => kind === 'failed'),
        `at call ${at}`,
      ).toEqual([]);
      expect(reasonsOf(machine), `at call ${at}`).toEqual(['cold']);
    }
  });
});

/** The number of calls of a caller that starts a daemon. */
async function callsOfOneStart(): Promise<number> {
  const machine = new MemoryMachine();
  childrenServe(machine, { startMs: 10 });
  const process = machine.start();
  let calls = 0;
  process.onCall = () => {
    calls += 1;
  };
  await obtain(machine, {}, process);
  return calls;
}

describe('a caller that is killed', () => {
  it('at any of its calls: another gets a daemon soon after the lock fallback, for at most one extra process', async () => {
    const calls = await callsOfOneStart();
    for (let at = 0; at < calls; at += 1) {
      const machine = new MemoryMachine();
      childrenServe(machine, { startMs: 10 });
      const doomed = machine.start();
      let call = 0;
      doomed.onCall = () => {
        if (call === at) doomed.kill();
        call += 1;
      };
      void calling(machine, {}, doomed);
      await machine.clock.advance(5);
      const beganMs = machine.clock.now().monotonicMs;
      const outcome = await obtain(machine);
      expect(outcome.kind, `at call ${at}`).not.toBe('failed');
      expect(elapsed(machine, beganMs), `at call ${at}`).toBeLessThan(1_100);
      expect(reasonsOf(machine).length, `at call ${at}`).toBeLessThanOrEqual(2);
    }
  });

  it('together with its child: of twenty that wait, one takes the lock over in each interval', async () => {
    const machine = new MemoryMachine();
    machine.onSpawn = (child) => child.kill();
    const doomed = machine.start();
    doomed.onCall = ({ method }) => {
      if (method === 'appendText') doomed.kill();
    };
    void calling(machine, {}, doomed);
    await machine.clock.advance(5);
    childrenServe(machine, { startMs: 100 });
    const outcomes = await machine.clock.finish(
      Promise.all(Array.from({ length: 20 }, () => calling(machine))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(reasonsOf(machine)).toEqual(['cold', 'lock-fallback']);
    expect(outcomes.filter(({ kind }) => kind === 'started')).toMatchObject([{ reason: 'lock-fallback' }]);
  });

  it('and all that take the lock over as well: each interval costs one process, with any number of waiters', async () => {
    const machine = home();
    const dead = machine.start();
    lockOf(machine, dead);
    dead.kill();
    // A caller that starts a process dies with it.
    machine.onSpawn = (child, { by }) => {
      child.kill();
      processes.find(({ pid }) => pid === by)?.kill();
    };
    const processes = Array.from({ length: 20 }, () => machine.start());
    const timing = timingFrom({ totalMs: 5_500 });
    for (const process of processes) void calling(machine, { timing }, process);
    await machine.clock.advance(6_000);
    expect(reasonsOf(machine)).toEqual(Array.from({ length: 5 }, () => 'lock-fallback'));
  });
});

describe('a contended lock', () => {
  it('a caller that waited for it polls at full speed again once it has started a daemon itself', async () => {
    const machine = home({ startMs: 30 });
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    const process = machine.start();
    let naps: number[] = [];
    process.onCall = ({ method, args }) => {
      if (method === 'spawn') naps = [];
      if (method === 'sleep') naps.push(Number(args[0]));
    };
    await obtain(machine, {}, process);
    expect(naps.slice(0, 2)).toEqual([1, 1.3]);
  });

  it('of a holder that is gone is taken over after half of the budget', async () => {
    const machine = home();
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    const beganMs = machine.clock.now().monotonicMs;
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'lock-fallback' });
    expect(machine.spawns[0]?.at.monotonicMs).toBeGreaterThanOrEqual(beganMs + 1_000);
    expect(machine.spawns[0]?.at.monotonicMs).toBeLessThan(beganMs + 1_051);
  });

  it.each(['holder', 'child'])(
    'of a living %s keeps callers waiting for the time that its holder allows',
    async (who) => {
      const machine = home();
      const holder = machine.start();
      lockOf(machine, holder, who === 'child' ? machine.start() : undefined);
      if (who === 'child') holder.kill();
      const beganMs = machine.clock.now().monotonicMs;
      expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'lock-fallback' });
      expect(machine.spawns[0]?.at.monotonicMs).toBeGreaterThanOrEqual(beganMs + 1_500);
      expect(machine.spawns[0]?.at.monotonicMs).toBeLessThan(beganMs + 1_551);
    },
  );

  it('of a living holder costs no extra process while its daemon starts', async () => {
    const machine = home({ startMs: 1_400 });
    const outcomes = await machine.clock.finish(
      Promise.all(Array.from({ length: 20 }, () => calling(machine))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(reasonsOf(machine)).toEqual(['cold']);
  });

  it.each([10, 500])(
    'the race of two that take it over, for a daemon that takes %i ms: one process',
    async (startMs) => {
      const machine = home({ startMs });
      const holder = machine.start();
      lockOf(machine, holder);
      holder.kill();
      const timing = timingFrom({ totalMs: 6_000 });
      const first = await heldBefore(machine, { phase: 'evict' }, 'waiter', { timing });
      const second = await heldBefore(machine, { phase: 'evict' }, 'waiter', { timing });
      while (first.stepper.phase?.phase !== 'wait') await first.stepper.take();
      expect(await toTheEnd(machine, second.stepper)).toMatchObject({ kind: 'attached' });
      expect(await toTheEnd(machine, first.stepper)).toMatchObject({
        kind: 'started',
        reason: 'lock-fallback',
      });
      expect(reasonsOf(machine)).toEqual(['lock-fallback']);
    },
  );

  it('of a dead child is taken over, even if its holder lives on', async () => {
    const machine = home();
    const child = machine.start();
    lockOf(machine, machine.start(), child);
    child.kill();
    const beganMs = machine.clock.now().monotonicMs;
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'lock-fallback' });
    expect(elapsed(machine, beganMs)).toBeLessThan(1_100);
  });

  it('has its wait counted from its first sight: a new lock restarts the count', async () => {
    const machine = home();
    const [a, b] = [machine.start(), machine.start()];
    lockOf(machine, a);
    const outcome = calling(machine);
    await machine.clock.advance(600);
    machine.files.removeTree(inHome('spawn.lock'));
    lockOf(machine, b);
    a.kill();
    b.kill();
    await machine.clock.advance(900);
    expect(reasonsOf(machine)).toEqual([]);
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'started', reason: 'lock-fallback' });
  });

  it('that is released without a daemon is taken at once', async () => {
    const machine = home();
    lockOf(machine, machine.start());
    const outcome = calling(machine);
    await machine.clock.advance(200);
    machine.files.removeTree(inHome('spawn.lock'));
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'started', reason: 'cold' });
  });

  it('that is stale, or from the future, is taken over at once', async () => {
    for (const jumpMs of [10_000, 10_000_000, -1_001, -10_000_000]) {
      const machine = home();
      lockOf(machine, machine.start());
      machine.clock.jumpWall(jumpMs);
      const beganMs = machine.clock.now().monotonicMs;
      expect(await obtain(machine), `${jumpMs}`).toMatchObject({ kind: 'started', reason: 'stale-lock' });
      expect(elapsed(machine, beganMs)).toBeLessThan(60);
    }
  });

  it('that is stale costs twenty callers one process', async () => {
    const machine = home();
    lockOf(machine, machine.start());
    machine.clock.jumpWall(10_000);
    const outcomes = await machine.clock.finish(
      Promise.all(Array.from({ length: 20 }, () => calling(machine))),
    );
    expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
    expect(reasonsOf(machine)).toEqual(['stale-lock']);
  });

  interface Foreign {
    readonly name: string;
    readonly lies: (machine: MemoryMachine) => unknown;
  }
  const LOCK = inHome('spawn.lock');
  const FOREIGN: readonly Foreign[] = [
    { name: 'a plain file', lies: ({ files }) => files.createFile(LOCK, 'pid 7') },
    { name: 'a directory with junk', lies: ({ files }) => files.makeDirectories(`${LOCK}/junk/deep`) },
    {
      name: 'a directory with an empty record',
      lies: ({ files }) => [files.makeDirectory(LOCK), files.createFile(`${LOCK}/7-a`, '')],
    },
    { name: 'a dangling link', lies: ({ files }) => files.makeLink('nowhere', LOCK) },
    {
      name: 'a link to an empty directory',
      lies: ({ files }) => [files.makeDirectory(inHome('d')), files.makeLink('d', LOCK)],
    },
    { name: 'a socket', lies: (machine) => machine.start().ports.listener.listen(LOCK) },
    {
      name: 'a directory that can’t be read',
      lies: ({ files, faults }) => [
        files.makeDirectories(`${LOCK}/junk`),
        faults.plant({ method: 'list', code: 'EACCES', matching: /spawn\.lock$/, times: FOREVER }),
      ],
    },
  ];

  it.each(FOREIGN)('that is foreign ($name) blocks nobody for longer than the fallback', async ({ lies }) => {
    const machine = home();
    lies(machine);
    const beganMs = machine.clock.now().monotonicMs;
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'lock-fallback' });
    expect(elapsed(machine, beganMs)).toBeLessThan(1_100);
  });

  it.each(FOREIGN)('that is foreign and old ($name) blocks nobody', async ({ lies }) => {
    const machine = home();
    lies(machine);
    machine.clock.jumpWall(10_000);
    const beganMs = machine.clock.now().monotonicMs;
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'stale-lock' });
    expect(elapsed(machine, beganMs)).toBeLessThan(60);
  });

  it('that is an empty directory is free', async () => {
    const machine = home();
    machine.files.makeDirectory(LOCK);
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'cold' });
  });
});

describe('a lock that can’t be taken', () => {
  it.each(['ENOSPC', 'EACCES', 'EROFS', 'EMFILE'])(
    'for lack of space or rights (%s) is a failure: a daemon would fail as well',
    async (code) => {
      for (const fault of [
        { method: 'makeDirectory', matching: /\.lock$/ },
        { method: 'createFile' },
      ] as const) {
        const machine = home();
        machine.faults.plant({ ...fault, code, times: FOREVER });
        expect(await obtain(machine)).toMatchObject({
          kind: 'failed',
          failure: { kind: 'lock-error', cause: { code } },
        });
        expect([reasonsOf(machine), lockLines(machine), machine.clock.nextDueMs]).toEqual([
          [],
          [],
          undefined,
        ]);
      }
    },
  );

  it('because it is jammed does not block: after the fallback the caller starts a process without it', async () => {
    const machine = home();
    machine.faults.plant({ method: 'rename', code: 'EACCES', matching: /spawn\.lock$/, times: FOREVER });
    const beganMs = machine.clock.now().monotonicMs;
    const process = machine.start();
    const touched: unknown[] = [];
    process.onCall = ({ args }) => touched.push(args[0]);
    expect(await obtain(machine, {}, process)).toMatchObject({ kind: 'started', reason: 'lock-error' });
    expect(machine.spawns[0]?.at.monotonicMs).toBeGreaterThanOrEqual(beganMs + 1_000);
    expect(elapsed(machine, beganMs)).toBeLessThan(1_150);
    // Without the lock, there is nothing to hand over, and no record to note a child in.
    expect(machine.spawns[0]?.lockNonce).toBeUndefined();
    expect(touched).not.toContain(inHome(`spawn.lock/${nonceFor(process)}`));
  });

  it('at any attempt, though it looks free, is not tried for ever', async () => {
    const machine = home();
    machine.faults.plant({ method: 'rename', code: 'ENOTEMPTY', matching: /spawn\.lock$/, times: FOREVER });
    const beganMs = machine.clock.now().monotonicMs;
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'lock-error' });
    expect(elapsed(machine, beganMs)).toBeLessThan(1_150);
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
    const outcome = await obtain(machine, { timing: timingFrom({ totalMs: 4_000 }) });
    expect(outcome).toMatchObject({ kind: 'started', reason: 'lock-error' });
  });

  it('a daemon that came while the lock was jammed is attached: nothing is started beside it', async () => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method: 'rename', code: 'EACCES', matching: /spawn\.lock$/, times: FOREVER });
    const process = machine.start();
    const stepper = new Stepper(obtaining(obtainPlan(process)), process.ports);
    const patientUntilMs = machine.clock.now().monotonicMs + timingFrom().lockFallbackMs;
    let daemon: Promise<unknown> | undefined;
    const outcome = await toTheEnd(machine, stepper, async () => {
      // It has found no daemon, its patience is over, and its next call looks at the lock.
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
    const stepper = new Stepper(obtaining(obtainPlan(process)), process.ports);
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
});

describe('a start that fails', () => {
  it.each([
    { code: 'ENOENT', kind: 'spawn-refused' },
    { code: 'EACCES', kind: 'spawn-refused' },
    { code: 'EAGAIN', kind: 'spawn-refused' },
    { code: 'E2BIG', kind: 'spawn-threw' },
  ])('because the system refuses ($code): at once, and the lock is free', async ({ code, kind }) => {
    const machine = home();
    machine.faults.plant({ method: 'spawn', code });
    expect(await obtain(machine)).toMatchObject({ kind: 'failed', failure: { kind, cause: { code } } });
    expect(lockLines(machine)).toEqual([]);
    expect(await obtain(machine)).toMatchObject({ kind: 'started' });
  });

  it('because the child dies: with its code and its last words, and the lock is free', async () => {
    const machine = home();
    machine.onSpawn = (child) => {
      void child.run(async ({ clock }) => {
        await clock.sleep(20);
        child.print('SyntaxError: unexpected token\n');
        child.exit(3);
      });
    };
    const beganMs = machine.clock.now().monotonicMs;
    expect(failureOf(await obtain(machine))).toEqual({
      kind: 'died-at-start',
      directory: HOME,
      pid: childrenOf(machine)[0],
      code: 3,
      signal: undefined,
      lastOutput: 'SyntaxError: unexpected token\n',
    });
    expect(elapsed(machine, beganMs)).toBeLessThan(40);
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([['cold'], []]);
  });

  it('because the child is killed: with the signal', async () => {
    const machine = home();
    machine.onSpawn = (child) => child.kill();
    expect(await obtain(machine)).toMatchObject({
      failure: { kind: 'died-at-start', directory: HOME, code: undefined, signal: 'SIGKILL' },
    });
    expect(reasonsOf(machine)).toEqual(['cold']);
  });

  it('because the program exits with 0 without serving: the caller starts it once more, and then reports that', async () => {
    const machine = home();
    machine.onSpawn = (child) => child.exit(0);
    expect(failureOf(await obtain(machine))).toMatchObject({
      kind: 'died-at-start',
      directory: HOME,
      pid: childrenOf(machine)[1],
      code: 0,
    });
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([['cold', 'cold'], []]);
  });

  it('a child that gives way: the caller is attached to the daemon that it gave way to', async () => {
    const machine = home();
    let rival: MemoryProcess | undefined;
    machine.onSpawn = (child, { lockNonce }) => {
      void child.run(async () => {
        rival ??= await becomesDaemon(machine.start());
        await claims(child, { lock: handedLock(HOME, lockNonce) });
        child.exit(0);
      });
    };
    expect(await obtain(machine)).toMatchObject({ kind: 'attached', owner: { pid: rival?.pid } });
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([['cold'], []]);
  });

  it('a child that gave way to a daemon that is gone: the caller starts another', async () => {
    const machine = home();
    machine.onSpawn = (child, { lockNonce }) => {
      childrenServe(machine);
      void child.run(async () => {
        const rival = await becomesDaemon(machine.start());
        await claims(child, { lock: handedLock(HOME, lockNonce) });
        rival.kill();
        child.exit(0);
      });
    };
    expect(await obtain(machine)).toMatchObject({ kind: 'started', owner: { pid: childrenOf(machine)[1] } });
    expect(reasonsOf(machine)).toEqual(['cold', 'dead-daemon']);
  });

  it('a daemon that nobody finds, since `current` was removed: the caller restores that, and is attached', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    machine.files.removeFile(inHome('current'));
    expect(await obtain(machine)).toMatchObject({ kind: 'attached', owner: { pid: daemon.pid } });
    expect(machine.files.readLink(inHome('current'))).toEqual({ kind: 'target', target: '1' });
    expect(lockLines(machine)).toEqual([]);
  });

  it('the same, and another caller is faster: the caller is attached', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    machine.files.removeFile(inHome('current'));
    const both = await Promise.all([obtain(machine), obtain(machine), obtain(machine)]);
    expect(both.map((one) => one.kind === 'attached' && one.owner?.pid)).toEqual(both.map(() => daemon.pid));
  });

  it('the same of a daemon that ends because it has lost its name: the caller waits, and starts another', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.serve({ kind: 'draining' });
    machine.files.removeFile(inHome('current'));
    const outcome = calling(machine);
    await machine.clock.advance(300);
    daemon.kill();
    const started = await machine.clock.finish(outcome);
    expect(started).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
  });

  it.each([
    ['a link to nonsense', ({ files }: MemoryMachine) => files.makeLink('elsewhere', inHome('current'))],
    ['a directory', ({ files }: MemoryMachine) => files.makeDirectory(inHome('current'))],
    [
      'a link to a lower generation that is gone',
      ({ files }: MemoryMachine) => files.makeLink('1', inHome('current')),
    ],
  ])(
    'a daemon that nobody finds, since `current` is %s: it says why, and changes nothing',
    async (_, lies) => {
      const machine = home();
      await makeGeneration(machine, 4);
      lies(machine);
      const before = tree(machine);
      expect(await obtain(machine)).toMatchObject({ failure: { kind: 'died-at-start', code: 0 } });
      expect([reasonsOf(machine).length, tree(machine)]).toEqual([2, before]);
    },
  );

  it('a program that ends well, beside a dead daemon without `current`: it says so, and restores nothing', async () => {
    const machine = home();
    (await daemonIn(machine)).kill();
    machine.files.removeFile(inHome('current'));
    machine.onSpawn = (child) => child.exit(0);
    expect(await obtain(machine)).toMatchObject({ failure: { kind: 'died-at-start', code: 0 } });
    expect(machine.files.readLink(inHome('current')).kind).toBe('absent');
  });

  it('a child that dies after another daemon has come up: the caller is attached', async () => {
    const machine = home();
    machine.onSpawn = (child) => {
      void child.run(async ({ clock }) => {
        await clock.sleep(20);
        child.exit(1);
      });
    };
    const outcome = calling(machine);
    await machine.clock.advance(19);
    const daemon = await daemonIn(machine);
    expect(await machine.clock.finish(outcome)).toMatchObject({
      kind: 'attached',
      owner: { pid: daemon.pid },
    });
  });

  it('the race of a child that dies and a daemon that comes up: the caller looks once more', async () => {
    const machine = home();
    machine.onSpawn = (child) => child.exit(1);
    const { stepper } = await heldBefore(machine, { phase: 'check', method: 'removeFile' }, 'starter');
    const daemon = await daemonIn(machine);
    const outcome = await toTheEnd(machine, stepper);
    expect(outcome).toMatchObject({ kind: 'attached', owner: { pid: daemon.pid } });
  });

  it('that look is a new connection: the one before reached the dead child, or nobody', async () => {
    const machine = home();
    machine.onSpawn = (child) => child.exit(1);
    const { stepper } = await heldBefore(machine, { phase: 'check', method: 'removeFile' }, 'starter');
    while (stepper.phase?.phase === 'check') await stepper.take();
    expect(stepper.phase).toMatchObject({ phase: 'look', memory: { role: { kind: 'mourner' } } });
    expect(stepper.next?.method).toBe('connect');
  });

  it('a child that died is the reason, even if the state of others is unknown', async () => {
    const machine = home();
    machine.onSpawn = (child) => child.exit(1);
    const { stepper } = await heldBefore(machine, { phase: 'check', method: 'removeFile' }, 'starter');
    machine.faults.plant({ method: 'connect', code: 'EMFILE', times: FOREVER });
    expect(await toTheEnd(machine, stepper)).toMatchObject({
      failure: { kind: 'died-at-start', directory: HOME, code: 1 },
    });
  });

  it('a child that can’t be noted: the caller waits for it all the same', async () => {
    const machine = home();
    machine.faults.plant({ method: 'appendText', code: 'ENOSPC' });
    expect(await obtain(machine)).toMatchObject({ kind: 'started', reason: 'cold' });
  });

  it('a child that takes too long: the caller times out, names it, and leaves it running', async () => {
    const machine = home({ startMs: 1_600 });
    const outcome = await obtain(machine);
    const [pid] = childrenOf(machine);
    expect(failureOf(outcome)).toEqual({
      kind: 'timed-out',
      directory: HOME,
      phase: 'ready',
      afterMs: 1_500,
      pid,
    });
    expect(await obtain(machine)).toMatchObject({ kind: 'attached', owner: { pid } });
    expect(reasonsOf(machine)).toEqual(['cold']);
  });

  it('a child that claims and does not come to serve: the caller times out as well', async () => {
    const machine = home({ loadMs: 10_000 });
    const failure = failureOf(await obtain(machine));
    expect(failure).toEqual({
      kind: 'timed-out',
      directory: HOME,
      phase: 'ready',
      afterMs: 1_500,
      pid: childrenOf(machine)[0],
    });
  });

  it('the whole budget limits the ready budget', async () => {
    const machine = home({ startMs: 9_000 });
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    const beganMs = machine.clock.now().monotonicMs;
    expect(failureOf(await obtain(machine))).toMatchObject({
      kind: 'timed-out',
      directory: HOME,
      phase: 'ready',
    });
    expect(elapsed(machine, beganMs)).toBe(2_000);
  });
});

describe('the first word of a daemon', () => {
  it('accepted: one daemon serves many callers', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    await machine.clock.finish(Promise.all(Array.from({ length: 5 }, () => calling(machine))));
    expect(daemon.served).toBe(5);
  });

  it('draining: the caller waits until it is gone, and replaces it', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.serve({ kind: 'draining' });
    const outcome = calling(machine);
    await machine.clock.advance(500);
    expect(reasonsOf(machine)).toEqual([]);
    daemon.exit(0);
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
  });

  it('draining for an upgrade: the caller waits, and replaces it for that reason', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.serve({ kind: 'draining', why: 'upgrade' });
    const outcome = calling(machine);
    await machine.clock.advance(500);
    daemon.exit(0);
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'started', reason: 'upgrade' });
  });

  it('queued, and then its end: the time of the caller begins again', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.serve({ kind: 'draining' });
    const beganMs = machine.clock.now().monotonicMs;
    const outcome = calling(machine);
    await machine.clock.advance(1_500);
    daemon.serve({ kind: 'ended', progress: 'queued' }, { kind: 'draining' });
    expect(failureOf(await machine.clock.finish(outcome))).toMatchObject({ phase: 'answer', afterMs: 2_000 });
    expect(elapsed(machine, beganMs)).toBeGreaterThan(3_000);
  });

  it('outdated: the caller reports it, and starts nothing', async () => {
    const machine = home();
    (await daemonIn(machine)).serve({ kind: 'outdated', message: 'too old' });
    expect(failureOf(await obtain(machine))).toEqual({ kind: 'outdated', message: 'too old' });
    expect(reasonsOf(machine)).toEqual([]);
  });

  it('draining for longer than the budget: the caller times out', async () => {
    const machine = home();
    (await daemonIn(machine)).serve({ kind: 'draining' });
    expect(failureOf(await obtain(machine))).toEqual({
      kind: 'timed-out',
      directory: HOME,
      phase: 'answer',
      afterMs: 2_000,
      pid: undefined,
    });
    expect(reasonsOf(machine)).toEqual([]);
  });

  it('none, and it hangs up: the caller tries again', async () => {
    const machine = home();
    (await daemonIn(machine)).serve({ kind: 'ended' }, { kind: 'ended' }, { kind: 'accepted' });
    expect(await obtain(machine)).toMatchObject({ kind: 'attached' });
    expect(reasonsOf(machine)).toEqual([]);
  });

  it('none, and it is killed while the caller waits: the caller replaces it', async () => {
    const machine = home();
    const { process: daemon } = await claimIn(machine);
    const outcome = calling(machine);
    await machine.clock.advance(100);
    daemon.kill();
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
  });

  it('declined: the caller reports the daemon’s reason at once', async () => {
    const machine = home();
    (await daemonIn(machine)).serve({ kind: 'declined', message: 'it does not load', exitCode: 70 });
    expect(failureOf(await obtain(machine))).toEqual({
      kind: 'declined',
      message: 'it does not load',
      exitCode: 70,
    });
    expect(reasonsOf(machine)).toEqual([]);
  });

  it('declined by the started daemon: the same, and the lock ended with the claim', async () => {
    const machine = home();
    machine.onSpawn = (child, { lockNonce }) => {
      void child.run(async () => {
        await claims(child, { lock: handedLock(HOME, lockNonce) });
        child.serve({ kind: 'declined', message: 'it does not load', exitCode: 70 });
      });
    };
    expect(failureOf(await obtain(machine))).toMatchObject({ kind: 'declined' });
    expect(lockLines(machine)).toEqual([]);
  });
});

describe('a daemon that lives and does not answer is never replaced', () => {
  const NAMED = { kind: 'not-answering', directory: HOME, afterMs: 2_000 };

  async function notAnswered(machine: MemoryMachine, changes: Changes = {}) {
    const beganMs = machine.clock.now().monotonicMs;
    const failure = failureOf(await obtain(machine, changes));
    expect(elapsed(machine, beganMs)).toBe(2_000);
    expect([reasonsOf(machine), lockLines(machine), machine.clock.nextDueMs]).toEqual([[], [], undefined]);
    return failure;
  }

  it('silent: the caller names the owner', async () => {
    const machine = home();
    const { process } = await claimIn(machine);
    expect(await notAnswered(machine)).toEqual({ ...NAMED, owner: ownerOf(process), cause: undefined });
  });

  it('silent: no caller takes a lock to start another', async () => {
    const machine = home();
    await claimIn(machine);
    const process = machine.start();
    const methods: string[] = [];
    process.onCall = ({ method }) => methods.push(method);
    await obtain(machine, {}, process);
    expect(methods).not.toContain('rename');
  });

  it('stopped: the caller names the owner, which serves again when it resumes', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.stop();
    expect(await notAnswered(machine)).toMatchObject({ ...NAMED, owner: ownerOf(daemon) });
    daemon.resume();
    expect(await obtain(machine)).toMatchObject({ kind: 'attached', owner: { pid: daemon.pid } });
  });

  it('with a full backlog', async () => {
    const machine = home();
    const daemon = await daemonIn(machine, {}, machine.start({ backlog: 0 }));
    daemon.stop();
    await machine.start().ports.probe.connect(inHome('current/sock'), 10);
    expect(await notAnswered(machine)).toMatchObject({
      ...NAMED,
      owner: ownerOf(daemon),
      cause: { code: 'EAGAIN' },
    });
  });

  it.each(['EACCES', 'EMFILE', 'EWHATEVER'])('with an ambiguous answer of the system (%s)', async (code) => {
    const machine = home();
    const daemon = await daemonIn(machine);
    machine.faults.plant({ method: 'connect', code, times: FOREVER });
    expect(await notAnswered(machine)).toMatchObject({ ...NAMED, owner: ownerOf(daemon), cause: { code } });
  });

  it('that takes no connection in time', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    machine.faults.plant({ method: 'connect', code: 'ETIMEDOUT' });
    expect(await notAnswered(machine)).toEqual({ ...NAMED, owner: ownerOf(daemon), cause: undefined });
  });

  it('whose owner can’t be read', async () => {
    const machine = home();
    await claimIn(machine);
    machine.faults.plant({ method: 'readText', code: 'EACCES' });
    expect(await notAnswered(machine)).toEqual({ ...NAMED, owner: undefined, cause: undefined });
  });

  it('that answers late: the caller waits for it', async () => {
    const machine = home();
    const { process } = await claimIn(machine);
    const outcome = calling(machine);
    await machine.clock.advance(1_900);
    process.serve({ kind: 'accepted' });
    expect(await machine.clock.finish(outcome)).toMatchObject({ kind: 'attached', tookMs: 1_900 });
  });

  it('with an ambiguous state: the holder of the lock gives it back', async () => {
    const machine = home();
    machine.faults.plant({ method: 'connect', code: 'EMFILE', skip: 1, times: FOREVER });
    const outcome = calling(machine);
    await machine.clock.advance(100);
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([[], []]);
    expect(failureOf(await machine.clock.finish(outcome))).toMatchObject({
      kind: 'not-answering',
      cause: { code: 'EMFILE' },
    });
  });

  it('a holder that gave the lock back takes it again before it starts a daemon', async () => {
    const machine = home();
    const process = machine.start();
    let atSpawn: string[] = [];
    process.onCall = ({ method }) => {
      if (method === 'spawn') atSpawn = lockLines(machine);
    };
    machine.faults.plant({ method: 'connect', code: 'EMFILE', skip: 1, pid: process.pid });
    expect(await obtain(machine, {}, process)).toMatchObject({ kind: 'started', reason: 'cold' });
    expect(atSpawn).toEqual(['spawn.lock/', `spawn.lock/${nonceFor(process)}`]);
  });

  it('the caller forgets trouble that has passed', async () => {
    const machine = home({ startMs: 9_000 });
    lockOf(machine, machine.start(), machine.start());
    machine.faults.plant({ method: 'connect', code: 'EMFILE' });
    const timing = timingFrom({ totalMs: 800, lockFallbackMs: 900 });
    const failure = failureOf(await obtain(machine, { timing }));
    expect(failure).toEqual({
      kind: 'timed-out',
      directory: HOME,
      phase: 'lock',
      afterMs: 800,
      pid: undefined,
    });
  });
});

describe('a daemon that sends no first word', () => {
  const greeting = 'none';

  it('is reached when it accepts the connection', async () => {
    const machine = home();
    const { process } = await claimIn(machine);
    expect(await obtain(machine, { greeting })).toEqual({
      kind: 'attached',
      owner: ownerOf(process),
      tookMs: 0,
    });
  });

  it('is started, and reached', async () => {
    expect(await obtain(home(), { greeting })).toMatchObject({ kind: 'started' });
  });

  it('is not reached while it is stopped, though the system accepts connections for it', async () => {
    const machine = home();
    const daemon = await daemonIn(machine);
    daemon.stop();
    const outcome = calling(machine, { greeting });
    await machine.clock.advance(1_000);
    daemon.resume();
    expect(await machine.clock.finish(outcome)).toMatchObject({
      kind: 'attached',
      owner: { pid: daemon.pid },
    });
    daemon.stop();
    expect(failureOf(await obtain(machine, { greeting }))).toMatchObject({
      kind: 'not-answering',
      owner: { pid: daemon.pid },
      cause: { code: 'ESTOPPED', message: 'the process is stopped (SIGSTOP, or a debugger)' },
    });
    expect(reasonsOf(machine)).toEqual([]);
  });

  it('is reached when its process can’t be seen', async () => {
    const machine = home();
    await daemonIn(machine);
    machine.faults.plant({ method: 'lookUp', code: 'EPERM' });
    expect(await obtain(machine, { greeting })).toMatchObject({ kind: 'attached' });
    machine.faults.plant({ method: 'readText', code: 'EACCES', times: FOREVER });
    expect(await obtain(machine, { greeting })).toMatchObject({ kind: 'attached', owner: undefined });
  });
});

describe('where refusal may mean a full backlog (macOS)', () => {
  const platform = 'darwin';

  async function refusing() {
    const machine = new MemoryMachine({ platform });
    const daemon = await daemonIn(machine, { platform }, machine.start({ backlog: 0 }));
    daemon.stop();
    await machine.start().ports.probe.connect(inHome('current/sock'), 10);
    childrenServe(machine);
    return { machine, daemon };
  }

  it('the caller waits for a living owner, and names it', async () => {
    const { machine, daemon } = await refusing();
    expect(failureOf(await obtain(machine, { platform }))).toMatchObject({
      kind: 'not-answering',
      owner: { pid: daemon.pid },
    });
    expect([reasonsOf(machine), lockLines(machine)]).toEqual([[], []]);
  });

  it('an owner that can’t be seen costs a process, which gives way', async () => {
    const { machine, daemon } = await refusing();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM', times: FOREVER });
    machine.onSpawn = (child, { lockNonce }) => {
      void claims(child, { platform, lock: handedLock(HOME, lockNonce) }).then(({ kind }) =>
        child.exit(kind === 'gave-way' ? 0 : 1),
      );
    };
    expect(failureOf(await obtain(machine, { platform }))).toMatchObject({
      kind: 'died-at-start',
      directory: HOME,
      code: 0,
    });
    expect(reasonsOf(machine)).toEqual(['cold', 'cold']);
    expect(machine.files.readLink(inHome('current'))).toEqual({ kind: 'target', target: '1' });
    expect(daemon.activity).toBe('stopped');
  });

  it('a generation without an owner file blocks nobody', async () => {
    const { machine, daemon } = await refusing();
    daemon.kill();
    machine.files.removeFile(inHome('1/owner.json'));
    machine.onSpawn = (child, { lockNonce }) => {
      void becomesDaemon(child, { platform, lock: handedLock(HOME, lockNonce) });
    };
    expect(await obtain(machine, { platform })).toMatchObject({ kind: 'started', reason: 'cold' });
  });

  it('the caller replaces a dead owner', async () => {
    const { machine, daemon } = await refusing();
    daemon.kill();
    machine.onSpawn = (child, { lockNonce }) => {
      void becomesDaemon(child, { platform, lock: handedLock(HOME, lockNonce) });
    };
    expect(await obtain(machine, { platform })).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
  });
});

describe('time', () => {
  it.each([-3_600_000, -500, 500, 3_600_000])(
    'the wall clock jumps by %i ms while a caller waits: no deadline moves',
    async (jumpMs) => {
      const machine = home();
      await claimIn(machine);
      const beganMs = machine.clock.now().monotonicMs;
      const outcome = calling(machine);
      await machine.clock.advance(700);
      machine.clock.jumpWall(jumpMs);
      expect(failureOf(await machine.clock.finish(outcome))).toMatchObject({
        kind: 'not-answering',
        afterMs: 2_000,
      });
      expect(elapsed(machine, beganMs)).toBe(2_000);
    },
  );

  it.each([-3_600_000, 3_600_000])(
    'the wall clock jumps by %i ms while a daemon starts: no caller is blocked, for at most one extra process',
    async (jumpMs) => {
      const machine = home({ startMs: 400 });
      const callers = Array.from({ length: 5 }, () => calling(machine));
      await machine.clock.advance(100);
      machine.clock.jumpWall(jumpMs);
      const outcomes = await machine.clock.finish(Promise.all(callers));
      expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
      expect(reasonsOf(machine).length).toBeLessThanOrEqual(2);
      await machine.clock.advance(1_000);
      expect(lockLines(machine)).toEqual([]);
      const alive = childrenOf(machine).filter((pid) => machine.lookUp(pid).kind === 'present');
      expect(alive).toEqual([await whoAnswers(machine)]);
    },
  );

  it.each(['expected', 'none'] as const)(
    'a caller that is delayed until its time is over makes no request: it would not get the answer (greeting: %s)',
    async (greeting) => {
      const machine = home();
      const daemon = await daemonIn(machine);
      const { stepper } = await heldBefore(machine, { phase: 'look', method: 'connect' }, 'newcomer', {
        greeting,
      });
      await machine.clock.advance(2_000);
      expect(await toTheEnd(machine, stepper)).toMatchObject({
        kind: 'failed',
        failure: { kind: 'not-answering', owner: { pid: daemon.pid }, afterMs: 2_000 },
      });
      expect(daemon.served).toBe(0);
    },
  );

  it('a caller that waits only for a lock says so', async () => {
    const machine = home();
    const timing = timingFrom({ totalMs: 1_200, lockFallbackMs: 600 });
    lockOf(machine, machine.start(), machine.start());
    const failure = failureOf(await obtain(machine, { timing }));
    expect(failure).toEqual({
      kind: 'timed-out',
      directory: HOME,
      phase: 'lock',
      afterMs: 1_200,
      pid: undefined,
    });
    expect([reasonsOf(machine), machine.clock.nextDueMs]).toEqual([[], undefined]);
  });

  it('each outcome comes within the budget, and leaves no timer', async () => {
    for (const totalMs of [0, 1, 50, 400, 10_000]) {
      const machine = home({ startMs: 100_000 });
      const beganMs = machine.clock.now().monotonicMs;
      expect(await obtain(machine, { timing: timingFrom({ totalMs }) })).toMatchObject({ kind: 'failed' });
      expect(elapsed(machine, beganMs)).toBeLessThanOrEqual(totalMs);
      machine.lookUp(childrenOf(machine)[0] ?? 0);
      for (const { reading } of machine.spawns) expect(reading.kind).toBe('spawned');
    }
  });
});

describe('the state directory', () => {
  it.each([
    { why: 'link', entry: { type: 'link', userId: 1_000, mode: 0o777 } },
    { why: 'no-directory', entry: { type: 'file', userId: 1_000, mode: 0o600 } },
    { why: 'foreign', entry: { type: 'directory', userId: 4, mode: 0o700 } },
    { why: 'writable-by-others', entry: { type: 'directory', userId: 1_000, mode: 0o777 } },
  ] as const)(
    'that can’t be trusted ($why) is refused, and the caller starts nothing',
    async ({ why, entry }) => {
      for (const path of [ROOT, HOME]) {
        const machine = new MemoryMachine();
        if (path === HOME) machine.files.makeDirectory(ROOT);
        machine.disk.create(path, entry, 'mkdir', '/elsewhere');
        expect(await obtain(machine)).toEqual({
          kind: 'failed',
          failure: { kind: 'state-directory-distrusted', path, why },
        });
        expect(reasonsOf(machine)).toEqual([]);
      }
    },
  );

  it('that can’t be created is a failure as well', async () => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method: 'makeDirectories', code: 'ENOSPC' });
    expect(await obtain(machine)).toMatchObject({
      failure: { kind: 'state-directory-unusable', path: ROOT, cause: { code: 'ENOSPC' } },
    });
  });

  it('that others could read is closed to them, and used', async () => {
    const machine = new MemoryMachine();
    machine.files.makeDirectory(ROOT);
    machine.disk.create(HOME, { type: 'directory', userId: 1_000, mode: 0o755 });
    childrenServe(machine);
    expect(await obtain(machine)).toMatchObject({ kind: 'started' });
    expect(machine.files.inspect(HOME)).toMatchObject({ entry: { mode: 0o700 } });
  });
});

describe('every call may fail', () => {
  it.each(['ENOSPC', 'EACCES', 'EMFILE', 'EIO'])(
    '%s: the daemon, or a typed failure within the budget',
    async (code) => {
      const calls = await callsOfOneStart();
      for (let at = 0; at < calls; at += 1) {
        const machine = new MemoryMachine();
        childrenServe(machine, { startMs: 10 });
        const process = machine.start();
        let call = 0;
        process.onCall = ({ method }) => {
          if (call === at && !['sleep', 'greet', 'check'].includes(method))
            machine.faults.plant({ method: method as 'list', code, pid: process.pid });
          call += 1;
        };
        const beganMs = machine.clock.now().monotonicMs;
        const outcome = await obtain(machine, {}, process);
        expect(elapsed(machine, beganMs), `call ${at}`).toBeLessThanOrEqual(2_000);
        const failure = failureOf(outcome);
        if (failure !== undefined) expect(JSON.stringify(failure), `call ${at}`).toContain(code);
        expect(lockLines(machine), `call ${at}`).toEqual([]);
        expect(reasonsOf(machine).length, `call ${at}`).toBeLessThanOrEqual(1);
        expect((await obtain(machine)).kind, `call ${at}`).not.toBe('failed');
      }
    },
  );
});

it('a foreign owner file does not count as an owner', async () => {
  const machine = home();
  const { process } = await claimIn(machine, {
    ownerText: ownerText({ ...ownerOf({ pid: 7, startTime: '' }), pid: -1 }),
  });
  process.serve({ kind: 'accepted' });
  expect(await obtain(machine)).toMatchObject({ kind: 'attached', owner: undefined });
});
