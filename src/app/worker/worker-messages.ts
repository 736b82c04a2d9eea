/**
 * What a daemon and its workers say to each other on the channel between them: frames of a length (4 bytes,
 * big-endian), a kind (1 byte), and as many bytes as the length says. Both ends are of one release.
 */

import { HEADER_BYTES } from '../wire/chunks.js';

/** What a daemon says. */
export const TO_WORKER = {
  /** A `CallHead`. */
  call: 'C',
  /** One chunk of the caller's input, in answer to a request. */
  input: '0',
  inputEnd: '.',
  /** A `Cancel`. */
  cancel: 'K',
} as const;

/** What a worker says. */
export const FROM_WORKER = {
  /** A `LoadedMessage`. */
  loaded: 'L',
  /** A file that the service has loaded has changed since: the call was not begun. */
  outdated: 'O',
  /** From now on the call can't be given to another worker. */
  begun: 'B',
  inputRequest: 'S',
  /** The call reads descriptor 0: from now on the caller's input goes there. */
  descriptorInput: 'D',
  /** An `EndedMessage`. The end markers are on both descriptors. */
  ended: 'X',
  /** A line for the log. */
  said: 'T',
} as const;

export type ToWorker = (typeof TO_WORKER)[keyof typeof TO_WORKER];
export type FromWorker = (typeof FROM_WORKER)[keyof typeof FROM_WORKER];

export interface CallHead {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** `EndMarker`, in hexadecimal digits. */
  readonly marker: string;
}

export interface Cancel {
  /** `lost`: the caller has gone. `aborted`: the daemon ends, and the caller can still be told. */
  readonly kind: 'lost' | 'aborted';
  readonly reason: string;
}

export type LoadedMessage =
  | {
      readonly kind: 'loaded';
      readonly idleTimeoutMs?: number | undefined;
      readonly residentBytes: number;
    }
  | { readonly kind: 'broken'; readonly message: string };

export interface EndedMessage {
  readonly code: number;
  /** `spent`: others may still have its descriptors, so it must not run another call. */
  readonly worker: 'free' | 'spent';
  readonly residentBytes: number;
}

export interface Frame<Kind extends string> {
  readonly kind: Kind;
  readonly bytes: Buffer;
}

export function encodeFrame(kind: ToWorker | FromWorker, payload: string | Uint8Array = ''): Buffer {
  const bytes = Buffer.byteLength(payload);
  const framed = Buffer.allocUnsafe(HEADER_BYTES + bytes);
  framed.writeUInt32BE(bytes, 0);
  framed.writeUInt8(kind.charCodeAt(0), HEADER_BYTES - 1);
  if (typeof payload === 'string') framed.write(payload, HEADER_BYTES);
  else framed.set(payload, HEADER_BYTES);
  return framed;
}

export function decodeJson<T>({ bytes }: Frame<string>): T {
  return JSON.parse(bytes.toString('utf8')) as T;
}

const NOTHING = Buffer.alloc(0);

/** Puts frames together from bytes that are cut anywhere. */
export class FrameReader<Kind extends string> {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** How many bytes there must be before it is worth looking at them. */
  #needed = HEADER_BYTES;

  read(bytes: Buffer): Frame<Kind>[] {
    this.#parts.push(bytes);
    this.#bytes += bytes.length;
    const frames: Frame<Kind>[] = [];
    while (this.#bytes >= this.#needed) {
      const [first = NOTHING] = this.#parts;
      const all = this.#parts.length === 1 ? first : Buffer.concat(this.#parts);
      const length = HEADER_BYTES + all.readUInt32BE(0);
      this.#needed = length;
      this.#parts = [all];
      if (all.length < length) break;
      const kind = String.fromCharCode(all.readUInt8(HEADER_BYTES - 1)) as Kind;
      frames.push({ kind, bytes: all.subarray(HEADER_BYTES, length) });
      this.#keep(all.subarray(length));
    }
    return frames;
  }

  #keep(rest: Buffer): void {
    this.#parts = [rest];
    this.#bytes = rest.length;
    this.#needed = HEADER_BYTES;
  }
}
