/** solod as a Unix command: signals, write errors, streams, places that are gone. Each on both clients, where they differ in code. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { beforeAll, describe, expect, test } from 'vitest';
import { BUILD_MS, buildClient, CLIENT, hasCargo } from '../native/client.js';
import { eventually, has, type Sandbox, SOLOD, sandbox } from './sandbox.js';

beforeAll(buildClient, BUILD_MS);

const NODE = ['node', [process.execPath, SOLOD]] as const;
const NATIVE = ['native', [CLIENT]] as const;
const clients: (readonly [string, readonly string[]])[] = hasCargo ? [NODE, NATIVE] : [NODE];

/** Says so when it is called, and ends in ten seconds or when its caller has gone. */
const SLOW = `export default async ({ args, stdout, signal }) => {
  if (args.length === 0) return;
  stdout.write('called\\n');
  await new Promise((resolve) => {
    const timer = setTimeout(resolve, 10_000);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); });
  });
};`;

async function warm(box: Sandbox, source: string): Promise<string> {
  const service = box.service(source);
  expect((await box.run(['call', service])).code).toBe(0);
  return service;
}

async function said(child: ChildProcess, text: string): Promise<void> {
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => {
    output += bytes;
  });
  await eventually(`the child says ${text}`, () => output.includes(text));
}

describe.each(clients)('%s', (_, [program = '', ...first]) => {
  describe.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('%s', (signal) => {
    test('ends a call as the system has it, so that a shell sees a signal and not an exit code', async () => {
      const box = sandbox();
      const service = await warm(box, SLOW);
      const child = box.spawn(program, [...first, 'call', service, 'slow']);
      await said(child, 'called');
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([null, signal]);
    });

    test.runIf(has('bash'))('is ignored in a call whose shell ignores it', async () => {
      const box = sandbox();
      const service = await warm(box, SLOW.replace('10_000', '800'));
      const script = `trap '' ${signal.slice(3)}; "$@"; echo "code $?"`;
      const shell = box.spawn('bash', ['-c', script, 'bash', program, ...first, 'call', service, 'slow']);
      await said(shell, 'called');
      const [child] = await childrenOf(shell);
      process.kill(child ?? 0, signal);
      await said(shell, 'code 0');
    });
  });

  test.runIf(has('nohup') && has('bash'))('nohup keeps a call from a hang-up', async () => {
    const box = sandbox();
    const service = await warm(box, SLOW.replace('10_000', '800'));
    const script = 'nohup "$@"; echo "code $?"';
    const shell = box.spawn('bash', ['-c', script, 'bash', program, ...first, 'call', service, 'slow']);
    await said(shell, 'called');
    const [child] = await childrenOf(shell);
    process.kill(child ?? 0, 'SIGHUP');
    await said(shell, 'code 0');
  });
});

async function childrenOf(shell: ChildProcess): Promise<readonly number[]> {
  const listed = spawn('ps', ['-o', 'pid=', '--ppid', String(shell.pid)]);
  let text = '';
  listed.stdout.on('data', (bytes: Buffer) => {
    text += bytes;
  });
  await once(listed, 'close');
  return text.trim().split(/\s+/).map(Number);
}
