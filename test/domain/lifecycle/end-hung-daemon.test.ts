/** Ends a daemon that does not answer: with proof, step by step, and no other process. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../../src/adapters/memory/memory-machine.js';
import type { MemoryProcess } from '../../../src/adapters/memory/memory-process.js';
import type { Identity } from '../../../src/domain/evidence/identity.js';
import { ownerText } from '../../../src/domain/evidence/owner.js';
import {
  endHungDaemon,
  type TerminationOutcome,
  type TerminationPlan,
} from '../../../src/domain/lifecycle/end-hung-daemon.js';
import { layout } from '../../../src/domain/place/layout.js';
import { run } from '../../../src/domain/procedure/run.js';
import { identityOf, ownerOf } from '../../support/plans.js';

const DIRECTORY = '/state/name';

interface Scene {
  readonly machine: MemoryMachine;
  readonly daemon: MemoryProcess;
  readonly caller: MemoryProcess;
}

/** A daemon that owns the name according to the files, and a caller that ends it. */
function scene(): Scene {
  const machine = new MemoryMachine();
  const daemon = machine.start();
  const caller = machine.start();
  const { files } = daemon.ports;
  files.makeDirectories(layout.generation(DIRECTORY, 1));
  files.createFile(`${layout.generation(DIRECTORY, 1)}/owner.json`, ownerText(ownerOf(daemon)));
  files.makeLink('1', layout.current(DIRECTORY));
  return { machine, daemon, caller };
}

async function terminate(
  { machine, caller }: Scene,
  { self, ...changes }: Partial<TerminationPlan> & { readonly self?: Identity } = {},
): Promise<TerminationOutcome> {
  const plan: TerminationPlan = {
    directory: DIRECTORY,
    ancestors: [],
    graceMs: 1_000,
    killMs: 1_000,
    last: 'SIGKILL',
    ...changes,
  };
  const processes = { ...caller.ports.processes, ...(self === undefined ? {} : { self: () => self }) };
  const ending = caller.run((ports) => run(endHungDaemon(plan), { ...ports, processes }));
  return machine.clock.finish(ending);
}

describe('a daemon that must end', () => {
  it('ends by SIGTERM', async () => {
    const made = scene();
    expect(await terminate(made)).toEqual({ kind: 'ended', pid: made.daemon.pid, by: 'SIGTERM' });
    expect(made.daemon.activity).toBe('gone');
  });

  it('is left alone after SIGTERM if that is to be the last', async () => {
    const made = scene();
    made.daemon.onTerm = () => {};
    const outcome = await terminate(made, { last: 'SIGTERM' });
    expect(outcome).toEqual({ kind: 'still-there', pid: made.daemon.pid });
    expect(made.daemon.activity).toBe('running');
  });

  it('ends by SIGKILL after its grace period if it ignores SIGTERM', async () => {
    const made = scene();
    made.daemon.onTerm = () => {};
    const before = made.machine.clock.now().monotonicMs;
    expect(await terminate(made)).toEqual({ kind: 'ended', pid: made.daemon.pid, by: 'SIGKILL' });
    expect(made.machine.clock.now().monotonicMs - before).toBeGreaterThanOrEqual(1_000);
  });

  it('ends by SIGKILL while it is stopped', async () => {
    const made = scene();
    made.daemon.stop();
    expect(await terminate(made)).toEqual({ kind: 'ended', pid: made.daemon.pid, by: 'SIGKILL' });
  });

  it('gets its exact grace period, and its exact time after SIGKILL', async () => {
    const made = scene();
    const { machine, caller, daemon } = made;
    const sent: [string, number][] = [];
    const begunMs = machine.clock.now().monotonicMs;
    const plan = {
      directory: DIRECTORY,
      ancestors: [],
      graceMs: 1_000,
      killMs: 300,
      last: 'SIGKILL',
    } as const;
    const ending = caller.run((ports) =>
      run(endHungDaemon(plan), {
        ...ports,
        processes: {
          // The process hangs in the kernel: no signal ends it.
          ...ports.processes,
          lookUp: () => ({ kind: 'present', startTime: identityOf(daemon).startTime, activity: 'running' }),
          signal: (_, name) => {
            sent.push([name, machine.clock.now().monotonicMs - begunMs]);
            return { kind: 'done' };
          },
        },
      }),
    );
    expect(await machine.clock.finish(ending)).toEqual({ kind: 'still-there', pid: daemon.pid });
    expect(sent).toEqual([
      ['SIGTERM', 0],
      ['SIGKILL', 1_000],
    ]);
    expect(machine.clock.now().monotonicMs - begunMs).toBe(1_300);
  });

  it('that ends between the last look and SIGKILL has ended by SIGTERM, and gets no other signal', async () => {
    const made = scene();
    const { machine, caller, daemon } = made;
    daemon.onTerm = () => {};
    const signals: string[] = [];
    let looks = 0;
    caller.onCall = ({ method }) => {
      if (method === 'signal') signals.push(method);
      if (method !== 'lookUp' || machine.clock.now().monotonicMs < 1_000) return;
      looks += 1;
      // The first look of that moment still sees it; the proof before the signal does not.
      if (looks === 2) daemon.kill();
    };
    expect(await terminate(made)).toEqual({ kind: 'ended', pid: daemon.pid, by: 'SIGTERM' });
    expect(signals).toHaveLength(1);
  });

  it('that is gone already gets no signal', async () => {
    const made = scene();
    made.daemon.kill();
    expect(await terminate(made)).toEqual({ kind: 'gone' });
  });
});

describe('it ends no other process:', () => {
  it('a later process with the same id', async () => {
    const made = scene();
    made.daemon.kill();
    const other = made.machine.start({ pid: made.daemon.pid });
    expect(await terminate(made)).toEqual({ kind: 'gone' });
    expect(other.activity).toBe('running');
  });

  it('a later process with the same id that starts between SIGTERM and SIGKILL', async () => {
    const made = scene();
    made.daemon.stop();
    const { caller, daemon, machine } = made;
    let other: MemoryProcess | undefined;
    caller.onCall = ({ method }) => {
      if (method !== 'lookUp' || machine.clock.now().monotonicMs < 1_900 || other !== undefined) return;
      daemon.kill();
      other = machine.start({ pid: daemon.pid });
    };
    expect(await terminate(made)).toMatchObject({ kind: 'ended', by: 'SIGTERM' });
    expect(other?.activity).toBe('running');
  });

  it.each<[string, (made: Scene) => Parameters<typeof terminate>[1], object]>([
    ['an ancestor', ({ daemon }) => ({ ancestors: [1, daemon.pid] }), { why: 'ancestor' }],
    ['the caller itself', ({ daemon }) => ({ self: identityOf(daemon) }), { why: 'ancestor' }],
    [
      'a process of another pid namespace',
      ({ caller }) => ({ self: { ...identityOf(caller), pidNamespace: 'another' } }),
      { why: 'not-visible' },
    ],
    [
      'a process without an owner file',
      () => ({ directory: '/elsewhere' }),
      { why: 'no-owner', pid: undefined },
    ],
  ])('%s', async (_, changes, expected) => {
    const made = scene();
    const outcome = await terminate(made, changes(made));
    expect(outcome).toMatchObject({ kind: 'unproven', ...expected });
    expect(made.daemon.activity).toBe('running');
  });

  it('and reports a refused signal', async () => {
    const made = scene();
    made.machine.faults.plant({ method: 'signal', code: 'EPERM' });
    expect(await terminate(made)).toMatchObject({ kind: 'refused', cause: { code: 'EPERM' } });
  });
});
