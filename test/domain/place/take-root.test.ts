/** How a scope takes a state directory, or makes its part of it, and what age removes. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import { recordLayout, recordOf } from '../../../src/domain/place/layout.js';
import { GONE_MS, partOf, type Standing, standingIn } from '../../../src/domain/place/scope.js';
import { collectParts, makeRecord, publishRecord, touchRecord } from '../../../src/domain/place/take-root.js';
import { runSync } from '../../../src/domain/procedure/run.js';
import { nonceFor, ROOT, USER_ID } from '../../support/plans.js';

const MACHINE = { machine: 'm', bootedMs: 500, wallMs: 1_000 };

/** Takes the place as a process does: what is made, and whether it is what the others see. */
function take(process: MemoryProcess, scope: string, standing: Standing): 'published' | 'left' {
  const plan = { asked: ROOT, standing, scope, machine: 'm', userId: USER_ID, nonce: nonceFor(process) };
  const made = runSync(makeRecord(plan), process.ports);
  return made.kind === 'left' ? 'left' : runSync(publishRecord(made), process.ports);
}

const standing = ({ files }: MemoryMachine, scope: string): Standing =>
  standingIn(ROOT, scope, files, () => MACHINE);

const namesIn = ({ files }: MemoryMachine): readonly string[] => {
  const listed = files.list(ROOT);
  return listed.kind === 'names' ? [...listed.names].sort() : [];
};

/** Sets when a record was touched. */
function touchedAt({ disk }: MemoryMachine, root: string, modifiedMs: number): void {
  Object.assign(disk.get(recordLayout.directory(root), 'keep', 'stat'), { modifiedMs });
}

describe('a state directory', () => {
  it('that is not there is made, and is its first scope’s', () => {
    const machine = new MemoryMachine();
    expect(take(machine.start(), 'b1.one', 'free')).toBe('published');
    expect(standing(machine, 'b1.one')).toBe('own');
    expect(namesIn(machine)).toEqual(['.scope']);
  });

  it.each(['own', 'part'] as const)('makes nothing where the place is its own (%s)', (kind) => {
    const machine = new MemoryMachine();
    machine.files.makeDirectories(ROOT);
    expect(take(machine.start(), 'b1.one', kind)).toBe('left');
    expect(namesIn(machine)).toEqual([]);
  });

  it('has a part for another scope', () => {
    const machine = new MemoryMachine();
    take(machine.start(), 'b1.one', 'free');
    expect(take(machine.start(), 'b1.two', standing(machine, 'b1.two'))).toBe('published');
    expect([standing(machine, 'b1.one'), standing(machine, 'b1.two')]).toEqual(['own', 'part']);
    expect(machine.files.readLink(recordOf(partOf(ROOT, 'b1.two')))).toMatchObject({ target: 'b1.two' });
  });

  it('of another user stays as it is', () => {
    const machine = new MemoryMachine();
    machine.disk.create(ROOT, { type: 'directory', userId: USER_ID + 1, mode: 0o777 }, 'mkdir');
    expect(take(machine.start(), 'b1.one', 'free')).toBe('left');
    expect(namesIn(machine)).toEqual([]);
  });

  it('leaves nothing of the one that lost', () => {
    const machine = new MemoryMachine();
    const [first, second] = [machine.start(), machine.start()];
    second.onCall = ({ method }) => {
      if (method === 'rename') take(first, 'b1.one', 'free');
    };
    expect(take(second, 'b1.two', 'free')).toBe('left');
    expect(standing(machine, 'b1.one')).toBe('own');
    expect(namesIn(machine)).toEqual(['.scope']);
  });
});

describe('a record of a boot that is over', () => {
  it('is taken by one of two', () => {
    const machine = new MemoryMachine();
    take(machine.start(), 'b1.one', 'free');
    touchedAt(machine, ROOT, 100);
    expect(standing(machine, 'b2.one')).toBe('over');
    const [first, second] = [machine.start(), machine.start()];
    let isFirst = true;
    second.onCall = ({ method }) => {
      if (method === 'rename' && isFirst) take(first, 'b2.one', 'over');
      if (method === 'rename') isFirst = false;
    };
    expect(take(second, 'b2.two', 'over')).toBe('left');
    expect(standing(machine, 'b2.one')).toBe('own');
    // The record that is over keeps a third process from moving this one away.
    expect(namesIn(machine).map((name) => name.replace(/-.*/, '-…'))).toEqual(['.scope', '.scope-…']);
  });

  it('stays one, however many boots there were', () => {
    const machine = new MemoryMachine();
    take(machine.start(), 'b1.one', 'free');
    for (const boot of ['b2', 'b3', 'b4']) {
      touchedAt(machine, ROOT, 100);
      expect(take(machine.start(), `${boot}.one`, 'over')).toBe('published');
    }
    expect(namesIn(machine)).toHaveLength(2);
  });
});

describe('age', () => {
  it('removes parts that have not been seen for a month, and no other', () => {
    const machine = new MemoryMachine();
    for (const [scope, kind] of [
      ['b1.one', 'free'],
      ['b1.two', 'new-part'],
      ['b1.three', 'new-part'],
    ] as const)
      take(machine.start(), scope, kind);
    const [two, three] = [partOf(ROOT, 'b1.two'), partOf(ROOT, 'b1.three')];
    touchedAt(machine, ROOT, GONE_MS + 1_000);
    touchedAt(machine, two, 999);
    touchedAt(machine, three, 1_000);
    expect(runSync(collectParts(ROOT), machine.start().ports)).toEqual([two]);
    expect([standing(machine, 'b1.two'), standing(machine, 'b1.three')]).toEqual(['new-part', 'part']);
  });

  it('begins anew when a daemon touches the record', async () => {
    const machine = new MemoryMachine();
    take(machine.start(), 'b1.one', 'free');
    touchedAt(machine, ROOT, -5);
    const process = machine.start();
    runSync(touchRecord(ROOT, nonceFor(process)), process.ports);
    expect(machine.files.inspect(recordLayout.directory(ROOT))).toMatchObject({
      entry: { modifiedMs: machine.clock.now().wallMs },
    });
    expect(machine.files.readLink(recordOf(ROOT))).toMatchObject({ target: 'b1.one' });
  });
});
