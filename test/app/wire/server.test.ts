import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import type { Turn } from '../../../src/app/service/admission.js';
import type { ServiceContext, ServiceFunction } from '../../../src/app/service/define-service.js';
import { WINDOW_BYTES } from '../../../src/app/wire/call-streams.js';
import {
  CHUNK,
  CREDIT_OFFER,
  chunk,
  chunkHeader,
  type Decoded,
  HEADER_BYTES,
} from '../../../src/app/wire/chunks.js';
import { encodeRequest, requestEnvironment } from '../../../src/app/wire/client.js';
import { type Admission, CallServer } from '../../../src/app/wire/server.js';
import {
  connect,
  daemon,
  gate,
  listen,
  MIB,
  patterned,
  RawPeer,
  REQUEST,
  rawClient,
  stalled,
} from './support.js';

const FLOOD_BYTES = 32 * MIB;
const shapes = {
  'in small chunks': () =>
    Buffer.concat(Array.from({ length: 64 }, () => chunk(CHUNK.input, patterned(1024)))),
  'in one chunk that never ends': () => patterned(64 * 1024),
};

/** Sends that much input, as fast as the daemon takes it. */
function flood(client: RawPeer, shape: keyof typeof shapes): void {
  const block = shapes[shape]();
  if (shape !== 'in small chunks') client.send(chunkHeader(CHUNK.input, FLOOD_BYTES));
  const blocks = FLOOD_BYTES / (64 * 1024);
  Readable.from(Array.from({ length: blocks }, () => block)).pipe(client.socket, { end: false });
}

/** How much of what the client wrote the daemon, or the system in between, has taken. */
const taken = (client: RawPeer): number => client.socket.bytesWritten - client.socket.writableLength;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

const grantIn = (decoded: Decoded): number =>
  decoded.kind === 'whole' && decoded.type === CHUNK.inputRequest ? Number(decoded.bytes.toString()) : 0;

/** The story of one call of a service, from the first chunk to the last. */
async function storyOf(run: ServiceFunction, request = REQUEST): Promise<string> {
  const { file } = await daemon(run);
  const client = await rawClient(file, request);
  return (await client.read().closed()).story;
}

describe('an accepted call', () => {
  it('begins with an empty chunk of stdout, and ends with the exit code', async () => {
    expect(await storyOf(() => {})).toBe('1: X:0');
    expect(await storyOf(async () => 42)).toBe('1: X:42');
    expect(await storyOf(() => 255)).toBe('1: X:255');
  });

  it('gets the arguments, the directory and the environment of its caller', async () => {
    const request = { command: 'fmt', args: ['a', ''], env: { A: '1' }, cwd: '/there' };
    let seen: unknown;
    await storyOf(({ args, cwd, env }) => {
      seen = { args, cwd, env };
    }, request);
    expect(seen).toEqual({ args: ['a', ''], cwd: '/there', env: { A: '1' } });
  });

  it('may copy its context, and shares the getters of it with all calls', async () => {
    const contexts: ServiceContext[] = [];
    const keepCopy: ServiceFunction = (context) => {
      contexts.push({ ...context });
      getters.add(Object.getOwnPropertyDescriptor(context, 'stdout')?.get);
    };
    const getters = new Set<unknown>();
    await storyOf(keepCopy, { ...REQUEST, args: ['1'] });
    await storyOf(keepCopy, { ...REQUEST, args: ['2'] });
    expect(contexts.map(({ args }) => args)).toEqual([['1'], ['2']]);
    expect(contexts.map((context) => Reflect.ownKeys(context))).toEqual([
      ['args', 'cwd', 'env', 'stdin', 'stdout', 'stderr', 'signal'],
      ['args', 'cwd', 'env', 'stdin', 'stdout', 'stderr', 'signal'],
    ]);
    expect(contexts[0]?.stdout).not.toBe(contexts[1]?.stdout);
    expect(getters.size).toBe(1);
  });

  it('is told which streams are terminals', async () => {
    const env = requestEnvironment({}, [false, true, false]);
    let seen: unknown;
    const note = ({ stdin, stdout, stderr }: ServiceContext): void => {
      seen = [stdin.isTTY, stdout.isTTY, stderr.isTTY];
    };
    await storyOf(note, { ...REQUEST, env });
    expect(seen).toEqual([undefined, true, undefined]);
  });

  it('keeps the order of what it writes to both outputs', async () => {
    const story = await storyOf(async ({ stdout, stderr }) => {
      for (const [stream, text] of [
        [stdout, 'a'],
        [stderr, 'b'],
        [stdout, 'c'],
      ] as const)
        await new Promise((resolve) => stream.write(text, resolve));
    });
    expect(story).toBe('1: 1:a 2:b 1:c X:0');
  });

  it('has everything flushed before the exit code, without having ended its streams', async () => {
    const output = patterned(3 * MIB);
    const { file } = await daemon(({ stdout, stderr }) => {
      stdout.cork();
      stdout.write(output.subarray(0, MIB));
      stdout.write(output.subarray(MIB));
      stderr.write('late\n');
      return 3;
    });
    const client = await (await rawClient(file)).read().closed();
    expect(client.bytes(CHUNK.output).equals(output)).toBe(true);
    expect(client.text(CHUNK.errorOutput)).toBe('late\n');
    expect(client.text(CHUNK.exit)).toBe('3');
    expect(client.chunks.at(-1)).toMatchObject({ type: CHUNK.exit });
  });

  it('may leave somebody reading, for whom its end is the end of the input', async () => {
    let left: Promise<string> | undefined;
    const { file } = await daemon(({ stdin }) => {
      left = (async () => {
        for await (const _ of stdin);
        return 'ended';
      })();
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(await left).toBe('ended');
  });

  it('may end its streams itself, or destroy them', async () => {
    expect(await storyOf(({ stdout }) => void stdout.end('done'))).toBe('1: 1:done X:0');
    expect(
      await storyOf(({ stdout, stdin, stderr }) => {
        for (const stream of [stdin, stdout, stderr]) stream.destroy();
        return 4;
      }),
    ).toBe('1: X:4');
  });
});

describe('a stream that a service asks for late', () => {
  it('has ended where the call has', async () => {
    const kept: ServiceContext[] = [];
    expect(await storyOf((context) => void kept.push(context))).toBe('1: X:0');
    const [context] = kept as [ServiceContext];
    const errors: Error[] = [];
    context.stdout.on('error', (error) => errors.push(error)).write('too late');
    expect(await text(context.stdin)).toBe('');
    expect(errors.map(({ message }) => message)).toEqual(['write after end']);
    expect(context.signal.aborted).toBe(false);
  });

  it('is broken where the caller has gone away', async () => {
    const begun = gate();
    const kept: ServiceContext[] = [];
    const { file, server } = await daemon(async (context) => {
      kept.push(context);
      const aborted = once(context.signal, 'abort');
      begun.open();
      await aborted;
    });
    const client = await rawClient(file);
    await begun.opened;
    client.socket.destroy();
    await server.settled();
    const { stdin, stdout, stderr, signal } = kept[0] as ServiceContext;
    expect([stdin.destroyed, stdout.destroyed, stderr.destroyed, signal.aborted]).toEqual([
      true,
      true,
      true,
      true,
    ]);
  });
});

describe('a service that fails', () => {
  const throwing = (thrown: unknown) => (): never => {
    throw thrown;
  };
  const failures: readonly (readonly [does: string, run: ServiceFunction, message: string])[] = [
    ['throws', throwing(new Error('first\n  second')), 'first second'],
    ['rejects', async () => throwing(new RangeError('no'))(), 'no'],
    ['throws an error without words', throwing(new TypeError()), 'TypeError'],
    ['throws a value that is not an error', throwing('text'), 'text'],
    ['throws a value that has no text', throwing(Object.create(null)), 'a value of type object'],
    ['returns a fraction', () => 3.5, 'the service returned 3.5, which is no exit code'],
    ['returns too much', () => 256, 'the service returned 256, which is no exit code'],
    ['returns a negative number', () => -1, 'the service returned -1, which is no exit code'],
    ['returns text', () => '0' as never, 'the service returned 0, which is no exit code'],
  ];
  it.each(failures)('that %s has one line on stderr and exit code 1', async (_, run, message) => {
    expect(await storyOf(run)).toBe(`1: 2:it: ${message}\n X:1`);
  });

  it('has written what it had written, and its line is the last', async () => {
    const run: ServiceFunction = ({ stdout, stderr }) => {
      stdout.write('half');
      stderr.end('warning\n');
      throw new Error('broken');
    };
    expect(await storyOf(run)).toBe('1: 1:half 2:warning\nit: broken\n X:1');
  });

  it('by writing after its end only sees that itself', async () => {
    const late = gate();
    let context: ServiceContext | undefined;
    const { file } = await daemon((given) => {
      context = given;
    });
    const first = await (await rawClient(file)).read().closed();
    const written = new Promise((resolve) =>
      context?.stdout.write('late', (error) => {
        late.open();
        resolve((error as NodeJS.ErrnoException).code);
      }),
    );
    await late.opened;
    expect(await written).toBe('ERR_STREAM_WRITE_AFTER_END');
    expect(first.story).toBe('1: X:0');
    expect((await (await rawClient(file)).read().closed()).story).toBe('1: X:0');
  });
});

describe('a request that is queued', () => {
  /** Its turn comes when the test says so. */
  class Place {
    readonly turn: Promise<Turn>;
    left = 0;
    take: (turn: Turn) => void = () => {};

    constructor() {
      this.turn = new Promise((resolve) => {
        this.take = resolve;
      });
    }

    leave(): void {
      this.left += 1;
    }
  }

  const queued = (place: Place) => ({ admit: () => ({ kind: 'queued' as const, place }) });

  it('is not accepted before its turn, and its client is told that it waits', async () => {
    const place = new Place();
    const { file } = await daemon(() => {}, queued(place));
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.errorOutput) === 2);
    expect(client.count(CHUNK.output)).toBe(0);
    place.take({ kind: 'accepted', run: () => 7 });
    expect((await client.closed()).story).toBe('2: 2: 1: X:7');
  });

  it('may be declined', async () => {
    const place = new Place();
    const { file } = await daemon(() => {}, queued(place));
    place.take({ kind: 'declined', message: 'no worker', exitCode: 69 });
    expect((await (await rawClient(file)).read().closed()).story).toBe('2:no worker X:69');
  });

  it('is refused if the daemon ends, and leaves the queue', async () => {
    const place = new Place();
    const { file, server } = await daemon(() => {}, queued(place));
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.errorOutput) === 1);
    server.abortAll('the daemon ends');
    expect((await client.closed()).text(CHUNK.exit)).toBe('75');
    expect(client.count(CHUNK.output)).toBe(0);
    expect(place.left).toBeGreaterThan(0);
  });

  it('leaves the queue when its client goes away, and never begins', async () => {
    const place = new Place();
    const calls: string[] = [];
    const { file, server } = await daemon(() => {}, queued(place));
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.errorOutput) === 1);
    client.socket.destroy();
    await server.settled();
    place.take({ kind: 'accepted', run: () => void calls.push('begun') });
    await stalled(() => calls.length);
    expect({ calls, inFlight: server.inFlight, isLeft: place.left > 0 }).toEqual({
      calls: [],
      inFlight: 0,
      isLeft: true,
    });
  });
});

describe('a request that is not taken on', () => {
  it('gets no accepting chunk when the daemon drains, but one line and 75', async () => {
    const { file } = await daemon(() => {}, { admit: () => ({ kind: 'draining' }) });
    const client = await (await rawClient(file)).read().closed();
    expect(client.story).toMatch(/^2:solod: [^\n]+\n X:75$/);
  });

  it('gets the whole reason when it is declined', async () => {
    const message = `Error: no\n    at ${'x'.repeat(2 * MIB)}`;
    const { file } = await daemon(() => {}, { admit: () => ({ kind: 'declined', message, exitCode: 70 }) });
    const client = await (await rawClient(file)).read().closed();
    expect(client.count(CHUNK.output)).toBe(0);
    expect(client.text(CHUNK.errorOutput)).toBe(message);
    expect(client.text(CHUNK.exit)).toBe('70');
  });

  it('never gets 75 for another reason', async () => {
    const { file } = await daemon(() => {}, {
      admit: () => ({ kind: 'declined', message: 'no', exitCode: 75 }),
    });
    expect((await (await rawClient(file)).read().closed()).story).toBe('2:no X:70');
  });

  it('is declined where the daemon fails to decide', async () => {
    const admit = (): Admission => {
      throw new Error('undecided');
    };
    const { file } = await daemon(() => {}, { admit });
    expect((await (await rawClient(file)).read().closed()).story).toMatch(
      /^2:Error: undecided\n {4}at .* X:70$/s,
    );
  });
});

describe('a request that waits for the service to load', () => {
  it('is answered when it has', async () => {
    const loaded = gate();
    const admit = async (): Promise<Admission> => {
      await loaded.opened;
      return { kind: 'accepted', run: () => 7 };
    };
    const { file, server } = await daemon(() => {}, { admit });
    const client = (await rawClient(file)).read();
    await stalled(() => server.inFlight);
    expect([server.inFlight, client.story]).toEqual([1, '']);
    loaded.open();
    expect((await client.closed()).story).toBe('1: X:7');
  });

  it('is not begun if its client has gone by then', async () => {
    const loaded = gate();
    let begun = 0;
    const admit = async (): Promise<Admission> => {
      await loaded.opened;
      return { kind: 'accepted', run: () => void begun++ };
    };
    const { file, server } = await daemon(() => {}, { admit, onCallStart: () => void begun++ });
    const client = await rawClient(file);
    await stalled(() => server.inFlight);
    client.socket.destroy();
    await server.settled();
    loaded.open();
    await stalled(() => begun);
    expect(begun).toBe(0);
  });

  it('is not begun either if it can only be told by writing that its client has gone', async () => {
    const loaded = gate();
    let begun = 0;
    const admit = async (): Promise<Admission> => {
      await loaded.opened;
      return { kind: 'accepted', run: () => void begun++ };
    };
    const { file, server } = await daemon(() => {}, { admit, probeMs: 2 ** 30 });
    const client = await rawClient(file);
    flood(client, 'in small chunks');
    await stalled(() => taken(client));
    client.socket.destroy();
    await stalled(() => server.inFlight);
    expect(server.inFlight).toBe(1);
    loaded.open();
    await server.settled();
    expect(begun).toBe(0);
  });

  it('is told that the daemon drains, if it is to end meanwhile', async () => {
    const loaded = gate();
    let begun = 0;
    const admit = async (): Promise<Admission> => {
      await loaded.opened;
      return { kind: 'accepted', run: () => void begun++ };
    };
    const { file, server } = await daemon(() => {}, { admit });
    const client = (await rawClient(file)).read();
    await stalled(() => server.inFlight);
    server.abortAll('over');
    loaded.open();
    expect((await client.closed()).story).toMatch(/^2:solod: .* X:75$/s);
    await server.settled();
    expect(begun).toBe(0);
  });
});

describe('input', () => {
  const echo: ServiceFunction = ({ stdin, stdout }) => pipeline(stdin, stdout);

  it('is not asked for by a service that does not read', async () => {
    const { file } = await daemon(async ({ stdin, stdout }) => {
      stdin.on('error', () => {});
      stdout.write('out');
    });
    expect((await (await rawClient(file)).read().closed()).count(CHUNK.inputRequest)).toBe(0);
  });

  it('is asked for one chunk at a time', async () => {
    const { file } = await daemon(echo);
    const client = (await rawClient(file)).read();
    for (let asked = 1; asked <= 5; asked++) {
      await client.until(() => client.count(CHUNK.inputRequest) === asked);
      await stalled(() => client.chunks.length);
      expect(client.count(CHUNK.inputRequest)).toBe(asked);
      client.send(chunk(CHUNK.input, `${asked}`));
    }
    await client.until(() => client.count(CHUNK.inputRequest) === 6);
    client.send(chunk(CHUNK.inputEnd));
    await client.closed();
    expect(client.text(CHUNK.output)).toBe('12345');
    expect(client.text(CHUNK.exit)).toBe('0');
  });

  it('is asked for no further than it is read', async () => {
    const { file } = await daemon(async ({ stdin, stdout }) => {
      for await (const bytes of stdin) {
        stdout.write(`got ${bytes}`);
        break;
      }
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.send(chunk(CHUNK.input, 'one'));
    await client.closed();
    expect([client.text(CHUNK.output), client.count(CHUNK.inputRequest)]).toEqual(['got one', 1]);
  });

  it('may come in one chunk of any size, and in empty ones', async () => {
    const { file } = await daemon(echo);
    const client = (await rawClient(file)).read();
    const input = patterned(5 * MIB);
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.send(chunk(CHUNK.input));
    await client.until(() => client.count(CHUNK.inputRequest) === 2);
    client.send(chunkHeader(CHUNK.input, input.length), input.subarray(0, MIB));
    await client.until(() => client.bytes(CHUNK.output).length === MIB);
    await stalled(() => client.chunks.length);
    expect(client.count(CHUNK.inputRequest)).toBe(2);
    client.send(input.subarray(MIB));
    await client.until(() => client.count(CHUNK.inputRequest) === 3);
    client.send(chunk(CHUNK.inputEnd));
    await client.closed();
    expect(client.bytes(CHUNK.output).equals(input)).toBe(true);
  });

  it('is asked for in bytes once a client takes credit, never more than a window ahead', async () => {
    const { file } = await daemon(async ({ stdin, stdout }) => {
      let read = 0;
      for await (const bytes of stdin) read += bytes.length;
      stdout.write(`${read}`);
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    expect(client.text(CHUNK.inputRequest)).toBe('');
    client.send(chunk(CHUNK.heartbeat, CREDIT_OFFER), chunk(CHUNK.input, 'x'));
    const credit = (sent: number): number => sum(client.chunks.map(grantIn)) - sent;
    let sent = 0;
    while (sent < 4 * WINDOW_BYTES) {
      await client.until(() => credit(sent) > 0);
      const due = credit(sent);
      expect(due).toBeLessThanOrEqual(WINDOW_BYTES);
      client.send(chunk(CHUNK.input, patterned(due)));
      sent += due;
    }
    client.send(chunk(CHUNK.inputEnd));
    await client.closed();
    expect(client.text(CHUNK.output)).toBe(`${sent + 1}`);
  });

  it('is not asked for ahead if the service does not read on', async () => {
    const { file } = await daemon(async ({ stdin, signal }) => {
      stdin.once('data', () => stdin.pause());
      await once(signal, 'abort');
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.send(chunk(CHUNK.heartbeat, CREDIT_OFFER), chunk(CHUNK.input, 'x'));
    await stalled(() => client.chunks.length);
    expect(client.count(CHUNK.inputRequest)).toBe(1);
  });

  it('is asked for chunk after chunk if a heartbeat says anything else', async () => {
    const { file } = await daemon(echo);
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.send(chunk(CHUNK.heartbeat, 'credits'), chunk(CHUNK.input, 'x'));
    await client.until(() => client.count(CHUNK.inputRequest) === 2);
    client.send(chunk(CHUNK.inputEnd));
    await client.closed();
    expect(client.text(CHUNK.inputRequest)).toBe('');
  });

  it('that crosses with the end of the service does no harm', async () => {
    const { file } = await daemon(async ({ stdin }) => {
      stdin.resume();
      await once(stdin, 'data');
      return 5;
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.send(...Array.from({ length: 50 }, () => chunk(CHUNK.input, 'x')), chunk(CHUNK.inputEnd));
    client.send(chunk(CHUNK.heartbeat), chunk(CHUNK.inputEnd));
    await client.closed();
    expect(client.text(CHUNK.exit)).toBe('5');
  });
});

describe('a client that sends more than was asked for', () => {
  it.each(Object.keys(shapes) as (keyof typeof shapes)[])(
    'is held back, and nothing is lost: %s',
    async (shape) => {
      const start = gate();
      let read = 0;
      const { file } = await daemon(async ({ stdin }) => {
        await start.opened;
        for await (const bytes of stdin) {
          read += bytes.length;
          if (read === FLOOD_BYTES) return;
        }
      });
      const client = (await rawClient(file)).read();
      flood(client, shape);
      expect(await stalled(() => taken(client))).toBeLessThan(2 * MIB);
      start.open();
      await client.closed();
      expect([read, client.text(CHUNK.exit)]).toEqual([FLOOD_BYTES, '0']);
    },
  );

  it('may do so before it is accepted', async () => {
    const loaded = gate();
    const admit = async (): Promise<Admission> => {
      await loaded.opened;
      return { kind: 'accepted', run: ({ stdin }) => void stdin.destroy() };
    };
    const { file } = await daemon(() => {}, { admit });
    const client = (await rawClient(file)).read();
    flood(client, 'in small chunks');
    expect(await stalled(() => taken(client))).toBeLessThan(2 * MIB);
    loaded.open();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(client.story).toBe('1: X:0');
  });

  it('is read on when the service wants more at once than is held for it', async () => {
    const { file } = await daemon(async ({ stdin }) => {
      const read = new Promise<number>((resolve) => {
        stdin.on('readable', () => {
          const bytes: Buffer | null = stdin.read(2 * MIB);
          if (bytes !== null) resolve(bytes.length);
        });
      });
      return (await read) === 2 * MIB ? 3 : 4;
    });
    const client = (await rawClient(file)).read();
    flood(client, 'in small chunks');
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(client.text(CHUNK.exit)).toBe('3');
  });

  it('has the rest thrown away when the service does not want it', async () => {
    const [held, done] = [gate(), gate()];
    let length = 0;
    const { file } = await daemon(async ({ stdin }) => {
      await held.opened;
      stdin.destroy();
      await done.opened;
      length = stdin.readableLength;
    });
    const client = (await rawClient(file)).read();
    flood(client, 'in small chunks');
    await stalled(() => taken(client));
    held.open();
    expect(await stalled(() => taken(client))).toBeGreaterThan(FLOOD_BYTES);
    done.open();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(length).toBeLessThan(MIB);
  });

  it('has the rest thrown away when the service has ended, though not all of its output is out', async () => {
    const { file } = await daemon(({ stdout }) => void stdout.write(patterned(4 * MIB)));
    const client = await rawClient(file);
    flood(client, 'in small chunks');
    expect(await stalled(() => taken(client))).toBeGreaterThan(FLOOD_BYTES);
    client.read();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(client.bytes(CHUNK.output).length).toBe(4 * MIB);
  });

  it('has the rest thrown away when it is refused', async () => {
    const decided = gate();
    const admit = async (): Promise<Admission> => {
      await decided.opened;
      return { kind: 'draining' };
    };
    const { file } = await daemon(() => {}, { admit, lingerMs: 2 ** 30 });
    const client = await rawClient(file);
    flood(client, 'in small chunks');
    await stalled(() => taken(client));
    decided.open();
    expect(await stalled(() => taken(client))).toBeGreaterThan(FLOOD_BYTES);
    client.read();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(client.text(CHUNK.exit)).toBe('75');
  });

  it('is still noticed when it goes away', async () => {
    const { file, server } = await daemon(({ signal }) => once(signal, 'abort').then(() => {}), {
      probeMs: 1,
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    flood(client, 'in small chunks');
    await stalled(() => taken(client));
    client.socket.destroy();
    await server.settled();
  });
});

describe('a client that does not read', () => {
  it('stops a service that heeds its stream, and gets everything later', async () => {
    const total = 32 * MIB;
    let written = 0;
    const { file } = await daemon(async ({ stdout }) => {
      const block = patterned(64 * 1024);
      for (; written < total; written += block.length) if (!stdout.write(block)) await once(stdout, 'drain');
    });
    const client = await rawClient(file);
    expect(await stalled(() => written)).toBeLessThan(2 * MIB);
    await client.read().closed();
    expect(client.bytes(CHUNK.output).length).toBe(total);
    expect(client.text(CHUNK.exit)).toBe('0');
  });

  it('ends its call by going away, though nothing more could be written', async () => {
    const { file, server } = await daemon(async ({ stdout }) => {
      for (;;) if (!stdout.write(patterned(64 * 1024))) await once(stdout, 'drain');
    });
    const client = await rawClient(file);
    await stalled(() => server.inFlight);
    client.socket.destroy();
    await server.settled();
  });
});

describe('a client that goes away', () => {
  it('aborts the signal of its call, and breaks its streams', async () => {
    const seen: string[] = [];
    const { file, server } = await daemon(async ({ stdin, stdout, signal }) => {
      const reading = once(stdin, 'data').catch((error) => seen.push(`stdin ${error.code}`));
      await once(signal, 'abort');
      seen.push(`${signal.reason.name}: ${signal.reason.message}`);
      await new Promise<void>((resolve) =>
        stdout.write('x', (error) => {
          seen.push(`stdout ${(error as NodeJS.ErrnoException).code}`);
          resolve();
        }),
      );
      await reading;
      throw new Error('seen by nobody');
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.inputRequest) === 1);
    client.socket.destroy();
    await server.settled();
    expect(seen.sort()).toEqual([
      'AbortError: the client has disconnected',
      'stdin ECONNRESET',
      expect.stringMatching(/^stdout (EPIPE|ERR_STREAM_DESTROYED)$/),
    ]);
  });

  it('does so by closing only its half, too', async () => {
    const { file, server } = await daemon(({ signal }) => once(signal, 'abort').then(() => {}));
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    client.socket.end();
    await server.settled();
  });

  it('does so also where the listener keeps the other half open', async () => {
    const run: ServiceFunction = ({ signal }) => once(signal, 'abort').then(() => {});
    const server = new CallServer({ admit: () => ({ kind: 'accepted', run }) });
    const file = await listen((socket) => {
      socket.allowHalfOpen = true;
      server.accept(socket);
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    client.socket.end();
    await server.settled();
  });

  it('leaves nothing in flight, and its call time to end', async () => {
    const [aborted, cleanedUp] = [gate(), gate()];
    const { file, server } = await daemon(async ({ signal }) => {
      await once(signal, 'abort');
      aborted.open();
      await cleanedUp.opened;
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    client.socket.destroy();
    await aborted.opened;
    expect(server.inFlight).toBe(0);
    let isSettled = false;
    const settled = server.settled().then(() => {
      isSettled = true;
    });
    await stalled(() => server.inFlight);
    expect(isSettled).toBe(false);
    cleanedUp.open();
    await settled;
  });

  it('is waited for no longer than its grace, and may end later', async () => {
    const cleanedUp = gate();
    const events: string[] = [];
    const serve = async ({ args, signal }: ServiceContext): Promise<void> => {
      if (args.length > 0) return;
      await once(signal, 'abort');
      await cleanedUp.opened;
    };
    const { file, server } = await daemon(serve, {
      graceMs: 20,
      onCallEnd: () => void events.push('end'),
      onIdle: () => void events.push('idle'),
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    const free = server.free();
    client.socket.destroy();
    await Promise.all([server.settled(), free]);
    expect(events).toEqual(['idle']);
    const other = new RawPeer(await connect(file), 'client')
      .read()
      .send(encodeRequest({ ...REQUEST, args: ['a'] }));
    await other.closed();
    expect(events).toEqual(['idle', 'end', 'idle']);
    cleanedUp.open();
    await stalled(() => events.length);
    expect([events, server.inFlight]).toEqual([['idle', 'end', 'idle', 'end'], 0]);
    await Promise.all([server.settled(), server.free()]);
  });

  it('at any byte of its request, or after it, hurts nobody and begins nothing unasked', async () => {
    const head = encodeRequest({ ...REQUEST, args: ['a'] });
    const exchange = Buffer.concat([head, chunk(CHUNK.input, 'abc'), chunk(CHUNK.inputEnd)]);
    let begun = 0;
    const { file, server } = await daemon(async ({ stdin }) => {
      begun++;
      for await (const _ of stdin);
    });
    for (let cut = 0; cut <= exchange.length; cut++) {
      const socket = await connect(file);
      await new Promise((resolve) => socket.write(exchange.subarray(0, cut), resolve));
      socket.destroy();
      if (cut < head.length) expect(begun).toBe(0);
    }
    await stalled(() => server.inFlight);
    await server.settled();
    const survivor = (await rawClient(file)).read().send(chunk(CHUNK.input, 'x'), chunk(CHUNK.inputEnd));
    expect((await survivor.closed()).text(CHUNK.exit)).toBe('0');
  });

  it('with its answer unread leaves nothing behind', async () => {
    const { file, server } = await daemon(({ stdout }) => void stdout.write(patterned(4 * MIB)));
    const client = await rawClient(file);
    await stalled(() => server.inFlight);
    expect(server.inFlight).toBe(1);
    client.socket.destroy();
    await server.settled();
  });
});

describe('a client that never closes its end', () => {
  it('is closed by the daemon some time after the exit code', async () => {
    const closed = gate();
    const server = new CallServer({ admit: () => ({ kind: 'accepted', run: () => 0 }), lingerMs: 1 });
    const file = await listen((socket) => {
      socket.once('close', closed.open);
      server.accept(socket);
    });
    const socket = await connect(file);
    socket.allowHalfOpen = true;
    const client = new RawPeer(socket, 'client').read().send(encodeRequest(REQUEST));
    await client.until(() => client.count(CHUNK.exit) === 1);
    await closed.opened;
    await server.settled();
  });

  it('may still be sending meanwhile', async () => {
    const { file } = await daemon(() => 9);
    const client = await rawClient(file);
    for (let i = 0; i < 100; i++)
      client.send(chunk(CHUNK.heartbeat), chunk(CHUNK.input, patterned(64 * 1024)));
    client.read();
    await client.until(() => client.count(CHUNK.exit) === 1);
    expect(client.text(CHUNK.exit)).toBe('9');
  });
});

describe('a client that breaks the protocol', () => {
  it('after its call has been answered is not answered again', async () => {
    let idle = 0;
    const { file } = await daemon(() => 0, { lingerMs: 2 ** 30, onIdle: () => void idle++ });
    const socket = await connect(file);
    socket.allowHalfOpen = true;
    const client = new RawPeer(socket, 'client').send(encodeRequest(REQUEST)).read();
    await client.until(() => client.count(CHUNK.exit) === 1);
    client.send(chunk('?' as 'A'), chunk(CHUNK.command));
    await stalled(() => client.chunks.length);
    expect([client.story, client.isClosed, idle]).toEqual(['1: X:0', false, 1]);
  });

  const begunNever: ServiceFunction = () => {
    throw new Error('must not begin');
  };

  it.each([
    ['an unknown chunk', chunk('?' as 'A'), 'unknown type 63'],
    ['input before the command', chunk(CHUNK.input, 'x'), '"0" where none may be'],
    ['a chunk that is too long', chunkHeader(CHUNK.argument, 2 ** 31), 'limit 16777216'],
    ['no directory', chunk(CHUNK.command, 'it'), 'without a working directory'],
  ])('in its request is told how: %s', async (_, bytes, words) => {
    const { file, server } = await daemon(begunNever);
    const client = new RawPeer(await connect(file), 'client').send(bytes).read();
    await client.closed();
    expect(client.text(CHUNK.errorOutput)).toMatch(/^solod: the client sent .*\n$/);
    expect(client.text(CHUNK.errorOutput)).toContain(words);
    expect([client.count(CHUNK.output), client.text(CHUNK.exit)]).toEqual([0, '65']);
    expect(server.inFlight).toBe(0);
  });

  it.each([
    ['an unknown chunk', chunk('?' as 'A')],
    ['a second head', chunk(CHUNK.argument, 'x')],
    ['input after its end', Buffer.concat([chunk(CHUNK.inputEnd), chunk(CHUNK.input, 'x')])],
  ])('in its call loses it: %s', async (_, bytes) => {
    let reason = '';
    const { file, server } = await daemon(async ({ signal }) => {
      await once(signal, 'abort');
      reason = signal.reason.message;
    });
    const client = (await rawClient(file)).read();
    await client.until(() => client.count(CHUNK.output) === 1);
    client.send(bytes);
    await client.closed();
    await server.settled();
    expect(client.count(CHUNK.exit)).toBe(0);
    expect(reason).toMatch(/^the client sent a chunk/);
  });
});

describe('the daemon as a whole', () => {
  it('tells its calls to end, and lets them say how', async () => {
    const { file, server } = await daemon(async ({ signal, stderr }) => {
      await once(signal, 'abort');
      stderr.write(`${signal.reason.message}\n`);
      return 8;
    });
    const clients = await Promise.all([rawClient(file), rawClient(file)]);
    for (const client of clients) await client.read().until(() => client.count(CHUNK.output) === 1);
    server.abortAll('the daemon ends');
    for (const client of clients) expect((await client.closed()).story).toBe('1: 2:the daemon ends\n X:8');
    await server.settled();
  });

  it('counts what begins and what ends', async () => {
    const events: string[] = [];
    const { file, server } = await daemon(() => void events.push('run'), {
      onCallStart: () => void events.push('start'),
      onCallEnd: () => void events.push(`end, ${server.inFlight} in flight`),
      onIdle: () => void events.push('idle'),
    });
    await (await rawClient(file)).read().closed();
    expect(events).toEqual(['start', 'run', 'end, 0 in flight', 'idle']);
    const wrong = new RawPeer(await connect(file), 'client').read().send(chunk(CHUNK.input));
    await wrong.closed();
    expect(events.slice(4)).toEqual(['idle']);
  });

  it('does not count connections that say nothing, and closes them on demand', async () => {
    const { file, server } = await daemon(() => {});
    const probe = new RawPeer(await connect(file), 'client').read();
    const halfSaid = new RawPeer(await connect(file), 'client').read().send(chunk(CHUNK.argument, 'a'));
    const call = (await rawClient(file)).read();
    expect((await call.closed()).text(CHUNK.exit)).toBe('0');
    await server.settled();
    server.endIdleConnections();
    expect([(await probe.closed()).story, (await halfSaid.closed()).story]).toEqual(['', '']);
  });

  it('is spoken to in pieces of one byte', async () => {
    const { file } = await daemon(({ args, stdout }) => void stdout.write(args.join()));
    const client = new RawPeer(await connect(file), 'client').read();
    for (const byte of encodeRequest({ ...REQUEST, args: ['ä', 'b'] })) {
      await new Promise((resolve) => client.socket.write(Buffer.of(byte), resolve));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await client.closed()).story).toBe('1: 1:ä,b X:0');
    expect(HEADER_BYTES).toBe(5);
  });
});
