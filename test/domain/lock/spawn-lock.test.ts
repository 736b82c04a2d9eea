/** The spawn lock: taking, looking, taking over, releasing, judging. */

import { describe, expect, it } from 'vitest';
import type { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { Stepper } from '../../../src/adapters/memory/stepper.js';
import { childText, handedLock, releaseLock } from '../../../src/domain/lock/held-lock.js';
import {
  type ContendedLock,
  isStale,
  isUnderWay,
  lockAgeMs,
  lockKey,
  lookAtLock,
  recordText,
} from '../../../src/domain/lock/spawn-lock.js';
import { DEFAULT_TIMING } from '../../../src/domain/lock/timing.js';
import {
  CONTENDED,
  heldBy,
  home,
  LOCK,
  lockOf,
  look,
  lookContended,
  over,
  release,
  take,
} from '../../support/locks.js';
import { HOME, identityOf, inHome, nonceFor, tree } from '../../support/plans.js';

describe('taking', () => {
  it('makes one directory with one file, which names the holder and the time', () => {
    const { machine, a, b } = home();
    const { wallMs } = machine.clock.now();
    expect(take(a)).toEqual(heldBy(a));
    expect(tree(machine)).toEqual(['spawn.lock/', `spawn.lock/${nonceFor(a)}`]);
    const record = { nonce: nonceFor(a), holder: identityOf(a), wallMs, readyMs: 1_500, child: undefined };
    expect(look(b)).toEqual({ kind: 'record', record });
  });

  it('a held lock is contended, and leaves no trace', () => {
    const { machine, a, b } = home();
    take(a);
    const before = tree(machine);
    expect([take(b), take(b)]).toEqual([CONTENDED, CONTENDED]);
    expect(tree(machine)).toEqual(before);
  });

  it('an empty directory is a lock that nobody holds', () => {
    const { machine, a } = home();
    machine.files.makeDirectory(LOCK);
    expect(look(a)).toEqual({ kind: 'free' });
    expect(take(a)).toEqual(heldBy(a));
  });

  it.each(['ENOSPC', 'EACCES', 'EMFILE', 'EROFS'])('an errno does not count as contention: %s', (code) => {
    const METHODS = [
      { method: 'makeDirectory', during: 'preparing' },
      { method: 'createFile', during: 'preparing' },
      { method: 'rename', during: 'taking' },
    ] as const;
    for (const { method, during } of METHODS) {
      const { machine, a, b } = home();
      take(b);
      machine.faults.plant({ method, code });
      expect(take(a)).toMatchObject({ kind: 'error', cause: { code }, during });
      expect(tree(machine), method).toHaveLength(2);
    }
  });

  it('without the directory is an error', () => {
    const { machine, a } = home();
    machine.files.removeTree(HOME);
    expect(take(a)).toMatchObject({ kind: 'error', during: 'preparing', cause: { code: 'ENOENT' } });
  });

  it('removes a private directory of an earlier attempt, and the next attempt succeeds', () => {
    const { machine, a } = home();
    machine.files.makeDirectories(inHome(`tmp.${nonceFor(a)}.lock/${nonceFor(a)}`));
    expect([take(a), take(a)]).toEqual([CONTENDED, heldBy(a)]);
    expect(tree(machine)).toHaveLength(2);
  });

  it.each([
    { name: 'a plain file', lies: ({ files }: MemoryMachine) => files.createFile(LOCK, '') },
    { name: 'a dangling link', lies: ({ files }: MemoryMachine) => files.makeLink('nowhere', LOCK) },
    { name: 'a link to itself', lies: ({ files }: MemoryMachine) => files.makeLink('spawn.lock', LOCK) },
    {
      name: 'a directory with junk',
      lies: ({ files }: MemoryMachine) => files.makeDirectories(`${LOCK}/junk`),
    },
  ])('$name in the way is contention', ({ lies }) => {
    const { machine, a } = home();
    lies(machine);
    const before = tree(machine);
    expect(take(a)).toEqual(CONTENDED);
    expect(tree(machine)).toEqual(before);
  });
});

describe('looking', () => {
  it('sees the child, once the holder has noted it', () => {
    const { machine, a, b } = home();
    take(a);
    const child = identityOf(machine.start());
    a.ports.files.appendText(`${LOCK}/${nonceFor(a)}`, childText(child));
    expect(look(b)).toMatchObject({ record: { child } });
  });

  it('sees a free lock where there is nothing', () => {
    expect(look(home().a)).toEqual({ kind: 'free' });
  });

  it('the race with a release: before any call of the look, the lock is held or free', () => {
    for (let call = 0; call < 3; call += 1) {
      const { a, b } = home();
      take(a);
      let calls = 0;
      b.onCall = () => {
        if (calls === call) release(a);
        calls += 1;
      };
      expect(look(b), `released before call ${call}`).toEqual({ kind: 'free' });
    }
  });

  it('the race with the removal of something foreign: it is foreign or free', () => {
    const { machine, a } = home();
    machine.files.makeDirectories(`${LOCK}/junk`);
    const looker = new Stepper(lookAtLock(HOME), a.ports);
    looker.takeSync();
    machine.files.removeTree(LOCK);
    looker.takeSync();
    expect(looker.outcome).toEqual({ kind: 'free' });
  });

  interface Foreign {
    readonly name: string;
    readonly type: 'directory' | 'other';
    readonly lies: (machine: MemoryMachine) => unknown;
  }
  const nonce = '77-abc';
  const textFor = (name: string): string => {
    const holder = { pid: 7, startTime: '1', bootId: 'boot', pidNamespace: 'namespace' };
    return recordText({ nonce: name, holder, readyMs: 1_500 }, 0);
  };
  const FOREIGN: readonly Foreign[] = [
    { name: 'a plain file', type: 'other', lies: ({ files }) => files.createFile(LOCK, '77') },
    { name: 'a dangling link', type: 'other', lies: ({ files }) => files.makeLink('nowhere', LOCK) },
    {
      name: 'a link to an empty directory',
      type: 'other',
      lies: ({ files }) => [files.makeDirectory(inHome('d')), files.makeLink('d', LOCK)],
    },
    { name: 'a link to itself', type: 'other', lies: ({ files }) => files.makeLink('spawn.lock', LOCK) },
    {
      name: 'a link to a file',
      type: 'other',
      lies: ({ files }) => [files.createFile(inHome('f'), ''), files.makeLink('f', LOCK)],
    },
    { name: 'a socket', type: 'other', lies: (machine) => machine.start().ports.listener.listen(LOCK) },
    {
      name: 'a directory with junk',
      type: 'directory',
      lies: ({ files }) => files.makeDirectories(`${LOCK}/junk`),
    },
    {
      name: 'a directory with two records',
      type: 'directory',
      lies: ({ files }) => [
        files.makeDirectory(LOCK),
        files.createFile(`${LOCK}/1-a`, textFor('1-a')),
        files.createFile(`${LOCK}/2-a`, textFor('2-a')),
      ],
    },
    {
      name: 'a directory with a record under a name that no process makes',
      type: 'directory',
      lies: ({ files }) => [files.makeDirectory(LOCK), files.createFile(`${LOCK}/JUNK`, textFor('JUNK'))],
    },
    {
      name: 'a directory with a record of another name',
      type: 'directory',
      lies: ({ files }) => [files.makeDirectory(LOCK), files.createFile(`${LOCK}/1-a`, textFor('2-a'))],
    },
    {
      name: 'a directory with an empty record',
      type: 'directory',
      lies: ({ files }) => [files.makeDirectory(LOCK), files.createFile(`${LOCK}/${nonce}`, '')],
    },
    {
      name: 'a directory for a record',
      type: 'directory',
      lies: ({ files }) => files.makeDirectories(`${LOCK}/${nonce}`),
    },
    {
      name: 'a directory that can’t be listed',
      type: 'directory',
      lies: ({ files, faults }) => [
        files.makeDirectories(`${LOCK}/x`),
        faults.plant({ method: 'list', code: 'EACCES' }),
      ],
    },
    {
      name: 'a record that can’t be read',
      type: 'directory',
      lies: ({ files, faults }) => [
        files.makeDirectory(LOCK),
        files.createFile(`${LOCK}/${nonce}`, ''),
        faults.plant({ method: 'readText', code: 'EACCES' }),
      ],
    },
  ];

  it.each(FOREIGN)('$name is foreign, and as old as its last change', async ({ type, lies }) => {
    const { machine, a, b } = home();
    lies(machine);
    const { wallMs } = machine.clock.now();
    await machine.clock.advance(5);
    const observed = look(a);
    expect(observed).toEqual({ kind: 'foreign', type, modifiedMs: wallMs });
    expect([lockKey(observed as ContendedLock), lockAgeMs(observed as ContendedLock, wallMs + 5)]).toEqual([
      `foreign ${wallMs}`,
      5,
    ]);
    expect(over(b, observed as ContendedLock)).toEqual(heldBy(b));
    expect(tree(machine).filter((line) => /^(?:trash|tmp)/.test(line))).toEqual([]);
  });

  it('a lock that can’t be inspected is foreign, and old enough to take over', () => {
    const { machine, a } = home();
    machine.files.makeDirectories(`${LOCK}/junk`);
    machine.faults.plant({ method: 'inspect', code: 'EIO' });
    expect(look(a)).toEqual({ kind: 'foreign', type: 'other', modifiedMs: 0 });
  });
});

describe('taking over', () => {
  it('applies to the observed holder only: it fails if the lock has another holder by then', () => {
    const { machine, all, a, b } = home(3);
    const [, , c] = all as [MemoryProcess, MemoryProcess, MemoryProcess];
    take(a);
    const observed = lookContended(c);
    release(a);
    take(b);
    const before = tree(machine);
    expect(over(c, observed)).toEqual(CONTENDED);
    expect(tree(machine)).toEqual(before);
    expect(look(c)).toMatchObject({ record: { nonce: nonceFor(b) } });
  });

  it('a lock that has replaced a plain file is not touched, not even to put it back', () => {
    const { machine, a, b } = home();
    machine.files.createFile(LOCK, '');
    const observed = lookContended(a);
    machine.files.removeFile(LOCK);
    take(b);
    const calls: string[] = [];
    a.onCall = ({ method }) => calls.push(method);
    expect(over(a, observed)).toEqual(CONTENDED);
    expect(calls).toEqual(['removeFile']);
  });

  it('replaces the record with its own', () => {
    const { machine, a, b } = home();
    take(a);
    expect(over(b, lookContended(b))).toEqual(heldBy(b));
    expect(tree(machine)).toEqual(['spawn.lock/', `spawn.lock/${nonceFor(b)}`]);
  });

  it.each(['EACCES', 'EIO', 'EXDEV'])('an act that the system refuses is an error: %s', (code) => {
    const { machine, a, b } = home();
    take(a);
    const observed = lookContended(b);
    machine.faults.plant({ method: 'removeFile', code });
    expect(over(b, observed)).toMatchObject({ kind: 'error', during: 'taking', path: LOCK, cause: { code } });
    expect(tree(machine)).toContain(`spawn.lock/${nonceFor(a)}`);
  });

  it('a directory with junk that can’t be moved is an error', () => {
    const { machine, a } = home();
    machine.files.makeDirectories(`${LOCK}/junk`);
    machine.faults.plant({ method: 'rename', code: 'EXDEV' });
    expect(over(a, lookContended(a))).toMatchObject({
      kind: 'error',
      during: 'taking',
      cause: { code: 'EXDEV' },
    });
  });

  it('junk that can’t be removed is moved out of the way', () => {
    const { machine, a } = home();
    machine.files.makeDirectories(`${LOCK}/junk`);
    machine.faults.plant({ method: 'removeTree', code: 'EACCES' });
    expect(over(a, lookContended(a))).toEqual(heldBy(a));
    expect(tree(machine)).toContain(`trash.${nonceFor(a)}.lock/junk/`);
  });

  it('of many processes that saw the same foreign directory, one takes the lock over', () => {
    const { machine, all } = home(5);
    machine.files.makeDirectories(`${LOCK}/junk`);
    const observed = { kind: 'foreign', type: 'directory', modifiedMs: 0 } as const;
    const outcomes = all.map((process) => over(process, observed).kind);
    expect(outcomes.filter((kind) => kind === 'held')).toHaveLength(1);
  });
});

describe('releasing', () => {
  it('removes the own lock, and accepts that it is gone already', () => {
    const { machine, a } = home();
    take(a);
    release(a);
    expect(tree(machine)).toEqual([]);
    release(a);
    expect(tree(machine)).toEqual([]);
  });

  it('leaves the lock of another process alone', () => {
    const { machine, a, b } = home();
    take(a);
    const before = tree(machine);
    release(b);
    expect(tree(machine)).toEqual(before);
  });

  it('without an own record removes nothing: another process may be about to take an empty lock', () => {
    const { machine, a } = home();
    machine.files.makeDirectory(LOCK);
    release(a);
    expect(tree(machine)).toEqual(['spawn.lock/']);
  });

  it('leaves a lock alone that was taken over', () => {
    const { a, b } = home();
    take(a);
    over(b, lookContended(b));
    release(a);
    expect(look(a)).toMatchObject({ record: { nonce: nonceFor(b) } });
  });

  it.each([undefined, '', '7', '../../elsewhere', '7-a/../../b', '7-A'])(
    'by a started process needs the nonce of its starter: %j is not one',
    (nonce) => {
      expect(handedLock(HOME, nonce)).toBeUndefined();
      expect(handedLock(HOME, '7-a')).toEqual({ directory: HOME, nonce: '7-a' });
    },
  );

  it('a process killed between its two calls leaves a free lock', () => {
    const { a, b } = home();
    take(a);
    const stepper = new Stepper(releaseLock(lockOf(a)), a.ports);
    stepper.takeSync();
    a.kill();
    expect(look(b)).toEqual({ kind: 'free' });
    expect(take(b)).toEqual(heldBy(b));
  });
});

describe('judging', () => {
  const wallMs = 1_000_000;
  const now = { monotonicMs: 3, wallMs };
  const { staleMs, futureMs } = DEFAULT_TIMING;
  const aged = (ageMs: number): ContendedLock => {
    const { a, b } = home();
    take(a);
    const observed = lookContended(b);
    if (observed.kind !== 'record') throw new Error(observed.kind);
    return { kind: 'record', record: { ...observed.record, wallMs: wallMs - ageMs, readyMs: 1_500 } };
  };
  const foreign = (ageMs: number): ContendedLock => ({
    kind: 'foreign',
    type: 'other',
    modifiedMs: wallMs - ageMs,
  });

  it.each([
    [0, false],
    [staleMs - 1, false],
    [staleMs, true],
    [staleMs * 1_000, true],
    [-1, false],
    [-futureMs, false],
    [-futureMs - 1, true],
    [-staleMs * 1_000, true],
  ])('a lock that is %i ms old is stale: %s', (ageMs, stale) => {
    expect([isStale(aged(ageMs), now, DEFAULT_TIMING), isStale(foreign(ageMs), now, DEFAULT_TIMING)]).toEqual(
      [stale, stale],
    );
  });

  it.each([
    [0, 'alive', true],
    [1_499, 'alive', true],
    [1_500, 'alive', false],
    [-500, 'alive', true],
    [0, 'dead', false],
    [0, 'unknown', false],
  ] as const)('a start that is %i ms old and %s is under way: %s', (ageMs, vitality, underWay) => {
    expect(isUnderWay(aged(ageMs), vitality, now)).toBe(underWay);
    expect(isUnderWay(foreign(ageMs), vitality, now)).toBe(false);
  });

  it('a record with impossible times is stale, and blocks nobody', () => {
    const infinite = (text: string): ContendedLock => {
      const observed = aged(0);
      if (observed.kind !== 'record') throw new Error(observed.kind);
      return { kind: 'record', record: { ...observed.record, wallMs: JSON.parse(text) } };
    };
    for (const text of ['1e999', '-1e999', '0', '1e300'])
      expect(isStale(infinite(text), now, DEFAULT_TIMING), text).toBe(true);
  });

  it('the nonce tells one contended lock from the next', () => {
    const { a, b } = home();
    take(a);
    expect(lockKey(lookContended(b))).toBe(nonceFor(a));
  });
});
