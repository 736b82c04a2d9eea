/** `createClient`: many calls of one service over kept connections. */

import { execFile } from 'node:child_process';
import path from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type * as Solod from '../../../src/app/entry/index.js';
import { eventually, readOr, type Sandbox, sandbox } from '../support/sandbox.js';

const INDEX = new URL('../../../dist/index.js', import.meta.url).href;
const solod = (await import(INDEX)) as typeof Solod;

const SERVICE = `
  import { text } from 'node:stream/consumers';
  export default async ({ args, cwd, env, stdin, stdout }) => {
    const read = args[0] === 'read' ? await text(stdin) : '';
    if (args[0] === 'leak') {
      process.env.WHO = env.WHO = 'leaked';
      process.chdir('/');
      delete env.HOME;
    }
    if (args[0] === 'see') {
      stdout.write([process.cwd(), cwd, process.env.WHO, env.WHO, process.env.HOME === env.HOME, args].join());
      return 0;
    }
    stdout.write(process.pid + ' ' + args.join() + (env.WHO ?? '') + read);
    return args[0] === 'fail' ? 7 : 0;
  };
`;

function clientOf(box: Sandbox, connections?: number): Solod.Client {
  const service = box.service(SERVICE);
  return solod.createClient({ service, stateDirectory: box.state, env: box.env, connections });
}

async function call(
  client: Solod.Client,
  args: readonly string[],
  more: Partial<Solod.ClientCallOptions> = {},
): Promise<{ result: Solod.CallResult; text: string }> {
  let text = '';
  const stdout = new Writable({
    write: (bytes, _, done) => {
      text += bytes;
      done();
    },
  });
  const stderr = new Writable({ write: (_bytes, _, done) => done() });
  return { result: await client.call({ args, stdout, stderr, ...more }), text };
}

const exited = (via: string, code = 0) => ({ kind: 'exited', code, via });

describe('a client', () => {
  it('calls again and again, also at once, and says what call() says', async () => {
    const box = sandbox();
    await using client = clientOf(box, 2);
    const first = await call(client, ['a']);
    expect(first.result).toMatchObject(exited('started'));
    const pid = Number(first.text.split(' ')[0]);
    expect((await call(client, ['b'])).result).toMatchObject({ ...exited('attached'), pid });
    expect((await call(client, ['fail'])).result).toMatchObject(exited('attached', 7));
    const all = await Promise.all(Array.from({ length: 20 }, (_, n) => call(client, [`${n}`])));
    expect(all.map(({ text }) => text)).toEqual(all.map((_, n) => `${pid} ${n}`));
    const { Readable } = await import('node:stream');
    const input = 'x'.repeat(2_000_000);
    const read = await call(client, ['read'], { stdin: Readable.from([Buffer.from(input)]) });
    expect(read.text).toBe(`${pid} read${input}`);
    expect((await call(client, ['c'], { env: { ...box.env, WHO: 'me' } })).text).toBe(`${pid} cme`);
    expect(box.spawns()).toEqual(['cold']);
  });

  it('gives each call its own environment and directory, whatever the call before has done', async () => {
    const box = sandbox();
    const directory = box.path;
    await using client = clientOf(box, 1);
    const see = async (more: Partial<Solod.ClientCallOptions> = {}): Promise<string> =>
      (await call(client, ['see'], { cwd: directory, ...more })).text;
    const plain = `${directory},${directory},,,true,see`;
    // The daemon remembers the second head.
    expect([await see(), await see(), await see()]).toEqual([plain, plain, plain]);
    await call(client, ['leak'], { cwd: directory });
    expect(await see()).toBe(plain);
    const env = { ...box.env, WHO: 'a' };
    expect(await see({ env })).toBe(`${directory},${directory},a,a,true,see`);
    env.WHO = 'b';
    expect(await see({ env })).toBe(`${directory},${directory},b,b,true,see`);
    expect(await see({ env })).toBe(`${directory},${directory},b,b,true,see`);
    expect(await see({ env, cwd: '/' })).toBe('/,/,b,b,true,see');
    expect(await see()).toBe(plain);
  });

  it('goes to the next daemon when its own has been killed between two calls', async () => {
    const box = sandbox();
    await using client = clientOf(box);
    const pid = Number((await call(client, ['a'])).text.split(' ')[0]);
    process.kill(pid, 'SIGKILL');
    await eventually('it has gone', () => !box.daemons().includes(pid));
    const next = await call(client, ['b']);
    expect(next.result).toMatchObject({ kind: 'exited', code: 0 });
    expect(Number(next.text.split(' ')[0])).not.toBe(pid);
  });

  it('goes to the daemon of a newer build when the service file has changed', async () => {
    const box = sandbox();
    await using client = clientOf(box);
    await call(client, ['a']);
    box.service(SERVICE.replace("' ' + args", "' new ' + args"));
    await eventually('the new build answers', async () =>
      (await call(client, ['b'])).text.includes(' new b'),
    );
    expect(box.spawns()).toHaveLength(2);
  });

  it('begins nothing for a signal that is aborted, before the call or while it waits', async () => {
    const box = sandbox();
    const marks = path.join(box.path, 'marks');
    const begun = (): string => readOr(marks);
    const service = box.service(
      `import { appendFileSync } from 'node:fs';
       await new Promise((resolve) => setTimeout(resolve, 1_000));
       export default ({ args }) => appendFileSync(${JSON.stringify(marks)}, args.join());`,
    );
    const ignored = () => new Writable({ write: (_bytes, _, done) => done() });
    const options = { service, stateDirectory: box.state, env: box.env };
    const client = solod.createClient(options);
    const cancelled = { kind: 'cancelled', by: 'signal' };
    const streams = () => ({ stdout: ignored(), stderr: ignored() });
    const aborted = AbortSignal.abort();
    expect(await client.call({ args: ['1'], ...streams(), signal: aborted })).toEqual(cancelled);
    for (const way of [{}, { daemon: 'off' }, { fallback: 'inline' }] as const)
      expect(await solod.call({ ...options, ...way, args: ['2'], ...streams(), signal: aborted })).toEqual(
        cancelled,
      );
    expect([begun(), box.daemons()]).toEqual(['', []]);
    const waiting = new AbortController();
    const call = client.call({ args: ['3'], ...streams(), signal: waiting.signal });
    await eventually('a daemon is started', () => box.daemons().length > 0);
    waiting.abort();
    expect(await call).toEqual(cancelled);
    expect(await client.call({ args: ['4'], ...streams() })).toMatchObject({ kind: 'exited' });
    expect(await client.call({ args: ['5'], ...streams(), signal: aborted })).toEqual(cancelled);
    expect(await client.call({ args: ['6'], ...streams() })).toMatchObject({ kind: 'exited' });
    expect(begun()).toBe('46');
    await client.close();
  });

  it('keeps no daemon from ending', async () => {
    const box = sandbox();
    await using client = clientOf(box);
    await call(client, ['a']);
    expect((await box.run(['stop', box.service(SERVICE)])).code).toBe(0);
    expect((await call(client, ['b'])).result).toMatchObject(exited('started'));
  });

  it('that is closed refuses, and leaves the daemon', async () => {
    const box = sandbox();
    const client = clientOf(box);
    const running = call(client, ['a']);
    await client.close();
    expect((await running).result.kind).toBe('exited');
    expect((await call(client, ['b'])).result).toMatchObject({
      kind: 'failed',
      failure: { kind: 'invalid-request' },
      message: 'this client is closed; make another one',
    });
    expect(box.daemons()).toHaveLength(1);
  });

  it('does not keep its process alive', async () => {
    const box = sandbox();
    const source = `
      import { createClient } from ${JSON.stringify(INDEX)};
      const client = createClient({ service: ${JSON.stringify(box.service(SERVICE))}, stateDirectory: ${JSON.stringify(box.state)} });
      await client.call({ args: ['a'], stdout: process.stdout, stderr: process.stderr });
    `;
    const args = ['--input-type=module', '-e', source];
    const stdout = await new Promise<string>((resolve, reject) =>
      execFile(process.execPath, args, { env: box.env, timeout: 30_000 }, (error, out) =>
        error === null ? resolve(out) : reject(error),
      ),
    );
    expect(stdout).toMatch(/^\d+ a$/);
  });
});
