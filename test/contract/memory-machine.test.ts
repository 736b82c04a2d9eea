/** The simulated host keeps its promises: processes, their deaths and restarts, faults, and stepping. */

import { describe, expect, it } from 'vitest';
import { MemoryMachine } from '../../src/adapters/memory/memory-machine.js';
import { Stepper } from '../../src/adapters/memory/stepper.js';
import { files, now, type Procedure, type Sync, sleep } from '../../src/domain/procedure/procedure.js';
import { run } from '../../src/domain/procedure/run.js';
import type { GreetReading } from '../../src/ports/socket-probe.js';

const DONE = { kind: 'done' };

describe('processes', () => {
  it('are told apart by their start times, also where a process id is used again', () => {
    const machine = new MemoryMachine();
    const first = machine.start({ pid: 42 });
    const { processes } = machine.start().ports;
    expect(processes.lookUp(42)).toEqual({
      kind: 'present',
      startTime: first.startTime,
      activity: 'running',
    });
    expect(() => machine.start({ pid: 42 })).toThrow('still exists');
    first.kill();
    expect(processes.lookUp(42)).toEqual({ kind: 'gone' });
    const second = machine.start({ pid: 42 });
    expect(second.startTime).not.toBe(first.startTime);
    expect(processes.lookUp(42)).toMatchObject({ startTime: second.startTime });
  });

  it('show what has become of them', () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    const { processes } = machine.start().ports;
    const activity = () => processes.lookUp(process.pid);
    process.stop();
    expect(activity()).toMatchObject({ activity: 'stopped' });
    process.resume();
    expect(activity()).toMatchObject({ activity: 'running' });
    process.kill('zombie');
    expect(activity()).toMatchObject({ kind: 'present', activity: 'zombie' });
    process.reap();
    expect(activity()).toEqual({ kind: 'gone' });
    expect(processes.lookUp(9)).toEqual({ kind: 'gone' });
    machine.faults.plant({ method: 'lookUp', code: 'EACCES' });
    expect(activity()).toMatchObject({ kind: 'hidden', cause: { code: 'EACCES' } });
  });

  it('have no effect once they are dead, and never hear of anything again', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    const reached: string[] = [];
    const program = process.run(async ({ clock, files }) => {
      await clock.sleep(10);
      reached.push('woken');
      files.makeDirectory('/d');
    });
    void program.then(() => reached.push('ended'));
    await machine.clock.advance(5);
    process.kill();
    expect(machine.clock.nextDueMs).toBe(undefined);
    await machine.clock.advance(10);
    expect(reached).toEqual([]);
    expect(() => process.ports.files.makeDirectory('/d')).toThrow('is dead');
    expect(machine.files.inspect('/d')).toEqual({ kind: 'absent' });
  });

  it('do not hear what a call has brought when they are killed before it comes back', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    let heard = 'nothing';
    void process.ports.probe.connect('/sock', 10).then(({ kind }) => {
      heard = kind;
    });
    process.kill();
    await machine.clock.settle();
    expect(heard).toBe('nothing');
  });

  it('can be killed before any call', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    const calls: string[] = [];
    process.onCall = ({ port, method, args }) => {
      calls.push(`${port}.${method} ${args.join(' ')}`);
      if (calls.length === 2) process.kill();
    };
    void process.run(async ({ files }) => {
      files.makeDirectory('/a');
      files.makeDirectory('/b');
      files.makeDirectory('/c');
    });
    await machine.clock.settle();
    expect(calls).toEqual(['files.makeDirectory /a', 'files.makeDirectory /b']);
    expect(machine.files.list('/')).toEqual({ kind: 'names', names: ['a'] });
  });

  it('get nothing back while they are stopped', async () => {
    const machine = new MemoryMachine();
    const process = machine.start();
    let wokenMs = 0;
    void process.run(async ({ clock }) => {
      await clock.sleep(10);
      wokenMs = clock.now().monotonicMs;
    });
    const { monotonicMs } = machine.clock.now();
    process.stop();
    await machine.clock.advance(50);
    expect(wokenMs).toBe(0);
    process.resume();
    await machine.clock.settle();
    expect(wokenMs).toBe(monotonicMs + 50);
  });
});

describe('starting processes', () => {
  it('hands the child to the test, and runs it after its parent has gone on', async () => {
    const machine = new MemoryMachine();
    const order: string[] = [];
    machine.onSpawn = (child, { reason, lockNonce, by }) => {
      void child.run(async () => {
        order.push(`child of ${by}: ${reason} ${lockNonce}`);
        child.print('cannot load\n');
        child.exit(3);
      });
    };
    const parent = machine.start({ pid: 7, userId: 12 });
    const { spawner } = parent.ports;
    const reading = spawner.spawn('cold', '7-nonce');
    order.push('parent');
    if (reading.kind !== 'spawned') throw new Error(reading.kind);
    expect(spawner.check(reading.pid)).toEqual({ kind: 'running' });
    await machine.clock.settle();
    expect(order).toEqual(['parent', 'child of 7: cold 7-nonce']);
    const ended = { kind: 'ended', code: 3, signal: undefined, lastOutput: 'cannot load\n' };
    expect(spawner.check(reading.pid)).toEqual(ended);
    expect(machine.lookUp(reading.pid)).toEqual({ kind: 'gone' });
    expect(() => machine.start().ports.spawner.check(reading.pid)).toThrow('was not started by');
  });

  it('says of a killed child which signal it was', () => {
    const machine = new MemoryMachine();
    machine.onSpawn = (child) => child.kill();
    const { spawner } = machine.start().ports;
    const reading = spawner.spawn('override', '');
    const pid = reading.kind === 'spawned' ? reading.pid : 0;
    expect(spawner.check(pid)).toMatchObject({ kind: 'ended', code: undefined, signal: 'SIGKILL' });
  });

  it('is refused, or throws, as the runtime would; every start is on record', () => {
    const machine = new MemoryMachine();
    machine.faults.plant({ method: 'spawn', code: 'EAGAIN' });
    machine.faults.plant({ method: 'spawn', code: 'E2BIG' });
    const { spawner } = machine.start({ pid: 7 }).ports;
    const kinds = (['cold', 'stale-lock', 'cold'] as const).map((reason) => spawner.spawn(reason, '').kind);
    expect(kinds).toEqual(['refused', 'threw', 'spawned']);
    const records = machine.spawns.map(({ by, reason, reading }) => [by, reason, reading.kind]);
    expect(records).toEqual([
      [7, 'cold', 'refused'],
      [7, 'stale-lock', 'threw'],
      [7, 'cold', 'spawned'],
    ]);
  });
});

describe('what a daemon says', () => {
  async function greeted(machine: MemoryMachine): Promise<GreetReading> {
    const { probe } = machine.start().ports;
    expect(await probe.connect('/sock', 10)).toEqual({ kind: 'connected' });
    return machine.clock.finish(probe.greet(10));
  }

  it('is scripted, one word for each, the last one for all that follow', async () => {
    const machine = new MemoryMachine();
    const daemon = machine.start();
    await daemon.ports.listener.listen('/sock');
    const words: readonly [GreetReading, ...GreetReading[]] = [
      { kind: 'accepted' },
      { kind: 'draining' },
      { kind: 'silent' },
      { kind: 'ended' },
      { kind: 'declined', message: 'does not load', exitCode: 3 },
    ];
    daemon.serve(...words);
    for (const word of [...words, words.at(-1)]) expect(await greeted(machine)).toEqual(word);
    expect(daemon.served).toBe(1);
  });

  it('comes when it serves: a caller that connects before waits', async () => {
    const machine = new MemoryMachine();
    const daemon = machine.start();
    await daemon.ports.listener.listen('/sock');
    const waiting = greeted(machine);
    await machine.clock.settle();
    daemon.serve({ kind: 'accepted' });
    expect(await waiting).toEqual({ kind: 'accepted' });
  });

  it('is not said to a caller that has gone', async () => {
    const machine = new MemoryMachine();
    const daemon = machine.start();
    await daemon.ports.listener.listen('/sock');
    const caller = machine.start();
    await caller.ports.probe.connect('/sock', 10);
    void caller.ports.probe.greet(10);
    caller.kill();
    daemon.serve({ kind: 'accepted' });
    expect(daemon.served).toBe(0);
  });
});

describe('connections that fail', () => {
  it('with the error that the test plants, and in silence with ETIMEDOUT', async () => {
    const machine = new MemoryMachine();
    const { probe } = machine.start().ports;
    machine.faults.plant({ method: 'connect', code: 'EMFILE', matching: /sock/ });
    expect(await probe.connect('/sock', 10)).toMatchObject({ kind: 'errno', cause: { code: 'EMFILE' } });
    machine.faults.plant({ method: 'connect', code: 'ETIMEDOUT' });
    const { monotonicMs } = machine.clock.now();
    expect(await machine.clock.finish(probe.connect('/sock', 10))).toEqual({ kind: 'silent' });
    expect(machine.clock.now().monotonicMs).toBe(monotonicMs + 10);
  });

  it('refused, on a host that does not tell a full queue from a closed socket', async () => {
    const machine = new MemoryMachine({ platform: 'darwin' });
    const daemon = machine.start({ backlog: 0 });
    await daemon.ports.listener.listen('/sock');
    daemon.stop();
    const { probe } = machine.start().ports;
    expect(await probe.connect('/sock', 10)).toEqual({ kind: 'connected' });
    expect(await probe.connect('/sock', 10)).toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});

describe('faults', () => {
  it('strike the call that they are planted for, as often as they are, and change nothing', () => {
    const machine = new MemoryMachine();
    const [a, b] = [machine.start(), machine.start()];
    machine.faults.plant({
      method: 'createFile',
      code: 'ENOSPC',
      matching: /log$/,
      pid: a.pid,
      skip: 1,
      times: 2,
    });
    const create = (files: typeof a.ports.files, name: string) => files.createFile(name, '').kind;
    expect(create(a.ports.files, '/1.log')).toBe('done');
    expect(create(a.ports.files, '/other')).toBe('done');
    expect(create(b.ports.files, '/2.log')).toBe('done');
    expect(create(a.ports.files, '/3.log')).toBe('failed');
    expect(create(a.ports.files, '/3.log')).toBe('failed');
    expect(machine.files.inspect('/3.log')).toEqual({ kind: 'absent' });
    expect(create(a.ports.files, '/3.log')).toBe('done');
  });

  it('are read by the same tables as the real thing, and are lifted again', () => {
    const machine = new MemoryMachine();
    const { files } = machine.start().ports;
    const lift = machine.faults.plant({
      method: 'rename',
      code: 'ENOTEMPTY',
      times: Number.POSITIVE_INFINITY,
    });
    expect(files.rename('/a', '/b')).toEqual({ kind: 'occupied' });
    lift();
    expect(files.rename('/a', '/b')).toEqual({ kind: 'absent' });
    machine.faults.plant({ method: 'list', code: 'EEXIST' });
    expect(files.list('/')).toMatchObject({ kind: 'failed', cause: { code: 'EEXIST' } });
  });
});

describe('what another user owns', () => {
  it('shows, and is not changed', () => {
    const machine = new MemoryMachine({ userId: 12 });
    const inode = machine.disk.create('/theirs', { type: 'directory', userId: 13, mode: 0o777 });
    const { files } = machine.start().ports;
    expect(files.inspect('/theirs')).toMatchObject({ entry: { userId: 13, mode: 0o777 } });
    expect(files.tighten('/theirs')).toMatchObject({ kind: 'failed', cause: { code: 'EPERM' } });
    inode.userId = 12;
    expect(files.tighten('/theirs')).toEqual(DONE);
  });
});

type Outcome = 'made' | 'found' | 'surprised';

/** Makes `path` unless it is there: two calls, and a race between them. */
function* make(path: string): Sync<Outcome> {
  if ((yield* files('inspect', path)).kind !== 'absent') return 'found';
  return (yield* files('makeDirectory', path)).kind === 'done' ? 'made' : 'surprised';
}

/** Says when it has woken up. */
function* nap(ms: number): Procedure<number> {
  yield* sleep(ms);
  return (yield* now()).monotonicMs;
}

describe('steppers', () => {
  it('hold several procedures, and step through them in any order', () => {
    const outcomes = ['aabb', 'abab', 'abba', 'baab', 'baba', 'bbaa'].map((order) => {
      const machine = new MemoryMachine();
      const start = () => new Stepper(make('/d'), machine.start().ports);
      const steppers = { a: start(), b: start() };
      for (const name of order) {
        const stepper = steppers[name as 'a' | 'b'];
        if (stepper.next !== undefined) stepper.takeSync();
      }
      return `${steppers.a.outcome} ${steppers.b.outcome}`;
    });
    expect(outcomes).toEqual([
      'made found',
      'made surprised',
      'surprised made',
      'made surprised',
      'surprised made',
      'found made',
    ]);
  });

  it('show the next call, and take one that needs time', async () => {
    const machine = new MemoryMachine();
    const stepper = new Stepper(nap(10), machine.start().ports);
    const asleep = { kind: 'call', port: 'clock', method: 'sleep', args: [10] };
    expect([stepper.next, stepper.outcome]).toEqual([asleep, undefined]);
    const { monotonicMs } = machine.clock.now();
    await machine.clock.finish(stepper.take());
    expect([stepper.next, stepper.outcome]).toEqual([undefined, monotonicMs + 10]);
    await expect(stepper.take()).rejects.toThrow('has ended');
  });

  it('say where it stands: two that were told the same stand at the same point, and no others do', () => {
    const machine = new MemoryMachine();
    const [one, other] = [machine.start(), machine.start()].map(
      ({ ports }) => new Stepper(make('/d'), ports),
    );
    expect(one?.state).toEqual(other?.state);
    one?.takeSync();
    expect(one?.state).not.toEqual(other?.state);
    other?.takeSync();
    expect(one?.state).toEqual(other?.state);
  });
});

it('a procedure runs in a process to its end', async () => {
  const machine = new MemoryMachine();
  const process = machine.start();
  const outcome = process.run((ports) => run(nap(25), ports));
  const { monotonicMs } = machine.clock.now();
  expect(await machine.clock.finish(outcome)).toBe(monotonicMs + 25);
});
