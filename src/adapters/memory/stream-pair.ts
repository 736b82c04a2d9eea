import { Duplex } from 'node:stream';
import { systemError } from './files/system-error.js';

type Done = (error?: Error | null) => void;

/**
 * One end of a connection, as a socket behaves: an end is told at once, and no write waits for a peer that is
 * closed.
 */
class StreamEnd extends Duplex {
  peer: StreamEnd = this;
  /** Continues the peer's write, which waits until this end is read. */
  #unblock: Done | undefined;

  constructor(private readonly moved: () => void) {
    super({ allowHalfOpen: false });
    // A connection may break at any time: an `error` event without a handler would end the test.
    this.on('error', () => {});
  }

  override _read(): void {
    this.#resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    const { peer } = this;
    this.moved();
    if (peer.destroyed) done(systemError('EPIPE', 'write'));
    else if (peer.push(bytes)) done();
    else peer.#unblock = done;
  }

  override _final(done: Done): void {
    this.moved();
    this.peer.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.moved();
    this.#resume(systemError('EPIPE', 'write'));
    this.peer.push(null);
    done(error);
  }

  #resume(error?: Error): void {
    const unblock = this.#unblock;
    this.#unblock = undefined;
    unblock?.(error);
  }
}

export interface StreamPair {
  readonly caller: Duplex;
  readonly server: Duplex;
}

/**
 * Both ends of a connection. When one is closed, the other reads to the end of what was written, and is then
 * closed too.
 * @param moved called whenever bytes, or the end, go over
 */
export function streamPair(moved: () => void): StreamPair {
  const [caller, server] = [new StreamEnd(moved), new StreamEnd(moved)];
  caller.peer = server;
  server.peer = caller;
  return { caller, server };
}
