/** Kicks: any number of them start at most one process, and none waits. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { childText, handedLock } from '../../../src/domain/lock/held-lock.js';
import { recordText } from '../../../src/domain/lock/spawn-lock.js';
import { type KickOutcome, type KickPlan, kick as kicking } from '../../../src/domain/obtain/kick.js';
import { runSync } from '../../../src/domain/procedure/run.js';
import { claims, daemonIn, whoAnswers } from '../../support/daemons.js';
import { HOME, identityOf, inHome, kickPlan, nonceFor, ownerOf, ROOT, tree } from '../../support/plans.js';

const CONTENDED: KickOutcome = { kind: 'contended' };
const FOREVER = Number.POSITIVE_INFINITY;

function kick(
  machine: MemoryMachine,
  changes: Partial<KickPlan> = {},
  process = machine.start(),
): KickOutcome {
  return runSync(kicking(kickPlan(process, changes)), process.ports);
}

/** Another kick comes in full before the nth call of this one, counted from zero. */
function kickInterrupted(machine: MemoryMachine, at: number): void {
  const first = machine.start();
  let call = 0;
  first.onCall = () => {
    if (call === at) kick(machine);
    call += 1;
  };
  kick(machine, {}, first);
}

/** Like the command, the process exits right after the kick. */
function kickAndExit(machine: MemoryMachine): KickOutcome {
  const process = machine.start();
  const outcome = kick(machine, {}, process);
  process.exit(0);
  return outcome;
}

/** Children claim the name after that time. */
function childrenClaim(machine: MemoryMachine, afterMs = 40): void {
  machine.onSpawn = (child, { lockNonce }) => {
    void child.run(async ({ clock }) => {
      await clock.sleep(afterMs);
      const outcome = await claims(child, { lock: handedLock(HOME, lockNonce) });
      if (outcome.kind === 'claimed') child.serve({ kind: 'accepted' });
      else child.exit(0);
    });
  };
}

function home(): MemoryMachine {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  return machine;
}

/** A lock that its holder takes now, with the child that it started. */
function lockOf(machine: MemoryMachine, holder: MemoryProcess, child?: MemoryProcess): void {
  const nonce = nonceFor(holder);
  const plan = { directory: HOME, nonce, holder: identityOf(holder), readyMs: 7_500 };
  machine.files.makeDirectories(inHome('spawn.lock'));
  const text =
    recordText(plan, machine.clock.now().wallMs) + (child === undefined ? '' : childText(identityOf(child)));
  machine.files.createFile(inHome(`spawn.lock/${nonce}`), text);
}

/** The number of calls of a kick of a cold name. */
function callsOfOneKick(): number {
  const machine = new MemoryMachine();
  const process = machine.start();
  let calls = 0;
  process.onCall = () => {
    calls += 1;
  };
  kick(machine, {}, process);
  return calls;
}

const spawnsOf = ({ spawns }: MemoryMachine) => spawns.map(({ reason }) => reason);
const lockLines = (machine: MemoryMachine) => tree(machine).filter((line) => line.startsWith('spawn.lock'));

describe('a kick', () => {
  it('starts a daemon if there is none, and returns after it noted it in the lock', () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    const outcome = kick(machine, {}, process);
    const child = machine.spawns[0]?.reading;
    if (child?.kind !== 'spawned') throw new Error('nothing was started');
    expect(outcome).toEqual({ kind: 'started', pid: child.pid, reason: 'cold', warning: undefined });
    const record = machine.files.readText(inHome(`spawn.lock/${nonceFor(process)}`));
    expect(record.kind === 'text' && record.text.split('\n')[1]).toBe(JSON.stringify(identityOf(child)));
    expect(machine.spawns).toMatchObject([{ lockNonce: nonceFor(process), by: process.pid }]);
  });

  it('does nothing if a daemon lives', async () => {
    const machine = new MemoryMachine();
    const daemon = await daemonIn(machine);
    const before = tree(machine);
    expect(kick(machine)).toEqual({ kind: 'running', owner: ownerOf(daemon) });
    daemon.stop();
    const process = machine.start();
    const methods: string[] = [];
    process.onCall = ({ method }) => methods.push(method);
    expect(kick(machine, {}, process)).toMatchObject({ kind: 'running' });
    expect(methods).toEqual(['inspect', 'inspect', 'readText', 'lookUp']);
    expect([spawnsOf(machine), tree(machine)]).toEqual([[], before]);
  });

  it('sees a living daemon, even if another process holds the lock', async () => {
    const machine = new MemoryMachine();
    const daemon = await daemonIn(machine);
    lockOf(machine, machine.start());
    expect(kick(machine)).toEqual({ kind: 'running', owner: ownerOf(daemon) });
  });

  it('looks again with the lock held: the race with a daemon that comes up in between', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    const stepper = new Stepper(kicking(kickPlan(process)), process.ports);
    while (stepper.phase?.phase !== 'take') stepper.takeSync();
    const daemon = await daemonIn(machine);
    while (stepper.next !== undefined) stepper.takeSync();
    expect(stepper.outcome).toEqual({ kind: 'running', owner: ownerOf(daemon) });
    expect([spawnsOf(machine), lockLines(machine)]).toEqual([[], []]);
  });

  it.each([
    { what: 'is dead', change: {}, reason: 'dead-daemon' },
    { what: 'is from another boot', change: { bootId: 'before' }, alive: true, reason: 'dead-daemon' },
    { what: 'is from another pid namespace', change: { pidNamespace: 'other' }, alive: true },
    { what: 'has no start time', change: { startTime: '' }, alive: true },
    { what: 'has an id that was reused', change: {}, recycled: true, reason: 'dead-daemon' },
  ])('starts a daemon if the recorded owner $what', async ({ change, alive, recycled, reason = 'cold' }) => {
    const machine = new MemoryMachine();
    const daemon = machine.start();
    await daemonIn(machine, { ownerText: ownerText({ ...ownerOf(daemon), ...change }) }, daemon);
    if (alive !== true) daemon.kill();
    if (recycled === true) machine.start({ pid: daemon.pid });
    expect(kick(machine)).toMatchObject({ kind: 'started', reason });
  });

  it('with a wrong doubt costs one process, which gives way', async () => {
    const machine = new MemoryMachine();
    const daemon = machine.start();
    await daemonIn(machine, { ownerText: ownerText({ ...ownerOf(daemon), pidNamespace: 'other' }) }, daemon);
    childrenClaim(machine);
    kickAndExit(machine);
    await machine.clock.advance(1_000);
    expect(await whoAnswers(machine)).toBe(daemon.pid);
    expect(lockLines(machine)).toEqual([]);
  });
});

describe('many kicks', () => {
  it('fifty in a row while the daemon starts: one process', async () => {
    const machine = new MemoryMachine();
    childrenClaim(machine, 1_500);
    const outcomes: KickOutcome[] = [];
    for (let n = 0; n < 50; n += 1) {
      outcomes.push(kickAndExit(machine));
      await machine.clock.advance(20);
    }
    expect(outcomes[0]).toMatchObject({ kind: 'started', reason: 'cold' });
    expect(new Set(outcomes.slice(1).map(({ kind }) => kind))).toEqual(new Set(['contended']));
    expect(spawnsOf(machine)).toEqual(['cold']);
  });

  it('fifty more after it has claimed: none', async () => {
    const machine = new MemoryMachine();
    childrenClaim(machine);
    kickAndExit(machine);
    await machine.clock.advance(100);
    for (let n = 0; n < 50; n += 1) expect(kickAndExit(machine).kind).toBe('running');
    expect(spawnsOf(machine)).toEqual(['cold']);
    expect(lockLines(machine)).toEqual([]);
  });

  it('one every 50 ms during a start that outlives the override age of a lock: one process in each interval', async () => {
    const machine = new MemoryMachine();
    childrenClaim(machine, 60_000);
    for (let n = 0; n < 240; n += 1) {
      kickAndExit(machine);
      await machine.clock.advance(50);
    }
    // The kick allows its daemon 1.5 s. After the override age, that does not keep other kicks waiting.
    expect(spawnsOf(machine)).toEqual(['cold', 'override', 'override', 'override', 'override', 'override']);
  });

  it('the race of two kicks: the second comes at any call of the first, and there is one process', () => {
    for (let at = 0; at <= callsOfOneKick(); at += 1) {
      const machine = new MemoryMachine();
      kickInterrupted(machine, at);
      expect(spawnsOf(machine), `at call ${at}`).toEqual(['cold']);
      expect(lockLines(machine)).toHaveLength(2);
    }
  });

  it('the race with releases: a kick tries a lock that is always gone at its look a few times, then gives up', () => {
    const machine = home();
    const process = machine.start();
    let taken = 0;
    // Another process takes it just before this kick, and has released it when the kick looks.
    process.onCall = ({ method, args }) => {
      if (method === 'rename' && String(args[1]).endsWith('spawn.lock')) {
        lockOf(machine, machine.start());
        taken += 1;
      } else if (method === 'inspect' && String(args[0]).endsWith('spawn.lock'))
        machine.files.removeTree(inHome('spawn.lock'));
    };
    expect(kick(machine, {}, process)).toEqual(CONTENDED);
    expect([taken, spawnsOf(machine)]).toEqual([4, []]);
  });

  it('a kick takes a lock that is released during its look at the next attempt', () => {
    const machine = home();
    const process = machine.start();
    lockOf(machine, machine.start());
    process.onCall = ({ method, args }) => {
      if (method === 'inspect' && String(args[0]).endsWith('spawn.lock'))
        machine.files.removeTree(inHome('spawn.lock'));
    };
    expect(kick(machine, {}, process)).toMatchObject({ kind: 'started', reason: 'cold', warning: undefined });
  });
});

describe('a contended lock', () => {
  it.each([0, 1_000, 1_999])('of %i ms is left alone silently, even if its holder is dead', async (ageMs) => {
    const machine = home();
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    await machine.clock.advance(ageMs);
    expect(kick(machine)).toEqual(CONTENDED);
    expect(spawnsOf(machine)).toEqual([]);
  });

  it('of 2 s whose holder is gone is taken over, with a warning', async () => {
    const machine = home();
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    await machine.clock.advance(2_000);
    const process = machine.start();
    expect(kick(machine, {}, process)).toMatchObject({
      kind: 'started',
      reason: 'override',
      warning: { kind: 'overrode-lock', ageMs: 2_000 },
    });
    expect(lockLines(machine)).toEqual(['spawn.lock/', `spawn.lock/${nonceFor(process)}`]);
    expect(kick(machine)).toEqual(CONTENDED);
  });

  it.each([
    { who: 'child', ageMs: 2_000 },
    { who: 'child', ageMs: 7_499 },
    { who: 'holder', ageMs: 5_000 },
  ])(
    'of $ageMs ms whose $who lives is left alone for the time that its holder allows',
    async ({ who, ageMs }) => {
      const machine = home();
      const holder = machine.start();
      lockOf(machine, holder, who === 'child' ? machine.start() : undefined);
      if (who === 'child') holder.kill();
      await machine.clock.advance(ageMs);
      expect(kick(machine)).toEqual(CONTENDED);
    },
  );

  it('whose child lives longer than its holder allows is taken over', async () => {
    const machine = home();
    lockOf(machine, machine.start(), machine.start());
    await machine.clock.advance(7_500);
    expect(kick(machine)).toMatchObject({ kind: 'started', reason: 'override', warning: { ageMs: 7_500 } });
  });

  it('whose holder is in another pid namespace, and can’t be seen, is taken over', async () => {
    const machine = home();
    const holder = machine.start();
    lockOf(machine, holder);
    await machine.clock.advance(2_000);
    const process = machine.start();
    const self = { ...identityOf(process), pidNamespace: 'other' };
    const processes = { ...process.ports.processes, self: () => self };
    const outcome = runSync(kicking(kickPlan(process)), { ...process.ports, processes });
    expect(outcome).toMatchObject({ reason: 'override' });
  });

  it('of 10 s, or from the future, is stale: it is taken over silently, even if its holder lives', async () => {
    const stale = home();
    lockOf(stale, stale.start());
    await stale.clock.advance(10_000);
    const future = home();
    lockOf(future, future.start());
    future.clock.jumpWall(-1_001);
    for (const machine of [stale, future])
      expect(kick(machine)).toMatchObject({ kind: 'started', reason: 'stale-lock', warning: undefined });
    const soon = home();
    lockOf(soon, soon.start());
    soon.clock.jumpWall(-1_000);
    expect(kick(soon)).toEqual(CONTENDED);
  });

  it.each([
    { name: 'a plain file', lies: ({ files }: MemoryMachine) => files.createFile(inHome('spawn.lock'), '') },
    {
      name: 'a dangling link',
      lies: ({ files }: MemoryMachine) => files.makeLink('nowhere', inHome('spawn.lock')),
    },
    {
      name: 'a directory with junk',
      lies: ({ files }: MemoryMachine) => files.makeDirectories(inHome('spawn.lock/a/b')),
    },
  ])('that is foreign ($name) ages like any lock', async ({ lies }) => {
    const machine = home();
    lies(machine);
    await machine.clock.advance(1_999);
    expect(kick(machine)).toEqual(CONTENDED);
    await machine.clock.advance(1);
    expect(kick(machine)).toMatchObject({
      reason: 'override',
      warning: { kind: 'overrode-lock', ageMs: 2_000 },
    });
    expect(kick(machine)).toEqual(CONTENDED);
    expect(spawnsOf(machine)).toEqual(['override']);
  });

  it('the race of two that take it over: the second comes at any call of the first, and there is one process', async () => {
    for (let at = 0; at < 24; at += 1) {
      const machine = home();
      const holder = machine.start();
      lockOf(machine, holder);
      holder.kill();
      await machine.clock.advance(2_000);
      kickInterrupted(machine, at);
      expect(spawnsOf(machine), `at call ${at}`).toHaveLength(1);
    }
  });
});

describe('a lock that can’t be taken', () => {
  it.each([
    { method: 'makeDirectory', matching: /\.lock$/, path: 'tmp' },
    { method: 'createFile', matching: /./, path: 'tmp' },
    { method: 'rename', matching: /./, path: 'spawn.lock' },
  ] as const)(
    '($method) is not contention: the kick starts a process without it, with a warning',
    ({ method, matching, path }) => {
      for (const code of ['ENOSPC', 'EACCES', 'EMFILE']) {
        const machine = home();
        machine.faults.plant({ method, matching, code, times: FOREVER });
        const outcome = kick(machine);
        expect(outcome).toMatchObject({
          kind: 'started',
          reason: 'lock-error',
          warning: { kind: 'lock-error', cause: { code } },
        });
        expect(
          outcome.kind === 'started' && outcome.warning?.kind === 'lock-error' && outcome.warning.path,
        ).toContain(path);
      }
    },
  );

  it('nor is a lock that can’t be taken over', async () => {
    const machine = home();
    const holder = machine.start();
    lockOf(machine, holder);
    holder.kill();
    await machine.clock.advance(2_000);
    machine.faults.plant({ method: 'removeFile', code: 'EACCES' });
    expect(kick(machine)).toMatchObject({
      reason: 'lock-error',
      warning: { kind: 'lock-error', cause: { code: 'EACCES' } },
    });
  });
});

describe('a start that fails', () => {
  it.each([
    { code: 'EAGAIN', kind: 'spawn-refused' },
    { code: 'ENOENT', kind: 'spawn-refused' },
    { code: 'EACCES', kind: 'spawn-refused' },
    { code: 'E2BIG', kind: 'spawn-threw' },
  ])('is reported ($code), and the lock is free for the next kick', ({ code, kind }) => {
    const machine = home();
    machine.faults.plant({ method: 'spawn', code });
    expect(kick(machine)).toMatchObject({ kind: 'failed', failure: { kind, cause: { code } } });
    expect(lockLines(machine)).toEqual([]);
    expect(kick(machine)).toMatchObject({ kind: 'started', reason: 'cold' });
  });

  it('does not depend on noting the child', () => {
    const machine = home();
    machine.faults.plant({ method: 'appendText', code: 'ENOSPC' });
    expect(kick(machine)).toMatchObject({ kind: 'started', reason: 'cold', warning: undefined });
  });

  it('a child that claims before it is noted: the lock stays gone', () => {
    const machine = home();
    const process = machine.start();
    process.onCall = ({ method }) => {
      if (method === 'appendText') machine.files.removeTree(inHome('spawn.lock'));
    };
    expect(kick(machine, {}, process)).toMatchObject({ kind: 'started' });
    expect(lockLines(machine)).toEqual([]);
  });
});

describe('without a state directory', () => {
  it('that can be created, a kick ends silently', () => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method: 'makeDirectories', code: 'EROFS' });
    expect(kick(machine)).toMatchObject({
      kind: 'no-directory',
      failure: { kind: 'state-directory-unusable', path: ROOT, cause: { code: 'EROFS' } },
    });
    expect(spawnsOf(machine)).toEqual([]);
  });

  it('that can be trusted, a kick says so and starts nothing', () => {
    const machine = new MemoryMachine();
    machine.disk.create(ROOT, { type: 'directory', userId: 4, mode: 0o755 });
    expect(kick(machine)).toEqual({
      kind: 'failed',
      failure: { kind: 'state-directory-distrusted', path: ROOT, why: 'foreign' },
    });
    expect(spawnsOf(machine)).toEqual([]);
  });
});

describe('killed before any of its calls', () => {
  it('a kick delays the next start for at most the override age', async () => {
    for (let at = 0; at < callsOfOneKick(); at += 1) {
      const machine = new MemoryMachine();
      machine.onSpawn = (child) => child.kill();
      const doomed = machine.start();
      let call = 0;
      doomed.onCall = () => {
        if (call === at) doomed.kill();
        call += 1;
      };
      expect(() => kick(machine, {}, doomed), `at call ${at}`).toThrow('is dead');
      await machine.clock.advance(2_000);
      expect(kick(machine), `at call ${at}`).toMatchObject({ kind: 'started' });
      expect(spawnsOf(machine).length, `at call ${at}`).toBeLessThanOrEqual(2);
    }
  });
});
