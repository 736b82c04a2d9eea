import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../../src/domain/share/messages/share-limits.js';
import { emptyRelay, type RelayEvent, stepRelay } from '../../../../src/domain/share/relay/relay-machine.js';
import type { Message } from '../broker/share-bench.js';

class RelayBench {
  readonly state = emptyRelay(DEFAULT_LIMITS);
  readonly toHost: Message[] = [];
  readonly toBroker: Message[] = [];
  finished = 0;

  step(event: RelayEvent): void {
    for (const act of stepRelay(this.state, event)) {
      if (act.kind === 'to-host') this.toHost.push(JSON.parse(act.line));
      else if (act.kind === 'to-broker') this.toBroker.push(JSON.parse(act.line));
      else this.finished += 1;
    }
  }

  host(message: object): void {
    this.step({ kind: 'host-line', line: JSON.stringify(message) });
  }

  broker(message: object): void {
    this.step({ kind: 'broker-line', line: JSON.stringify(message) });
  }

  open(): Message[] {
    this.step({ kind: 'broker-opened' });
    return this.sent();
  }

  lose(taken?: number): Message[] {
    this.step({ kind: 'broker-lost', taken, words: 'killed' });
    return this.told();
  }

  sent(): Message[] {
    return this.toBroker.splice(0);
  }

  told(): Message[] {
    return this.toHost.splice(0);
  }

  greeted(): this {
    this.open();
    this.host({
      id: 0,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: { roots: {} } },
    });
    this.broker({ id: 0, result: { capabilities: { tools: {} } } });
    this.host({ method: 'notifications/initialized' });
    this.sent();
    this.told();
    return this;
  }
}

describe('a broker that is lost', () => {
  it('costs what was under way one error each, and the next one is told all that the host had set up', () => {
    const bench = new RelayBench().greeted();
    bench.host({ id: 1, method: 'logging/setLevel', params: { level: 'error' } });
    bench.host({ id: 2, method: 'resources/subscribe', params: { uri: 'file:///é' } });
    bench.host({ id: 3, method: 'resources/subscribe', params: { uri: 'refused' } });
    bench.broker({ id: 1, result: {} });
    bench.broker({ id: 2, result: {} });
    bench.broker({ id: 3, error: { code: 1, message: 'no' } });
    bench.host({ id: 4, method: 'tools/call' });
    bench.sent();
    bench.told();
    expect(bench.lose()).toMatchObject([{ id: 4, error: { code: -32603 } }]);
    bench.host({ id: 5, method: 'tools/list' });
    const replayed = bench.open();
    expect(replayed.map(({ method }) => method)).toEqual([
      'initialize',
      'notifications/initialized',
      'logging/setLevel',
      'resources/subscribe',
      'tools/list',
    ]);
    expect(replayed[0]?.params?.capabilities).toEqual({ roots: {} });
    expect(replayed[3]?.params).toEqual({ uri: 'file:///é' });
    expect(replayed[4]?.id).toBe(5);
    // Answers to what the host has not asked are not its business; that lists may have changed is.
    for (const { id } of replayed.slice(0, 4))
      if (id !== undefined) bench.broker({ id, result: { capabilities: { tools: {}, prompts: {} } } });
    expect(bench.told().map(({ method }) => method)).toEqual([
      'notifications/tools/list_changed',
      'notifications/prompts/list_changed',
    ]);
    bench.broker({ id: 5, result: {} });
    expect(bench.told()).toEqual([{ id: 5, result: {} }]);
  });

  it('a handshake that was under way is asked again, and answered once', () => {
    const bench = new RelayBench();
    bench.host({ id: 0, method: 'initialize', params: {} });
    bench.open();
    expect(bench.lose()).toEqual([]);
    expect(bench.open()).toMatchObject([{ id: 0, method: 'initialize' }]);
    bench.broker({ id: 0, result: {} });
    expect(bench.told()).toEqual([{ id: 0, result: {} }]);
  });

  it('what a broker that ends in good order has not taken is sent to the next one', () => {
    const bench = new RelayBench().greeted();
    bench.host({ id: 1, method: 'a' });
    bench.host({ id: 2, method: 'b' });
    // The handshake, its end, and the first request.
    expect(bench.lose(3)).toMatchObject([{ id: 1, error: {} }]);
    expect(bench.open().map(({ id, method }) => [id, method])).toContainEqual([2, 'b']);
  });

  it('questions to the host are taken back, and its late answers mean nothing', () => {
    const bench = new RelayBench().greeted();
    bench.broker({ id: 'q1', method: 'roots/list' });
    bench.broker({ id: 'q2', method: 'roots/list' });
    bench.host({ id: 'q1', result: {} });
    bench.told();
    expect(bench.lose()).toMatchObject([{ method: 'notifications/cancelled', params: { requestId: 'q2' } }]);
    bench.open();
    expect(bench.lose()).toEqual([]);
  });

  it('an array of requests is answered by an array of errors', () => {
    const bench = new RelayBench().greeted();
    bench.step({ kind: 'host-line', line: '[{"id":1,"method":"a"},{"id":2,"method":"b"},{"method":"n"}]' });
    bench.broker({ id: 1, result: {} });
    bench.told();
    expect(bench.lose()).toMatchObject([[{ id: 2, error: {} }]]);
  });

  it('what was cancelled gets nothing', () => {
    const bench = new RelayBench().greeted();
    bench.host({ id: 1, method: 'a' });
    bench.host({ method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(bench.lose()).toEqual([]);
  });

  it('where none comes for long, nobody is kept waiting', () => {
    const bench = new RelayBench().greeted();
    bench.lose();
    bench.host({ id: 1, method: 'a' });
    bench.step({ kind: 'broker-missing', words: 'no room' });
    expect(bench.told()).toMatchObject([{ id: 1, error: { message: expect.stringContaining('no room') } }]);
    expect(bench.open().map(({ method }) => method)).toEqual(['initialize', 'notifications/initialized']);
  });
});

describe('a host that ends', () => {
  it('is finished with at once where it waits for nothing', () => {
    const bench = new RelayBench().greeted();
    bench.step({ kind: 'host-ended' });
    expect(bench.finished).toBe(1);
  });

  it('is answered what it has asked', () => {
    const bench = new RelayBench().greeted();
    bench.host({ id: 1, method: 'a' });
    bench.step({ kind: 'host-ended' });
    expect(bench.finished).toBe(0);
    bench.broker({ id: 1, result: {} });
    expect(bench.finished).toBe(1);
  });
});

it('a message that is too long is answered here', () => {
  const bench = new RelayBench().greeted();
  bench.step({ kind: 'host-too-long', head: '{"id":"x","method":"', tail: '"}', bytes: 11_000_000 });
  expect(bench.told()).toMatchObject([{ id: 'x', error: { code: -32600 } }]);
});

it('where an answer is too long, the server gets an error in its place', () => {
  const bench = new RelayBench().greeted();
  bench.broker({ id: 'q', method: 'sampling/createMessage' });
  bench.told();
  bench.step({ kind: 'host-too-long', head: '{"id":"q","result":{"x":"', tail: '"}}', bytes: 11_000_000 });
  expect(bench.told()).toEqual([]);
  expect(bench.sent()).toMatchObject([{ id: 'q', error: { code: -32600 } }]);
  expect(bench.lose()).toEqual([]);
});
