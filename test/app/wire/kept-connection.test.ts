/** A connection that stays open after its call, for the client's next request. */

import { describe, expect, it } from 'vitest';
import type { ServiceFunction } from '../../../src/app/service/define-service.js';
import { CHUNK, chunk, chunkHeader, KEPT, REFUSAL, REMEMBERED } from '../../../src/app/wire/chunks.js';
import { encodeRepeat, encodeRequest } from '../../../src/app/wire/client.js';
import { connect, daemon, gate, RawPeer, REQUEST, rawClient } from './support.js';

const KEEPING = { ...REQUEST, caller: JSON.stringify({ keep: true }) };

const REPEATING = {
  ...{ command: 'it', args: ['first'], env: { A: 'a', B: 'b' }, cwd: '/somewhere' },
  caller: JSON.stringify({ keep: true, repeat: true }),
};

const answer: ServiceFunction = ({ args, stdout }) => void stdout.write(`<${args.join()}>`);

const asking = (...args: string[]): Buffer => encodeRequest({ ...KEEPING, args });

/** Until so many calls have ended. */
const ended = (client: RawPeer, calls: number): Promise<void> =>
  client.until(() => client.count(CHUNK.exit) === calls || client.isClosed);

describe('a connection', () => {
  it('takes request after request if its client asks for that', async () => {
    const { file, server } = await daemon(answer);
    const client = (await rawClient(file, KEEPING)).read();
    for (let call = 1; call <= 3; call++) {
      await ended(client, call);
      client.send(asking(`${call}`));
    }
    await ended(client, 4);
    expect(client.text(CHUNK.output)).toBe('<><1><2><3>');
    expect(client.text(CHUNK.exit)).toBe(`0${KEPT}`.repeat(4));
    await server.settled();
    expect([server.inFlight, server.running]).toEqual([0, 0]);
  });

  it('may get its requests byte by byte', async () => {
    const { file } = await daemon(answer);
    const client = (await rawClient(file, KEEPING)).read();
    await ended(client, 1);
    for (const byte of asking('x')) client.send(Buffer.of(byte));
    await ended(client, 2);
    expect(client.text(CHUNK.output)).toBe('<><x>');
  });

  it('drops what still belongs to the call before', async () => {
    const { file } = await daemon(answer);
    const client = (await rawClient(file, KEEPING)).read();
    await ended(client, 1);
    client.send(chunk(CHUNK.input, 'late'), chunk(CHUNK.heartbeat), chunk(CHUNK.inputEnd), asking('x'));
    await ended(client, 2);
    expect(client.text(CHUNK.output)).toBe('<><x>');
  });

  it('drops the rest of a chunk in which the call before has ended', async () => {
    const end = gate();
    const { file } = await daemon(async (call) => {
      if (call.args.length === 0) await end.opened;
      answer(call);
    });
    const client = (await rawClient(file, KEEPING)).read();
    client.send(chunkHeader(CHUNK.input, 10), Buffer.from('four'));
    await client.until(() => client.count(CHUNK.output) === 1);
    end.open();
    await ended(client, 1);
    client.send(Buffer.from('andsix'), asking('x'));
    await ended(client, 2);
    expect(client.text(CHUNK.output)).toBe('<><x>');
  });

  it('is closed after a request that does not ask for more', async () => {
    const { file } = await daemon(answer);
    const client = (await rawClient(file, KEEPING)).read();
    await ended(client, 1);
    client.send(encodeRequest({ ...REQUEST, args: ['last'] }));
    await client.closed();
    expect(client.text(CHUNK.exit)).toBe(`0${KEPT}0`);
  });

  it.each([
    ['a public client', REQUEST, {}],
    ['a daemon that drains', KEEPING, { mayKeep: () => false }],
  ])('is closed after the call of %s', async (_, request, options) => {
    const { file } = await daemon(answer, options);
    const client = await (await rawClient(file, request)).read().closed();
    expect(client.text(CHUNK.exit)).toBe('0');
  });

  it('is closed after a call that is refused', async () => {
    const { file } = await daemon(answer, { admit: () => ({ kind: 'draining' }) });
    const client = await (await rawClient(file, KEEPING)).read().closed();
    expect(client.text(CHUNK.exit)).toBe('75');
  });

  it('that is kept and idle is closed on demand, and does not count', async () => {
    const { file, server } = await daemon(answer);
    const client = (await rawClient(file, KEEPING)).read();
    await ended(client, 1);
    await server.settled();
    server.endIdleConnections();
    await client.closed();
  });
});

describe('a kept connection whose client repeats itself', () => {
  /** Says what it sees, and changes all of it that it can. */
  const careless: ServiceFunction = ({ args, cwd, env, stdout }) => {
    stdout.write(`<${[...args, cwd, ...Object.entries(env).map(([name, value]) => name + value)].join()}>`);
    for (const name of Object.keys(env)) delete (env as Record<string, string>)[name];
    (env as Record<string, string>).LEAK = '!';
    (args as string[]).push('leak');
  };

  it('remembers all but the arguments, and each call has a copy of its own', async () => {
    const { file } = await daemon(careless);
    const client = (await rawClient(file, REPEATING)).read();
    await ended(client, 1);
    client.send(encodeRepeat(['second', '2']));
    await ended(client, 2);
    client.send(encodeRepeat([]));
    await ended(client, 3);
    expect(client.text(CHUNK.output)).toBe(
      '<first,/somewhere,Aa,Bb><second,2,/somewhere,Aa,Bb></somewhere,Aa,Bb>',
    );
    expect(client.text(CHUNK.exit)).toBe(`0${KEPT}${REMEMBERED}`.repeat(3));
  });

  it('takes a whole head in between, and remembers that from then on', async () => {
    const { file } = await daemon(careless);
    const client = (await rawClient(file, REPEATING)).read();
    await ended(client, 1);
    client.send(encodeRequest({ ...REPEATING, env: { C: 'c' }, cwd: '/' }));
    await ended(client, 2);
    client.send(encodeRepeat(['x']));
    await ended(client, 3);
    expect(client.text(CHUNK.output)).toBe('<first,/somewhere,Aa,Bb><first,/,Cc><x,/,Cc>');
  });

  it('forgets a head that was said by a client that does not ask for more', async () => {
    const { file } = await daemon(careless);
    const client = (await rawClient(file, REPEATING)).read();
    await ended(client, 1);
    client.send(encodeRequest({ ...REPEATING, caller: JSON.stringify({ keep: true }) }));
    await ended(client, 2);
    client.send(encodeRepeat(['x']));
    await client.closed();
    expect(client.text(CHUNK.exit)).toBe(`0${KEPT}${REMEMBERED}0${KEPT}${REFUSAL.noRequest}`);
    expect(client.text(CHUNK.output)).toBe('<first,/somewhere,Aa,Bb><first,/somewhere,Aa,Bb>');
  });

  it('does not remember a long head', async () => {
    const { file } = await daemon(answer);
    const client = (await rawClient(file, { ...REPEATING, env: { LONG: 'x'.repeat(40_000) } })).read();
    await ended(client, 1);
    expect(client.text(CHUNK.exit)).toBe(`0${KEPT}`);
  });

  it('refuses a client that has never said a head', async () => {
    const { file } = await daemon(answer);
    const client = new RawPeer(await connect(file), 'client').read().send(encodeRepeat(['x']));
    await client.closed();
    expect(client.story).toContain(`X:${REFUSAL.noRequest}`);
    expect(client.count(CHUNK.output)).toBe(0);
  });
});
