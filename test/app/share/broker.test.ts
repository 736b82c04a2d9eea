/** The broker with servers in memory, and clients that are streams. */

import { PassThrough } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type MemoryUpstream, MemoryUpstreams } from '../../../src/adapters/memory/memory-upstreams.js';
import { nodeClock } from '../../../src/adapters/node/clock.js';
import { Broker } from '../../../src/app/share/broker.js';
import { planShare } from '../../../src/app/share/plan-share.js';
import { readShareOptions } from '../../../src/app/share/share-options.js';
import { DEFAULT_LIMITS } from '../../../src/domain/share/messages/share-limits.js';
import type { Clock } from '../../../src/ports/clock.js';

/** Answers the handshake, and every call with `bytes` bytes. */
function program(upstream: MemoryUpstream, text: string): void {
  for (const line of text.split('\n').filter(Boolean)) {
    const { id, method, params } = JSON.parse(line);
    if (id === undefined) continue;
    const filler = 'x'.repeat(params?.arguments?.bytes ?? 0);
    const result = method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities: {} } : { filler };
    upstream.say(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);
  }
}

function makeBroker(upstreams = new MemoryUpstreams(program), clock: Clock = nodeClock) {
  const broker = new Broker({
    upstreams,
    clock,
    limits: { ...DEFAULT_LIMITS, unreadBytes: 1_000_000 },
    version: '1',
    nonce: 'n',
    log: () => {},
    onStart: () => {},
  });
  onTestFinished(() => broker.drain());
  return { broker, upstreams };
}

class Client {
  readonly stdin = new PassThrough();
  readonly stdout = new PassThrough({ highWaterMark: 1 });
  readonly stderr = new PassThrough();
  readonly ended: Promise<void>;
  readonly signal = new AbortController();
  #said = '';

  constructor(broker: Broker, argv: readonly string[] = ['--', 'node', 'x.js']) {
    const reading = readShareOptions(argv);
    const planned = reading.kind === 'share' && planShare(reading.options, { PATH: process.env.PATH }, '/');
    if (reading.kind !== 'share' || !planned || planned.kind !== 'planned') throw new Error('no plan');
    const { stdin, stdout, stderr, signal } = this;
    const context = { args: [], env: {}, cwd: '/', stdin, stdout, stderr, signal: signal.signal };
    this.ended = broker.serve(reading.options, planned.plan, context);
    this.call('hello', 'initialize', { protocolVersion: '2025-06-18' });
  }

  call(id: unknown, method: string, params: object = {}): void {
    this.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
  }

  read(): this {
    this.stdout.on('data', (bytes: Buffer) => {
      this.#said += bytes.toString();
    });
    return this;
  }

  get answers(): unknown[] {
    return this.#said
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).id);
  }

  sideLines(): unknown[] {
    const text = this.stderr.read()?.toString() ?? '';
    return text
      .split('\n')
      .filter(Boolean)
      .map((line: string) => JSON.parse(line));
  }
}

const turns = async (count = 20): Promise<void> => {
  for (let n = 0; n < count; n++) await new Promise((resolve) => setImmediate(resolve));
};

describe('clients', () => {
  it('share a server, and one that does not read is cut off, while the other is served', async () => {
    const { broker, upstreams } = makeBroker();
    const [deaf, other] = [new Client(broker), new Client(broker).read()];
    for (let n = 0; n < 12; n++) deaf.call(n, 'tools/call', { arguments: { bytes: 100_000 } });
    other.call(1, 'tools/call');
    await deaf.ended;
    expect(deaf.sideLines()).toMatchObject([{ kind: 'cut-off' }]);
    other.call(2, 'tools/call');
    await turns();
    expect(other.answers).toEqual(['hello', 1, 2]);
    expect(upstreams.started).toHaveLength(1);
    expect(broker.facts()).toMatchObject([{ clients: 1 }]);
  });

  it('that go, however they go, leave nothing', async () => {
    const { broker } = makeBroker();
    const clients = [0, 1, 2].map(() => new Client(broker).read());
    clients[0]?.stdin.end();
    clients[1]?.stdin.destroy(new Error('ECONNRESET'));
    clients[2]?.signal.abort();
    await Promise.all(clients.map(({ ended }) => ended));
    expect(broker.facts()).toMatchObject([{ clients: 0, inFlight: 0 }]);
  });

  it('that are alone go with their servers', async () => {
    const { broker, upstreams } = makeBroker();
    const argv = ['--per-client', '--', 'node', 'x.js'];
    const clients = [0, 1].map(() => new Client(broker, argv).read());
    await turns();
    expect(upstreams.started.map(({ state }) => state)).toEqual(['running', 'running']);
    clients[0]?.stdin.end();
    await clients[0]?.ended;
    expect(upstreams.started.map(({ state }) => state)).toEqual(['ended', 'running']);
    clients[1]?.stdin.end();
    await clients[1]?.ended;
    expect(broker.isBusy).toBe(false);
  });
});

describe('a broker that ends', () => {
  it('says how many lines it has taken, and ends its servers', async () => {
    const { broker, upstreams } = makeBroker();
    const client = new Client(broker).read();
    client.call(1, 'tools/call');
    await turns();
    await broker.drain();
    await client.ended;
    expect(client.sideLines()).toEqual([{ kind: 'taken', lines: 2 }]);
    expect(upstreams.started.map(({ state }) => state)).toEqual(['ended']);
  });

  it('waits for what is under way', async () => {
    const answers: (() => void)[] = [];
    const slow = new MemoryUpstreams((upstream, text) => {
      if (text.includes('tools/call')) answers.push(() => program(upstream, text));
      else program(upstream, text);
    });
    const { broker } = makeBroker(slow);
    const client = new Client(broker).read();
    client.call(1, 'tools/call');
    await turns();
    const draining = broker.drain();
    await turns();
    expect(client.sideLines()).toEqual([]);
    for (const answer of answers) answer();
    await draining;
    expect(client.answers).toEqual(['hello', 1]);
    expect(client.sideLines()).toEqual([{ kind: 'taken', lines: 2 }]);
  });
  it('waits for it no longer than it has time', async () => {
    const deaf = new MemoryUpstreams((upstream, text) => {
      if (!text.includes('tools/call')) program(upstream, text);
    });
    let lateMs = 0;
    const now = () => {
      const { monotonicMs, wallMs } = nodeClock.now();
      return { monotonicMs: monotonicMs + lateMs, wallMs };
    };
    const { broker } = makeBroker(deaf, { ...nodeClock, now });
    const client = new Client(broker).read();
    client.call(1, 'tools/call');
    await turns();
    const draining = broker.drain();
    lateMs = 3_000;
    await draining;
    expect(client.sideLines()).toEqual([{ kind: 'taken', lines: 2 }]);
    expect(deaf.started.map(({ state }) => state)).toEqual(['ended']);
  });
});
