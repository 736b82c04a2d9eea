/** Both ends of a connection, in memory and between two real sockets: they end, break and block alike. */

import { once } from 'node:events';
import net from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { streamPair } from '../../src/adapters/memory/stream-pair.js';

interface Ends {
  readonly caller: Duplex;
  readonly server: Duplex;
}

async function socketPair(): Promise<Ends> {
  const listening = net.createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as net.AddressInfo;
  const caller = net.connect(port, '127.0.0.1');
  const [server] = (await once(listening, 'connection')) as [net.Socket];
  listening.close();
  for (const end of [caller, server]) end.on('error', () => {});
  return { caller, server };
}

describe.each([
  ['memory', async () => streamPair(() => {})],
  ['sockets', socketPair],
])('%s', (_, pair) => {
  it('carry what was written, and then the end', async () => {
    const { caller, server } = await pair();
    server.end('hello');
    expect(await text(caller)).toBe('hello');
  });

  it('an end that is read to its end closes, although its peer reads nothing', async () => {
    const { caller, server } = await pair();
    server.end('hello');
    caller.resume();
    await once(caller, 'close');
    expect(caller.destroyed).toBe(true);
  });

  it('when one is closed, the other comes to an end and is closed', async () => {
    const { caller, server } = await pair();
    server.destroy();
    caller.resume();
    await once(caller, 'close');
  });

  it('a write that waits for its reader is done when that reads, and not before', async () => {
    const { caller, server } = await pair();
    let isWritten = false;
    const bytes = Buffer.alloc(16 * 2 ** 20);
    caller.write(bytes, () => {
      isWritten = true;
    });
    caller.end();
    for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(isWritten).toBe(false);
    expect((await text(server)).length).toBe(bytes.length);
    expect(isWritten).toBe(true);
  });

  it('a write to an end that is closed fails', async () => {
    const { caller, server } = await pair();
    server.destroy();
    const error = await new Promise((resolve) => {
      const timer = setInterval(() => {
        caller.write('hello', (failure) => {
          if (!failure) return;
          clearInterval(timer);
          resolve(failure);
        });
      }, 1);
    });
    expect(error).toBeInstanceOf(Error);
  });
});
