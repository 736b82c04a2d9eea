import { describe, expect, it } from 'vitest';

import {
  CHUNK,
  ChunkDecoder,
  type ChunkType,
  CLIENT_GRAMMAR,
  chunk,
  HEAD_CHUNK_LIMIT_BYTES,
  REPEAT,
} from '../../../src/app/wire/chunks.js';
import {
  type CallRequest,
  encodeRepeat,
  encodeRequest,
  HEAD_LIMIT_BYTES,
  HeadReader,
  type HeadReading,
  requestEnvironment,
  type Setting,
  terminalsOf,
  umaskOf,
} from '../../../src/app/wire/request.js';

function read(bytes: Buffer, before?: Setting): HeadReading {
  const reader = new HeadReader(before);
  let reading: HeadReading = { kind: 'incomplete' };
  for (const decoded of new ChunkDecoder(CLIENT_GRAMMAR).decode(bytes))
    if (decoded.kind === 'whole') reading = reader.take(decoded.type, decoded.bytes);
  return reading;
}

function readChunks(...chunks: readonly (readonly [ChunkType, string])[]): HeadReading {
  return read(Buffer.concat(chunks.map(([type, text]) => chunk(type, text))));
}

const REST = [
  [CHUNK.directory, '/'],
  [CHUNK.command, 'it'],
] as const;

describe('a request', () => {
  const request: CallRequest = {
    command: 'fmt',
    args: ['', '--x=ü', 'line\nbreak', '\u{1f600}'],
    env: { HOME: '/h', EMPTY: '', EQUALS: 'a=b=c', ['__proto__']: 'a name like any other' },
    cwd: '/somewhere/ö',
  };

  it('comes out as it went in', () => {
    const reading = read(encodeRequest(request));
    expect(reading).toEqual({ kind: 'complete', request });
    const env = (reading as Extract<HeadReading, { kind: 'complete' }>).request.env;
    expect(Object.entries(env)).toContainEqual(['__proto__', 'a name like any other']);
  });

  it('is complete with its command and not before', () => {
    expect(readChunks([CHUNK.argument, 'a'], REST[0]).kind).toBe('incomplete');
    expect(readChunks([CHUNK.argument, 'a'], ...REST).kind).toBe('complete');
  });
});

describe('a head that repeats the one before', () => {
  const before: Setting = { command: 'it', env: { A: '1' }, cwd: '/', caller: '{}' };

  it('has arguments of its own and the rest of the one before', () => {
    const reading = read(encodeRepeat(['x', '', 'ü']), before);
    expect(reading).toEqual({ kind: 'complete', request: { ...before, args: ['x', '', 'ü'] } });
    expect(read(encodeRepeat([]), before)).toMatchObject({ kind: 'complete', request: { args: [] } });
  });

  it('may have long arguments', () => {
    const bytes = Buffer.concat([chunk(CHUNK.longArgument, 'a'), chunk(CHUNK.longArgument, 'b')]);
    const reading = read(Buffer.concat([bytes, encodeRepeat([])]), before);
    expect(reading).toMatchObject({ kind: 'complete', request: { args: ['ab'] } });
  });

  it.each<[what: string, before: Setting | undefined, more: Buffer]>([
    ['where nothing is remembered', undefined, Buffer.alloc(0)],
    ['after a variable', before, chunk(CHUNK.environment, 'B=2')],
    ['after a directory', before, chunk(CHUNK.directory, '/')],
    ['after what its caller says of itself', before, chunk(CHUNK.environment, 'SOLOD_CALLER={}')],
  ])('is out of order %s', (_, remembered, more) => {
    expect(read(Buffer.concat([more, encodeRepeat(['x'])]), remembered)).toEqual({
      kind: 'violation',
      violation: { kind: 'out-of-order', type: REPEAT },
    });
  });
});

describe('the head as other clients send it', () => {
  const request = (reading: HeadReading): CallRequest => {
    if (reading.kind !== 'complete') throw new Error(reading.kind);
    return reading.request;
  };

  it('may hold long arguments, ended by an empty chunk or by any other type', () => {
    const ended = readChunks(
      [CHUNK.longArgument, 'ab'],
      [CHUNK.longArgument, 'cd'],
      [CHUNK.longArgument, ''],
      [CHUNK.longArgument, 'ef'],
      [CHUNK.argument, 'g'],
      [CHUNK.longArgument, ''],
      [CHUNK.longArgument, 'h'],
      ...REST,
    );
    expect(request(ended).args).toEqual(['abcd', 'ef', 'g', '', 'h']);
  });

  it('may name a variable twice: the first stands', () => {
    const env = [
      [CHUNK.environment, 'NAILGUN_TTY_0=1'],
      [CHUNK.environment, 'NAILGUN_TTY_0=0'],
    ] as const;
    expect(request(readChunks(...env, ...REST)).env).toEqual({ NAILGUN_TTY_0: '1' });
  });

  it('may hold entries that are not variables', () => {
    const env = ['nothing', '=x', ''].map((text) => [CHUNK.environment, text] as const);
    expect(request(readChunks(...env, ...REST)).env).toEqual({});
  });
});

describe('a head that is none', () => {
  it.each([
    ['input before the command', [[CHUNK.inputEnd, '']], { kind: 'out-of-order', type: '.' }],
    ['no directory', [[CHUNK.command, 'it']], { kind: 'no-directory' }],
  ] as const)('%s', (_, chunks, violation) => {
    expect(readChunks(...chunks)).toEqual({ kind: 'violation', violation });
  });

  it('is too long, in a few large chunks or in very many small ones', () => {
    const limit = { kind: 'violation', violation: { kind: 'head-too-long', limit: HEAD_LIMIT_BYTES } };
    const large = new HeadReader();
    const block = Buffer.alloc(HEAD_CHUNK_LIMIT_BYTES);
    for (let i = 0; i < 3; i++) expect(large.take(CHUNK.longArgument, block)).toEqual({ kind: 'incomplete' });
    expect(large.take(CHUNK.longArgument, block)).toEqual(limit);

    const small = new HeadReader();
    const empty = Buffer.alloc(0);
    let reading: HeadReading = { kind: 'incomplete' };
    let chunks = 0;
    for (; reading.kind === 'incomplete'; chunks++) reading = small.take(CHUNK.environment, empty);
    expect(reading).toEqual(limit);
    expect(chunks).toBeLessThan(2_000_000);
  });
});

describe('what a client says of its terminal', () => {
  it('goes over in the environment, and comes out again', () => {
    for (const flags of [
      [true, false, true],
      [false, true, false],
    ] as const)
      expect(terminalsOf(requestEnvironment({}, flags))).toEqual(flags);
  });

  it('is its own, not what it inherited', () => {
    const sent = requestEnvironment({ NAILGUN_TTY_1: '1', KEPT: 'x', GONE: undefined }, [
      false,
      false,
      false,
    ]);
    expect(sent).toEqual({
      KEPT: 'x',
      NAILGUN_FILESEPARATOR: '/',
      NAILGUN_PATHSEPARATOR: ':',
      NAILGUN_UMASK: process.umask().toString(8),
      NAILGUN_TTY_0: '0',
      NAILGUN_TTY_1: '0',
      NAILGUN_TTY_2: '0',
    });
  });

  it('is false where the client says nothing', () => {
    expect(terminalsOf({})).toEqual([false, false, false]);
  });
});

it.each([
  ['22', 0o22],
  ['0', 0],
  ['0077', 0o77],
  ['8', undefined],
  ['77777', undefined],
  [undefined, undefined],
])("the client's umask is read from its text %s", (text, umask) => {
  expect(umaskOf({ NAILGUN_UMASK: text })).toBe(umask);
});
