/** A daemon's life: its status, its name, and all the ways in which it ends. */

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { ECHO, eventually, type Sandbox, sandbox } from '../support/sandbox.js';

const json = async (box: Sandbox, ...args: string[]): Promise<Record<string, unknown>> =>
  JSON.parse((await box.run([...args, '--json'])).stdout.toString());

/** Works until the file appears, or it is told to stop; says which. */
const WORKER = `
  import { existsSync } from 'node:fs';
  export default async ({ args, signal, stdout }) => {
    stdout.write('begun\\n');
    while (!existsSync(args[0]) && !signal.aborted) await new Promise((resolve) => setTimeout(resolve, 5));
    stdout.write(signal.aborted ? 'aborted\\n' : 'finished\\n');
    return signal.aborted ? 9 : 0;
  };
`;

async function working(box: Sandbox, service: string, go: string, ...options: string[]) {
  const child = box.start(['call', service, ...options, '--', go]);
  let said = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = new Promise<{ code: number | null; said: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, said })),
  );
  await eventually('the work has begun', () => said.includes('begun'));
  return ended;
}

describe('facts', () => {
  it('status, ls, stop, restart, as text and as JSON', async () => {
    const box = sandbox();
    const service = box.service();
    expect(await json(box, 'status', service)).toMatchObject({ kind: 'not-running' });
    expect((await box.run(['stop', service])).code).toBe(69);
    await box.run(['call', service]);
    const [pid] = box.daemons();
    expect(await json(box, 'status', service)).toMatchObject({
      kind: 'answered',
      pid,
      generation: 1,
      state: 'ready',
      calls: 1,
    });
    expect((await box.run(['status', service])).stdout.toString()).toMatch(
      new RegExp(`ready, pid ${pid}, generation 1`),
    );
    expect(await json(box, 'ls')).toMatchObject([{ pid }]);
    expect(await json(box, 'restart', service)).toMatchObject({ kind: 'started', before: pid });
    const [next] = box.daemons();
    expect(next).not.toBe(pid);
    expect(await json(box, 'stop', service)).toMatchObject({ kind: 'stopped', pid: next });
    expect(box.daemons()).toEqual([]);
    expect(await json(box, 'status', service)).toMatchObject({ kind: 'not-running' });
    expect(box.leftovers()).toEqual([]);
  });

  it('a daemon that is still loading says so, and its callers wait', async () => {
    const box = sandbox();
    const go = path.join(box.path, 'go');
    const service = box.service(`
      import { existsSync } from 'node:fs';
      while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 5));
      export default ({ stdout }) => void stdout.write('served');
    `);
    const call = box.run(['call', service]);
    await eventually('it loads', async () => {
      const { stdout } = await box.run(['status', service, '--json']);
      return JSON.parse(stdout.toString()).state === 'loading';
    });
    writeFileSync(go, '');
    expect((await call).stdout.toString()).toBe('served');
  });

  it('help and version go to stdout, with exit code 0', async () => {
    const box = sandbox();
    for (const args of [['--help'], ['call', '--help'], ['status', '--help'], ['--version']]) {
      const ended = await box.run(args);
      expect(ended).toMatchObject({ code: 0, stderr: '' });
      expect(ended.stdout.length).toBeGreaterThan(4);
    }
  });

  it('the name is the service’s, the given one, or the file name with a hash; a project has a separate daemon', async () => {
    const box = sandbox();
    const own = box.service(
      `const defineService = (definition) => definition; const made = defineService({ name: 'own-name', run() {} }); export default made.run;`,
      'a.mjs',
    );
    await box.run(['call', own]);
    await box.run(['call', own, '--name', 'given']);
    await box.run(['call', own, '--project', box.path]);
    await box.run(['call', box.service(ECHO, 'b c.mjs')]);
    const names = ((await json(box, 'ls')) as unknown as { name: string }[]).map(({ name }) => name).sort();
    expect(names).toEqual([
      expect.stringMatching(/^b-c-[0-9a-z]{8}$/),
      'given',
      'own-name',
      expect.stringMatching(/^own-name@[0-9a-z]{13}$/),
    ]);
  });
});

async function isAtWork(box: Sandbox, service: string): Promise<boolean> {
  const { stdout } = await box.run(['status', service, '--json']);
  return stdout.length > 0 && JSON.parse(stdout.toString()).inFlight === 1;
}

describe('a daemon ends', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)('on %s, after its work in flight', async (signal) => {
    const box = sandbox();
    const service = box.service(WORKER);
    const go = path.join(box.path, 'go');
    const ended = working(box, service, go);
    await eventually('it works', () => isAtWork(box, service));
    const [pid = 0] = box.daemons();
    process.kill(pid, signal);
    // Whoever comes meanwhile is told that it drains, waits, and gets the next daemon's answer.
    const second = box.run(['call', service, '--', '/']);
    await delay(200);
    expect(box.daemons()).toEqual([pid]);
    writeFileSync(go, '');
    expect(await ended).toEqual({ code: 0, said: 'begun\nfinished\n' });
    expect(await second).toMatchObject({ code: 0, stderr: '' });
    expect(box.generations()).toEqual([2]);
  });

  it('after its grace, and aborts work that is still running', async () => {
    const box = sandbox();
    const service = box.service(WORKER);
    const ended = working(box, service, path.join(box.path, 'never'), '--grace', '100ms');
    await eventually('it works', () => isAtWork(box, service));
    expect((await box.run(['stop', service])).code).toBe(0);
    expect(await ended).toEqual({ code: 9, said: 'begun\naborted\n' });
    expect(box.daemons()).toEqual([]);
  });

  it('despite an exit handler that never ends, or work that ignores its signal', async () => {
    const box = sandbox();
    const stubborn = box.service(
      "process.on('exit', () => { for (;;); }); export default ({ args }) => args[0] ? new Promise(() => setInterval(() => {}, 1000)) : 0;",
    );
    await box.run(['call', stubborn, '--grace', '50ms']);
    box.start(['call', stubborn, '--', 'forever']);
    await eventually('it works', async () => {
      const { stdout } = await box.run(['status', stubborn, '--json']);
      return JSON.parse(stdout.toString()).inFlight === 1;
    });
    await box.run(['stop', stubborn]);
    await eventually('it is gone', () => box.daemons().length === 0);
  });

  it('when it was idle for long enough', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service, '--idle-timeout', '150ms']);
    await eventually('it is gone', () => box.daemons().length === 0);
    // On a busy machine the first one may end before its caller gets through: a second one served that call.
    const [last = 0] = box.generations();
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.generations()).toEqual([last + 1]);
  });

  it('on an uncaught error outside every call: the log has it, and the next call is served', async () => {
    const box = sandbox();
    const index = JSON.stringify(new URL('../../../dist/index.js', import.meta.url).href);
    const service = box.service(
      `import { defineService } from ${index};
       const run = ({ args }) => { if (args[0]) setTimeout(() => { throw new Error('adrift'); }); };
       export default defineService({ run, callProcess: 'shared' });`,
    );
    await box.run(['call', service, '--', 'x']);
    await eventually('it is gone', () => box.daemons().length === 0);
    expect(readFileSync(path.join(box.place(), 'log'), 'utf8')).toContain('adrift');
    expect((await box.run(['call', service])).code).toBe(0);
  });

  it('no error that a call leaves behind: the log has it, and the daemon goes on', async () => {
    const box = sandbox();
    const service = box.service(
      "export default ({ args }) => { if (args[0]) setTimeout(() => { throw new Error('adrift'); }); };",
    );
    expect((await box.run(['call', service, '--', 'x'])).code).toBe(0);
    const [pid] = box.daemons();
    await eventually('the log tells of it', () =>
      readFileSync(path.join(box.place(), 'log'), 'utf8').includes('adrift'),
    );
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
  });
});

describe('rude clients', () => {
  it('that go away leave unhandled promises of a careless service behind, without harm to other calls', async () => {
    const box = sandbox();
    const service = box.service(`
      export default async ({ args, stdin, stdout }) => {
        if (args[0] === 'careless') {
          void (async () => { for await (const _ of stdin); })();
          stdout.write('begun\\n');
          await new Promise(() => {});
        }
      };
    `);
    const child = box.start(['call', service, '--', 'careless']);
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const [pid] = box.daemons();
    child.kill('SIGKILL');
    await eventually('the log tells of it', () =>
      readFileSync(path.join(box.place(), 'log'), 'utf8').includes('left behind'),
    );
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
  });

  it('that connect and go away, or send nonsense, do no harm', async () => {
    const box = sandbox();
    const service = box.service();
    await box.run(['call', service]);
    const [pid] = box.daemons();
    const net = await import('node:net');
    const socket = path.join(box.place(), 'current', 'sock');
    for (const said of ['', 'GET / HTTP/1.1\r\n\r\n', '\0\0\0\x05A', Buffer.alloc(100_000, 0xff)]) {
      for (const how of ['destroy', 'end'] as const) {
        await new Promise<void>((resolve) => {
          const client = net.connect(socket, () => {
            client.write(said);
            client[how]();
          });
          client
            .on('error', () => {})
            .once('close', () => resolve())
            .resume();
        });
      }
    }
    expect((await box.run(['call', service])).code).toBe(0);
    expect(box.daemons()).toEqual([pid]);
  });
});
