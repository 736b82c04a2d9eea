/** Servers that show that they keep state per session. */

import { describe, expect, it } from 'vitest';
import { GREETING, ShareBench } from './share-bench.js';

const hello = (bench: ShareBench, client: number) =>
  bench.say(client, { id: 'hello', method: 'initialize', params: { protocolVersion: '2025-11-25' } });

/** The answer to the one handshake that has been begun. */
function answer(bench: ShareBench, capabilities: object): void {
  bench.step({ kind: 'started', era: 'handshake' });
  bench.serve({ id: bench.sentRequest('initialize').id, result: { ...GREETING, capabilities } });
}

const SESSIONS = { tools: {}, experimental: { session: { version: 1 } } };

describe('a server that has sessions by its capabilities', () => {
  it.each([
    [{ experimental: { session: {} } }],
    [{ tools: {}, sessions: {} }],
    [{ experimental: { x: {}, sessions: { version: 2 } } }],
  ])('%j: its clients leave unanswered, and its process ends', (capabilities) => {
    const bench = new ShareBench();
    for (const client of [1, 2]) {
      bench.join(client);
      hello(bench, client);
    }
    answer(bench, capabilities);
    expect(bench.separated).toEqual([[1, 2]]);
    expect(bench.ends).toEqual(['handshake']);
    expect([bench.told(1), bench.told(2)]).toEqual([[], []]);
    expect(bench.notes).toEqual([expect.stringContaining('each client gets a process of its own')]);
  });

  it.each([[{}], [{ tools: { session: {} } }], [{ experimental: { tracing: {} }, logging: {} }]])(
    '%j is not a sign of sessions',
    (capabilities) => {
      const bench = new ShareBench();
      bench.join(1);
      hello(bench, 1);
      answer(bench, capabilities);
      expect(bench.separated).toEqual([]);
      expect(bench.told(1)).toMatchObject([{ id: 'hello' }]);
    },
  );

  it('a client that asked to share stays; one that comes to the same process later is sent away', () => {
    const bench = new ShareBench();
    bench.join(1, 'shared');
    bench.join(2);
    bench.join(3);
    hello(bench, 1);
    hello(bench, 2);
    answer(bench, SESSIONS);
    expect(bench.separated).toEqual([[2]]);
    expect(bench.ends).toEqual([]);
    expect([bench.told(1), bench.told(2)]).toMatchObject([[{ id: 'hello' }], []]);
    hello(bench, 3);
    expect(bench.separated).toEqual([[2], [3]]);
    expect(bench.told(3)).toEqual([]);
  });

  it('serves the client that it has to itself', () => {
    const bench = new ShareBench({ sharing: 'per-client' });
    bench.join(1);
    hello(bench, 1);
    answer(bench, SESSIONS);
    expect(bench.told(1)).toMatchObject([{ id: 'hello', result: { capabilities: SESSIONS } }]);
    expect(bench.separated).toEqual([]);
  });
});
