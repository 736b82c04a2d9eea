import { describe, expect, it } from 'vitest';
import { ShareBench } from './share-bench.js';

describe('ids and tokens', () => {
  it('two clients use one id at once, and each gets its own answer, byte for byte', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.enter(2);
    bench.say(
      1,
      '{ "jsonrpc":"2.0", "method":"tools/call","id":7,"params":{"n":1.0,"big":12345678901234567890}}',
    );
    bench.say(2, '{"id":"7","params":{"n":1e3},"method":"tools/call","jsonrpc":"2.0"}');
    const [first = '', second = ''] = bench.sentLines();
    const [a, b] = [JSON.parse(first).id, JSON.parse(second).id] as [number, number];
    expect(a).not.toBe(b);
    expect(first).toBe(
      `{ "jsonrpc":"2.0", "method":"tools/call","id":${a},"params":{"n":1.0,"big":12345678901234567890}}`,
    );
    expect(second).toBe(`{"id":${b},"params":{"n":1e3},"method":"tools/call","jsonrpc":"2.0"}`);
    bench.serve(`{"result":{"x":0.10,"x":2},"jsonrpc":"2.0","id":${b}}`);
    bench.serve(`{"result":{},"jsonrpc":"2.0","id":${a}}`);
    expect(bench.toldLines(1)).toEqual(['{"result":{},"jsonrpc":"2.0","id":7}']);
    expect(bench.toldLines(2)).toEqual(['{"result":{"x":0.10,"x":2},"jsonrpc":"2.0","id":"7"}']);
  });

  it.each(['0', '""', '"é"', '-1', '9007199254740993'])(
    'a progress token %s comes back as it was',
    (token) => {
      const bench = new ShareBench();
      bench.enter(1);
      bench.enter(2);
      bench.say(
        1,
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":${token}}}}`,
      );
      bench.say(
        2,
        `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":{"progressToken":${token}}}}`,
      );
      const [, second] = bench.sent();
      const own = (second?.params?._meta as { progressToken: number } | undefined)?.progressToken;
      bench.serve({ method: 'notifications/progress', params: { progressToken: own, progress: 1 } });
      expect(bench.told(1)).toEqual([]);
      expect(bench.toldLines(2)).toEqual([
        `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${token},"progress":1}}`,
      ]);
      bench.serve({ id: second?.id, result: {} });
      bench.told(2);
      bench.serve({ method: 'notifications/progress', params: { progressToken: own, progress: 2 } });
      expect(bench.told(2)).toEqual([]);
    },
  );

  it('a server that answers what nobody asked is heard by nobody', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.serve({ id: 999, result: {} });
    bench.serve({ id: '1', result: {} });
    bench.serve('what a server prints');
    expect(bench.told(1)).toEqual([]);
  });
});

describe('the handshake', () => {
  it('is done once, and told to each client in the version that it speaks', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.join(2);
    const hello = (client: number, version: string) =>
      bench.say(client, {
        id: client,
        method: 'initialize',
        params: { protocolVersion: version, capabilities: {} },
      });
    hello(1, '2024-11-05');
    hello(2, '2025-06-18');
    expect(bench.starts).toEqual(['handshake']);
    bench.step({ kind: 'started', era: 'handshake' });
    const greeting = bench.sentRequest('initialize');
    expect(greeting.params).toEqual({
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'solod', version: '1.2.3' },
    });
    bench.serve({ id: greeting.id, result: { protocolVersion: '2025-06-18', capabilities: {}, x: 1.0 } });
    expect(bench.sent().map(({ method }) => method)).toEqual(['notifications/initialized']);
    expect(bench.told(1)).toEqual([
      { jsonrpc: '2.0', id: 1, result: { protocolVersion: '2024-11-05', capabilities: {}, x: 1 } },
    ]);
    expect(bench.told(2)[0]?.result?.protocolVersion).toBe('2025-06-18');
    bench.join(3);
    hello(3, '2025-11-25');
    expect(bench.told(3)[0]?.result?.protocolVersion).toBe('2025-06-18');
    hello(3, '2099-01-01');
    expect(bench.told(3)[0]?.result?.protocolVersion).toBe('2025-06-18');
    expect(bench.sent()).toEqual([]);
  });

  it('requests that come before the server is there wait for it, in order', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-06-18', capabilities: {} },
    });
    bench.say(1, { method: 'notifications/initialized' });
    bench.say(1, { id: 2, method: 'tools/list' });
    bench.say(1, { id: 3, method: 'prompts/list' });
    bench.step({ kind: 'started', era: 'handshake' });
    const greeting = bench.sentRequest('initialize');
    bench.serve({ id: greeting.id, result: { protocolVersion: '2025-11-25', capabilities: {} } });
    expect(bench.sent().map(({ method }) => method)).toEqual([
      'notifications/initialized',
      'tools/list',
      'prompts/list',
    ]);
  });

  it('a server that refuses the newest version is asked for the one that a client wants', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, {
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2024-11-05', capabilities: {} },
    });
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ id: bench.sentRequest('initialize').id, error: { code: -32602, message: 'no' } });
    const again = bench.sentRequest('initialize');
    expect(again.params?.protocolVersion).toBe('2024-11-05');
    bench.serve({ id: again.id, error: { code: -32602, message: 'no' } });
    expect(bench.told(1)).toEqual([{ jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'no' } }]);
    expect(bench.ends).toEqual(['handshake']);
  });

  it('what came behind a handshake that the server refuses is refused too, and the server is not started again', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } });
    bench.say(1, { id: 2, method: 'tools/list' });
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ id: bench.sentRequest('initialize').id, error: { code: -32602, message: 'no' } });
    expect(bench.told(1)).toMatchObject([
      { id: 1, error: { code: -32602, message: 'no' } },
      { id: 2, error: { code: -32603 } },
    ]);
    bench.die();
    expect(bench.starts).toEqual(['handshake']);
  });

  it('a server that never answers the handshake is ended, and its clients are told', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    bench.step({ kind: 'started', era: 'handshake' });
    bench.pass(119_999);
    expect(bench.told(1)).toEqual([]);
    bench.pass(1);
    expect(bench.told(1)).toMatchObject([
      { id: 1, error: { message: expect.stringContaining('initialize') } },
    ]);
    expect(bench.ends).toEqual(['handshake']);
  });

  it('a ping is answered whatever the server does', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'ping' });
    expect(bench.told(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }]);
    expect(bench.starts).toEqual([]);
  });

  it('a client that is alone introduces itself, and the server answers it', () => {
    const bench = new ShareBench({ sharing: 'per-client' });
    bench.join(1);
    const params = {
      protocolVersion: '2025-03-26',
      capabilities: { roots: {} },
      clientInfo: { name: 'h', version: '9' },
    };
    bench.say(1, { id: 'a', method: 'initialize', params });
    bench.step({ kind: 'started', era: 'handshake' });
    const greeting = bench.sentRequest('initialize');
    expect(greeting.params).toEqual(params);
    bench.serve({ id: greeting.id, result: { protocolVersion: '2025-03-26', capabilities: {} } });
    expect(bench.told(1)[0]?.result?.protocolVersion).toBe('2025-03-26');
    bench.sent();
    bench.say(1, { method: 'notifications/roots/list_changed' });
    expect(bench.sent().map(({ method }) => method)).toEqual(['notifications/roots/list_changed']);
    bench.leave(1);
    expect(bench.ends).toEqual(['handshake']);
  });
});

describe('cancelling and leaving', () => {
  it('a cancellation reaches the right request, and nothing comes of it any more', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.enter(2);
    for (const client of [1, 2])
      bench.say(client, { id: 5, method: 'tools/call', params: { _meta: { progressToken: 5 } } });
    const [first, second] = bench.sent();
    bench.say(2, { method: 'notifications/cancelled', params: { requestId: 5, reason: 'enough' } });
    expect(bench.sent()).toEqual([
      {
        jsonrpc: '2.0',
        method: 'notifications/cancelled',
        params: { requestId: second?.id, reason: 'enough' },
      },
    ]);
    bench.serve({ id: second?.id, result: {} });
    bench.serve({ method: 'notifications/progress', params: { progressToken: second?.id, progress: 1 } });
    expect(bench.told(2)).toEqual([]);
    bench.serve({ id: first?.id, result: {} });
    expect(bench.told(1)).toEqual([{ jsonrpc: '2.0', id: 5, result: {} }]);
    bench.say(1, { method: 'notifications/cancelled', params: { requestId: 5 } });
    bench.say(1, { method: 'notifications/cancelled', params: { requestId: '5' } });
    expect(bench.sent()).toEqual([]);
  });

  it("a client that goes takes its requests with it, and nobody else's", () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.enter(2);
    bench.say(1, { id: 1, method: 'tools/call' });
    bench.say(2, { id: 1, method: 'tools/call' });
    const [first, second] = bench.sent();
    bench.leave(1);
    expect(bench.sent()).toMatchObject([
      { method: 'notifications/cancelled', params: { requestId: first?.id } },
    ]);
    bench.serve({ id: first?.id, result: {} });
    bench.serve({ id: second?.id, result: {} });
    expect(bench.told(1)).toEqual([]);
    expect(bench.told(2)).toHaveLength(1);
  });

  it('the server ends when nobody has used it for the time that was said', () => {
    const bench = new ShareBench({ idleMs: 1_000 });
    bench.enter(1);
    bench.leave(1);
    bench.pass(900);
    bench.enter(2);
    bench.leave(2);
    bench.pass(999);
    expect(bench.ends).toEqual([]);
    bench.pass(1);
    expect(bench.ends).toEqual(['handshake']);
    bench.join(3);
    bench.say(3, { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    expect(bench.starts).toHaveLength(1);
    bench.die();
    expect(bench.starts).toHaveLength(2);
    bench.serverUp();
    expect(bench.told(3)).toHaveLength(1);
  });
});

describe('a server that dies', () => {
  it('each request that waits gets one error and is not sent again, and the sessions go on', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.enter(2);
    bench.say(1, { id: 1, method: 'resources/subscribe', params: { uri: 'file:///a' } });
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
    bench.told(1);
    bench.say(1, { id: 2, method: 'tools/call' });
    bench.say(2, { id: 2, method: 'tools/call' });
    bench.sent();
    bench.die('exit code 3: oh');
    for (const client of [1, 2]) {
      const [error, ...others] = bench.told(client);
      expect(error).toMatchObject({ id: 2, error: { code: -32603 } });
      expect(error?.error?.message).toContain('exit code 3: oh');
      expect(others).toEqual([]);
    }
    bench.say(2, { id: 3, method: 'tools/list' });
    bench.pass(100);
    expect(bench.starts).toEqual(['handshake', 'handshake']);
    bench.step({ kind: 'started', era: 'handshake' });
    const greeting = bench.sentRequest('initialize');
    bench.serve({
      id: greeting.id,
      result: { protocolVersion: '2025-11-25', capabilities: { tools: {}, prompts: {} } },
    });
    expect(bench.sent().map(({ method }) => method)).toEqual([
      'notifications/initialized',
      'tools/list',
      'resources/subscribe',
    ]);
    for (const client of [1, 2])
      expect(bench.told(client).map(({ method }) => method)).toEqual([
        'notifications/tools/list_changed',
        'notifications/prompts/list_changed',
      ]);
  });

  it('what the next one refuses to be subscribed to counts no more', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.say(1, { id: 1, method: 'resources/subscribe', params: { uri: 'file:///a' } });
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
    bench.die();
    bench.pass(100);
    bench.step({ kind: 'started', era: 'handshake' });
    const greeting = bench.sentRequest('initialize');
    bench.serve({ id: greeting.id, result: { protocolVersion: '2025-11-25', capabilities: {} } });
    const [, again] = bench.sent();
    bench.serve({ id: again?.id, error: { code: -32002, message: 'gone' } });
    bench.say(1, { id: 2, method: 'resources/subscribe', params: { uri: 'file:///a' } });
    bench.sentRequest('resources/subscribe');
  });

  it('again and again: requests are answered with the reason, and the starts become rare', () => {
    const bench = new ShareBench();
    bench.enter(1);
    for (let n = 0; n < 2; n++) {
      bench.die('exit code 1: no config');
      bench.pass(500);
    }
    bench.die('exit code 1: no config');
    bench.say(1, { id: 1, method: 'tools/list' });
    const message = expect.stringMatching(/3 times in a row.*no config/);
    expect(bench.told(1)).toMatchObject([{ id: 1, error: { message } }]);
    const before = bench.starts.length;
    bench.pass(1_999);
    expect(bench.starts).toHaveLength(before);
    bench.pass(1);
    expect(bench.starts).toHaveLength(before + 1);
  });

  it('a command that does not exist is said at once', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    bench.step({ kind: 'ended', era: 'handshake', words: 'ENOENT', start: 'refused' });
    expect(bench.told(1)[0]?.error?.message).toContain('ENOENT');
  });
});
