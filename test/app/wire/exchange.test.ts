import { once } from 'node:events';
import readline from 'node:readline';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';

import { CallConnection } from '../../../src/app/wire/client.js';
import {
  AMPLE_MS,
  callThrough,
  collector,
  connect,
  countedSource,
  daemon,
  gate,
  MIB,
  patterned,
  REQUEST,
  stalled,
} from './support.js';

describe('client and daemon', () => {
  it('carry binary data through, both ways', async () => {
    const { file } = await daemon(({ stdin, stdout }) => pipeline(stdin, stdout));
    const input = patterned(9 * MIB + 3);
    const { end, stdout } = await callThrough(file, {}, Readable.from([input]));
    expect(end).toEqual({ kind: 'exited', code: 0 });
    expect(stdout.equals(input)).toBe(true);
  });

  it('carry 256 MiB through without holding more than a little of it', async () => {
    const total = 256 * MIB;
    const { file } = await daemon(({ stdin, stdout }) => pipeline(stdin, stdout));
    const source = countedSource(total);
    let received = 0;
    let held = 0;
    const stdout = new PassThrough();
    stdout.on('data', (bytes: Buffer) => {
      received += bytes.length;
      held = Math.max(held, source.taken() - received);
    });
    const connection = new CallConnection(await connect(file));
    await connection.greet(REQUEST, AMPLE_MS);
    const end = await connection.complete({ stdin: source.stream, stdout, stderr: collector().stream });
    expect([end, received]).toEqual([{ kind: 'exited', code: 0 }, total]);
    expect(held).toBeLessThan(4 * MIB);
  });

  it('hold back the source of a service whose reader has stopped, all the way', async () => {
    const { file } = await daemon(({ stdin, stdout }) => pipeline(stdin, stdout));
    const source = countedSource(64 * MIB);
    const connection = new CallConnection(await connect(file));
    await connection.greet(REQUEST, AMPLE_MS);
    const stdout = new PassThrough();
    const end = connection.complete({ stdin: source.stream, stdout, stderr: collector().stream });
    expect(await stalled(source.taken)).toBeLessThan(4 * MIB);
    stdout.resume();
    expect(await end).toEqual({ kind: 'exited', code: 0 });
    expect(source.taken()).toBe(64 * MIB);
  });

  const body = 'abc\nü x '.repeat(40_000);
  const readers: readonly (readonly [how: string, read: (stdin: Readable) => Promise<string>])[] = [
    ['as one text', text],
    [
      'with an encoding set',
      async (stdin) => {
        let all = '';
        stdin.setEncoding('utf8').on('data', (piece: string) => {
          all += piece;
        });
        await once(stdin, 'end');
        return all;
      },
    ],
    [
      'in measured reads',
      async (stdin) => {
        const pieces: Buffer[] = [];
        stdin.on('readable', () => {
          for (let piece = stdin.read(1000); piece !== null; piece = stdin.read(1000)) pieces.push(piece);
        });
        await once(stdin, 'end');
        return Buffer.concat(pieces).toString();
      },
    ],
    [
      'line by line',
      async (stdin) => {
        const lines: string[] = [];
        for await (const line of readline.createInterface({ input: stdin })) lines.push(line);
        return lines.join('\n');
      },
    ],
    ['as a web stream', async (stdin) => text(Readable.toWeb(stdin) as AsyncIterable<Uint8Array>)],
  ];
  it.each(readers)('let a service read its input as streams are read: %s', async (_, read) => {
    const { file } = await daemon(async ({ stdin }) => ((await read(stdin)) === body ? 0 : 1));
    const pieces = body.match(/[\s\S]{1,9999}/g) ?? [];
    const { end } = await callThrough(file, {}, Readable.from(pieces));
    expect(end).toEqual({ kind: 'exited', code: 0 });
  });

  it('answer many calls at once, each with its own', async () => {
    const { file, server } = await daemon(async ({ args, stdin, stdout, stderr }) => {
      stderr.write(`begun ${args[0]}\n`);
      await pipeline(stdin, stdout);
      return Number(args[0]) % 256;
    });
    const calls = Array.from({ length: 300 }, async (_, i) => {
      const input = patterned(1000 + i * 100, i + 1);
      const called = await callThrough(file, { args: [String(i)] }, Readable.from([input]));
      expect(called.end).toEqual({ kind: 'exited', code: i % 256 });
      expect(called.stderr.toString()).toBe(`begun ${i}\n`);
      expect(called.stdout.equals(input)).toBe(true);
    });
    await Promise.all(calls);
    await server.settled();
  });

  it('let a caller cancel: the service is told, and the next call is answered', async () => {
    const told = gate();
    const { file, server } = await daemon(async ({ args, signal, stdout }) => {
      if (args[0] === 'quick') return;
      stdout.write('begun');
      await once(signal, 'abort');
      told.open();
    });
    const cancelled = new AbortController();
    const connection = new CallConnection(await connect(file));
    await connection.greet(REQUEST, AMPLE_MS);
    const stdout = new PassThrough();
    stdout.once('data', () => cancelled.abort());
    const streams = { stdin: undefined, stdout, stderr: collector().stream };
    const end = await connection.complete({ ...streams, signal: cancelled.signal });
    expect(end).toEqual({ kind: 'cancelled', by: 'signal' });
    await told.opened;
    await server.settled();
    expect((await callThrough(file, { args: ['quick'] })).end).toEqual({ kind: 'exited', code: 0 });
  });

  it('tell a refusal from an acceptance', async () => {
    const answers = {
      busy: { kind: 'draining' },
      broken: { kind: 'declined', message: 'Error: x\n    at y', exitCode: 70 },
    } as const;
    const { file } = await daemon(() => {}, {
      admit: ({ command }) => answers[command as keyof typeof answers],
    });
    const greet = async (command: string) =>
      new CallConnection(await connect(file)).greet({ ...REQUEST, command }, AMPLE_MS);
    expect(await greet('busy')).toEqual({ kind: 'draining' });
    expect(await greet('broken')).toEqual(answers.broken);
  });

  it('part as friends when the connections without a request are closed', async () => {
    const { file, server } = await daemon(() => {});
    const connection = new CallConnection(await connect(file));
    await (await callThrough(file)).end;
    server.endIdleConnections();
    expect(await connection.greet(REQUEST, AMPLE_MS)).toEqual({ kind: 'ended' });
  });
});
