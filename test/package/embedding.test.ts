/**
 * A program that embeds solod tests its races on a memory machine, with what the package brings and nothing
 * else.
 */

import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it } from 'vitest';
import type * as Library from '../../src/app/entry/index.js';
import type * as Testing from '../../src/app/entry/testing.js';

const bundle = (name: string): string => new URL(`../../dist/${name}.js`, import.meta.url).href;
const { createSolod } = (await import(bundle('index'))) as typeof Library;
const { MemoryMachine, memoryHost, serviceDaemon } = (await import(bundle('testing'))) as typeof Testing;

const DAEMON = { name: 'build', command: ['/bin/daemon'] } as const;

let machine: Testing.MemoryMachine;

const solodIn = (process: Testing.MemoryProcess) => createSolod(memoryHost(process));
const caller = () => solodIn(machine.start());

/** Serves the name, and says on each connection who it is. */
async function daemon(process: Testing.MemoryProcess): Promise<void> {
  const claimed = await solodIn(process).claim({ name: 'build' });
  if (claimed.kind !== 'claimed') return process.exit(0);
  claimed.serve((connection) => connection.end(`daemon ${process.pid}`));
}

beforeEach(() => {
  machine = new MemoryMachine();
  machine.install('/bin/daemon', daemon);
});

const pidOf = (result: Library.ObtainResult): number => {
  if (result.kind === 'failed') throw new Error(result.message);
  return result.owner?.pid ?? 0;
};

const kill = (pid: number): void => machine.process(pid)?.kill();

describe('obtain', () => {
  it('starts one daemon for three callers at once', async () => {
    const asked = [caller(), caller(), caller()].map((solod) => solod.obtain(DAEMON));
    const results = await machine.clock.finish(Promise.all(asked));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['attached', 'attached', 'started']);
    expect(new Set(results.map(pidOf)).size).toBe(1);
    expect(machine.spawns).toHaveLength(1);
  });

  it('starts another daemon when the owner was killed between two calls', async () => {
    const solod = caller();
    const first = await machine.clock.finish(solod.obtain(DAEMON));
    kill(pidOf(first));
    const second = await machine.clock.finish(solod.obtain(DAEMON));
    expect(second).toMatchObject({ kind: 'started', reason: 'dead-daemon' });
    expect(pidOf(second)).not.toBe(pidOf(first));
  });

  it('gives up when its deadline has passed by fake time', async () => {
    machine.install('/bin/daemon', () => {});
    const begun = machine.clock.now().monotonicMs;
    const result = await machine.clock.finish(caller().obtain({ ...DAEMON, timing: { totalMs: 60_000 } }));
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'timed-out' } });
    const passed = machine.clock.now().monotonicMs - begun;
    expect(passed).toBeGreaterThan(30_000);
    expect(passed).toBeLessThanOrEqual(60_000);
  });

  it('wakes at once when a started daemon dies, and reports what it said', async () => {
    machine.install('/bin/daemon', () => {
      throw new Error('the reason why');
    });
    const { monotonicMs } = machine.clock.now();
    const result = await machine.clock.finish(caller().obtain(DAEMON));
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'died-at-start', code: 1 } });
    expect(result).toMatchObject({ message: expect.stringContaining('the reason why') });
    expect(machine.clock.now().monotonicMs).toBe(monotonicMs);
  });

  it('holds back a program that fails again and again, until the pause has passed', async () => {
    const [solod, clock] = [caller(), machine.clock];
    machine.install('/bin/daemon', (process) => process.exit(3));
    const kinds: string[] = [];
    const ask = async (): Promise<void> => {
      const result = await clock.finish(solod.obtain(DAEMON));
      kinds.push(result.kind === 'failed' ? result.failure.kind : result.kind);
    };
    await ask();
    await ask();
    await ask();
    await clock.advance(5_000);
    machine.install('/bin/daemon', daemon);
    await ask();
    expect(kinds).toEqual(['died-at-start', 'died-at-start', 'crash-loop', 'started']);
  });

  it('reports a program that is not installed', async () => {
    const result = await machine.clock.finish(caller().obtain({ ...DAEMON, command: ['/bin/none'] }));
    expect(result).toMatchObject({ kind: 'failed', failure: { kind: 'spawn-refused' } });
  });

  it('reports a stopped daemon, and attaches to it again when it continues', async () => {
    const solod = caller();
    const pid = pidOf(await machine.clock.finish(solod.obtain(DAEMON)));
    machine.process(pid)?.stop();
    const hung = await machine.clock.finish(solod.obtain(DAEMON));
    expect(hung).toMatchObject({ failure: { kind: 'not-answering', owner: { pid } } });
    machine.process(pid)?.resume();
    expect(pidOf(await machine.clock.finish(solod.obtain(DAEMON)))).toBe(pid);
  });

  it('ends a daemon that does not answer, if asked to, and starts another', async () => {
    const solod = caller();
    const pid = pidOf(await machine.clock.finish(solod.obtain(DAEMON)));
    machine.process(pid)?.stop();
    const result = await machine.clock.finish(solod.obtain({ ...DAEMON, whenHung: 'end' }));
    expect(result).toMatchObject({ kind: 'started', reason: 'restart' });
    expect(machine.process(pid)?.activity).toBe('gone');
  });
});

describe('connections', () => {
  it('carry bytes in both directions', async () => {
    machine.install('/bin/daemon', async (process) => {
      const claimed = await solodIn(process).claim({ name: 'build' });
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      claimed.serve((connection) =>
        connection.on('data', (bytes) => connection.write(String(bytes).toUpperCase())),
      );
    });
    const result = await machine.clock.finish(caller().connect(DAEMON));
    if (result.kind === 'failed') throw new Error(result.message);
    result.connection.write('hello');
    const said = await new Promise((resolve) => result.connection.once('data', resolve));
    expect(String(said)).toBe('HELLO');
    kill(pidOf(result));
    expect(await text(result.connection)).toBe('');
  });

  it('that were made before the daemon serves wait for it', async () => {
    const process = machine.start();
    const claimed = await machine.clock.finish(solodIn(process).claim({ name: 'build' }));
    if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
    const result = await machine.clock.finish(caller().connect(DAEMON));
    if (result.kind === 'failed') throw new Error(result.message);
    claimed.serve((connection) => connection.end('at last'));
    expect(await text(result.connection)).toBe('at last');
  });

  it('a greeter that never hears anything ends by fake time', async () => {
    const silent = () => new Promise<never>(() => {});
    const solod = caller();
    const pid = pidOf(await machine.clock.finish(solod.obtain(DAEMON)));
    const result = await machine.clock.finish(solod.obtain({ ...DAEMON, greeter: silent }));
    expect(result).toMatchObject({ failure: { kind: 'not-answering', owner: { pid } } });
  });

  it('a greeter that throws has heard nothing', async () => {
    const broken = () => Promise.reject(new Error('a bug in the greeter'));
    const result = await machine.clock.finish(caller().obtain({ ...DAEMON, greeter: broken }));
    expect(result.kind).toBe('failed');
  });

  it('end when their caller is killed', async () => {
    const ends: string[] = [];
    machine.install('/bin/daemon', async (process) => {
      const claimed = await solodIn(process).claim({ name: 'build' });
      if (claimed.kind !== 'claimed') throw new Error(claimed.kind);
      claimed.serve((connection) => connection.resume().once('end', () => ends.push('end')));
    });
    const process = machine.start();
    const result = await machine.clock.finish(solodIn(process).connect(DAEMON));
    expect(result.kind).toBe('started');
    process.kill();
    await machine.clock.settle();
    expect(ends).toEqual(['end']);
  });
});

describe('claim', () => {
  it('lets one of two candidates serve, and the other give way', async () => {
    const claims = [caller(), caller()].map((solod) => solod.claim({ name: 'build' }));
    const results = await machine.clock.finish(Promise.all(claims));
    expect(results.map(({ kind }) => kind).sort()).toEqual(['claimed', 'gave-way']);
  });
});

describe('kick', () => {
  it('starts a daemon, and a second kick finds the start under way', async () => {
    const [first, second] = [caller(), caller()];
    expect(first.kick(DAEMON).kind).toBe('started');
    expect(second.kick(DAEMON).kind).toBe('contended');
    await machine.clock.settle();
    expect(second.kick(DAEMON).kind).toBe('running');
  });

  it('warns in its own process', () => {
    const process = machine.start();
    solodIn(process).kick({ ...DAEMON, command: ['/bin/none'] });
    process.exit(0);
    expect(process.lookAsChild()).toMatchObject({ lastOutput: expect.stringContaining('/bin/none') });
  });
});

describe('call', () => {
  const SERVICE = '/srv/upper.mjs';

  beforeEach(() => {
    machine.files.makeDirectories('/srv');
    machine.files.createFile(SERVICE, "export default defineService({ name: 'upper', run() {} });");
    machine.install(
      '/usr/bin/node',
      serviceDaemon(async ({ args, stdin, stdout }) => {
        stdout.write(args.join(' ') + (await text(stdin)).toUpperCase());
        return 3;
      }),
    );
  });

  async function call(solod = caller()) {
    const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
    stdin.end(' hello');
    const options = { service: SERVICE, args: ['well,'], stdin, stdout, stderr };
    const result = await machine.clock.finish(solod.call(options));
    stdout.end();
    return { result, said: await text(stdout) };
  }

  it('starts the daemon of a service, and calls it through the wire', async () => {
    const { result, said } = await call();
    expect(result).toMatchObject({ kind: 'exited', code: 3, via: 'started' });
    expect(said).toBe('well, HELLO');
    expect((await call()).result).toMatchObject({ kind: 'exited', via: 'attached' });
    expect(machine.spawns).toHaveLength(1);
  });

  it('is lost, and not tried again, when its daemon is killed in the middle', async () => {
    let calls = 0;
    machine.install(
      '/usr/bin/node',
      serviceDaemon(() => {
        calls += 1;
        for (const { reading } of machine.spawns) if (reading.kind === 'spawned') kill(reading.pid);
        return new Promise<never>(() => {});
      }),
    );
    expect((await call()).result.kind).toBe('lost');
    expect(calls).toBe(1);
  });

  it('fails by name for a service that is missing', async () => {
    machine.files.removeFile(SERVICE);
    expect((await call()).result).toMatchObject({ kind: 'failed', failure: { kind: 'service-missing' } });
  });
});

describe('a race, one port call after the other', () => {
  /** Lets the first caller make that many calls, kills it, and lets the second go. */
  async function killAfter(calls: number) {
    machine = new MemoryMachine();
    machine.install('/bin/daemon', daemon);
    const [victim, survivor] = [machine.start(), machine.start()];
    victim.calls.hold();
    void victim.run(() => solodIn(victim).obtain(DAEMON));
    await machine.clock.settle();
    let made = 0;
    while (made < calls && (await victim.calls.step()) !== undefined) made += 1;
    victim.kill();
    const result = await machine.clock.finish(solodIn(survivor).obtain(DAEMON));
    return { made, result, story: machine.spawns.map(({ by, reason }) => `${by} ${reason}`) };
  }

  it('a caller that is killed before any of its calls keeps no other from its daemon', async () => {
    const stories = new Set<string>();
    for (let calls = 0; ; calls += 1) {
      const { made, result, story } = await killAfter(calls);
      expect(['started', 'attached']).toContain(result.kind);
      stories.add(story.join(', '));
      if (made < calls) break;
      expect(calls).toBeLessThan(100);
    }
    expect(stories.size).toBeGreaterThan(1);
  });

  it('goes the same way each time', async () => {
    expect((await killAfter(7)).story).toEqual((await killAfter(7)).story);
  });

  it('shows the next call, and releases the rest', async () => {
    const process = machine.start();
    process.calls.hold();
    const result = solodIn(process).obtain(DAEMON);
    await machine.clock.settle();
    const { next } = process.calls;
    expect(next).toMatchObject({ port: expect.any(String), method: expect.any(String) });
    expect(await process.calls.step()).toEqual(next);
    process.calls.release();
    expect((await machine.clock.finish(result)).kind).toBe('started');
  });
});
