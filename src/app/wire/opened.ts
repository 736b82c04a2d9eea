import type { Socket } from 'node:net';

/** A connection on which the request has been sent, and perhaps accepted. */
export interface Opened {
  readonly kind: 'asked' | 'accepted';
  readonly socket: Socket;
  /** Bytes that have arrived and are not handled yet, from the beginning of a chunk. */
  readonly early: Buffer;
}
