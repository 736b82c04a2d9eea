/** Large requests leave no memory behind, in the daemon and in its workers. */

import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, it } from 'vitest';
import { encodeRequest } from '../../../src/app/wire/request.js';
import { eventually, sandbox } from '../support/sandbox.js';

const MIB = 2 ** 20;
const REQUESTS = 10;
/** As much as one request may hold: four arguments of 15 MiB each. */
const REQUEST = encodeRequest({
  command: 'count',
  args: Array.from({ length: 4 }, () => 'a'.repeat(15 * MIB)),
  env: {},
  cwd: '/',
});

function ask(socketPath: string): Promise<number> {
  return new Promise((resolve) => {
    let answered = 0;
    const socket = net.connect(socketPath, () => socket.write(REQUEST));
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      answered += bytes.length;
    });
    socket.on('close', () => resolve(answered));
  });
}

const residentBytes = (pid: number): number =>
  Number(/^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]) * 1024;

it.each([0, 1])('large requests leave no memory behind with %i workers', async (workers) => {
  const box = sandbox();
  const service = box.service('export default ({ args, stdout }) => void stdout.write(String(args.length));');
  await box.run(['call', service, `--workers=${workers}`]);
  const [pid = 0] = box.daemons();
  const socketPath = path.join(box.place(), 'current', 'sock');
  const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(socketPath)));
  expect(answers.every((bytes) => bytes > 0)).toBe(true);
  await eventually('the memory is free again', () => residentBytes(pid) < 500 * MIB);
});
