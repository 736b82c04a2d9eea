/** How long a daemon lives, and what it waits for: for what somebody waits for, and for nothing else. */

import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { NodeProcessTable } from '../../../src/adapters/node/processes/process-table.js';
import {
  entryText,
  parseLedger,
  SILENT_MS_MAX,
  startsIn,
} from '../../../src/domain/lifecycle/start-ledger.js';
import { NAMES } from '../../../src/domain/place/layout.js';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../../native/client.js';
import { eventually, type Sandbox, SOLOD, sandbox } from '../support/sandbox.js';

beforeAll(buildClient, BUILD_MS);

const NODE = ['node', [process.execPath, SOLOD]] as const;
const clients: (readonly [string, readonly [string, ...string[]]])[] = hasCargo
  ? [NODE, ['native', [CLIENT]]]
  : [NODE];

const strangers: ChildProcess[] = [];

afterEach(() => {
  for (const stranger of strangers.splice(0)) stranger.kill('SIGKILL');
});

/**
 * Says its build and its process; with an argument it goes on until a file of that name is there, even if
 * its caller goes away.
 */
const service = (build: string): string => `
  import { existsSync } from 'node:fs';
  import { setTimeout as delay } from 'node:timers/promises';
  export default async ({ args: [file], stdout }) => {
    stdout.write('${build} ' + process.pid + '\\n');
    while (file !== undefined && !existsSync(file)) await delay(10);
  };
`;

const statusOf = async (box: Sandbox, file: string): Promise<Record<string, unknown>> =>
  JSON.parse((await box.run(['status', '--json', file])).stdout.toString());

async function busy(box: Sandbox, file: string, inFlight: number): Promise<void> {
  await eventually(
    `${inFlight} calls in flight`,
    async () => (await statusOf(box, file)).inFlight === inFlight,
  );
}

const logOf = (box: Sandbox): string => readFileSync(path.join(box.place(), 'log'), 'utf8');
const startsOf = (box: Sandbox) =>
  startsIn(parseLedger(readFileSync(path.join(box.place(), 'spawns.jsonl'), 'utf8')));

describe.each(clients)('a call whose caller has gone (%s)', (_, [program, ...first]) => {
  const hanging = (box: Sandbox, file: string, ...options: string[]): ChildProcess =>
    box.spawn(program, [...first, 'call', ...options, file, path.join(box.path, 'never')]);

  test('does not keep its daemon from ending when idle, although it never ends', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    // Both calls: on a busy machine the first daemon may have ended before the second call comes.
    const options = ['--idle-timeout=300ms', '--grace=200ms'];
    await box.run(['call', ...options, file]);
    const child = hanging(box, file, ...options);
    await busy(box, file, 1);
    child.kill('SIGINT');
    await eventually('the end of the daemon', () => box.daemons().length === 0);
    expect(logOf(box)).toContain('ending: idle for 300 ms');
  });

  test('does not keep a new build from taking over', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    const run = (...args: string[]) => box.exec(program, [...first, 'call', file, ...args]);
    await box.run(['call', '--grace=100ms', file]);
    const child = hanging(box, file);
    await busy(box, file, 1);
    child.kill('SIGKILL');
    await busy(box, file, 0);
    writeFileSync(file, service('changed'));
    await eventually('the new build', async () => {
      const { code, stdout } = await run();
      expect(code).toBe(0);
      return stdout.toString().startsWith('changed ');
    });
    expect(box.spawns()).toEqual(['cold', 'upgrade']);
  });
});

describe('a new build that meets calls under way', () => {
  test('waits until they have ended, and its callers are served by the old one meanwhile', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    await box.run(['call', file]);
    const go = path.join(box.path, 'go');
    const slow = [box.run(['call', file, go]), box.run(['call', file, go])];
    await busy(box, file, 2);
    writeFileSync(file, service('changed'));
    const callers = await box.all(10, () => ['call', file]);
    for (const { code, stdout, stderr } of callers)
      expect([code, stdout.toString(), stderr]).toEqual([0, expect.stringMatching(/^a /), '']);
    expect(logOf(box)).toContain('this build serves on until the 2 calls under way have ended');
    writeFileSync(go, '');
    for (const { code, stdout } of await Promise.all(slow))
      expect([code, stdout.toString()]).toEqual([0, expect.stringMatching(/^a /)]);
    await eventually('the new build', async () => {
      const { code, stdout } = await box.run(['call', file]);
      expect(code).toBe(0);
      return stdout.toString().startsWith('changed ');
    });
    expect(box.spawns()).toHaveLength(2);
  });

  test('takes over although calls overlap all the time', async () => {
    const box = sandbox();
    const source = (build: string) => `import { setTimeout as delay } from 'node:timers/promises';
      export default async ({ stdout }) => { await delay(150); stdout.write('${build}'); };`;
    const file = box.service(source('a'));
    await box.run(['call', file]);
    let isOver = false;
    const codes = new Set<number | null>();
    const client = async (): Promise<void> => {
      while (!isOver) codes.add((await box.run(['call', file])).code);
    };
    const clients = [client(), client(), client()];
    writeFileSync(file, source('b'));
    await eventually('the new build', async () => (await box.run(['call', file])).stdout.toString() === 'b');
    isOver = true;
    await Promise.all(clients);
    expect([...codes]).toEqual([0]);
    expect(box.spawns()).toHaveLength(2);
  });
});

describe('a new build that meets a call in a worker', () => {
  test('keeps nobody waiting: the old build serves until it is free', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    const call = (...args: string[]) => box.run(['call', '--workers=2', file, ...args]);
    await call();
    const go = path.join(box.path, 'go');
    const slow = call(go);
    await busy(box, file, 1);
    writeFileSync(file, service('changed'));
    for (const { code, stderr } of await Promise.all(Array.from({ length: 10 }, () => call())))
      expect([code, stderr]).toEqual([0, '']);
    expect(logOf(box)).toContain('this build serves on until the call under way has ended');
    writeFileSync(go, '');
    expect((await slow).stdout.toString()).toMatch(/^a /);
    await eventually('the new build', async () => {
      const { code, stdout } = await call();
      expect(code).toBe(0);
      return stdout.toString().startsWith('changed ');
    });
  });
});

describe('a daemon that is looked at', () => {
  test('ends when idle all the same', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    await box.run(['call', '--idle-timeout=1500ms', file]);
    await eventually('the end of the daemon', async () => {
      for (const command of [['status', file], ['ls'], ['stats', file], ['doctor', file]])
        await box.run(command);
      return box.daemons().length === 0;
    });
    expect(logOf(box)).toContain('ending: idle for 1500 ms');
  });

  test('that is asked to stop names what it waits for', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    await box.run(['call', '--grace=1m', file]);
    const go = path.join(box.path, 'go');
    const slow = box.run(['call', file, go]);
    await busy(box, file, 1);
    const told = await box.run(['stop', '--timeout=300ms', file]);
    expect([told.code, told.stderr]).toEqual([75, expect.stringContaining('(calls in flight: 1)')]);
    expect(logOf(box)).toContain('ending: asked to; waits up to 60 s for what is in flight: 1');
    writeFileSync(go, '');
    expect((await slow).code).toBe(0);
  });
});

describe('a start that hangs before it says anything', () => {
  /** A node that never begins. */
  const hangingNode = (box: Sandbox): string => {
    const file = path.join(box.path, 'hanging-node');
    writeFileSync(file, '#!/bin/sh\nexec sleep 600 # "$@"\n');
    chmodSync(file, 0o755);
    return file;
  };
  const sleepers = (box: Sandbox): number[] =>
    startsOf(box)
      .map(({ pid }) => pid)
      .filter(
        (pid) => existsSync(`/proc/${pid}`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1')),
      );
  /** As if it had been started that much earlier. */
  const age = (box: Sandbox, ms: number): void => {
    const file = path.join(box.place(), 'spawns.jsonl');
    const entries = parseLedger(readFileSync(file, 'utf8'));
    writeFileSync(file, entries.map((entry) => entryText({ ...entry, atMs: entry.atMs - ms })).join(''));
  };

  test.each(clients)(
    'is ended by the next one after a while, and counted (%s)',
    async (_, [program, ...first]) => {
      const box = sandbox();
      const file = box.service(service('a'));
      box.leaveLaunchFile(file);
      const kick = (...args: string[]) => box.run(['kick', ...args, file]);
      await kick(`--node=${hangingNode(box)}`);
      const [hung] = sleepers(box);
      // As if the next caller came when nobody takes the lock for a start under way any more.
      const later = (): void => {
        rmSync(path.join(box.place(), NAMES.lock), { recursive: true, force: true });
        box.leaveLaunchFile(file);
      };
      later();
      expect((await box.exec(program, [...first, 'call', file])).code).toBe(0);
      // It may only have been slow.
      expect(sleepers(box)).toContain(hung);
      for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
      await eventually('the end of the daemon', () => box.daemons().length === 0);
      later();
      age(box, SILENT_MS_MAX);
      expect((await box.exec(program, [...first, 'call', file])).code).toBe(0);
      await eventually('the end of what hung', () => !sleepers(box).includes(hung ?? 0));
      const told = startsOf(box).find(({ pid }) => pid === hung);
      expect(told?.words).toEqual([
        expect.objectContaining({
          kind: 'failed',
          stage: 'starting',
          message: expect.stringMatching(/said nothing for \d+ s/),
        }),
      ]);
    },
  );

  test('is held back after the second one, with the reason', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    const node = `--node=${hangingNode(box)}`;
    for (let n = 0; n < 2; n++) {
      await box.run(['kick', node, file]);
      expect(sleepers(box)).toHaveLength(1);
      age(box, SILENT_MS_MAX);
      // The lock that the hung start holds is as old.
      await eventually('the lock is given up', async () => {
        const { stderr } = await box.run(['kick', node, file]);
        return (sleepers(box).length === 1 && startsOf(box).length > n + 1) || stderr !== '';
      });
    }
    const held = await box.run(['kick', node, file]);
    expect([held.code, held.stderr]).toEqual([70, expect.stringContaining('said nothing for')]);
  });

  test('is ended by "stop", with proof: what has only its process id is left alone', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    await box.run(['kick', `--node=${hangingNode(box)}`, file]);
    const [hung] = sleepers(box);
    const stranger = spawn('sleep', ['600']);
    strangers.push(stranger);
    const self = new NodeProcessTable().self();
    const entry = {
      atMs: Date.now() - 60_000,
      by: 1,
      asker: 'x',
      reason: 'cold',
      build: 'b',
      kind: 'started',
    } as const;
    const forged = entryText({ ...self, ...entry, pid: stranger.pid ?? 0, startTime: '1' });
    const ledger = path.join(box.place(), 'spawns.jsonl');
    writeFileSync(ledger, forged + readFileSync(ledger, 'utf8'));
    const told = await box.run(['stop', '--all']);
    expect([told.code, told.stdout.toString()]).toEqual([0, expect.stringContaining(`stopped (pid ${hung}`)]);
    await eventually('its end', () => !sleepers(box).includes(hung ?? 0));
    await delay(50);
    expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null]);
  });
});

/** As where the disk was full when it wrote what it came to, and its start is long ago. */
function forgetWords(box: Sandbox): void {
  const file = path.join(box.place(), 'spawns.jsonl');
  const starts = parseLedger(readFileSync(file, 'utf8')).filter(({ kind }) => kind === 'started');
  const texts = starts.map((entry) => entryText({ ...entry, atMs: entry.atMs - SILENT_MS_MAX }));
  writeFileSync(file, texts.join(''));
}

describe('a daemon that could not write down that it claimed its name', () => {
  const end = (box: Sandbox): string => path.join(box.path, 'end');

  /** A call that goes on until `end` is there. */
  async function begun(box: Sandbox, file: string): Promise<{ readonly code: Promise<number | null> }> {
    const call = box.start(['call', file, '--', end(box)]);
    const code = new Promise<number | null>((resolve) => call.once('close', resolve));
    await new Promise((resolve) => call.stdout?.once('data', resolve));
    return { code };
  }

  test('is asked by "stop", and not ended as a silent one', async () => {
    const box = sandbox();
    const file = box.service(service('a'));
    const call = await begun(box, file);
    const [pid] = box.daemons();
    forgetWords(box);
    const stopped = box.run(['stop', file]);
    await eventually('it drains', () => logOf(box).includes('ending'));
    writeFileSync(end(box), '');
    const { code, stdout } = await stopped;
    expect([code, stdout.toString()]).toEqual([0, expect.stringContaining(`stopped (pid ${pid}`)]);
    // SIGKILL would have cost the call its end.
    expect(await call.code).toBe(0);
    expect(startsOf(box)[0]?.words.map(({ kind }) => kind)).not.toContain('failed');
  });

  test.each(clients)(
    'is not ended by the next start, for want of "current" (%s)',
    async (_, [program, ...first]) => {
      const box = sandbox();
      const file = box.service(service('a'));
      box.leaveLaunchFile(file);
      const call = await begun(box, file);
      forgetWords(box);
      rmSync(path.join(box.place(), NAMES.current));
      expect((await box.exec(program, [...first, 'kick', file])).code).toBe(0);
      expect(startsOf(box).length).toBe(2);
      writeFileSync(end(box), '');
      expect(await call.code).toBe(0);
    },
  );
});

describe.each(clients)('a start that says nothing about what is started (%s)', (_, [program, ...first]) => {
  const logged = (box: Sandbox, times: number): boolean => {
    try {
      return (
        startsOf(box).filter(({ words }) => words.some(({ kind }) => kind === 'claimed')).length === times
      );
    } catch {
      return false;
    }
  };

  test.each(['call', 'kick'])(
    'is not counted: its daemon is killed while it loads, after a %s',
    async (command) => {
      const box = sandbox();
      const go = path.join(box.path, 'go');
      const file =
        box.service(`import { existsSync } from 'node:fs'; import { setTimeout as delay } from 'node:timers/promises';
      while (!existsSync(${JSON.stringify(go)})) await delay(10);
      export default ({ stdout }) => void stdout.write('loaded');`);
      box.leaveLaunchFile(file);
      for (let n = 0; n < 3; n++) {
        const calling = box.exec(program, [...first, command, file]);
        await eventually(
          'the daemon loads',
          () => existsSync(box.state) && box.daemons().length === 1 && logged(box, n + 1),
        );
        // A kick does not wait, and does not see the end of what it has started.
        if (command === 'kick') expect((await calling).code).toBe(0);
        for (const pid of box.daemons()) process.kill(pid, 'SIGKILL');
        if (command === 'call') expect((await calling).code).not.toBe(0);
        await eventually('its end', () => box.daemons().length === 0);
      }
      writeFileSync(go, '');
      const told = await box.exec(program, [...first, 'call', file]);
      expect([told.code, told.stdout.toString()], told.stderr).toEqual([0, 'loaded']);
    },
  );

  test('is not counted: the disk is full, and has room again', async () => {
    const box = sandbox();
    const full = path.join(box.path, 'full');
    const file = box.service(`import { existsSync, writeFileSync } from 'node:fs';
      if (existsSync(${JSON.stringify(full)})) writeFileSync('/dev/full', 'cache');
      export default ({ stdout }) => void stdout.write('loaded');`);
    box.leaveLaunchFile(file);
    writeFileSync(full, '');
    for (let n = 0; n < 3; n++) {
      const told = await box.exec(program, [...first, 'call', file]);
      expect([told.code, told.stderr]).toEqual([70, expect.stringContaining('ENOSPC')]);
    }
    rmSync(full);
    const told = await box.exec(program, [...first, 'call', file]);
    expect([told.code, told.stdout.toString()], told.stderr).toEqual([0, 'loaded']);
  });
});
