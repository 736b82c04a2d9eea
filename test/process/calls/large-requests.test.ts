/** Large requests take a limited amount of memory, and leave none behind, with and without workers. */

import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { expect, it } from 'vitest';
import { encodeRequest } from '../../../src/app/wire/request.js';
import { eventually, sandbox } from '../support/sandbox.js';

const MIB = 2 ** 20;
const REQUESTS = 20;
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

const bytesOf = (pid: number, what: 'VmRSS' | 'VmHWM'): number => {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${what}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
};

it.each([0, 1])(
  'large requests leave no memory behind with %i workers',
  { timeout: 120_000 },
  async (workers) => {
    const box = sandbox();
    const service = box.service(
      'export default ({ args, stdout }) => void stdout.write(String(args.length));',
    );
    await box.run(['call', service, `--workers=${workers}`]);
    const [pid = 0] = box.daemons();
    const socketPath = path.join(box.place(), 'current', 'sock');
    const answers = await Promise.all(Array.from({ length: REQUESTS }, () => ask(socketPath)));
    expect(answers.every((bytes) => bytes > 0)).toBe(true);
    // All of them together are 1.2 GiB long, and would take twice that.
    expect(bytesOf(pid, 'VmHWM')).toBeLessThan(1024 * MIB);
    await eventually('the memory is free again', () => bytesOf(pid, 'VmRSS') < 500 * MIB);
  },
);
