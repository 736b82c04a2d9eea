import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';

import { joinStreams } from '../../../src/app/programs/join-streams.js';

const MEBIBYTE = 2 ** 20;

/** Connected to a daemon that does this with each connection. */
async function joinedTo(serve: (socket: Socket) => void): Promise<Socket> {
  const directory = mkdtempSync(path.join(tmpdir(), 'solod-join-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = path.join(directory, 'sock');
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {});
    serve(socket);
  }).listen(file);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const socket = connect({ path: file, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Takes each chunk after a moment, as a pipe does that another process has made non-blocking. */
function slowOutput(): { stdout: Writable; length(): number } {
  let length = 0;
  const stdout = new Writable({
    write(bytes: Buffer, _encoding, done) {
      setTimeout(() => {
        length += bytes.length;
        done();
      }, 2);
    },
  });
  return { stdout, length: () => length };
}

describe('joined streams', () => {
  it('end when a slow stdout has taken all', async () => {
    const socket = await joinedTo((accepted) => accepted.end(Buffer.alloc(MEBIBYTE)));
    const { stdout, length } = slowOutput();
    const end = await joinStreams(socket, Readable.from([]), stdout);
    expect(end).toEqual({ kind: 'ended', received: 'something' });
    expect(length()).toBe(MEBIBYTE);
  });

  it.each([
    ['has read none of the input', 0],
    ['has read some of it', 20],
  ])('have all that a daemon sent that %s and closed', async (_what, readMs) => {
    const socket = await joinedTo(async (accepted) => {
      if (readMs > 0) accepted.resume();
      await delay(readMs);
      accepted.pause();
      accepted.write(Buffer.alloc(MEBIBYTE), () => accepted.destroy());
    });
    const { stdout, length } = slowOutput();
    async function* endless() {
      for (;;) yield Buffer.alloc(65_536);
    }
    const end = await joinStreams(socket, Readable.from(endless()), stdout);
    expect(end.received).toBe('something');
    expect(length()).toBe(MEBIBYTE);
  });

  it('say that stdout failed while the last of it was written', async () => {
    const socket = await joinedTo((accepted) => accepted.end('x'));
    const stdout = new Writable({
      write: (_bytes, _encoding, done) => void setTimeout(() => done(new Error('no space')), 30),
    });
    const end = await joinStreams(socket, Readable.from([]), stdout);
    expect(end).toMatchObject({ kind: 'broken', by: 'stdout', cause: { message: 'no space' } });
  });

  it('leave process.stdout alone, which makes a pipe non-blocking when it is first looked at', async () => {
    const descriptor = Object.getOwnPropertyDescriptor(process, 'stdout');
    if (descriptor === undefined) throw new Error('there is no process.stdout');
    let looks = 0;
    Object.defineProperty(process, 'stdout', {
      configurable: true,
      get: () => {
        looks += 1;
        return descriptor.get?.call(process) ?? descriptor.value;
      },
    });
    onTestFinished(() => void Object.defineProperty(process, 'stdout', descriptor));
    const socket = await joinedTo((accepted) =>
      accepted.on('data', (bytes) => accepted.write(bytes)).on('end', () => accepted.end()),
    );
    looks = 0;
    await joinStreams(socket, Readable.from(['x']), slowOutput().stdout);
    expect(looks).toBe(0);
  });
});
