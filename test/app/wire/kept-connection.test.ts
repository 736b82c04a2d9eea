/** A connection that stays open after its call, for the client's next request. */

import { describe, expect, it } from 'vitest';
import type { ServiceFunction } from '../../../src/app/service/define-service.js';
import { CHUNK, chunk, chunkHeader, KEPT } from '../../../src/app/wire/chunks.js';
import { encodeRequest } from '../../../src/app/wire/client.js';
import { daemon, gate, type RawPeer, REQUEST, rawClient } from './support.js';

const KEEPING = { ...REQUEST, caller: JSON.stringify({ keep: true }) };

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
