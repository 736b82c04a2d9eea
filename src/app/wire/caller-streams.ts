/**
 * The caller's own streams. They belong to its process: no listener stays on them, and no more input is taken
 * than was asked for.
 */

import { setMaxListeners } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { causeOfStream } from '../../adapters/errno.js';
import type { Cause } from '../../ports/readings.js';

/** Many calls may share one stream. Node would take their listeners for a leak and warn. */
function expectListeners(stream: Readable | Writable, more: 1 | -1): void {
  const most = stream.getMaxListeners();
  if (most > 0) stream.setMaxListeners(most + more);
}

/** Many calls may share one signal, too. Newer releases of Node don't count its listeners. */
export function listenToAbort(signal: AbortSignal | undefined, act: () => void): void {
  if (signal === undefined) return;
  setMaxListeners(0, signal);
  signal.addEventListener('abort', act, { once: true });
  if (signal.aborted) act();
}

export interface SinkEvents {
  /** A write is done: the stream can take more, or has taken everything. */
  relieved(): void;
  /** The stream failed. Called once at most, and never after `detach`. */
  failed(cause: Cause): void;
}

/** Writes to one of the caller's outputs and counts the writes that are under way. */
export class OutputSink {
  readonly #stream: Writable;
  readonly #events: SinkEvents;
  #unwritten = 0;
  #state: 'working' | 'detached' = 'working';
  #broken = false;

  constructor(stream: Writable, events: SinkEvents) {
    this.#stream = stream;
    this.#events = events;
    expectListeners(stream, 1);
    stream.on('error', this.#onError);
    stream.on('drain', this.#onDrain);
  }

  get isFull(): boolean {
    return this.#stream.writableNeedDrain;
  }

  get isWritten(): boolean {
    return this.#unwritten === 0;
  }

  /** @param done called when the stream has taken the bytes or failed */
  write(bytes: Buffer, done?: (error?: Error | null) => void): void {
    if (bytes.length === 0 || this.#broken) {
      done?.();
      return;
    }
    this.#unwritten++;
    this.#stream.write(bytes, (error) => {
      this.#unwritten--;
      done?.(error);
      if (error) this.#onError(error);
      if (this.#state === 'detached') this.#leaveWhenWritten();
      else if (this.isWritten) this.#events.relieved();
    });
  }

  detach(): void {
    this.#state = 'detached';
    this.#stream.off('drain', this.#onDrain);
    this.#leaveWhenWritten();
  }

  readonly #onDrain = (): void => this.#events.relieved();

  readonly #onError = (error: Error): void => {
    const isNews = !this.#broken && this.#state === 'working';
    this.#broken = true;
    if (isNews) this.#events.failed(causeOfStream(error));
  };

  /**
   * A write that is under way may still fail, and an error without a listener ends the process. On a broken
   * stream the listener stays, because the error may be reported again.
   */
  #leaveWhenWritten(): void {
    if (!this.isWritten || this.#broken) return;
    this.#stream.off('error', this.#onError);
    expectListeners(this.#stream, -1);
  }
}

export interface PumpEvents {
  data(bytes: Buffer): void;
  end(): void;
  failed(cause: Cause): void;
}

/** Longest chunk of input that is sent. The rest of what a stream gives waits for the next request. */
export const CHUNK_BYTES = 1024 * 1024;

/**
 * Reads the caller's input: one chunk for each request, or as many bytes as it was granted. Before the first
 * request it leaves the stream alone.
 */
export class InputPump {
  readonly #source: Readable | (() => Readable) | undefined;
  readonly #events: PumpEvents;
  #stream: Readable | undefined;
  #requested = false;
  /** How many bytes may be sent unasked. */
  #credit = 0;
  #ended: boolean;
  #held: Buffer[] = [];

  constructor(source: Readable | (() => Readable) | undefined, events: PumpEvents) {
    this.#source = source;
    this.#events = events;
    this.#ended = source === undefined;
  }

  /** A second request before the answer changes nothing. */
  request(): void {
    this.#requested = true;
    this.#goOn();
  }

  /** @param bytes how many more may be sent; the end may be sent as well */
  grant(bytes: number): void {
    this.#credit += bytes;
    this.#goOn();
  }

  get isTerminal(): boolean {
    return (this.#stream as { readonly isTTY?: boolean } | undefined)?.isTTY === true;
  }

  #goOn(): void {
    if (this.#answer()) return;
    if (this.#stream === undefined) this.#open();
    else this.#stream.resume();
  }

  /** Leaves the stream paused, so that it doesn't keep the process alive. */
  stop(): void {
    this.#ended = true;
    this.#requested = false;
    this.#credit = 0;
    this.#held = [];
    const stream = this.#stream;
    if (stream === undefined) return;
    stream.off('data', this.#onData).off('end', this.#onEnd).off('close', this.#onEnd);
    expectListeners(stream, -1);
    this.#rest(stream);
    // A read that is under way may still fail.
    setImmediate(() => stream.off('error', this.#onError));
  }

  #open(): void {
    if (this.#source === undefined) return;
    const stream = typeof this.#source === 'function' ? this.#source() : this.#source;
    this.#stream = stream;
    expectListeners(stream, 1);
    if (stream.readableEnded || stream.destroyed) {
      this.#onEnd();
      return;
    }
    stream.on('error', this.#onError).on('end', this.#onEnd).on('close', this.#onEnd);
    stream.on('data', this.#onData);
    stream.resume();
  }

  /**
   * Stops reading. After `pause()` Node reads on until its buffer is full: that takes input that was not
   * asked for and keeps the process alive. A second pause, one turn later, stops this too.
   */
  #rest(stream: Readable): void {
    stream.pause();
    setImmediate(() => {
      // Meanwhile there may be a new request, or another reader.
      if (this.#isWanted || stream.readableFlowing !== false) return;
      stream.resume();
      stream.pause();
    });
  }

  readonly #onData = (data: Buffer | string): void => {
    const stream = this.#stream;
    if (stream === undefined) return;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES)
      this.#held.push(bytes.subarray(offset, offset + CHUNK_BYTES));
    if (this.#answer()) this.#rest(stream);
  };

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#answer();
  };

  readonly #onError = (error: Error): void => {
    if (!this.#ended) this.#events.failed(causeOfStream(error));
  };

  get #isWanted(): boolean {
    return this.#requested || this.#credit > 0;
  }

  /** @returns whether all is sent that was asked for */
  #answer(): boolean {
    while (this.#isWanted) {
      const bytes = this.#next();
      if (bytes === undefined && !this.#ended) return false;
      this.#requested = false;
      if (bytes === undefined) {
        this.#credit = 0;
        this.#events.end();
      } else {
        this.#credit = Math.max(0, this.#credit - bytes.length);
        this.#events.data(bytes);
      }
    }
    return true;
  }

  /** A whole chunk if one was asked for; else what the credit covers. */
  #next(): Buffer | undefined {
    const [first, ...rest] = this.#held;
    if (first === undefined || this.#requested || first.length <= this.#credit) return this.#held.shift();
    this.#held = [first.subarray(this.#credit), ...rest];
    return first.subarray(0, this.#credit);
  }
}
