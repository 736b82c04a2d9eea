/**
 * Pieces of one stream that came in one read, made one: what follows costs a system call for each. Only the headers of their
 * chunks lie between them, so that the shorter one is moved next to the other.
 */

import type { Decoded } from './chunks.js';

/** Below that, pieces stay as they were written: a service may mean something by that. */
const JOINED_BYTES = 16 * 1024;

/** @param decoded from one call of a decoder, whose bytes nobody else needs; they are changed in place */
export function joinPieces(decoded: readonly Decoded[]): readonly Decoded[] {
  if (decoded.length < 2) return decoded;
  const joined: Decoded[] = [];
  for (const next of decoded) {
    const last = joined.at(-1);
    const isSameStream = last?.kind === 'piece' && next.kind === 'piece' && last.type === next.type;
    if (isSameStream && isWorthIt(last.bytes, next.bytes))
      joined[joined.length - 1] = { ...next, bytes: adjoin(last.bytes, next.bytes) };
    else joined.push(next);
  }
  return joined;
}

const isWorthIt = (first: Buffer, second: Buffer): boolean =>
  first.length > 0 && second.length > 0 && first.length + second.length >= JOINED_BYTES;

/** @param second lies behind the first one in the same memory */
function adjoin(first: Buffer, second: Buffer): Buffer {
  const gap = second.byteOffset - first.byteOffset - first.length;
  const whole = Buffer.from(first.buffer, first.byteOffset, first.length + gap + second.length);
  if (first.length < second.length) {
    whole.copyWithin(gap, 0, first.length);
    return whole.subarray(gap);
  }
  whole.copyWithin(first.length, first.length + gap);
  return whole.subarray(0, first.length + second.length);
}
