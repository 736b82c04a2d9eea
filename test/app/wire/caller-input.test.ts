import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';

import type { ServiceFunction } from '../../../src/app/service/define-service.js';
import { daemon, gate, stalled } from './support.js';

const CLIENT = fileURLToPath(new URL('../../../src/app/wire/client.ts', import.meta.url));

/** A caller in a process of its own, that ends by itself or not at all. */
const CALLER = `
import net from 'node:net';
import { CallConnection } from ${JSON.stringify(CLIENT)};
const connection = new CallConnection(net.connect(process.argv[2]));
await connection.greet({ command: 'it', args: [], env: {}, cwd: '/' }, 30_000);
const { stdin, stdout, stderr } = process;
const end = await connection.complete({ stdin, stdout, stderr });
process.exitCode = end.kind === 'exited' ? end.code : 99;
`;

let directory: string;
let caller: string;

beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'solod-caller-'));
  caller = path.join(directory, 'caller.mjs');
  await build({
    stdin: { contents: CALLER, resolveDir: directory, loader: 'js' },
    outfile: caller,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Caller {
  readonly stdin: Writable;
  readonly ended: Promise<readonly [code: number | null, output: string]>;
}

/** @param script a shell's, in which `"$@"` is the caller */
async function callerOf(run: ServiceFunction, script = 'exec "$@"'): Promise<Caller> {
  const { file } = await daemon(run);
  const command = ['-c', script, 'sh', process.execPath, caller, file];
  const child = spawn('sh', command, { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let output = '';
  child.stdout.on('data', (bytes) => {
    output += bytes;
  });
  const ended = new Promise<readonly [number | null, string]>((resolve) => {
    child.once('close', (code) => resolve([code, output]));
  });
  return { stdin: child.stdin, ended };
}

describe('a caller whose input stays open', () => {
  it('ends with its call, not having been read from', async () => {
    const { ended } = await callerOf(({ stdout }) => void stdout.write('out'));
    expect(await ended).toEqual([0, 'out']);
  });

  it('ends with its call, having been read from once', async () => {
    const { ended, stdin } = await callerOf(async ({ stdin: input, stdout }) => {
      for await (const bytes of input) {
        stdout.write(`got ${bytes}`);
        return 5;
      }
      return 6;
    });
    stdin.write('one');
    expect(await ended).toEqual([5, 'got one']);
  });

  it('leaves unread bytes to the next reader', async () => {
    const [gotOne, wroteTwo] = [gate(), gate()];
    const { ended, stdin } = await callerOf(async ({ stdin: input, stdout }) => {
      for await (const bytes of input) {
        stdout.write(`got ${bytes}, `);
        gotOne.open();
        await wroteTwo.opened;
        return 0;
      }
      return 6;
    }, '"$@"; cat');
    stdin.write('one');
    await gotOne.opened;
    await new Promise((resolve) => stdin.write('two', resolve));
    await stalled(() => 0);
    wroteTwo.open();
    stdin.end();
    expect(await ended).toEqual([0, 'got one, two']);
  });

  it('ends with its call while it is being read from', async () => {
    const { ended } = await callerOf(async ({ stdin: input }) => {
      input.resume();
      // A turn or two, in which the caller is asked.
      for (let turns = 0; turns < 100; turns++) await new Promise((resolve) => setImmediate(resolve));
      return 7;
    });
    expect(await ended).toEqual([7, '']);
  });
});
