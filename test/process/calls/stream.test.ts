/**
 * Any amount of data, with little memory on both sides. `SOLOD_STREAM_MIB=1024` (`npm run stream`) makes it a
 * gibibyte.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { sandbox } from '../support/sandbox.js';

const MIB = 1024 * 1024;
const AMOUNT_MIB = Number(process.env.SOLOD_STREAM_MIB ?? 128);
/** The memory that a process may use above its start, for any amount of data. */
const HEADROOM_MIB = 96;

const residentPeak = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

it(`${AMOUNT_MIB} MiB through stdin to stdout: the same bytes, flat memory in client and daemon`, async () => {
  const box = sandbox();
  const service = box.service(`
    import { pipeline } from 'node:stream/promises';
    export default async ({ stdin, stdout }) => { await pipeline(stdin, stdout); };
  `);
  await box.run(['call', service]);
  const [daemon = 0] = box.daemons();
  const before = residentPeak(daemon);
  const client = box.start(['call', service]);
  const sent = createHash('sha256');
  const received = createHash('sha256');
  let bytes = 0;
  let peak = 0;
  client.stdout?.on('data', (chunk: Buffer) => {
    received.update(chunk);
    bytes += chunk.length;
  });
  const ended = new Promise<number | null>((resolve) => client.once('close', resolve));
  const block = Buffer.alloc(MIB);
  for (let n = 0; n < AMOUNT_MIB; n++) {
    block.writeUInt32BE(n, 0);
    block.fill(n & 0xff, 4, 5000);
    const copy = Buffer.from(block);
    sent.update(copy);
    if (client.stdin?.write(copy) === false)
      await new Promise((resolve) => client.stdin?.once('drain', resolve));
    if (n === AMOUNT_MIB - 2) peak = residentPeak(client.pid ?? 0);
  }
  client.stdin?.end();
  expect(await ended).toBe(0);
  expect(bytes).toBe(AMOUNT_MIB * MIB);
  expect(received.digest('hex')).toBe(sent.digest('hex'));
  expect(residentPeak(daemon) - before).toBeLessThan(HEADROOM_MIB);
  expect(peak).toBeLessThan(60 + HEADROOM_MIB);
}, 300_000);
