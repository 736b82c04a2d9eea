/**
 * The claim: with any leftovers, any other candidates and a kill at any time, at most one candidate serves.
 */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess, PortCall } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { begin, goOn } from '../../../src/adapters/simulation/machine/points.js';
import { type ClaimPlan, claim, ROUNDS_MAX } from '../../../src/domain/claim/claim.js';
import { parseOwner } from '../../../src/domain/evidence/owner.js';
import { handedLock } from '../../../src/domain/lock/held-lock.js';
import type { Reading } from '../../../src/domain/procedure/procedure.js';
import { makeCall } from '../../../src/domain/procedure/run.js';
import { claimIn, daemonIn, leaveGeneration, makeGeneration, whoAnswers } from '../../support/daemons.js';
import { type Before, holdBefore } from '../../support/hold.js';
import {
  claimPlan,
  HOME,
  identityOf,
  inHome,
  nonceFor,
  ownerOf,
  ROOT,
  tree,
  USER_ID,
} from '../../support/plans.js';

const FOREVER = Number.POSITIVE_INFINITY;

function stepperFor(process: MemoryProcess, changes: Partial<ClaimPlan> = {}) {
  return new Stepper(claim(claimPlan(process, changes)), process.ports);
}

const BEFORE = {
  probe: { phase: 'look', method: 'connect' },
  confirmAlive: { phase: 'look', method: 'readLink', nth: 2 },
  confirmAbsent: { phase: 'look', method: 'readLink', nth: 2 },
  writeOwner: { phase: 'publish', method: 'createFile' },
  publish: { phase: 'publish', method: 'rename' },
  recheck: { phase: 'recheck' },
  repoint: { phase: 'repoint' },
} as const;

/** A candidate that the test holds before that call. */
async function heldBefore(machine: MemoryMachine, before: Before, changes: Partial<ClaimPlan> = {}) {
  const process = machine.start();
  const stepper = stepperFor(process, changes);
  await holdBefore(stepper, before);
  return { process, stepper };
}

async function toTheEnd(stepper: ReturnType<typeof stepperFor>) {
  while (stepper.next !== undefined) await stepper.take();
  return stepper.outcome;
}

const withHome = (): MemoryMachine => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(HOME);
  return machine;
};

/** `current` names it, and its daemon was killed. */
async function withTombstone(generation = 1): Promise<MemoryMachine> {
  const machine = withHome();
  await leaveGeneration(machine, generation);
  machine.files.makeLink(String(generation), inHome('current'));
  return machine;
}

const onlyGeneration = (n: number): string[] => [`${n}/`, `${n}/owner.json`, `${n}/sock`, `current -> ${n}`];

describe('a candidate on its own', () => {
  it('claims the first generation of a new name, and leaves nothing private behind', async () => {
    const machine = new MemoryMachine();
    const { process, outcome } = await claimIn(machine);
    expect(outcome).toEqual({ kind: 'claimed', generation: 1 });
    expect(tree(machine)).toEqual(onlyGeneration(1));
    expect(await whoAnswers(machine)).toBe(process.pid);
  });

  it('makes directories that only its user can enter, and writes down its identity', async () => {
    const machine = new MemoryMachine();
    const { process } = await claimIn(machine);
    for (const path of [ROOT, HOME, inHome('1')])
      expect(machine.files.inspect(path)).toMatchObject({ entry: { type: 'directory', mode: 0o700 } });
    expect(machine.files.inspect(inHome('1/owner.json'))).toMatchObject({ entry: { mode: 0o1600 } });
    const written = machine.files.readText(inHome('1/owner.json'));
    expect(written.kind === 'text' && parseOwner(written.text)).toEqual(ownerOf(process));
  });

  it('follows a dead daemon, and removes its generation', async () => {
    const machine = new MemoryMachine();
    (await daemonIn(machine)).kill();
    const { process, outcome } = await claimIn(machine);
    expect(outcome).toEqual({ kind: 'claimed', generation: 2 });
    expect(tree(machine)).toEqual(onlyGeneration(2));
    expect(await whoAnswers(machine)).toBe(process.pid);
  });

  it('gives way to a living daemon, and changes nothing', async () => {
    const machine = new MemoryMachine();
    const daemon = await daemonIn(machine);
    const before = tree(machine);
    const { outcome } = await claimIn(machine);
    expect(outcome).toEqual({ kind: 'gave-way', generation: 1, doubt: undefined });
    expect(tree(machine)).toEqual(before);
    expect(await whoAnswers(machine)).toBe(daemon.pid);
  });

  it('gives way to a stopped daemon, and to one whose backlog is full', async () => {
    const machine = new MemoryMachine();
    const daemon = await daemonIn(machine, {}, machine.start({ backlog: 0 }));
    daemon.stop();
    const gaveWay = { kind: 'gave-way', generation: 1, doubt: undefined };
    expect((await claimIn(machine)).outcome).toEqual(gaveWay);
    const full = await machine.start().ports.probe.connect(inHome('current/sock'), 10);
    expect(full).toMatchObject({ kind: 'errno', cause: { code: 'EAGAIN' } });
    expect((await claimIn(machine)).outcome).toEqual(gaveWay);
  });

  it('walks past candidates that published and were killed before they repointed', async () => {
    const machine = await withTombstone();
    for (const generation of [2, 3, 4]) await leaveGeneration(machine, generation);
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 5 });
    expect(tree(machine)).toEqual(onlyGeneration(5));
  });

  it('gives way to a candidate that has published and not yet repointed', async () => {
    const machine = await withTombstone();
    const first = await heldBefore(machine, BEFORE.recheck);
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'gave-way', generation: 2, doubt: undefined });
    expect(await toTheEnd(first.stepper)).toEqual({ kind: 'claimed', generation: 2 });
  });

  it('is plain data at every step, and the same step leads to the same state', async () => {
    const machine = await withTombstone();
    const process = machine.start();
    let current = begin(claim, claimPlan(process), identityOf(process), machine.clock.now());
    for (let calls = 0; 'call' in current; calls += 1) {
      expect(calls).toBeLessThan(40);
      const { phase, told, call } = current;
      expect(structuredClone({ phase, told, call })).toEqual({ phase, told, call });
      const reading = (await makeCall(process.ports, call)) as Reading;
      const next = goOn(current, reading, machine.clock.now());
      expect(goOn(current, structuredClone(reading), machine.clock.now())).toBe(next);
      current = next;
    }
    expect(current.outcome).toEqual({ kind: 'claimed', generation: 2 });
  });
});

interface Leftover {
  readonly name: string;
  readonly lies: (machine: MemoryMachine) => void | Promise<void>;
  readonly generation: number;
}

const LEFTOVERS: readonly Leftover[] = [
  {
    name: '`current` as a plain file',
    lies: ({ files }) => void files.createFile(inHome('current'), '7'),
    generation: 1,
  },
  {
    name: '`current` as an empty directory',
    lies: ({ files }) => void files.makeDirectory(inHome('current')),
    generation: 1,
  },
  {
    name: '`current` as a directory with something in it',
    lies: ({ files }) => void files.makeDirectories(inHome('current/7')),
    generation: 1,
  },
  {
    name: '`current` as a link to a generation that is gone',
    lies: ({ files }) => void files.makeLink('7', inHome('current')),
    generation: 8,
  },
  {
    name: '`current` as a link to nonsense',
    lies: ({ files }) => void files.makeLink('nowhere', inHome('current')),
    generation: 1,
  },
  {
    name: '`current` as a link out of the directory',
    lies: ({ files }) => void files.makeLink('../other/7', inHome('current')),
    generation: 1,
  },
  {
    name: '`current` as a link to itself',
    lies: ({ files }) => void files.makeLink('current', inHome('current')),
    generation: 1,
  },
  {
    name: '`current` as a link to nonsense, and a dead generation',
    lies: async (machine) => {
      machine.files.makeLink('07', inHome('current'));
      await leaveGeneration(machine, 3);
    },
    generation: 4,
  },
  {
    name: '`current` as a link to an empty generation',
    lies: ({ files }) => {
      files.makeDirectory(inHome('7'));
      files.makeLink('7', inHome('current'));
    },
    generation: 8,
  },
  {
    name: '`current` as a link to a generation that is a plain file',
    lies: ({ files }) => {
      files.createFile(inHome('7'), '');
      files.makeLink('7', inHome('current'));
    },
    generation: 8,
  },
  {
    name: 'a generation as a plain file',
    lies: ({ files }) => void files.createFile(inHome('1'), ''),
    generation: 2,
  },
  {
    name: 'a generation as an empty directory',
    lies: ({ files }) => void files.makeDirectory(inHome('1')),
    generation: 2,
  },
  {
    name: 'a generation as a dangling link',
    lies: ({ files }) => void files.makeLink('nowhere', inHome('1')),
    generation: 2,
  },
  {
    name: 'a generation as a link to itself',
    lies: ({ files }) => void files.makeLink('1', inHome('1')),
    generation: 2,
  },
  {
    name: 'a generation with a plain file for a socket',
    lies: ({ files }) => {
      files.makeDirectory(inHome('1'));
      files.createFile(inHome('1/sock'), '');
    },
    generation: 2,
  },
  {
    name: 'a generation with a directory for a socket',
    lies: ({ files }) => void files.makeDirectories(inHome('1/sock')),
    generation: 2,
  },
  {
    name: 'a generation with a dangling link for a socket',
    lies: ({ files }) => {
      files.makeDirectory(inHome('1'));
      files.makeLink('nowhere', inHome('1/sock'));
    },
    generation: 2,
  },
  {
    name: 'empty directories in a row after a dead generation that `current` names',
    lies: async (machine) => {
      await leaveGeneration(machine, 7);
      machine.files.makeLink('7', inHome('current'));
      machine.files.makeDirectory(inHome('8'));
      machine.files.makeDirectory(inHome('9'));
    },
    generation: 10,
  },
  {
    name: 'no `current`, and high generations with a gap',
    lies: async (machine) => {
      for (const generation of [9, 41, 42]) await leaveGeneration(machine, generation);
    },
    generation: 43,
  },
  {
    name: 'a directory whose name is a number that nobody counted to',
    lies: ({ files }) => void files.makeDirectory(inHome('1000000000')),
    generation: 1,
  },
  {
    name: 'half-made and thrown-away directories of others',
    lies: ({ files }) => {
      files.makeDirectories(inHome('tmp.7-old-0'));
      files.createFile(inHome('tmp.7-old-0/owner.json'), '{');
      files.makeDirectories(inHome('tmp.7-old.lock'));
      files.makeLink('4', inHome('tmp.7-old-0.link'));
      files.makeDirectories(inHome('trash.7-old-0/deep'));
      files.createFile(inHome('trash.file'), '');
    },
    generation: 1,
  },
];

describe('leftovers block nobody', () => {
  it.each(LEFTOVERS)('$name', async ({ lies, generation }) => {
    const machine = withHome();
    await lies(machine);
    const { process, outcome } = await claimIn(machine);
    expect(outcome).toEqual({ kind: 'claimed', generation });
    expect(await whoAnswers(machine)).toBe(process.pid);
    expect(machine.files.readLink(inHome('current'))).toEqual({ kind: 'target', target: String(generation) });
    expect((await claimIn(machine)).outcome).toMatchObject({ kind: 'gave-way', generation });
    process.kill();
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: generation + 1 });
  });

  it('a directory named `current` is moved out of the way, and removed', async () => {
    const machine = withHome();
    machine.files.makeDirectories(inHome('current/7'));
    await claimIn(machine);
    expect(tree(machine)).toEqual(onlyGeneration(1));
  });

  it('a directory named `current` that can’t be moved ends the claim, instead of a loop without end', async () => {
    const machine = new MemoryMachine();
    machine.files.makeDirectories(inHome('current/x'));
    machine.faults.plant({ method: 'rename', code: 'EXDEV', matching: /trash\..*current$/, times: FOREVER });
    const process = machine.start();
    const stepper = stepperFor(process);
    for (let n = 0; n < 1_000 && stepper.next !== undefined; n += 1) await stepper.take();
    expect(stepper.outcome).toMatchObject({
      kind: 'failed',
      failure: { kind: 'claim-failed', act: 'moving away', cause: { code: 'EXDEV' } },
    });
  });

  it('a `current` of the highest number there is leads to no second daemon', async () => {
    const machine = new MemoryMachine();
    machine.files.makeDirectories(HOME);
    machine.files.makeLink('999999999999999', inHome('current'));
    expect((await claimIn(machine)).outcome.kind).toBe('claimed');
    expect((await claimIn(machine)).outcome.kind).not.toBe('claimed');
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
});

describe('an ambiguous answer counts as alive', () => {
  const ANSWERS = [
    { code: 'EAGAIN', doubt: undefined },
    { code: 'EINPROGRESS', doubt: undefined },
    { code: 'ECONNRESET', doubt: undefined },
    { code: 'EPIPE', doubt: undefined },
    { code: 'ETIMEDOUT', doubt: { code: 'ETIMEDOUT' } },
    { code: 'EACCES', doubt: { code: 'EACCES' } },
    { code: 'EPERM', doubt: { code: 'EPERM' } },
    { code: 'EMFILE', doubt: { code: 'EMFILE' } },
    { code: 'ENOMEM', doubt: { code: 'ENOMEM' } },
    { code: 'EWHATEVER', doubt: { code: 'EWHATEVER' } },
  ];

  it.each(ANSWERS)('$code', async ({ code, doubt }) => {
    const machine = await withTombstone();
    const before = tree(machine);
    machine.faults.plant({ method: 'connect', code });
    const { outcome } = await claimIn(machine);
    expect(outcome).toMatchObject({ kind: 'gave-way', generation: 1 });
    const seen = outcome.kind === 'gave-way' ? outcome.doubt : undefined;
    if (doubt === undefined) expect(seen).toBeUndefined();
    else expect(seen).toMatchObject(doubt);
    expect(tree(machine)).toEqual(before);
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 2 });
  });

  it('a probe ends at its timeout', async () => {
    const machine = await withTombstone();
    machine.faults.plant({ method: 'connect', code: 'ETIMEDOUT' });
    const begunMs = machine.clock.now().monotonicMs;
    await claimIn(machine, { probeMs: 70 });
    expect(machine.clock.now().monotonicMs - begunMs).toBe(70);
  });
});

describe('a candidate reads `current` again before it gives way', () => {
  it('the race of a daemon that answers and dies with its successor: the candidate probes the successor', async () => {
    const machine = new MemoryMachine();
    const first = await daemonIn(machine);
    const late = await heldBefore(machine, BEFORE.confirmAlive);
    first.kill();
    const second = await daemonIn(machine);
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'gave-way', generation: 2, doubt: undefined });
    second.kill();
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 3 });
  });

  it('the same with a dead successor: the candidate follows it', async () => {
    const machine = new MemoryMachine();
    const first = await daemonIn(machine);
    const late = await heldBefore(machine, BEFORE.confirmAlive);
    first.kill();
    (await daemonIn(machine)).kill();
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 3 });
  });

  it('it fails if it can’t read `current` any more', async () => {
    const machine = new MemoryMachine();
    await daemonIn(machine);
    const late = await heldBefore(machine, BEFORE.confirmAlive);
    machine.faults.plant({ method: 'readLink', code: 'EIO' });
    expect(await toTheEnd(late.stepper)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'claim-failed', act: 'reading', path: inHome('current'), cause: { code: 'EIO' } },
    });
  });
});

describe('a generation without a socket', () => {
  it('the race with its collector: if it was collected meanwhile, the candidate starts over', async () => {
    const machine = await withTombstone();
    const late = await heldBefore(machine, BEFORE.probe);
    await daemonIn(machine);
    expect(late.stepper.next?.args[0]).toBe(inHome('1/sock'));
    await late.stepper.take();
    const before = late.stepper.phase;
    expect(late.stepper.next?.method).toBe('readLink');
    await late.stepper.take();
    expect(late.stepper.phase?.phase).toBe('look');
    expect(late.stepper.phase).not.toBe(before);
    expect(await toTheEnd(late.stepper)).toMatchObject({ kind: 'gave-way', generation: 2 });
  });

  it('if it is removed meanwhile, the candidate skips no number', async () => {
    const machine = await withTombstone();
    await leaveGeneration(machine, 2);
    machine.files.removeFile(inHome('2/sock'));
    const late = await heldBefore(machine, { phase: 'look', method: 'inspect', nth: 3 });
    machine.files.removeTree(inHome('2'));
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 2 });
  });

  it('it fails if it can’t read `current` any more', async () => {
    const machine = withHome();
    machine.files.makeLink('7', inHome('current'));
    const late = await heldBefore(machine, BEFORE.confirmAbsent);
    machine.faults.plant({ method: 'readLink', code: 'EIO' });
    expect(await toTheEnd(late.stepper)).toMatchObject({
      kind: 'failed',
      failure: { kind: 'claim-failed', act: 'reading', path: inHome('current') },
    });
    expect(tree(machine)).toEqual(['current -> 7']);
  });
});

describe('a slot that was collected (step 6)', () => {
  /** The late candidate has seen generation 1 dead; since then 2 and 3 came, and 1 and 2 were collected. */
  async function lateCandidate(changes: Partial<ClaimPlan> = {}) {
    const machine = await withTombstone();
    const late = await heldBefore(machine, BEFORE.publish, changes);
    (await daemonIn(machine)).kill();
    const daemon = await daemonIn(machine);
    expect(tree(machine).filter((line) => !line.startsWith('tmp.'))).toEqual(onlyGeneration(3));
    await late.stepper.take();
    expect(tree(machine)).toContain('2/sock');
    return { machine, late, daemon };
  }

  it('the race of three: a candidate that publishes there withdraws, and gives way', async () => {
    const { machine, late, daemon } = await lateCandidate();
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'gave-way', generation: 3, doubt: undefined });
    expect(tree(machine)).toEqual(onlyGeneration(3));
    expect(await whoAnswers(machine)).toBe(daemon.pid);
  });

  it('the same after somebody has removed `current`: the directory tells of the daemon', async () => {
    const { machine, late } = await lateCandidate();
    machine.files.removeFile(inHome('current'));
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'gave-way', generation: 3, doubt: undefined });
    expect(tree(machine)).toEqual(['3/', '3/owner.json', '3/sock']);
  });

  it('the same without a living daemon: it starts over with a new directory and listener, and follows', async () => {
    const { machine, late, daemon } = await lateCandidate();
    daemon.kill();
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 4 });
    expect(tree(machine)).toEqual(onlyGeneration(4));
    expect(await whoAnswers(machine)).toBe(late.process.pid);
  });

  it('a candidate that withdraws closes its listener before it starts over with unused names', async () => {
    const { late, daemon } = await lateCandidate();
    daemon.kill();
    const calls: string[] = [];
    late.process.onCall = ({ method, args }) => calls.push(`${method} ${args[0] ?? ''}`);
    await holdBefore(late.stepper, BEFORE.writeOwner);
    const nonce = nonceFor(late.process);
    const steps = [
      'close ',
      `removeTree ${inHome(`trash.${nonce}-0`)}`,
      `makeDirectory ${inHome(`tmp.${nonce}-1`)}`,
    ];
    expect(calls.filter((call) => /^(?:close|removeTree|makeDirectory) /.test(call))).toEqual(steps);
  });

  it('a pointer to nothing hides no daemon of a higher generation', async () => {
    const machine = withHome();
    await makeGeneration(machine, 4);
    machine.files.makeLink('1', inHome('current'));
    expect((await claimIn(machine)).outcome).toMatchObject({ kind: 'gave-way', generation: 4 });
  });

  it('no other candidate gives way to it there', async () => {
    const { machine, late, daemon } = await lateCandidate();
    const third = await claimIn(machine);
    expect(third.outcome).toEqual({ kind: 'gave-way', generation: 3, doubt: undefined });
    daemon.kill();
    await toTheEnd(late.stepper);
    expect(await whoAnswers(machine)).toBe(late.process.pid);
  });

  it('if it is killed before it withdraws, the next candidate removes its generation', async () => {
    const { machine, late, daemon } = await lateCandidate();
    late.process.kill();
    daemon.kill();
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 4 });
    expect(tree(machine)).toEqual(onlyGeneration(4));
  });

  it('a candidate may use a number that was removed by hand: the daemon that lost it sees another owner', async () => {
    const machine = await withTombstone();
    const late = await heldBefore(machine, BEFORE.publish);
    await daemonIn(machine);
    machine.files.removeTree(inHome('2'));
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 2 });
    expect(tree(machine)).toEqual(onlyGeneration(2));
    expect(await whoAnswers(machine)).toBe(late.process.pid);
  });

  it('a caller has made `current` anew for it: a candidate keeps its number', async () => {
    const machine = withHome();
    const late = await heldBefore(machine, BEFORE.recheck);
    machine.files.makeLink('1', inHome('current'));
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 1 });
    expect(tree(machine)).toEqual(onlyGeneration(1));
  });

  it('a candidate that can’t tell whether it was collected fails, and leaves a dead generation', async () => {
    const machine = await withTombstone();
    const late = await heldBefore(machine, BEFORE.recheck);
    machine.faults.plant({ method: 'readLink', code: 'EIO' });
    expect(await toTheEnd(late.stepper)).toMatchObject({
      kind: 'failed',
      failure: { act: 'reading', path: inHome('current'), cause: { code: 'EIO' } },
    });
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 3 });
  });

  it('a candidate that can’t list the directory fails, and leaves a dead generation', async () => {
    const machine = withHome();
    const late = await heldBefore(machine, BEFORE.recheck);
    machine.faults.plant({ method: 'list', code: 'EMFILE' });
    expect(await toTheEnd(late.stepper)).toMatchObject({
      kind: 'failed',
      failure: { act: 'listing', cause: { code: 'EMFILE' } },
    });
    expect((await claimIn(machine)).outcome).toEqual({ kind: 'claimed', generation: 2 });
  });
});

describe('other processes that keep interfering', () => {
  const privateLeft = (machine: MemoryMachine) => tree(machine).filter((line) => /^(?:tmp|trash)/.test(line));

  it.each(['ENOTEMPTY', 'EEXIST', 'ENOTDIR'])(
    'a slot that is always occupied (%s) ends the claim after a fixed number of rounds',
    async (code) => {
      const machine = withHome();
      machine.faults.plant({ method: 'rename', code, matching: /\/1$/, times: FOREVER });
      const { outcome } = await claimIn(machine);
      expect(outcome).toEqual({
        kind: 'failed',
        failure: { kind: 'claim-unsettled', path: HOME, rounds: ROUNDS_MAX },
      });
      expect(privateLeft(machine)).toEqual([]);
    },
  );

  it('a private directory that is always removed ends the claim too', async () => {
    const machine = withHome();
    machine.faults.plant({ method: 'rename', code: 'ENOENT', matching: /\/1$/, times: FOREVER });
    const { outcome } = await claimIn(machine);
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: { kind: 'claim-unsettled', rounds: ROUNDS_MAX },
    });
  });

  it('a candidate makes its directory again if another process removes it', async () => {
    const machine = await withTombstone();
    const late = await heldBefore(machine, BEFORE.publish);
    machine.files.removeTree(HOME);
    expect(await toTheEnd(late.stepper)).toEqual({ kind: 'claimed', generation: 1 });
    expect(tree(machine)).toEqual(onlyGeneration(1));
    expect(await whoAnswers(machine)).toBe(late.process.pid);
  });
});

describe('where refusal may mean a full backlog (macOS)', () => {
  async function refusing(): Promise<{ machine: MemoryMachine; daemon: MemoryProcess }> {
    const machine = new MemoryMachine({ platform: 'darwin' });
    const daemon = await daemonIn(machine, { platform: 'darwin' }, machine.start({ backlog: 0 }));
    daemon.stop();
    await machine.start().ports.probe.connect(inHome('current/sock'), 10);
    return { machine, daemon };
  }

  it('a candidate gives way to a living owner', async () => {
    const { machine } = await refusing();
    const { outcome } = await claimIn(machine, { platform: 'darwin' });
    expect(outcome).toEqual({ kind: 'gave-way', generation: 1, doubt: undefined });
  });

  it('a candidate follows a dead owner', async () => {
    const { machine, daemon } = await refusing();
    daemon.kill();
    expect((await claimIn(machine, { platform: 'darwin' })).outcome).toEqual({
      kind: 'claimed',
      generation: 2,
    });
  });

  it('an owner whose process id was reused is dead', async () => {
    const { machine, daemon } = await refusing();
    daemon.kill();
    machine.start({ pid: daemon.pid });
    expect((await claimIn(machine, { platform: 'darwin' })).outcome).toEqual({
      kind: 'claimed',
      generation: 2,
    });
  });

  it('a candidate gives way to an owner that it can’t see, and reports the doubt', async () => {
    const { machine, daemon } = await refusing();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM' });
    const { outcome } = await claimIn(machine, { platform: 'darwin' });
    expect(outcome).toMatchObject({ kind: 'gave-way', doubt: { code: 'ECONNREFUSED' } });
    expect(outcome.kind === 'gave-way' && outcome.doubt?.message).toContain(String(daemon.pid));
  });

  it.each(['', '{', '{"pid":"7"}'])(
    'a generation with a foreign owner file (%j) has no owner',
    async (text) => {
      const { machine, daemon } = await refusing();
      daemon.kill();
      machine.files.removeFile(inHome('1/owner.json'));
      machine.files.createFile(inHome('1/owner.json'), text);
      expect((await claimIn(machine, { platform: 'darwin' })).outcome).toEqual({
        kind: 'claimed',
        generation: 2,
      });
    },
  );

  it('an owner file that can’t be read does not prove a dead daemon', async () => {
    const { machine } = await refusing();
    machine.faults.plant({ method: 'readText', code: 'EMFILE' });
    expect((await claimIn(machine, { platform: 'darwin' })).outcome).toMatchObject({
      kind: 'gave-way',
      doubt: { code: 'EMFILE' },
    });
  });
});

describe('the lock under which a candidate was started', () => {
  const LOCK = '900-starter';

  function lockedBy(machine: MemoryMachine, nonce: string): void {
    machine.files.makeDirectories(inHome('spawn.lock'));
    machine.files.createFile(inHome(`spawn.lock/${nonce}`), '');
  }
  const isLocked = (machine: MemoryMachine) => tree(machine).some((line) => line.startsWith('spawn.lock'));

  const WAYS: readonly {
    readonly name: string;
    readonly prepare: (machine: MemoryMachine) => Promise<unknown>;
    readonly kind: string;
  }[] = [
    { name: 'claimed', prepare: async () => {}, kind: 'claimed' },
    { name: 'gave way', prepare: (machine) => daemonIn(machine), kind: 'gave-way' },
    {
      name: 'failed',
      prepare: async ({ faults }) => faults.plant({ method: 'listen', code: 'EMFILE' }),
      kind: 'failed',
    },
    {
      name: 'unsettled',
      prepare: async ({ faults }) =>
        faults.plant({ method: 'rename', code: 'EEXIST', matching: /\/1$/, times: FOREVER }),
      kind: 'failed',
    },
  ];

  it.each(WAYS)('ends with the claim: $name', async ({ prepare, kind }) => {
    const machine = withHome();
    await prepare(machine);
    lockedBy(machine, LOCK);
    expect((await claimIn(machine, { lock: handedLock(HOME, LOCK) })).outcome.kind).toBe(kind);
    expect(isLocked(machine)).toBe(false);
  });

  it.each(WAYS)('stays if it belongs to another process: $name', async ({ prepare, kind }) => {
    const machine = withHome();
    await prepare(machine);
    lockedBy(machine, '901-other');
    expect((await claimIn(machine, { lock: handedLock(HOME, LOCK) })).outcome.kind).toBe(kind);
    expect(tree(machine)).toContain('spawn.lock/901-other');
  });

  it('lasts until `current` names the daemon: before that, others would find no daemon', async () => {
    const machine = withHome();
    lockedBy(machine, LOCK);
    const { stepper } = await heldBefore(machine, BEFORE.repoint, { lock: handedLock(HOME, LOCK) });
    expect(isLocked(machine)).toBe(true);
    await toTheEnd(stepper);
    expect(isLocked(machine)).toBe(false);
  });
});

describe('a state directory that can’t be used', () => {
  it('is refused with the reason, and nothing is made in it', async () => {
    const machine = new MemoryMachine();
    machine.disk.create(ROOT, { type: 'directory', userId: 4, mode: 0o755 });
    expect((await claimIn(machine)).outcome).toEqual({
      kind: 'failed',
      failure: { kind: 'state-directory-distrusted', path: ROOT, why: 'foreign' },
    });
    expect(machine.files.list(ROOT)).toEqual({ kind: 'names', names: [] });
  });

  it('differs from one that can’t be created', async () => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method: 'makeDirectories', code: 'EROFS' });
    expect((await claimIn(machine)).outcome).toMatchObject({
      kind: 'failed',
      failure: { kind: 'state-directory-unusable', path: ROOT, cause: { code: 'EROFS' } },
    });
  });

  it('the starter’s lock ends also where the state directory can’t be used', async () => {
    const machine = new MemoryMachine();
    machine.files.makeDirectories(inHome('spawn.lock'));
    machine.files.createFile(inHome('spawn.lock/9-a'), '');
    machine.faults.plant({ method: 'inspect', code: 'EIO', matching: new RegExp(`${ROOT}$`) });
    expect((await claimIn(machine, { lock: handedLock(HOME, '9-a') })).outcome.kind).toBe('failed');
    expect(tree(machine)).toEqual([]);
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
});

describe('every call may fail', () => {
  const LOCK = '900-starter';
  const UNFAILING = new Set(['close', 'lookUp']);
  const PREPARING = 5;

  /** A claim whose call with that number fails. */
  async function failingAt(index: number, code: string) {
    const machine = withHome();
    machine.files.makeDirectories(inHome('current'));
    for (const generation of [3, 4]) await leaveGeneration(machine, generation);
    machine.files.makeDirectories(inHome('spawn.lock'));
    machine.files.createFile(inHome(`spawn.lock/${LOCK}`), '');
    const calls: PortCall[] = [];
    const process = machine.start();
    process.onCall = (call) => {
      if (calls.push(call) - 1 !== index || UNFAILING.has(call.method)) return;
      machine.faults.plant({ method: call.method as 'list', code, pid: process.pid });
    };
    const { outcome } = await claimIn(machine, { lock: handedLock(HOME, LOCK) }, process);
    return { machine, outcome, calls, process };
  }

  it.each(['ENOSPC', 'EACCES', 'EMFILE', 'EIO'])(
    '%s: the outcome is a typed failure or a success, and nothing private stays',
    async (code) => {
      const { calls } = await failingAt(-1, code);
      expect(calls.length).toBeGreaterThan(20);
      for (const [index, call] of calls.entries()) {
        const story = `${code} at call ${index}, ${call.method} ${call.args.join(' ')}`;
        const { machine, outcome, process } = await failingAt(index, code);
        const left = tree(machine);
        // A failed sweep leaves its work to the next one, and the claim succeeds.
        if (outcome.kind === 'claimed') expect(await whoAnswers(machine), story).toBe(process.pid);
        else
          expect(
            left.filter((line) => /^tmp\./.test(line)),
            story,
          ).toEqual([]);
        if (outcome.kind === 'failed' && outcome.failure.kind === 'claim-failed') {
          expect(outcome.failure.cause.code, story).toBe(code);
          expect(outcome.failure.path, story).toContain(HOME);
          expect(
            left.filter((line) => line.startsWith('spawn.lock')),
            story,
          ).toEqual([]);
        } else if (outcome.kind === 'gave-way') expect(outcome.doubt, story).toMatchObject({ code });
        else if (outcome.kind === 'failed') expect(index, story).toBeLessThan(PREPARING);
        process.kill();
        expect((await claimIn(machine)).outcome.kind, story).toBe('claimed');
      }
    },
  );
});

it('a candidate that gives way closes its listener before it removes its socket: a late close could remove another’s', async () => {
  const machine = new MemoryMachine();
  machine.files.makeDirectories(inHome('spawn.lock'));
  machine.files.createFile(inHome('spawn.lock/9-a'), '');
  const process = machine.start();
  const stepper = stepperFor(process, { lock: handedLock(HOME, '9-a') });
  await holdBefore(stepper, BEFORE.publish);
  // The race: another candidate is faster.
  await daemonIn(machine);
  const calls: string[] = [];
  process.onCall = ({ method, args }) => calls.push(`${method} ${args.join(' ')}`);
  while (stepper.next !== undefined) await stepper.take();
  expect(stepper.outcome?.kind).toBe('gave-way');
  expect(calls).toContain('close ');
  expect(calls.indexOf('close ')).toBeLessThan(calls.findIndex((call) => call.startsWith('removeTree')));
  expect(tree(machine).filter((line) => /^(?:tmp|spawn)/.test(line))).toEqual([]);
});

describe('a candidate does not', () => {
  /** The calls of a claim, each as a line. */
  async function callsOf(machine: MemoryMachine, changes: Partial<ClaimPlan> = {}): Promise<string[]> {
    const process = machine.start();
    const calls: string[] = [];
    process.onCall = ({ method, args }) => calls.push(`${method} ${args.join(' ')}`);
    await claimIn(machine, changes, process);
    return calls;
  }

  it('probe where there is no generation', async () => {
    const calls = await callsOf(new MemoryMachine());
    expect(calls.filter((call) => call.startsWith('connect'))).toEqual([]);
  });

  it('probe a dead generation twice, or its own at all', async () => {
    const machine = await withTombstone();
    for (const generation of [2, 3]) await leaveGeneration(machine, generation);
    const calls = await callsOf(machine);
    const probed = calls.filter((call) => call.startsWith('connect')).map((call) => call.split(' ')[1]);
    expect(probed[0]).toBe(inHome('3/sock'));
    expect([...probed].sort()).toEqual([1, 2, 3].map((generation) => inHome(`${generation}/sock`)));
  });

  it('look again before it follows a dead daemon', async () => {
    const late = await heldBefore(await withTombstone(), BEFORE.probe);
    await late.stepper.take();
    const methods: string[] = [];
    for (; late.stepper.next?.method !== 'rename'; await late.stepper.take())
      methods.push(late.stepper.next?.method ?? 'ended');
    expect(methods).toEqual(['makeDirectory', 'createFile', 'listen']);
  });

  it('create a file, or listen, where a daemon serves', async () => {
    const machine = new MemoryMachine();
    await daemonIn(machine);
    const calls = await callsOf(machine);
    expect(calls.map((call) => call.split(' ')[0])).toEqual([
      'inspect',
      'inspect',
      'readLink',
      'inspect',
      'connect',
      'readLink',
    ]);
  });

  it('leave a dead generation behind, where a second probe could not tell', async () => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    (await daemonIn(machine, { platform: 'darwin' })).kill();
    await claimIn(machine, { platform: 'darwin' });
    expect(tree(machine)).toEqual(onlyGeneration(2));
  });

  it('unlink, rename or remove the files of others when it gives way', async () => {
    const machine = new MemoryMachine();
    await daemonIn(machine);
    const calls = await callsOf(machine, { lock: handedLock(HOME, '7-starter') });
    const own = /tmp\.|7-starter/;
    expect(calls.filter((call) => /^(?:rename|remove)/.test(call) && !own.test(call))).toEqual([]);
  });
});

describe('a failed call ends the claim', () => {
  const generation = /\/[12]$/;
  it.each([
    { method: 'readLink', act: 'reading', path: inHome('current'), matching: /current$/ },
    { method: 'list', act: 'listing', path: HOME, matching: /name$/ },
    { method: 'inspect', act: 'inspecting', path: inHome('1'), matching: generation },
    { method: 'rename', act: 'publishing', path: inHome('1'), matching: generation },
    { method: 'makeLink', act: 'making the link', path: inHome('tmp.'), matching: /link$/ },
    { method: 'rename', act: 'repointing', path: inHome('current'), matching: /current$/ },
    { method: 'makeDirectory', act: 'making', path: inHome('tmp.'), matching: /tmp/ },
    { method: 'createFile', act: 'writing the owner file in', path: inHome('tmp.'), matching: /owner/ },
    { method: 'listen', act: 'listening in', path: inHome('tmp.'), matching: /sock/ },
  ] as const)('$method: $act', async ({ method, act, path, matching }) => {
    const machine = withHome();
    machine.faults.plant({ method, code: 'EIO', matching });
    const { outcome } = await claimIn(machine);
    expect(outcome).toMatchObject({
      kind: 'failed',
      failure: { kind: 'claim-failed', act, cause: { code: 'EIO' } },
    });
    expect(
      outcome.kind === 'failed' && outcome.failure.kind === 'claim-failed' && outcome.failure.path,
    ).toContain(path);
    expect(tree(machine).filter((line) => line.startsWith('tmp.'))).toEqual([]);
  });

  it.each(['EEXIST', 'EISDIR'])(
    'but a `current` that is in the way (%s) is moved, also if another candidate has moved it already',
    async (code) => {
      const machine = withHome();
      machine.faults.plant({ method: 'rename', code, matching: /current$/ });
      const { process, outcome } = await claimIn(machine);
      expect(outcome).toEqual({ kind: 'claimed', generation: 1 });
      expect(await whoAnswers(machine)).toBe(process.pid);
    },
  );
});

describe('killed before any of its calls', () => {
  it('a candidate leaves nothing that blocks the next one, or that stays for good', async () => {
    const alone = await withTombstone();
    const counted = alone.start();
    let calls = 0;
    counted.onCall = () => {
      calls += 1;
    };
    await claimIn(alone, {}, counted);
    for (let index = 0; index < calls; index += 1) {
      const machine = await withTombstone();
      const doomed = machine.start();
      let call = 0;
      doomed.onCall = () => {
        if (call === index) doomed.kill();
        call += 1;
      };
      void doomed.run(() => toTheEnd(stepperFor(doomed)));
      await machine.clock.settle();
      expect(doomed.activity, `call ${index}`).toBe('gone');
      await machine.clock.advance(60_000);
      const next = await claimIn(machine);
      expect(next.outcome.kind, `call ${index}`).toBe('claimed');
      expect(await whoAnswers(machine), `call ${index}`).toBe(next.process.pid);
      expect(tree(machine)).toHaveLength(4);
    }
  });
});
