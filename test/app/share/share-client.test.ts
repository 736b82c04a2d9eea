/** The client's side of a session, with brokers that the test plays. */

import { PassThrough, type Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type BrokerCall, type BrokerCallEnd, ShareClient } from '../../../src/app/share/share-client.js';
import { readShareOptions } from '../../../src/app/share/share-options.js';
import { RELAY } from '../../../src/domain/share/relay/relay-machine.js';

const turns = async (count = 20): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
};

/** A connection to a broker, from the moment at which the client asks for one. */
interface Connection {
  readonly call: BrokerCall;
  readonly end: (end: BrokerCallEnd) => void;
}

function begin() {
  const reading = readShareOptions(['--', 'node', 'x.js']);
  if (reading.kind !== 'share') throw new Error('no options');
  const connections: Connection[] = [];
  const [stdin, leaving] = [new PassThrough(), new AbortController()];
  const client = new ShareClient({
    call: (call) =>
      new Promise((end) => {
        call.signal.addEventListener('abort', () => end({ kind: 'cancelled' }));
        connections.push({ call, end });
      }),
    options: reading.options,
    broker: 'common',
    env: {},
    cwd: '/',
    stateDirectory: undefined,
    daemon: undefined,
    stdin,
    stdout: new PassThrough().resume(),
    say: () => {},
    signal: leaving.signal,
    hostIsGone: () => false,
  });
  const ended = client.run();
  onTestFinished(async () => {
    leaving.abort();
    await ended;
  });
  return { stdin, connections };
}

/** More than may wait for a broker. */
function sayMuch(stdin: PassThrough): void {
  const params = { x: 'x'.repeat(RELAY.unsentBytes / 2) };
  for (let id = 1; id <= 3; id++) stdin.write(`${JSON.stringify({ id, method: 'tools/call', params })}\n`);
}

async function readAll(input: Readable | undefined): Promise<void> {
  input?.resume();
  await turns();
}

describe('a host that says more than a broker takes', () => {
  it('is read no further until the broker has read on', async () => {
    const { stdin, connections } = begin();
    const input = connections[0]?.call.stdin();
    sayMuch(stdin);
    await turns();
    expect(stdin.isPaused()).toBe(true);
    await readAll(input);
    expect(stdin.isPaused()).toBe(false);
  });

  it('is read again when there is another broker', async () => {
    const { stdin, connections } = begin();
    connections[0]?.call.stdin();
    sayMuch(stdin);
    await turns();
    connections[0]?.end({ kind: 'lost', message: 'killed' });
    await expect.poll(() => connections.length).toBe(2);
    expect(stdin.isPaused()).toBe(false);
  });
});
