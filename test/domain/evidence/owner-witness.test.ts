/** What the process table says of those who left their identity on disk. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { Identity } from '../../../src/domain/evidence/identity.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import { sightOwner } from '../../../src/domain/evidence/owner-witness.js';
import { sightLock } from '../../../src/domain/lock/lock-witness.js';
import type { LockRecord } from '../../../src/domain/lock/spawn-lock.js';
import { runSync } from '../../../src/domain/procedure/run.js';
import { identityOf, ownerOf } from '../../support/plans.js';

describe('the owner of a generation', () => {
  function sighted(machine: MemoryMachine) {
    const observer = machine.start();
    return runSync(sightOwner('/owner.json'), observer.ports);
  }

  function withOwner(text?: string) {
    const machine = new MemoryMachine();
    const process = machine.start();
    machine.files.createFile('/owner.json', text ?? ownerText(ownerOf(process)));
    return { machine, process };
  }

  it('runs', () => {
    const { machine, process } = withOwner();
    const owner = ownerOf(process);
    expect(sighted(machine)).toEqual({ kind: 'owner', owner, vitality: 'alive', activity: 'running' });
  });

  it('is stopped', () => {
    const { machine, process } = withOwner();
    process.stop();
    expect(sighted(machine)).toMatchObject({ vitality: 'alive', activity: 'stopped' });
  });

  it('is dead: nobody asks what it does', () => {
    const { machine, process } = withOwner();
    process.kill();
    expect(sighted(machine)).toMatchObject({ vitality: 'dead', activity: 'unknown' });
  });

  it('is dead, and its id is another’s, who is stopped', () => {
    const { machine, process } = withOwner();
    process.kill();
    machine.start({ pid: process.pid }).stop();
    expect(sighted(machine)).toMatchObject({ vitality: 'dead', activity: 'unknown' });
  });

  it('can’t be seen', () => {
    const { machine } = withOwner();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM' });
    expect(sighted(machine)).toMatchObject({ vitality: 'unknown', activity: 'unknown' });
  });

  it('without a start time that could prove it is stopped all the same', () => {
    const { machine, process } = withOwner();
    machine.files.removeFile('/owner.json');
    machine.files.createFile('/owner.json', ownerText({ ...ownerOf(process), startTime: '' }));
    process.stop();
    expect(sighted(machine)).toMatchObject({ vitality: 'unknown', activity: 'stopped' });
  });

  it.each(['', '{}', 'null'])('is nobody, where the file is none of solod’s: %j', (text) => {
    expect(sighted(withOwner(text).machine)).toEqual({ kind: 'nobody' });
  });

  it('is nobody, where there is no file', () => {
    expect(sighted(new MemoryMachine())).toEqual({ kind: 'nobody' });
  });
});

describe('the start that a lock stands for', () => {
  const record = (holder: Identity, child?: Identity): LockRecord => ({
    nonce: '7-a',
    wallMs: 0,
    readyMs: 1_500,
    holder,
    child,
  });

  function vitality(machine: MemoryMachine, of: LockRecord) {
    const observer = machine.start();
    const looked: unknown[] = [];
    observer.onCall = ({ args }) => looked.push(args[0]);
    return { vitality: runSync(sightLock({ kind: 'record', record: of }), observer.ports), looked };
  }

  function holderAndChild() {
    const machine = new MemoryMachine();
    return { machine, holder: machine.start(), child: machine.start() };
  }

  it('lives with its holder as long as there is no child', () => {
    const { machine, holder } = holderAndChild();
    expect(vitality(machine, record(identityOf(holder))).vitality).toBe('alive');
    holder.kill();
    expect(vitality(machine, record(identityOf(holder))).vitality).toBe('dead');
  });

  it('lives with its child, whatever becomes of the holder: a kick is over at once', () => {
    const { machine, holder, child } = holderAndChild();
    holder.kill();
    const seen = vitality(machine, record(identityOf(holder), identityOf(child)));
    expect(seen).toEqual({ vitality: 'alive', looked: [child.pid] });
  });

  it('is dead with its child, also when the holder lives on for days', () => {
    const { machine, holder, child } = holderAndChild();
    child.kill();
    const seen = vitality(machine, record(identityOf(holder), identityOf(child)));
    expect(seen).toEqual({ vitality: 'dead', looked: [child.pid] });
  });

  it('is its holder’s where nothing can be told of the child', () => {
    const { machine, holder, child } = holderAndChild();
    const blind = { ...identityOf(child), startTime: '' };
    const seen = vitality(machine, record(identityOf(holder), blind));
    expect(seen).toEqual({ vitality: 'alive', looked: [child.pid, holder.pid] });
    holder.kill();
    expect(vitality(machine, record(identityOf(holder), blind)).vitality).toBe('dead');
  });

  it('is unknown where nothing can be told of either', () => {
    const { machine, holder, child } = holderAndChild();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM', times: 2 });
    expect(vitality(machine, record(identityOf(holder), identityOf(child))).vitality).toBe('unknown');
  });

  it('is unknown, without a look, where no solod wrote the lock', () => {
    const observer = new MemoryMachine().start();
    observer.onCall = ({ method }) => expect.unreachable(method);
    const foreign = { kind: 'foreign', type: 'other', modifiedMs: 0 } as const;
    expect(runSync(sightLock(foreign), observer.ports)).toBe('unknown');
  });
});
