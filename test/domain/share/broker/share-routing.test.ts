/** Whom what a server says is for, and what clients have in common. */

import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../../../src/domain/share/messages/share-limits.js';
import { GREETING, type Message, ShareBench } from './share-bench.js';

const withClients = (count: number, bench = new ShareBench()): ShareBench => {
  for (let client = 1; client <= count; client++) bench.enter(client);
  return bench;
};

const methods = (messages: readonly Message[]): unknown[] => messages.map(({ method }) => method);

describe('notifications', () => {
  it.each(['tools', 'prompts', 'resources'])('that %s have changed goes to all', (list) => {
    const bench = withClients(2);
    bench.serve({ method: `notifications/${list}/list_changed` });
    for (const client of [1, 2])
      expect(methods(bench.told(client))).toEqual([`notifications/${list}/list_changed`]);
  });

  it('a client whose handshake is not answered hears of nothing', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ method: 'notifications/tools/list_changed' });
    bench.serve({ method: 'notifications/message', params: { level: 'error' } });
    expect(bench.told(1)).toEqual([]);
  });

  it('what no revision knows goes to the only one that it can be for', () => {
    const bench = withClients(2);
    bench.serve({ method: 'notifications/x' });
    bench.say(2, { id: 1, method: 'tools/call' });
    bench.serve({ method: 'notifications/y' });
    bench.say(1, { id: 1, method: 'tools/call' });
    bench.serve({ method: 'notifications/z' });
    expect(bench.told(1)).toEqual([]);
    expect(methods(bench.told(2))).toEqual(['notifications/y']);
  });
});

describe('subscriptions', () => {
  const subscribe = (bench: ShareBench, client: number, uri = 'file:///a'): void =>
    bench.say(client, { id: 's', method: 'resources/subscribe', params: { uri } });
  const unsubscribe = (bench: ShareBench, client: number, uri = 'file:///a'): void =>
    bench.say(client, { id: 'u', method: 'resources/unsubscribe', params: { uri } });

  it('the first goes up, updates reach the subscribers, and the last one who leaves goes up', () => {
    const bench = withClients(3);
    subscribe(bench, 1);
    subscribe(bench, 2);
    const request = bench.sentRequest('resources/subscribe');
    expect(bench.told(1)).toEqual([]);
    bench.serve({ id: request.id, result: { ok: 1 } });
    for (const client of [1, 2])
      expect(bench.told(client)).toEqual([{ jsonrpc: '2.0', id: 's', result: { ok: 1 } }]);
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a' } });
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a/part' } });
    expect([1, 2, 3].map((client) => bench.told(client).length)).toEqual([2, 2, 0]);
    unsubscribe(bench, 1);
    expect(bench.told(1)).toEqual([{ jsonrpc: '2.0', id: 'u', result: {} }]);
    expect(bench.sent()).toEqual([]);
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a' } });
    expect([1, 2].map((client) => bench.told(client).length)).toEqual([0, 1]);
    unsubscribe(bench, 2);
    bench.serve({ id: bench.sentRequest('resources/unsubscribe').id, result: {} });
    expect(bench.told(2)).toHaveLength(1);
    subscribe(bench, 3);
    bench.sentRequest('resources/subscribe');
  });

  it.each([
    ['file:///d', 'file:///d/a.txt'],
    ['file:///d/', 'file:///d/a.txt'],
    ['notes:', 'notes:a'],
    ['db://t', 'db://t?row=1'],
  ])('on %s hears of %s, also if another client has subscribed to that', (whole, part) => {
    const bench = withClients(3);
    for (const [client, uri] of [whole, part, `${whole}x`].entries()) {
      subscribe(bench, client + 1, uri);
      bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
      bench.told(client + 1);
    }
    const hear = (uri: string): number[] => {
      bench.serve({ method: 'notifications/resources/updated', params: { uri } });
      return [1, 2, 3].filter((client) => bench.told(client).length > 0);
    };
    expect([hear(part), hear(whole)]).toEqual([[1, 2], [1]]);
    unsubscribe(bench, 2, part);
    bench.told(2);
    expect(hear(part)).toEqual([1]);
  });

  it('on one resource hears nothing of another one that begins like it', () => {
    const bench = withClients(2);
    for (const [client, uri] of ['file:///a', 'file:///ab'].entries()) {
      subscribe(bench, client + 1, uri);
      bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
      bench.told(client + 1);
    }
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///ab' } });
    expect([1, 2].map((client) => bench.told(client).length)).toEqual([0, 1]);
    // Only the server knows what is a part of what.
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a.part' } });
    expect([1, 2].map((client) => bench.told(client).length)).toEqual([1, 0]);
  });

  it('a refused one does not count', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, error: { code: -32002, message: 'no' } });
    expect(bench.told(1)).toMatchObject([{ id: 's', error: { code: -32002 } }]);
    subscribe(bench, 2);
    bench.sentRequest('resources/subscribe');
  });

  it('a client that goes gives them back', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
    bench.leave(1);
    expect(bench.sent()).toMatchObject([{ method: 'resources/unsubscribe', params: { uri: 'file:///a' } }]);
  });

  it('one that goes while the server is asked leaves nothing behind', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    const request = bench.sentRequest('resources/subscribe');
    bench.say(1, { method: 'notifications/cancelled', params: { requestId: 's' } });
    bench.serve({ id: request.id, result: {} });
    expect(bench.told(1)).toEqual([]);
    bench.sentRequest('resources/unsubscribe');
  });

  it('one that is given back while the server is asked is over when the answer comes', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    const request = bench.sentRequest('resources/subscribe');
    unsubscribe(bench, 1);
    expect(bench.told(1)).toMatchObject([{ id: 'u', result: {} }]);
    bench.serve({ id: request.id, result: {} });
    expect(bench.told(1)).toMatchObject([{ id: 's', result: {} }]);
    expect(bench.sent()).toMatchObject([{ method: 'resources/unsubscribe', params: { uri: 'file:///a' } }]);
  });

  it('one that is given back while another client waits for the answer is kept for that one', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    subscribe(bench, 2);
    const request = bench.sentRequest('resources/subscribe');
    unsubscribe(bench, 1);
    bench.serve({ id: request.id, result: {} });
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a' } });
    expect(bench.sent()).toEqual([]);
    expect(methods(bench.told(1))).toEqual([undefined, undefined]);
    expect(methods(bench.told(2))).toEqual([undefined, 'notifications/resources/updated']);
  });

  it('a renewed one that is given back and asked for again is asked of the server once', () => {
    const bench = withClients(2);
    subscribe(bench, 1);
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
    bench.die();
    bench.pass(100);
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ id: bench.sentRequest('initialize').id, result: GREETING });
    const [, renewal] = bench.sent();
    expect(renewal?.method).toBe('resources/subscribe');
    unsubscribe(bench, 1);
    subscribe(bench, 2);
    expect(bench.sent()).toEqual([]);
    bench.serve({ id: renewal?.id, result: {} });
    bench.told(2);
    bench.serve({ method: 'notifications/resources/updated', params: { uri: 'file:///a' } });
    expect(bench.sent()).toEqual([]);
    expect(methods(bench.told(2))).toEqual(['notifications/resources/updated']);
  });

  it('the server hears of the end of one before it hears of the next', () => {
    const bench = withClients(2, new ShareBench({ order: 'serial' }));
    subscribe(bench, 1);
    bench.serve({ id: bench.sentRequest('resources/subscribe').id, result: {} });
    bench.say(2, { id: 1, method: 'tools/call', params: { name: 'write' } });
    bench.say(1, { id: 2, method: 'tools/call', params: { name: 'write' } });
    unsubscribe(bench, 1);
    subscribe(bench, 2);
    const order: unknown[] = [];
    for (let messages = bench.sent(); messages.length > 0; messages = bench.sent())
      for (const { id, method } of messages) {
        order.push(method);
        bench.serve({ id, result: {} });
      }
    expect(order.filter((method) => method !== 'tools/call')).toEqual([
      'resources/unsubscribe',
      'resources/subscribe',
    ]);
  });
});

describe('log levels', () => {
  const setLevel = (bench: ShareBench, client: number, level: string): Message => {
    bench.say(client, { id: 'l', method: 'logging/setLevel', params: { level } });
    const request = bench.sentRequest('logging/setLevel');
    bench.serve({ id: request.id, result: {} });
    bench.told(client);
    return request;
  };
  const log = (bench: ShareBench, level: string): void =>
    bench.serve({ method: 'notifications/message', params: { level, data: 'x' } });

  it('the lowest that is asked for goes up, and each client gets its own', () => {
    const bench = withClients(3);
    expect(setLevel(bench, 1, 'error').params?.level).toBe('error');
    expect(setLevel(bench, 2, 'debug').params?.level).toBe('debug');
    expect(setLevel(bench, 1, 'warning').params?.level).toBe('debug');
    for (const level of ['debug', 'info', 'error']) log(bench, level);
    const levels = (client: number): unknown[] => bench.told(client).map(({ params }) => params?.level);
    expect(levels(1)).toEqual(['error']);
    expect(levels(2)).toEqual(['debug', 'info', 'error']);
    expect(levels(3)).toEqual(['info', 'error']);
    bench.leave(2);
    expect(bench.sentRequest('logging/setLevel').params?.level).toBe('warning');
  });

  it('where nobody asked for one, all get what the server sends', () => {
    const bench = withClients(1);
    log(bench, 'debug');
    expect(bench.told(1)).toHaveLength(1);
  });

  it('a level that stands before the id does not move it', () => {
    const bench = withClients(2);
    setLevel(bench, 1, 'debug');
    bench.say(
      2,
      '{"params":{"level":"emergency"},"method":"logging/setLevel","jsonrpc":"2.0","id":"long-id"}',
    );
    const [line = ''] = bench.sentLines();
    expect(line).toMatch(
      /^\{"params":\{"level":"debug"\},"method":"logging\/setLevel","jsonrpc":"2.0","id":\d+\}$/,
    );
  });
});

describe("a server's questions", () => {
  const question = {
    id: 1,
    method: 'sampling/createMessage',
    params: { _meta: { progressToken: 'p' }, messages: [] },
  };

  it('go to the only client that has asked something and can answer, and the answer comes back', () => {
    const bench = new ShareBench();
    bench.enter(1);
    bench.enter(2, { capabilities: { sampling: {} } });
    bench.say(2, { id: 1, method: 'tools/call' });
    bench.sent();
    bench.serve(question);
    const [asked, ...others] = bench.told(2);
    expect(others).toEqual([]);
    expect(bench.told(1)).toEqual([]);
    expect(asked).toMatchObject({ method: 'sampling/createMessage' });
    expect(asked?.id).not.toBe(1);
    const token = (asked?.params?._meta as { progressToken: unknown } | undefined)?.progressToken;
    bench.say(2, { method: 'notifications/progress', params: { progressToken: token, progress: 1 } });
    expect(bench.sent()).toMatchObject([{ params: { progressToken: 'p' } }]);
    // Nobody else answers for it, and nobody answers twice.
    bench.say(1, { id: asked?.id, result: { from: 1 } });
    bench.say(2, { id: asked?.id, result: { from: 2 } });
    bench.say(2, { id: asked?.id, result: { from: 3 } });
    expect(bench.sent()).toEqual([{ jsonrpc: '2.0', id: 1, result: { from: 2 } }]);
  });

  it.each([
    ['nobody has asked something', []],
    ['two have', [1, 2]],
    ['the one that has can not answer', [3]],
  ])('are answered at once where %s', (_, active) => {
    const bench = new ShareBench();
    for (const client of [1, 2]) bench.enter(client, { capabilities: { sampling: {} } });
    bench.enter(3);
    for (const client of active) bench.say(client, { id: 1, method: 'tools/call' });
    bench.sent();
    bench.serve(question);
    expect(bench.sent()).toMatchObject([{ id: 1, error: {} }]);
    for (const client of [1, 2, 3]) expect(bench.told(client)).toEqual([]);
  });

  it('are answered for a client that goes, once', () => {
    const bench = new ShareBench();
    bench.enter(1, { capabilities: { roots: {} } });
    bench.say(1, { id: 1, method: 'tools/call' });
    bench.sent();
    bench.serve({ id: 'r', method: 'roots/list' });
    const [asked] = bench.told(1);
    bench.leave(1);
    bench.say(1, { id: asked?.id, result: {} });
    expect(bench.sent().filter(({ id }) => id === 'r')).toMatchObject([{ id: 'r', error: {} }]);
  });

  it('are taken back by the server, and by its death', () => {
    const bench = new ShareBench();
    bench.enter(1, { capabilities: { roots: {} } });
    bench.say(1, { id: 1, method: 'tools/call' });
    for (const id of [7, 8]) bench.serve({ id, method: 'roots/list' });
    const [first, second] = bench.told(1);
    bench.serve({ method: 'notifications/cancelled', params: { requestId: 7 } });
    expect(bench.told(1)).toMatchObject([
      { method: 'notifications/cancelled', params: { requestId: first?.id } },
    ]);
    bench.die();
    expect(bench.told(1)).toMatchObject([
      { method: 'notifications/cancelled', params: { requestId: second?.id } },
      { id: 1, error: {} },
    ]);
  });

  it('a ping is answered', () => {
    const bench = withClients(1);
    bench.serve({ id: 'p', method: 'ping' });
    expect(bench.sent()).toEqual([{ jsonrpc: '2.0', id: 'p', result: {} }]);
  });
});

describe('tasks', () => {
  function withTask(): { readonly bench: ShareBench; readonly request: Message } {
    const bench = withClients(2);
    bench.say(1, { id: 1, method: 'tools/call', params: { task: {}, _meta: { progressToken: 'p' } } });
    const request = bench.sentRequest('tools/call');
    bench.serve({ id: request.id, result: { task: { taskId: 't1', status: 'working' } } });
    bench.told(1);
    return { bench, request };
  }

  it.each(['tasks/get', 'tasks/result', 'tasks/cancel'])(
    '%s is refused to a client that did not make it',
    (method) => {
      const { bench } = withTask();
      bench.say(2, { id: 1, method, params: { taskId: 't1' } });
      expect(bench.told(2)).toMatchObject([{ id: 1, error: { code: -32602 } }]);
      expect(bench.sent()).toEqual([]);
      bench.say(1, { id: 2, method, params: { taskId: 't1' } });
      bench.sentRequest(method);
    },
  );

  it('a list has the own ones alone', () => {
    const { bench } = withTask();
    bench.say(2, { id: 1, method: 'tasks/list' });
    const request = bench.sentRequest('tasks/list');
    bench.serve(
      `{"jsonrpc":"2.0","result":{"tasks":[{"taskId":"t1","n":1.0} , {"taskId":"t2"}],"nextCursor":"c"},"id":${request.id}}`,
    );
    expect(bench.toldLines(2)).toEqual(['{"jsonrpc":"2.0","result":{"tasks":[],"nextCursor":"c"},"id":1}']);
    bench.say(1, { id: 3, method: 'tasks/list' });
    const own = bench.sentRequest('tasks/list');
    bench.serve({ id: own.id, result: { tasks: [{ taskId: 't1' }, { taskId: 't2' }] } });
    expect(bench.told(1)[0]?.result).toEqual({ tasks: [{ taskId: 't1' }] });
  });

  it('status and progress go to the maker, until the task is over', () => {
    const { bench, request } = withTask();
    const progress = { method: 'notifications/progress', params: { progressToken: request.id, progress: 1 } };
    bench.serve(progress);
    bench.serve({ method: 'notifications/tasks/status', params: { taskId: 't1', status: 'completed' } });
    bench.serve(progress);
    expect(methods(bench.told(1))).toEqual(['notifications/progress', 'notifications/tasks/status']);
    expect(bench.told(2)).toEqual([]);
  });

  it('a question about one goes to its maker', () => {
    const bench = new ShareBench();
    for (const client of [1, 2]) bench.enter(client, { capabilities: { elicitation: {} } });
    bench.say(1, { id: 1, method: 'tools/call', params: { task: {} } });
    bench.serve({ id: bench.sentRequest('tools/call').id, result: { task: { taskId: 't1' } } });
    bench.told(1);
    bench.say(2, { id: 1, method: 'tools/call' });
    const _meta = { 'io.modelcontextprotocol/related-task': { taskId: 't1' } };
    bench.serve({ id: 1, method: 'elicitation/create', params: { _meta, elicitationId: 'e' } });
    expect(methods(bench.told(1))).toEqual(['elicitation/create']);
    bench.serve({ method: 'notifications/elicitation/complete', params: { elicitationId: 'e' } });
    expect(methods(bench.told(1))).toEqual(['notifications/elicitation/complete']);
    expect(bench.told(2)).toEqual([]);
  });
});

describe('arrays of messages', () => {
  it('are taken apart, and answered in one array', () => {
    const bench = withClients(2);
    bench.say(
      1,
      '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","method":"n"},{"jsonrpc":"2.0","id":"1","method":"b"},7]',
    );
    const sent = bench.sent();
    expect(methods(sent)).toEqual(['a', 'n', 'b']);
    bench.serve(JSON.stringify([{ jsonrpc: '2.0', id: sent[2]?.id, result: {} }]));
    expect(bench.told(1)).toEqual([]);
    bench.serve({ id: sent[0]?.id, result: {} });
    const [answers, ...others] = bench.told(1) as unknown as Message[][];
    expect(others).toEqual([]);
    expect(answers?.map(({ id }) => id)).toEqual([null, '1', 1]);
  });

  it('a part that is cancelled is left out', () => {
    const bench = withClients(1);
    bench.say(1, '[{"jsonrpc":"2.0","id":1,"method":"a"},{"jsonrpc":"2.0","id":2,"method":"b"}]');
    const [, second] = bench.sent();
    bench.say(1, { method: 'notifications/cancelled', params: { requestId: 1 } });
    bench.serve({ id: second?.id, result: {} });
    expect(bench.told(1)).toEqual([[{ jsonrpc: '2.0', id: 2, result: {} }]]);
  });

  it('an empty one is not a request', () => {
    const bench = withClients(1);
    bench.say(1, '[]');
    expect(bench.told(1)).toMatchObject([{ id: null, error: { code: -32600 } }]);
  });
});

describe('the stateless era', () => {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

  it('has a process of its own, which is sent everything as it is', () => {
    const bench = withClients(1);
    bench.join(2);
    bench.say(2, { id: 1, method: 'server/discover', params: { _meta: meta } });
    expect(bench.starts).toEqual(['handshake', 'stateless']);
    bench.step({ kind: 'started', era: 'stateless' });
    const request = bench.sentRequest('server/discover', 'stateless');
    bench.serve({ id: request.id, result: { supportedVersions: ['2026-07-28'] } }, 'stateless');
    expect(bench.told(2)).toMatchObject([{ id: 1, result: { supportedVersions: ['2026-07-28'] } }]);
  });

  it('a client that is told that the server does not speak it goes on with the handshake', () => {
    const bench = new ShareBench();
    bench.join(1);
    bench.say(1, { id: 1, method: 'server/discover' });
    bench.step({ kind: 'started', era: 'stateless' });
    const request = bench.sentRequest('server/discover', 'stateless');
    bench.serve({ id: request.id, error: { code: -32601, message: 'no' } }, 'stateless');
    bench.say(1, { id: 2, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    expect(bench.ends).toEqual(['stateless']);
    expect(bench.starts).toEqual(['stateless', 'handshake']);
  });

  it('the id of what is listened to is its own for each client', () => {
    const bench = new ShareBench();
    const key = 'io.modelcontextprotocol/subscriptionId';
    for (const client of [1, 2]) {
      bench.join(client);
      bench.say(client, { id: 'sub', method: 'subscriptions/listen', params: { _meta: meta } });
    }
    bench.step({ kind: 'started', era: 'stateless' });
    const [first, second] = bench.sent('stateless');
    for (const method of ['notifications/subscriptions/acknowledged', 'notifications/tools/list_changed'])
      bench.serve({ method, params: { _meta: { [key]: second?.id } } }, 'stateless');
    bench.serve({ id: second?.id, result: { _meta: { [key]: second?.id } } }, 'stateless');
    expect(bench.told(1)).toEqual([]);
    expect(bench.told(2)).toMatchObject([
      { params: { _meta: { [key]: 'sub' } } },
      { params: { _meta: { [key]: 'sub' } } },
      { id: 'sub', result: { _meta: { [key]: 'sub' } } },
    ]);
    bench.serve({ method: 'notifications/cancelled', params: { requestId: first?.id } }, 'stateless');
    expect(bench.told(1)).toMatchObject([
      { method: 'notifications/cancelled', params: { requestId: 'sub' } },
    ]);
  });

  it('log messages go to the only request that asked for some', () => {
    const bench = new ShareBench();
    const wish = { ...meta, 'io.modelcontextprotocol/logLevel': 'info' };
    for (const client of [1, 2]) bench.join(client);
    bench.say(1, { id: 1, method: 'tools/call', params: { _meta: wish } });
    bench.say(2, { id: 1, method: 'tools/call', params: { _meta: meta } });
    bench.step({ kind: 'started', era: 'stateless' });
    bench.serve({ method: 'notifications/message', params: { level: 'info' } }, 'stateless');
    bench.say(2, { id: 2, method: 'tools/call', params: { _meta: wish } });
    bench.serve({ method: 'notifications/message', params: { level: 'info' } }, 'stateless');
    expect(bench.told(1)).toHaveLength(1);
    expect(bench.told(2)).toEqual([]);
  });
});

describe('one request at a time', () => {
  const listTools = (bench: ShareBench): void => {
    bench.say(1, { id: 'tools', method: 'tools/list' });
    const tools = [{ name: 'read', annotations: { readOnlyHint: true } }, { name: 'write' }];
    bench.serve({ id: bench.sentRequest('tools/list').id, result: { tools } });
    bench.told(1);
  };
  const call = (bench: ShareBench, client: number, id: number, name: string): void =>
    bench.say(client, { id, method: 'tools/call', params: { name } });

  it('the next one goes when the one before is answered, and clients take turns', () => {
    const bench = withClients(2, new ShareBench({ order: 'serial' }));
    for (const id of [1, 2, 3]) call(bench, 1, id, 'write');
    call(bench, 2, 1, 'write');
    const order: unknown[] = [];
    for (let n = 0; n < 4; n++) {
      const request = bench.sentRequest('tools/call');
      bench.serve({ id: request.id, result: {} });
      order.push(...[1, 2].flatMap((client) => bench.told(client).map(({ id }) => `${client}:${id}`)));
    }
    expect(order).toEqual(['1:1', '1:2', '2:1', '1:3']);
  });

  it('tools that only read may overlap, but with no other', () => {
    const bench = withClients(2, new ShareBench({ order: 'serial' }));
    listTools(bench);
    call(bench, 1, 1, 'read');
    call(bench, 2, 1, 'read');
    const reads = bench.sent();
    expect(reads).toHaveLength(2);
    call(bench, 1, 2, 'write');
    call(bench, 2, 2, 'read');
    expect(bench.sent()).toEqual([]);
    for (const { id } of reads) bench.serve({ id, result: {} });
    const write = bench.sentRequest('tools/call');
    expect(write.params?.name).toBe('write');
    bench.serve({ id: write.id, result: {} });
    bench.sentRequest('tools/call');
  });

  it('a request other than a tool call is alone, too, but for what tasks wait for', () => {
    const bench = withClients(2, new ShareBench({ order: 'serial' }));
    bench.say(1, { id: 1, method: 'resources/read' });
    bench.say(2, { id: 1, method: 'prompts/get' });
    bench.say(2, { id: 2, method: 'tasks/list' });
    expect(methods(bench.sent())).toEqual(['resources/read']);
    const other = withClients(2, new ShareBench({ order: 'serial' }));
    other.say(1, { id: 1, method: 'resources/read' });
    other.say(2, { id: 2, method: 'tasks/list' });
    expect(methods(other.sent())).toEqual(['resources/read', 'tasks/list']);
  });

  it('one that waits is not answered by a guess', () => {
    const bench = withClients(2, new ShareBench({ order: 'serial' }));
    call(bench, 1, 1, 'write');
    call(bench, 2, 1, 'write');
    const { id } = bench.sentRequest('tools/call');
    bench.serve({ id: id + 1, result: {} });
    expect(bench.told(2)).toEqual([]);
    bench.serve({ id, result: {} });
    bench.sentRequest('tools/call');
  });

  /** Two clients each call, and the first one wants no answer any more. @returns what the server has of it */
  const cancelled = (bench: ShareBench, cancel: () => void): number => {
    for (const client of [1, 2]) call(bench, client, 1, 'write');
    const { id } = bench.sentRequest('tools/call');
    cancel();
    bench.sentRequest('notifications/cancelled');
    return id;
  };
  const serial = () => withClients(3, new ShareBench({ order: 'serial' }));
  const CANCELLATION = { method: 'notifications/cancelled', params: { requestId: 1 } };

  it.each([
    ['a result', { result: {} }],
    ['an error', { error: { code: -32800, message: 'cancelled' } }],
  ])('one that is cancelled makes room when the server answers it with %s', (_, late) => {
    const bench = serial();
    const id = cancelled(bench, () => bench.say(1, CANCELLATION));
    call(bench, 1, 2, 'write');
    expect(bench.sent()).toEqual([]);
    bench.serve({ id, ...late });
    bench.serve({ id: bench.sentRequest('tools/call').id, result: {} });
    bench.sentRequest('tools/call');
    expect(bench.told(1)).toEqual([]);
    // That late, it frees nobody's turn.
    bench.serve({ id, ...late });
    call(bench, 3, 1, 'write');
    expect(bench.sent()).toEqual([]);
  });

  it('one that is cancelled makes room when its answer is too long', () => {
    const bench = serial();
    const id = cancelled(bench, () => bench.say(1, CANCELLATION));
    const head = `{"jsonrpc":"2.0","id":${id},"result":{`;
    bench.step({ kind: 'server-too-long', era: 'handshake', head, tail: '}}', bytes: 999 });
    bench.sentRequest('tools/call');
    expect(bench.told(1)).toEqual([]);
  });

  it('one that is cancelled makes room after five seconds, if the server does not answer it', () => {
    const bench = serial();
    cancelled(bench, () => bench.say(1, CANCELLATION));
    bench.pass(4_999);
    expect(bench.sent()).toEqual([]);
    bench.pass(1);
    bench.sentRequest('tools/call');
    bench.pass(60_000);
    expect(bench.sent()).toEqual([]);
  });

  it('one whose client goes makes room in the same way', () => {
    const [answered, silent] = [serial(), serial()];
    const id = cancelled(answered, () => answered.leave(1));
    answered.serve({ id, result: {} });
    answered.sentRequest('tools/call');
    cancelled(silent, () => silent.leave(1));
    silent.pass(4_999);
    expect(silent.sent()).toEqual([]);
    silent.pass(1);
    silent.sentRequest('tools/call');
  });

  it('one that only reads keeps away what must be alone, cancelled or not', () => {
    const bench = serial();
    listTools(bench);
    call(bench, 1, 1, 'read');
    const { id } = bench.sentRequest('tools/call');
    bench.say(1, CANCELLATION);
    bench.sentRequest('notifications/cancelled');
    call(bench, 2, 1, 'write');
    expect(bench.sent()).toEqual([]);
    bench.serve({ id, result: {} });
    bench.sentRequest('tools/call');
  });

  it('one that is cancelled is forgotten with its process', () => {
    const bench = serial();
    cancelled(bench, () => bench.say(1, CANCELLATION));
    bench.die();
    bench.pass(100);
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ id: bench.sentRequest('initialize').id, result: GREETING });
    expect(methods(bench.sent())).toEqual(['notifications/initialized', 'tools/call']);
  });

  it('one that is cancelled while it waits holds nobody up', () => {
    const bench = serial();
    for (const client of [1, 2, 3]) call(bench, client, 1, 'write');
    const { id } = bench.sentRequest('tools/call');
    bench.say(2, CANCELLATION);
    expect(bench.sent()).toEqual([]);
    bench.serve({ id, result: {} });
    bench.sentRequest('tools/call');
  });

  it('without --serial nothing is held up by what is cancelled', () => {
    const bench = withClients(2);
    call(bench, 1, 1, 'write');
    bench.say(1, CANCELLATION);
    call(bench, 2, 1, 'write');
    expect(methods(bench.sent())).toEqual(['tools/call', 'notifications/cancelled', 'tools/call']);
  });

  it('what a client had waiting when it went is never begun', () => {
    const bench = withClients(1, new ShareBench({ order: 'serial' }));
    for (const id of [1, 2, 3]) call(bench, 1, id, 'write');
    bench.sentRequest('tools/call');
    bench.leave(1);
    expect(methods(bench.sent())).toEqual(['notifications/cancelled']);
  });
});

describe('limits', () => {
  it('requests in flight', () => {
    const limits = { ...DEFAULT_LIMITS, requestsInFlight: 2 };
    const bench = withClients(2, new ShareBench({ limits }));
    for (const id of [1, 2, 3]) bench.say(1, { id, method: 'tools/call' });
    expect(bench.sent()).toHaveLength(2);
    expect(bench.told(1)[0]?.error?.message).toContain('limit requestsInFlight');
    bench.say(2, { id: 1, method: 'tools/call' });
    expect(bench.sent()).toHaveLength(1);
  });

  it('bytes that wait for a server that is not there yet', () => {
    const bench = new ShareBench({ limits: { ...DEFAULT_LIMITS, waitingBytes: 300 } });
    bench.join(1);
    bench.say(1, { id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } });
    for (const id of [1, 2]) bench.say(1, { id, method: 'tools/call', params: { x: 'x'.repeat(100) } });
    expect(bench.told(1)).toMatchObject([
      { id: 2, error: { message: expect.stringContaining('limit waitingBytes') } },
    ]);
    bench.step({ kind: 'started', era: 'handshake' });
    bench.serve({ id: bench.sentRequest('initialize').id, result: { protocolVersion: '2025-11-25' } });
    bench.told(1);
    bench.say(1, { id: 3, method: 'tools/call', params: { x: 'x'.repeat(100) } });
    expect(bench.told(1)).toEqual([]);
  });

  it('a message that is too long is answered to its sender', () => {
    const bench = withClients(1);
    bench.step({ kind: 'client-too-long', client: 1, head: '{"id":5,"x":"', tail: '"}', bytes: 11_000_000 });
    expect(bench.told(1)).toMatchObject([
      { id: 5, error: { message: expect.stringContaining('limit messageBytes') } },
    ]);
    expect(bench.sent()).toEqual([]);
  });

  it('an answer that is too long is an error for the client that waits for it', () => {
    const bench = withClients(2);
    bench.say(2, { id: 'x', method: 'tools/call' });
    const { id } = bench.sentRequest('tools/call');
    bench.step({
      kind: 'server-too-long',
      era: 'handshake',
      head: '{"result":{"x":"',
      tail: `x"},"id":${id}}`,
      bytes: 1e9,
    });
    expect(bench.told(2)).toMatchObject([
      { id: 'x', error: { message: expect.stringContaining('limit answerBytes') } },
    ]);
  });

  it("a server's question that is too long is answered, and no request is taken for it", () => {
    const bench = withClients(1);
    bench.say(1, { id: 'x', method: 'tools/call' });
    const { id } = bench.sentRequest('tools/call');
    const [head, tail] = ['{"method":"sampling/createMessage","params":{"x":"', `x"},"id":${id}}`];
    bench.step({ kind: 'server-too-long', era: 'handshake', head, tail, bytes: 1e9 });
    expect(bench.told(1)).toEqual([]);
    expect(bench.sent()).toMatchObject([{ id, error: { code: -32603 } }]);
    bench.serve({ id, result: {} });
    expect(bench.told(1)).toMatchObject([{ id: 'x', result: {} }]);
  });

  it('text that is not JSON, or not a message, never reaches the server', () => {
    const bench = withClients(1);
    bench.say(1, 'hello');
    bench.say(1, '{"jsonrpc":"2.0","id":3,"method":7}');
    bench.say(1, '   ');
    expect(bench.told(1)).toMatchObject([
      { id: null, error: { code: -32700, message: 'solod share: that is not JSON [SOLOD_E_MCP_NOT_JSON]' } },
      { id: 3, error: { code: -32600, message: expect.stringMatching(/ \[SOLOD_E_MCP_NO_MESSAGE\]$/) } },
    ]);
    expect(bench.sent()).toEqual([]);
  });
});
