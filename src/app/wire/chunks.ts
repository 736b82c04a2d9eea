/**
 * The Nailgun framing, as its public clients speak it: chunks of a big-endian length (4 bytes), a type (1
 * byte), and as many bytes as the length says. Pure: bytes in, chunks out.
 */

import { EXIT } from '../environment/exit-codes.js';

/** All types of chunks. The native client's table is generated from this one. */
export const CHUNK = {
  // From the client, in this order: the head of a request, …
  argument: 'A',
  /**
   * A piece of an argument that comes in several chunks. An empty one, or any other type, ends the argument.
   */
  longArgument: 'L',
  /** `NAME=value` */
  environment: 'E',
  directory: 'D',
  /** Ends the head. */
  command: 'C',
  // … then the input of the call.
  input: '0',
  inputEnd: '.',
  /** May carry `CREDIT_OFFER`. */
  heartbeat: 'H',
  // From the daemon.
  /** The first one of a call is empty and says that the call is accepted. */
  output: '1',
  errorOutput: '2',
  /** Asks for one chunk of input, or for its end; of a client that has offered it, for so many bytes more. */
  inputRequest: 'S',
  /** The exit code in decimal digits. Nothing follows it. */
  exit: 'X',
} as const;

/**
 * Ends a head, too: all but its arguments is as the head before on this connection said it. Not in the table:
 * no other client has it.
 */
export const REPEAT = 'R';

export type ChunkType = (typeof CHUNK)[keyof typeof CHUNK] | typeof REPEAT;

/**
 * What a client's heartbeat says if it takes requests for many bytes: decimal digits in `inputRequest`. A
 * daemon that does not know it asks for chunk after chunk, as it does with public clients.
 */
export const CREDIT_OFFER = 'credit';

/**
 * Follows the exit code if the connection stays open for the client's next request, which has asked for that
 * in what it says of itself. From the client, what still belongs to the call before may come first.
 */
export const KEPT = ' kept';

/** Follows `KEPT` if the client's next head may end with `repeat`, which it has asked for likewise. */
export const REMEMBERED = ' remembered';

export const HEADER_BYTES = 5;

const MIB = 1024 * 1024;
/** A chunk of the head is held in memory whole, so its length is limited. */
export const HEAD_CHUNK_LIMIT_BYTES = 16 * MIB;
/** For chunks that carry nothing, or a number of three digits. */
export const SMALL_LIMIT_BYTES = 64;

/** How a type is received: piece by piece, or collected up to so many bytes. */
type Intake = 'piecewise' | number;
export type Grammar = Readonly<Partial<Record<ChunkType, Intake>>>;

/**
 * What a client may send. Spelled in the letters of `CHUNK`, because computed keys would keep this in bundles
 * that don't use it.
 */
export const CLIENT_GRAMMAR: Grammar = {
  A: HEAD_CHUNK_LIMIT_BYTES,
  L: HEAD_CHUNK_LIMIT_BYTES,
  E: HEAD_CHUNK_LIMIT_BYTES,
  D: HEAD_CHUNK_LIMIT_BYTES,
  C: HEAD_CHUNK_LIMIT_BYTES,
  R: SMALL_LIMIT_BYTES,
  '0': 'piecewise',
  '.': SMALL_LIMIT_BYTES,
  H: SMALL_LIMIT_BYTES,
};

/** What a daemon may send. */
export const DAEMON_GRAMMAR: Grammar = {
  '1': 'piecewise',
  '2': 'piecewise',
  S: SMALL_LIMIT_BYTES,
  X: SMALL_LIMIT_BYTES,
};

/** How the peer broke the protocol. */
export type Violation =
  | { readonly kind: 'unknown-type'; readonly byte: number }
  | {
      readonly kind: 'chunk-too-long';
      readonly type: ChunkType;
      readonly bytes: number;
      readonly limit: number;
    }
  | { readonly kind: 'head-too-long'; readonly limit: number }
  | { readonly kind: 'out-of-order'; readonly type: ChunkType }
  | { readonly kind: 'no-directory' }
  | { readonly kind: 'no-exit-code'; readonly text: string };

export function violationText(violation: Violation): string {
  switch (violation.kind) {
    case 'unknown-type':
      return `a chunk of the unknown type ${violation.byte}`;
    case 'chunk-too-long':
      return `a chunk of type "${violation.type}" with ${violation.bytes} bytes (limit ${violation.limit})`;
    case 'head-too-long':
      return `a request head of more than ${violation.limit} bytes`;
    case 'out-of-order':
      return `a chunk of type "${violation.type}" where none may be`;
    case 'no-directory':
      return 'a request without a working directory';
    case 'no-exit-code':
      return `an exit chunk that holds no exit code, but ${JSON.stringify(violation.text)}`;
  }
}

export type Decoded =
  /** A whole chunk, collected. */
  | { readonly kind: 'whole'; readonly type: ChunkType; readonly bytes: Buffer }
  /**
   * The part of a piecewise chunk that has arrived; `left` bytes are still to come. An empty chunk is one
   * empty piece.
   */
  | { readonly kind: 'piece'; readonly type: ChunkType; readonly bytes: Buffer; readonly left: number }
  /** Always the last: what follows can't be decoded. */
  | { readonly kind: 'violation'; readonly violation: Violation };

/**
 * @param bytes length of the payload, less than 2^32
 * @param room for so many bytes of it behind the header
 */
export function chunkHeader(type: ChunkType, bytes: number, room = 0): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES + room);
  writeHeader(header, 0, type, bytes);
  return header;
}

/** @returns offset of the first byte after the header */
export function writeHeader(into: Buffer, offset: number, type: ChunkType, bytes: number): number {
  into.writeUInt32BE(bytes, offset);
  into.writeUInt8(type.charCodeAt(0), offset + HEADER_BYTES - 1);
  return offset + HEADER_BYTES;
}

export function chunk(type: ChunkType, payload: string | Uint8Array = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const whole = chunkHeader(type, bytes.length, bytes.length);
  whole.set(bytes, HEADER_BYTES);
  return whole;
}

/**
 * Longest chunk that is sent: every client can hold that many bytes, and none has to wait for a longer chunk
 * to end.
 */
const STRETCH_BYTES = MIB;

/** Frames data as chunks, without copying it. No data gives no chunk. */
export function frame(type: ChunkType, pieces: readonly Buffer[]): Buffer[] {
  const framed: Buffer[] = [];
  let stretch: Buffer[] = [];
  let bytes = 0;
  const close = (): void => {
    if (bytes > 0) framed.push(chunkHeader(type, bytes));
    for (const part of stretch) framed.push(part);
    stretch = [];
    bytes = 0;
  };
  for (const piece of pieces) {
    for (let offset = 0; offset < piece.length; ) {
      const part = piece.subarray(offset, offset + STRETCH_BYTES - bytes);
      stretch.push(part);
      bytes += part.length;
      offset += part.length;
      if (bytes === STRETCH_BYTES) close();
    }
  }
  close();
  return framed;
}

const EMPTY = /* @__PURE__ */ Buffer.alloc(0);
/** Allocated at first for a chunk: a peer may announce a length that it never sends. */
const FIRST_ALLOTMENT_BYTES = 64 * 1024;

/** Collects a chunk. Grows with the bytes that arrive, not with the announced length. */
class Collector {
  #bytes: Buffer = EMPTY;
  #filled = 0;

  constructor(
    readonly type: ChunkType,
    readonly length: number,
  ) {}

  /** @returns number of bytes it took */
  take(bytes: Buffer): number {
    // Nearly every chunk arrives whole and is not copied.
    if (this.#filled === 0 && bytes.length >= this.length) {
      this.#bytes = bytes;
      this.#filled = this.length;
      return this.length;
    }
    const taken = Math.min(bytes.length, this.length - this.#filled);
    if (this.#filled + taken > this.#bytes.length) this.#grow(this.#filled + taken);
    bytes.copy(this.#bytes, this.#filled, 0, taken);
    this.#filled += taken;
    return taken;
  }

  /** The chunk; undefined until it is complete. */
  result(): Buffer | undefined {
    return this.#filled === this.length ? this.#bytes.subarray(0, this.length) : undefined;
  }

  #grow(needed: number): void {
    const roomy = Math.max(needed, 2 * this.#bytes.length, FIRST_ALLOTMENT_BYTES);
    const grown = Buffer.allocUnsafe(Math.min(roomy, this.length));
    this.#bytes.copy(grown, 0, 0, this.#filled);
    this.#bytes = grown;
  }
}

type DecoderState =
  | { readonly at: 'header' }
  | { readonly at: 'collecting'; readonly collector: Collector }
  | { readonly at: 'passing'; readonly type: ChunkType; readonly left: number }
  | { readonly at: 'broken' };

const AT_HEADER: DecoderState = { at: 'header' };

/** Decodes the bytes of one direction, however they are cut. */
export class ChunkDecoder {
  readonly #grammar: Grammar;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerFilled = 0;
  #state: DecoderState = AT_HEADER;

  constructor(grammar: Grammar) {
    this.#grammar = grammar;
  }

  decode(bytes: Buffer): Decoded[] {
    const decoded: Decoded[] = [];
    let rest = bytes;
    while (rest.length > 0 && this.#state.at !== 'broken') {
      const taken = this.#takeWhole(rest, decoded) || this.#step(rest, decoded);
      rest = rest.subarray(taken);
    }
    return decoded;
  }

  /**
   * The same for chunks that have come whole, as nearly all of a head do: without a copy or a collector.
   * @returns how many bytes they take; 0 for anything else, which `#step` takes
   */
  #takeWhole(bytes: Buffer, decoded: Decoded[]): number {
    if (this.#state.at !== 'header' || this.#headerFilled > 0) return 0;
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const end = at + HEADER_BYTES + bytes.readUInt32BE(at);
      const type = String.fromCharCode(bytes[at + HEADER_BYTES - 1] ?? 0) as ChunkType;
      const intake = Object.hasOwn(this.#grammar, type) ? this.#grammar[type] : undefined;
      if (typeof intake !== 'number' || end > bytes.length || end - at - HEADER_BYTES > intake) break;
      decoded.push({ kind: 'whole', type, bytes: bytes.subarray(at + HEADER_BYTES, end) });
      at = end;
    }
    return at;
  }

  #step(bytes: Buffer, decoded: Decoded[]): number {
    const state = this.#state;
    switch (state.at) {
      case 'header':
        return this.#takeHeader(bytes, decoded);
      case 'collecting': {
        const taken = state.collector.take(bytes);
        this.#deliver(state.collector, decoded);
        return taken;
      }
      case 'passing': {
        const piece = bytes.subarray(0, state.left);
        this.#pass(state.type, piece, state.left - piece.length, decoded);
        return piece.length;
      }
      case 'broken':
        return bytes.length;
    }
  }

  #takeHeader(bytes: Buffer, decoded: Decoded[]): number {
    const taken = bytes.copy(this.#header, this.#headerFilled, 0, HEADER_BYTES - this.#headerFilled);
    this.#headerFilled += taken;
    if (this.#headerFilled === HEADER_BYTES) {
      this.#headerFilled = 0;
      this.#begin(this.#header.readUInt32BE(0), this.#header.readUInt8(HEADER_BYTES - 1), decoded);
    }
    return taken;
  }

  #begin(length: number, byte: number, decoded: Decoded[]): void {
    const type = String.fromCharCode(byte) as ChunkType;
    const intake = Object.hasOwn(this.#grammar, type) ? this.#grammar[type] : undefined;
    if (intake === undefined) this.#break({ kind: 'unknown-type', byte }, decoded);
    else if (intake === 'piecewise') this.#beginPassing(type, length, decoded);
    else if (length <= intake) this.#deliver(new Collector(type, length), decoded);
    else this.#break({ kind: 'chunk-too-long', type, bytes: length, limit: intake }, decoded);
  }

  #beginPassing(type: ChunkType, length: number, decoded: Decoded[]): void {
    if (length === 0) decoded.push({ kind: 'piece', type, bytes: EMPTY, left: 0 });
    else this.#state = { at: 'passing', type, left: length };
  }

  #deliver(collector: Collector, decoded: Decoded[]): void {
    const bytes = collector.result();
    if (bytes === undefined) {
      this.#state = { at: 'collecting', collector };
      return;
    }
    decoded.push({ kind: 'whole', type: collector.type, bytes });
    this.#state = AT_HEADER;
  }

  #pass(type: ChunkType, bytes: Buffer, left: number, decoded: Decoded[]): void {
    decoded.push({ kind: 'piece', type, bytes, left });
    this.#state = left === 0 ? AT_HEADER : { at: 'passing', type, left };
  }

  #break(violation: Violation, decoded: Decoded[]): void {
    decoded.push({ kind: 'violation', violation });
    this.#state = { at: 'broken' };
  }
}

/**
 * Meaning of an exit code before the call is accepted. After that, the code is the service's own. Made by a
 * call, so that a bundle that has no use for it goes without it, and without all exit codes.
 */
export const REFUSAL = /* @__PURE__ */ (() =>
  ({
    /** The daemon shuts down and has begun nothing. No other refusal may use this code. */
    draining: EXIT.tempFail,
    /** The daemon shuts down because the caller's version is newer. */
    upgrading: EXIT.upgrading,
    /** The daemon is newer and speaks another version of the wire. */
    outdated: EXIT.outdated,
    /** The client sent something else than a request. */
    noRequest: EXIT.noRequest,
    /** The daemon failed to decide whether to accept the call. */
    internal: EXIT.software,
    /** Used by clients alone: a program that is not a solod daemon answered. */
    foreign: EXIT.unavailable,
  }) as const)();
