import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CHUNK, ChunkDecoder, type ChunkType, chunk, DAEMON_GRAMMAR } from '../../../src/app/wire/chunks.js';
import { joinPieces } from '../../../src/app/wire/flow/joined-pieces.js';

const LONG = 'abcdefghij'.repeat(1_700);
const HALF = LONG.slice(0, 9_000);

type Said = readonly [type: ChunkType, payload: string];

const PIECES: readonly ChunkType[] = [CHUNK.output, CHUNK.errorOutput];
const said = fc.tuple(fc.constantFrom<ChunkType>(...PIECES), fc.constantFrom('', 'a', 'b'.repeat(64), LONG));
const sent = fc.array(said, { maxLength: 12 });

const bytesOf = (chunks: readonly Said[]): Buffer =>
  Buffer.from(Buffer.concat(chunks.map(([type, payload]) => chunk(type, payload))));

/** Neighbours of one stream written as one. */
function told(parts: readonly Said[]): string {
  const lines: [ChunkType, string][] = [];
  for (const [type, text] of parts) {
    const last = lines.at(-1);
    if (last?.[0] === type && PIECES.includes(type)) last[1] += text;
    else lines.push([type, text]);
  }
  return JSON.stringify(lines);
}

it('says the same bytes in the same order', () => {
  fc.assert(
    fc.property(sent, fc.nat(60_000), (chunks, cut) => {
      const decoder = new ChunkDecoder(DAEMON_GRAMMAR);
      const bytes = bytesOf(chunks);
      const parts: Said[] = [];
      for (const part of [bytes.subarray(0, cut), bytes.subarray(cut)])
        for (const decoded of joinPieces(decoder.decode(Buffer.from(part))))
          if (decoded.kind !== 'violation') parts.push([decoded.type, decoded.bytes.toString()]);
      expect(told(parts)).toBe(told(chunks));
    }),
  );
});

it('makes one piece of what lies side by side, if it is long', () => {
  const chunks: readonly Said[] = [
    [CHUNK.output, 'a'],
    [CHUNK.output, HALF],
    [CHUNK.output, HALF],
    [CHUNK.output, 'b'],
    [CHUNK.errorOutput, HALF],
    [CHUNK.output, 'c'],
    [CHUNK.output, 'd'],
  ];
  const joined = joinPieces(new ChunkDecoder(DAEMON_GRAMMAR).decode(bytesOf(chunks)));
  expect(joined.map((decoded) => decoded.kind === 'piece' && decoded.bytes.toString())).toEqual([
    'a',
    `${HALF}${HALF}b`,
    HALF,
    'c',
    'd',
  ]);
});

it('tells how much of the last chunk is missing', () => {
  const bytes = bytesOf([
    [CHUNK.output, 'ab'],
    [CHUNK.output, LONG],
  ]);
  const decoded = joinPieces(new ChunkDecoder(DAEMON_GRAMMAR).decode(bytes.subarray(0, -3)));
  const expected = Buffer.from(`ab${LONG.slice(0, -3)}`);
  expect(decoded).toEqual([{ kind: 'piece', type: CHUNK.output, bytes: expected, left: 3 }]);
});
