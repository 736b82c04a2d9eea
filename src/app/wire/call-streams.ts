/** The streams of one call on the daemon's side: Node's own, over chunks. */

import { Readable, Writable } from 'node:stream';

/** How much unasked input is held before the connection is no longer read. */
const INPUT_BOUND_BYTES = 256 * 1024;

export interface InputSource {
  /** Asks the client for one chunk, or the end. */
  request(): void;
  /** The input can take more again. */
  relieved(): void;
}

/** The caller's stdin: each read of an empty stream asks for one chunk, and nothing is asked for that is not read. */
export class CallInput extends Readable {
  readonly isTTY: boolean;
  readonly #source: InputSource;
  /** A read waits for data. */
  #wanted = false;
  /** The client was asked, and has not begun to answer. */
  #requested = false;
  #chunkUnderWay = false;
  /** The client has said that there is no more. */
  #ended = false;
  /** The service has ended: what still comes is thrown away. */
  #closed = false;

  constructor(source: InputSource, isTTY: boolean) {
    // Above zero, Node would read ahead, and so take more from the caller's terminal than the service reads.
    super({ highWaterMark: 0 });
    this.#source = source;
    this.isTTY = isTTY;
  }

  /** More has come than is being read. Not while a read waits for more than there is: it would wait for ever. */
  get isSated(): boolean {
    return !this.#isUnread && !this.#wanted && this.readableLength >= INPUT_BOUND_BYTES;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get #isUnread(): boolean {
    return this.#closed || this.destroyed;
  }

  /** @param left how much of the same chunk is still to come */
  feed(bytes: Buffer, left: number): void {
    this.#requested = false;
    this.#chunkUnderWay = left > 0;
    if (this.#isUnread) return;
    if (bytes.length > 0) {
      this.#wanted = false;
      this.push(bytes);
    }
    this.#request();
  }

  /** Some clients say it once per request; the first time counts. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#isUnread) this.push(null);
  }

  /** The service has ended. For whatever it left reading this is the end, not an error that nobody would catch. */
  close(): void {
    if (this.#isUnread) return;
    this.#closed = true;
    this.#source.relieved();
    if (!this.#ended) this.push(null);
  }

  override _read(): void {
    this.#wanted = true;
    this.#source.relieved();
    this.#request();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // What is still sent is thrown away, so the connection must not stay paused for its sake.
    this.#wanted = false;
    this.#source.relieved();
    callback(error);
  }

  #request(): void {
    if (!this.#wanted || this.#requested || this.#chunkUnderWay || this.#ended || this.#isUnread) return;
    this.#requested = true;
    this.#source.request();
  }
}

/** Takes pieces to be sent as one stretch; calls back when the system has them all, or never will. */
export type Send = (pieces: readonly Buffer[], done: (error?: Error | null) => void) => void;

/** The caller's stdout or stderr: what is written is done when the connection has taken it. */
export class CallOutput extends Writable {
  readonly isTTY: boolean;
  readonly #send: Send;

  constructor(send: Send, isTTY: boolean) {
    super({ highWaterMark: 64 * 1024 });
    this.#send = send;
    this.isTTY = isTTY;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send([bytes], callback);
  }

  override _writev(writes: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(
      writes.map((write) => write.chunk),
      callback,
    );
  }
}
