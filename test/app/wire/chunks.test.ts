import { describe, expect, it } from 'vitest';

import {
  CHUNK,
  ChunkDecoder,
  CLIENT_GRAMMAR,
  chunk,
  chunkHeader,
  DAEMON_GRAMMAR,
  type Decoded,
  frame,
  type Grammar,
  HEAD_CHUNK_LIMIT_BYTES,
  HEADER_BYTES,
  violationText,
} from '../../../src/app/wire/chunks.js';
import { MIB, patterned } from './support.js';

/** Decodes with the bytes cut at these offsets, and puts pieces of one chunk together again. */
function decodeCut(grammar: Grammar, bytes: Buffer, cuts: readonly number[]): string[] {
  const decoder = new ChunkDecoder(grammar);
  const found: string[] = [];
  let open = '';
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    for (const decoded of decoder.decode(Buffer.from(bytes.subarray(from, to)))) {
      if (decoded.kind === 'violation') found.push(`! ${decoded.violation.kind}`);
      else if (decoded.kind === 'whole') found.push(`${decoded.type} ${decoded.bytes.toString('hex')}`);
      else {
        open += decoded.bytes.toString('hex');
        if (decoded.left > 0) continue;
        found.push(`${decoded.type} ${open}`);
        open = '';
      }
    }
    from = to;
  }
  return found;
}

const hex = (text: string): string => Buffer.from(text).toString('hex');

describe('the table of chunk types', () => {
  it('is the one that Nailgun clients have', () => {
    expect(CHUNK).toEqual({
      argument: 'A',
      longArgument: 'L',
      environment: 'E',
      directory: 'D',
      command: 'C',
      input: '0',
      inputEnd: '.',
      heartbeat: 'H',
      output: '1',
      errorOutput: '2',
      inputRequest: 'S',
      exit: 'X',
    });
  });

  it('stands in each header as one byte, behind the big-endian length', () => {
    expect([...chunkHeader(CHUNK.output, 0x01020304)]).toEqual([1, 2, 3, 4, '1'.charCodeAt(0)]);
    expect(chunkHeader(CHUNK.output, 2 ** 32 - 1).readUInt32BE(0)).toBe(2 ** 32 - 1);
  });
});

describe('decoding, however the bytes are cut', () => {
  const fromClient = Buffer.concat([
    chunk(CHUNK.argument, 'ä'),
    chunk(CHUNK.argument),
    chunk(CHUNK.directory, '/'),
    chunk(CHUNK.command, 'go'),
    chunk(CHUNK.heartbeat),
    chunk(CHUNK.input, 'abc'),
    chunk(CHUNK.input),
    chunk(CHUNK.inputEnd),
  ]);
  const expected = [
    `A ${hex('ä')}`,
    'A ',
    `D ${hex('/')}`,
    `C ${hex('go')}`,
    'H ',
    `0 ${hex('abc')}`,
    '0 ',
    '. ',
  ];

  it('finds the same chunks for every pair of cuts', () => {
    for (let first = 0; first <= fromClient.length; first++)
      for (let second = first; second <= fromClient.length; second++)
        expect(decodeCut(CLIENT_GRAMMAR, fromClient, [first, second])).toEqual(expected);
  });

  it('finds the same chunks byte by byte', () => {
    const everywhere = Array.from(fromClient.keys());
    expect(decodeCut(CLIENT_GRAMMAR, fromClient, everywhere)).toEqual(expected);
  });

  it('finds large chunks again that were cut unevenly', () => {
    const [argument, output] = [patterned(300_000), patterned(200_000, 2)];
    const bytes = Buffer.concat([chunk(CHUNK.argument, argument), chunk(CHUNK.input, output)]);
    const cuts: number[] = [];
    for (let at = 1, step = 1; at < bytes.length; at += step, step = (step * 7) % 65_521) cuts.push(at);
    const found = decodeCut(CLIENT_GRAMMAR, bytes, cuts);
    expect(found).toEqual([`A ${argument.toString('hex')}`, `0 ${output.toString('hex')}`]);
  });
});

describe('data', () => {
  it('is handed on as it comes, also of a chunk that never ends', () => {
    const decoder = new ChunkDecoder(DAEMON_GRAMMAR);
    expect(decoder.decode(chunkHeader(CHUNK.output, 2 ** 32 - 1))).toEqual([]);
    const piece = Buffer.alloc(MIB);
    for (let i = 1; i <= 8; i++) {
      const [decoded, ...others] = decoder.decode(piece);
      expect(others).toEqual([]);
      expect(decoded).toMatchObject({ kind: 'piece', left: 2 ** 32 - 1 - i * MIB });
      // The very memory that came in: nothing was gathered.
      expect((decoded as Extract<Decoded, { kind: 'piece' }>).bytes.buffer).toBe(piece.buffer);
    }
  });

  it('is framed without being copied, in chunks of at most one mebibyte', () => {
    const pieces = [patterned(10), patterned(3 * MIB, 2), Buffer.alloc(0), patterned(5, 3)];
    const framed = frame(CHUNK.output, pieces);
    const lengths = framed.filter((part) => part.length === HEADER_BYTES && part.at(4) === 0x31);
    expect(lengths.map((header) => header.readUInt32BE(0))).toEqual([MIB, MIB, MIB, 15]);
    const found = decodeCut(DAEMON_GRAMMAR, Buffer.concat(framed), []);
    expect(found.map((text) => text.slice(2)).join('')).toBe(Buffer.concat(pieces).toString('hex'));
  });

  it('is not framed at all where there is none', () => {
    expect(frame(CHUNK.output, [])).toEqual([]);
    expect(frame(CHUNK.output, [Buffer.alloc(0)])).toEqual([]);
  });
});

describe('a violation', () => {
  it.each([
    ['an unknown type', CLIENT_GRAMMAR, chunk('Z' as 'A'), { kind: 'unknown-type', byte: 0x5a }],
    [
      'a type of the other side',
      CLIENT_GRAMMAR,
      chunk(CHUNK.exit, '0'),
      { kind: 'unknown-type', byte: 0x58 },
    ],
    ['a name that objects have', DAEMON_GRAMMAR, chunk(CHUNK.argument), { kind: 'unknown-type', byte: 0x41 }],
    [
      'a head chunk that is too long',
      CLIENT_GRAMMAR,
      chunkHeader(CHUNK.argument, HEAD_CHUNK_LIMIT_BYTES + 1),
      {
        kind: 'chunk-too-long',
        type: 'A',
        bytes: HEAD_CHUNK_LIMIT_BYTES + 1,
        limit: HEAD_CHUNK_LIMIT_BYTES,
      },
    ],
    [
      'an exit code of a kilobyte',
      DAEMON_GRAMMAR,
      chunkHeader(CHUNK.exit, 1024),
      { kind: 'chunk-too-long', type: 'X', bytes: 1024, limit: 64 },
    ],
  ] as const)('is %s; nothing after it is decoded', (_, grammar, bytes, violation) => {
    const decoder = new ChunkDecoder(grammar);
    const good = grammar === CLIENT_GRAMMAR ? chunk(CHUNK.heartbeat) : chunk(CHUNK.inputRequest);
    const decoded = decoder.decode(Buffer.concat([good, bytes, good]));
    expect(decoded.map(({ kind }) => kind)).toEqual(['whole', 'violation']);
    expect(decoded[1]).toEqual({ kind: 'violation', violation });
    expect(violationText(violation)).toMatch(/^an? /);
    expect(decoder.decode(good)).toEqual([]);
  });

  it('is not believed before it is there: a long announcement alone takes no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    const decoders = Array.from({ length: 200 }, () => new ChunkDecoder(CLIENT_GRAMMAR));
    for (const decoder of decoders)
      decoder.decode(Buffer.concat([chunkHeader(CHUNK.argument, HEAD_CHUNK_LIMIT_BYTES), Buffer.from('x')]));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * MIB);
  });
});
