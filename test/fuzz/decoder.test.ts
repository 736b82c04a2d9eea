/**
 * Whatever comes over the wire. `SOLOD_FUZZ_MS` is how long each property is tried (`npm run fuzz`), a moment
 * by default; what fails is told with its seed and its path, by which fast-check finds it again.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ChunkDecoder,
  type ChunkType,
  CLIENT_GRAMMAR,
  chunk,
  chunkHeader,
  DAEMON_GRAMMAR,
  type Grammar,
  HEAD_CHUNK_LIMIT_BYTES,
} from '../../src/app/wire/chunks.js';
import { HeadReader } from '../../src/app/wire/request.js';

const FOR_MS = Number(process.env.SOLOD_FUZZ_MS ?? 1_500);
const RUNS = {
  numRuns: Number.MAX_SAFE_INTEGER,
  interruptAfterTimeLimit: FOR_MS,
  markInterruptAsFailure: false,
};
const TIMEOUT = { timeout: FOR_MS + 60_000 };

const GRAMMARS = { client: CLIENT_GRAMMAR, daemon: DAEMON_GRAMMAR };
type Side = keyof typeof GRAMMARS;

const typesOf = (grammar: Grammar): ChunkType[] => Object.keys(grammar) as ChunkType[];

const bytesOf = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes));

/** Chunks as one side sends them; those that carry a number, or nothing, are short. */
const chunksOf = (grammar: Grammar) =>
  fc.array(fc.tuple(fc.constantFrom(...typesOf(grammar)), bytesOf(64)), { maxLength: 20 });

/** The same with some bytes changed: most of it still reads like chunks. */
const nearly = (grammar: Grammar) =>
  fc
    .tuple(chunksOf(grammar), fc.array(fc.tuple(fc.nat(2_000), fc.nat(255)), { maxLength: 4 }))
    .map(([chunks, changes]) => {
      const bytes = Buffer.concat(chunks.map(([type, payload]) => chunk(type, payload)));
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      return bytes;
    });

const input = (grammar: Grammar) => fc.oneof(bytesOf(600), nearly(grammar));
const cuts = fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1, maxLength: 30 });

/**
 * What the decoder says of bytes that are cut so, in turn, with the pieces of one chunk put together again.
 */
function decodeCut(grammar: Grammar, bytes: Buffer, lengths: readonly number[]): string[] {
  const decoder = new ChunkDecoder(grammar);
  const said: string[] = [];
  let open = '';
  let isOver = false;
  for (let from = 0, turn = 0; from < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    for (const decoded of decoder.decode(Buffer.from(bytes.subarray(from, from + length)))) {
      expect(isOver).toBe(false);
      if (decoded.kind === 'violation') {
        isOver = true;
        said.push(`${open}!${JSON.stringify(decoded.violation)}`);
      } else if (decoded.kind === 'whole') said.push(`${decoded.type}${decoded.bytes.toString('hex')}`);
      else {
        open += decoded.bytes.toString('hex');
        if (decoded.left > 0) continue;
        said.push(`${decoded.type}${open}`);
        open = '';
      }
    }
    from += length;
  }
  said.push(open);
  return said;
}

describe.each(Object.keys(GRAMMARS) as Side[])('what a %s may send', (side) => {
  const grammar = GRAMMARS[side];

  it('reads alike however it is cut', TIMEOUT, () => {
    fc.assert(
      fc.property(input(grammar), cuts, (bytes, lengths) => {
        expect(decodeCut(grammar, bytes, lengths)).toEqual(decodeCut(grammar, bytes, [bytes.length]));
      }),
      RUNS,
    );
  });

  it('comes out as it went in', TIMEOUT, () => {
    fc.assert(
      fc.property(chunksOf(grammar), cuts, (chunks, lengths) => {
        const bytes = Buffer.concat(chunks.map(([type, payload]) => chunk(type, payload)));
        const expected = chunks.map(([type, payload]) => `${type}${payload.toString('hex')}`);
        expect(decodeCut(grammar, bytes, lengths)).toEqual([...expected, '']);
      }),
      RUNS,
    );
  });
});

describe('a head', () => {
  it('is complete, incomplete, or none, and never throws', TIMEOUT, () => {
    const parts = fc.array(fc.tuple(fc.constantFrom(...typesOf(CLIENT_GRAMMAR)), bytesOf(40)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(parts, (chunks) => {
        const reader = new HeadReader();
        for (const [type, bytes] of chunks) {
          const reading = reader.take(type, bytes);
          if (reading.kind === 'incomplete') continue;
          if (reading.kind === 'complete') expect(typeof reading.request.cwd).toBe('string');
          return;
        }
      }),
      RUNS,
    );
  });
});

describe('memory', () => {
  it('is taken for what has come, not for what was announced', () => {
    const decoders = Array.from({ length: 200 }, () => new ChunkDecoder(CLIENT_GRAMMAR));
    const before = process.memoryUsage().arrayBuffers;
    for (const decoder of decoders) {
      decoder.decode(chunkHeader('A', HEAD_CHUNK_LIMIT_BYTES));
      decoder.decode(Buffer.from('a few bytes'));
    }
    const each = (process.memoryUsage().arrayBuffers - before) / decoders.length;
    expect(each).toBeLessThan(256 * 1024);
    expect(decoders).toHaveLength(200);
  });
});
