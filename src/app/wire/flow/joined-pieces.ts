/**
 * Pieces of one stream that came in one read, made one: what follows costs a system call for each. Only the
 * headers of their chunks lie between them, so that the shorter one is moved next to the other.
 */

/** As a decoder makes them. */
type Part =
  | { readonly kind: 'piece'; readonly type: string; readonly bytes: Buffer }
  | { readonly kind: 'whole' | 'violation' };

/** Below that, pieces stay as they were written: a service may mean something by that. */
const JOINED_BYTES = 16 * 1024;

/** @param decoded from one call of a decoder, whose bytes nobody else needs; they are changed in place */
export function joinPieces<P extends Part>(decoded: readonly P[]): readonly P[] {
  if (decoded.length < 2) return decoded;
  const joined: P[] = [];
  for (const next of decoded) {
    const bytes = joinedBytes(joined.at(-1), next);
    if (bytes === undefined) joined.push(next);
    else joined[joined.length - 1] = { ...next, bytes };
  }
  return joined;
}

function joinedBytes(last: Part | undefined, next: Part): Buffer | undefined {
  if (last?.kind !== 'piece' || next.kind !== 'piece' || last.type !== next.type) return undefined;
  const isShort = last.bytes.length + next.bytes.length < JOINED_BYTES;
  if (isShort || last.bytes.length === 0 || next.bytes.length === 0) return undefined;
  return adjoin(last.bytes, next.bytes);
}

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
