/** What the process table says about processes that left their identity on disk. */

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

  it('is dead, with unknown activity', () => {
    const { machine, process } = withOwner();
    process.kill();
    expect(sighted(machine)).toMatchObject({ vitality: 'dead', activity: 'unknown' });
  });

  it('is dead, and its id was reused by a stopped process', () => {
    const { machine, process } = withOwner();
    process.kill();
    machine.start({ pid: process.pid }).stop();
    expect(sighted(machine)).toMatchObject({ vitality: 'dead', activity: 'unknown' });
  });

  describe('that holds a file', () => {
    function holding() {
      const machine = new MemoryMachine();
      const process = machine.start();
      const owner = { ...ownerOf(process), startTime: '', held: true } as const;
      machine.files.createFile('/owner.json', ownerText(owner));
      process.ports.witness.hold('/alive');
      return { machine, process, owner };
    }

    it('lives, also without a start time', () => {
      const { machine, process } = holding();
      expect(sighted(machine)).toMatchObject({ vitality: 'alive', activity: 'running' });
      process.stop();
      expect(sighted(machine)).toMatchObject({ vitality: 'alive', activity: 'stopped' });
    });

    it('is dead, though its id is used again', () => {
      const { machine, process } = holding();
      process.kill();
      machine.start({ pid: process.pid });
      expect(sighted(machine)).toMatchObject({ vitality: 'dead', activity: 'unknown' });
    });

    it.each(['EMFILE', 'ENOTSUP'])('is known by its process where the look fails with %s', (code) => {
      const { machine, process } = holding();
      const observer = machine.start();
      const failed = { kind: 'failed', cause: { code, message: '' } } as const;
      const ports = { ...observer.ports, witness: { ...observer.ports.witness, look: () => failed } };
      expect(runSync(sightOwner('/owner.json'), ports)).toMatchObject({ vitality: 'unknown' });
      process.kill();
      expect(runSync(sightOwner('/owner.json'), ports)).toMatchObject({ vitality: 'dead' });
    });

    it('can’t be told where another daemon has come in between', () => {
      const { machine, owner } = holding();
      const observer = machine.start();
      observer.onCall = ({ method }) => {
        if (method !== 'look') return;
        machine.files.removeFile('/owner.json');
        machine.files.createFile('/owner.json', ownerText({ ...owner, pid: 77 }));
      };
      expect(runSync(sightOwner('/owner.json'), observer.ports)).toMatchObject({ vitality: 'unknown' });
    });
  });

  it('can’t be seen', () => {
    const { machine } = withOwner();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM' });
    expect(sighted(machine)).toMatchObject({ vitality: 'unknown', activity: 'unknown' });
  });

  it('without a start time is stopped all the same, unproven', () => {
    const { machine, process } = withOwner();
    machine.files.removeFile('/owner.json');
    machine.files.createFile('/owner.json', ownerText({ ...ownerOf(process), startTime: '' }));
    process.stop();
    expect(sighted(machine)).toMatchObject({ vitality: 'unknown', activity: 'stopped' });
  });

  it.each(['', '{}', 'null'])('is nobody if the file is foreign: %j', (text) => {
    expect(sighted(withOwner(text).machine)).toEqual({ kind: 'nobody' });
  });

  it('is nobody if there is no file', () => {
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

  it('lives as long as its holder if there is no child', () => {
    const { machine, holder } = holderAndChild();
    expect(vitality(machine, record(identityOf(holder))).vitality).toBe('alive');
    holder.kill();
    expect(vitality(machine, record(identityOf(holder))).vitality).toBe('dead');
  });

  it('lives as long as its child, even without the holder: a kick ends at once', () => {
    const { machine, holder, child } = holderAndChild();
    holder.kill();
    const seen = vitality(machine, record(identityOf(holder), identityOf(child)));
    expect(seen).toEqual({ vitality: 'alive', looked: [child.pid] });
  });

  it('is dead when its child is dead, even if the holder lives on for days', () => {
    const { machine, holder, child } = holderAndChild();
    child.kill();
    const seen = vitality(machine, record(identityOf(holder), identityOf(child)));
    expect(seen).toEqual({ vitality: 'dead', looked: [child.pid] });
  });

  it('lives as long as its holder if the child can’t be seen', () => {
    const { machine, holder, child } = holderAndChild();
    const blind = { ...identityOf(child), startTime: '' };
    const seen = vitality(machine, record(identityOf(holder), blind));
    expect(seen).toEqual({ vitality: 'alive', looked: [child.pid, holder.pid] });
    holder.kill();
    expect(vitality(machine, record(identityOf(holder), blind)).vitality).toBe('dead');
  });

  it('is unknown if neither can be seen', () => {
    const { machine, holder, child } = holderAndChild();
    machine.faults.plant({ method: 'lookUp', code: 'EPERM', times: 2 });
    expect(vitality(machine, record(identityOf(holder), identityOf(child))).vitality).toBe('unknown');
  });

  it('is unknown, without a look, if the lock is foreign', () => {
    const observer = new MemoryMachine().start();
    observer.onCall = ({ method }) => expect.unreachable(method);
    const foreign = { kind: 'foreign', type: 'other', modifiedMs: 0 } as const;
    expect(runSync(sightLock(foreign), observer.ports)).toBe('unknown');
  });

  it('is under way by its id alone, on a system without start times', () => {
    const machine = new MemoryMachine();
    const holder = machine.start();
    const who = { ...identityOf(holder), startTime: '', pidNamespace: '' };
    const record: LockRecord = { nonce: '1-a', holder: who, wallMs: 0, readyMs: 1, child: undefined };
    const observer = machine.start();
    const self = { ...identityOf(observer), startTime: '', pidNamespace: '' };
    const { lookUp, signal } = observer.ports.processes;
    const ports = { ...observer.ports, processes: { self: () => self, lookUp, signal } };
    const look = () => runSync(sightLock({ kind: 'record', record }), ports);
    expect(look()).toBe('alive');
    holder.kill();
    expect(look()).toBe('dead');
  });
});
