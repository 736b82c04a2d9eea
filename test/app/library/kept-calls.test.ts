/** What a client says on a kept connection, to daemons that know more and less. */

import { describe, expect, it } from 'vitest';
import { KeptCalls } from '../../../src/app/library/call-kept.js';
import type { CallOptions, CallResult } from '../../../src/app/library/call-service.js';
import { KeptConnections } from '../../../src/app/library/kept/kept-connections.js';
import { CHUNK, chunk, KEPT, REMEMBERED, REPEAT } from '../../../src/app/wire/chunks.js';
import type { Edition } from '../../../src/domain/evidence/edition.js';
import { collector, connect, listen, RawPeer } from '../wire/support.js';

const SERVICE = '/s.mjs';
const OWNER = undefined;

interface Bench {
  readonly daemon: RawPeer;
  readonly edition: { current: Edition };
  call(
    options?: Partial<CallOptions>,
    env?: Record<string, string | undefined>,
  ): Promise<CallResult | undefined>;
}

/** A client with one kept connection, whose daemon answers as it is told. */
async function bench(exit: string): Promise<Bench> {
  let arrived: (peer: RawPeer) => void = () => {};
  const accepted = new Promise<RawPeer>((resolve) => {
    arrived = resolve;
  });
  const file = await listen((socket) => {
    const peer = new RawPeer(socket, 'daemon').read();
    socket.on('data', () => {
      const last = peer.chunks.at(-1);
      const isWhole = last?.kind === 'whole' && (last.type === CHUNK.command || last.type === REPEAT);
      if (isWhole) peer.send(chunk(CHUNK.output), chunk(CHUNK.exit, exit));
    });
    arrived(peer);
  });
  const kept = new KeptConnections(1);
  kept.give({ connection: await connect(file), owner: OWNER, name: 'it', said: undefined });
  const edition = { current: { version: '', path: SERVICE, size: 1, modifiedMs: 1 } };
  let found = edition.current;
  const host = {
    directory: () => '/here',
    findService: () => {
      found = edition.current;
      return { kind: 'resolved', value: { path: SERVICE, name: 'it', edition: found, text: '' } } as const;
    },
    isStillThere: () => found === edition.current,
  };
  const calls = new KeptCalls(host, kept);
  const call: Bench['call'] = (options, env = { A: 'a' }) =>
    calls.call({ service: SERVICE, stdout: collector().stream, stderr: collector().stream, ...options }, env);
  return { daemon: await accepted, edition, call };
}

/** How many heads were said whole, and how many as a repetition. */
const heads = ({ daemon }: Bench): string =>
  `${daemon.count(CHUNK.command)} whole, ${daemon.count(REPEAT)} repeated`;

const exited = expect.objectContaining({ kind: 'exited', code: 0 });

describe('a client on a kept connection', () => {
  it('says its environment once to a daemon that remembers', async () => {
    const it = await bench(`0${KEPT}${REMEMBERED}`);
    for (let n = 0; n < 3; n++) expect(await it.call({ args: [`${n}`] })).toEqual(exited);
    expect(heads(it)).toBe('1 whole, 2 repeated');
    expect(it.daemon.text(CHUNK.argument)).toBe('012');
  });

  it('says everything each time to a daemon that does not', async () => {
    const it = await bench(`0${KEPT}`);
    for (let n = 0; n < 3; n++) expect(await it.call()).toEqual(exited);
    expect(heads(it)).toBe('3 whole, 0 repeated');
  });

  it.each<[what: string, options: Partial<CallOptions>, env: Record<string, string | undefined>]>([
    ['another value', {}, { A: 'b' }],
    ['another variable', {}, { B: 'a' }],
    ['one variable more', {}, { A: 'a', B: '' }],
    ['one variable fewer', {}, {}],
    ['an undefined variable', {}, { A: undefined }],
    ['another directory', { cwd: '/there' }, { A: 'a' }],
    ['another terminal', { terminals: [false, '80x24', false] }, { A: 'a' }],
  ])('says everything again after %s', async (_, options, env) => {
    const it = await bench(`0${KEPT}${REMEMBERED}`);
    await it.call();
    await it.call(options, env);
    await it.call(options, env);
    await it.call();
    expect(heads(it)).toBe('3 whole, 1 repeated');
  });

  it('says everything again when an environment is changed in place', async () => {
    const it = await bench(`0${KEPT}${REMEMBERED}`);
    const env: Record<string, string> = { A: 'a' };
    await it.call({}, env);
    env.A = 'b';
    await it.call({}, env);
    expect(heads(it)).toBe('2 whole, 0 repeated');
    expect(it.daemon.text(CHUNK.environment)).toContain('A=b');
  });

  it('says everything again for another edition of the service', async () => {
    const it = await bench(`0${KEPT}${REMEMBERED}`);
    await it.call();
    it.edition.current = { ...it.edition.current, modifiedMs: 2 };
    await it.call();
    await it.call();
    expect(heads(it)).toBe('2 whole, 1 repeated');
    expect(it.daemon.text(CHUNK.environment)).toContain('"modifiedMs":2');
  });

  it('makes no use of a connection whose daemon has another name', async () => {
    const it = await bench(`0${KEPT}${REMEMBERED}`);
    expect(await it.call({ name: 'other' })).toBeUndefined();
    await it.daemon.closed();
    expect(heads(it)).toBe('0 whole, 0 repeated');
  });
});
