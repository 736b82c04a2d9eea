import type { Socket } from 'node:net';

/** A connection on which the request has been sent, and perhaps been accepted. */
export interface Opened {
  readonly kind: 'asked' | 'accepted';
  readonly socket: Socket;
  /** What has come and is not dealt with, from the beginning of a chunk. */
  readonly early: Buffer;
}
