/** The streams of one call on the daemon's side: Node's own, over chunks. */

import { type Duplex, Readable, Writable } from 'node:stream';
import type { Terminal } from '../environment/terminals.js';
import type { CallScope } from '../service/run-service.js';
import { likeTerminalInput, likeTerminalOutput } from './caller-terminal.js';
import { type ChunkType, chunk, frame } from './chunks.js';

/** How much input is buffered that the service has not asked for. Beyond it, the connection is not read. */
const INPUT_BOUND_BYTES = 512 * 1024;

/** How much a client may send that has offered to take credit. Half of it is renewed at a time. */
export const WINDOW_BYTES = 384 * 1024;

export interface InputSource {
  /** Asks the client for one chunk, or for so many bytes more; or for the end. */
  request(bytes?: number): void;
  /** The input has room again. */
  relieved(): void;
}

/** The caller's stdin. A read of the empty stream asks for one chunk; without a read nothing is asked for. */
export class CallInput extends Readable {
  readonly fd = 0;
  readonly #source: InputSource;
  /** A read waits for data. */
  #wanted = false;
  /** The client was asked and has not begun to answer. */
  #requested = false;
  #chunkUnderWay = false;
  /** How many bytes the client may still send unasked; undefined if it takes no credit. */
  #credit: number | undefined;
  /** The client has sent the end. */
  #ended = false;
  /** The service has ended. Input that still arrives is dropped. */
  #closed = false;

  constructor(source: InputSource, terminal: Terminal) {
    // Above zero, Node reads ahead and takes more from the caller's terminal than the service reads.
    super({ highWaterMark: 0 });
    this.#source = source;
    if (terminal !== false) likeTerminalInput(this);
  }

  /** More has arrived than is being read. Never while a read waits for more: it would wait for ever. */
  get isSated(): boolean {
    return !this.#isUnread && !this.#wanted && this.readableLength >= INPUT_BOUND_BYTES;
  }

  get isEnded(): boolean {
    return this.#ended;
  }

  get #isUnread(): boolean {
    return this.#closed || this.destroyed;
  }

  /** From now on the client is asked for many bytes at once, because this is not the first read. */
  giveCredit(): void {
    this.#credit ??= 0;
  }

  /** @param left bytes of the same chunk that are still to come */
  feed(bytes: Buffer, left: number): void {
    this.#requested = false;
    if (this.#credit !== undefined) this.#credit = Math.max(0, this.#credit - bytes.length);
    this.#chunkUnderWay = left > 0;
    if (this.#isUnread) return;
    if (bytes.length > 0) {
      this.#wanted = false;
      this.push(bytes);
    }
    this.#request();
  }

  /** Some clients send the end once per request. The first one counts. */
  finish(): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!this.#isUnread) this.push(null);
  }

  /**
   * The service has ended. Code that it left reading sees the end of the stream, not an error that nobody
   * catches.
   */
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
    // Input that still arrives is dropped, so the connection must not stay paused.
    this.#wanted = false;
    this.#source.relieved();
    callback(error);
  }

  #request(): void {
    if (!this.#wanted || this.#ended || this.#isUnread) return;
    if (this.#credit !== undefined) this.#renew(this.#credit);
    else if (!this.#requested && !this.#chunkUnderWay) {
      this.#requested = true;
      this.#source.request();
    }
  }

  #renew(credit: number): void {
    if (credit > WINDOW_BYTES / 2) return;
    this.#credit = WINDOW_BYTES;
    this.#source.request(WINDOW_BYTES - credit);
  }
}

/** Sends pieces in one write. Calls back when the kernel has them all, or with the error. */
export type Send = (pieces: readonly Buffer[], done: (error?: Error | null) => void) => void;

type Done = (error?: Error | null) => void;

/** Up to here a copy costs less than a second buffer for the kernel. */
const COPIED_BYTES = 4 * 1024;

/** Frames what it sends as chunks of one type. */
export const senderOn =
  (socket: Duplex, type: ChunkType): Send =>
  (pieces, done) => {
    const [first, second] = pieces;
    if (first !== undefined && second === undefined && first.length <= COPIED_BYTES) {
      if (first.length > 0) socket.write(chunk(type, first), done);
      else done();
      return;
    }
    const framed = frame(type, pieces);
    const last = framed.pop();
    if (last === undefined) return done();
    socket.cork();
    for (const buffer of framed) socket.write(buffer);
    socket.write(last, done);
    socket.uncork();
  };

/** The caller's stdout or stderr. A write is done when the connection has taken it. */
export class CallOutput extends Writable {
  readonly #send: Send;
  readonly #scope: CallScope;
  #isSealed = false;
  /** How many bytes the connection has been given and has not taken yet. */
  #passedBytes = 0;

  /** @param scope that the service runs in, and so its callbacks */
  constructor(
    send: Send,
    readonly fd: 1 | 2,
    terminal: Terminal,
    scope: CallScope,
  ) {
    super({ highWaterMark: 64 * 1024 });
    this.#send = send;
    this.#scope = scope;
    if (terminal !== false) likeTerminalOutput(this, terminal);
  }

  /** The service has ended: what it still writes is refused. */
  seal(): void {
    this.#isSealed = true;
  }

  /** Writes for somebody other than the service, also after `seal`. */
  forward(bytes: Buffer, done: Done): void {
    super.write(bytes, done);
  }

  override write(chunk: unknown, ...rest: [encoding?: unknown, done?: unknown]): boolean {
    if (!this.#isSealed) return super.write(chunk, ...(rest as [BufferEncoding, Done]));
    const done = rest.find((argument) => typeof argument === 'function') as Done | undefined;
    const error = Object.assign(new Error('write after end'), { code: 'ERR_STREAM_WRITE_AFTER_END' });
    if (done !== undefined) process.nextTick(done, error);
    return false;
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: Done): void {
    this.#pass([bytes], done);
  }

  override _writev(writes: { chunk: Buffer }[], done: Done): void {
    this.#pass(
      writes.map((write) => write.chunk),
      done,
    );
  }

  /** Ends the stream. @returns whether the connection has been given everything that was written */
  endsPassedOn(): boolean {
    const hasPassed = this.writableLength === this.#passedBytes;
    this.end();
    return hasPassed;
  }

  #pass(pieces: readonly Buffer[], done: Done): void {
    const scope = this.#scope;
    this.#passedBytes = this.writableLength;
    const taken: Done = (error) => {
      this.#passedBytes = 0;
      scope.enter(() => done(error));
    };
    scope.leave(() => this.#send(pieces, taken));
  }
}
