import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EndMarker } from '../../../src/app/worker/end-marker.js';

const MARKER = Buffer.from('abcabd');

function takeAll(pieces: readonly Buffer[]) {
  const marker = new EndMarker(MARKER);
  const output: Buffer[] = [];
  for (const piece of pieces) {
    const marked = marker.take(piece);
    output.push(marked.output);
    if (marked.end === 'found') return { output: Buffer.concat(output).toString(), end: marked.end };
  }
  return { output: Buffer.concat([...output, marker.rest()]).toString(), end: 'not-yet' };
}

/** Output that looks like the marker as often as possible. */
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ab', 'abcab'), { maxLength: 12 })
  .map((all) => all.join(''));
const cut = (bytes: Buffer, sizes: readonly number[]): Buffer[] => {
  const pieces: Buffer[] = [];
  let rest = bytes;
  for (const size of sizes) {
    pieces.push(rest.subarray(0, size));
    rest = rest.subarray(size);
  }
  return [...pieces, rest];
};

describe('the end marker', () => {
  it('is found, and nothing of it is output, however the bytes are cut', () => {
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 0, max: 4 })), (output, sizes) => {
        fc.pre(!`${output}${MARKER}`.slice(0, -1).includes(String(MARKER)));
        const bytes = Buffer.concat([Buffer.from(output), MARKER, Buffer.from('what a child writes later')]);
        expect(takeAll(cut(bytes, sizes))).toEqual({ output, end: 'found' });
      }),
    );
  });

  it('that never comes leaves all of it as output', () => {
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 0, max: 4 })), (output, sizes) => {
        expect(takeAll(cut(Buffer.from(output), sizes))).toEqual({ output, end: 'not-yet' });
      }),
    );
  });
});
