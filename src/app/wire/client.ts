/** The caller's side of the wire. On the hot path of the command: imports nothing heavy. */

import type { Socket } from 'node:net';
import type { Duplex, Readable, Writable } from 'node:stream';

import { causeOfStream } from '../../adapters/errno.js';
import type { Cause } from '../../ports/readings.js';
import type { GreetReading } from '../../ports/socket-probe.js';
import { afterReading } from '../environment/after-reading.js';
import {
  CHUNK,
  ChunkDecoder,
  DAEMON_GRAMMAR,
  type Decoded,
  REFUSAL,
  type Violation,
  violationText,
} from './chunks.js';
import { type CallEnd, Conversation, type KeptAs } from './conversation.js';
import { type CallRequest, encodeRequest } from './request.js';

export type { CallEnd } from './conversation.js';
export {
  type CallRequest,
  encodeRepeat,
  encodeRequest,
  requestEnvironment,
} from './request.js';

export interface CallerStreams {
  /** Left alone, and a function not called, unless the service reads. */
  readonly stdin: Readable | (() => Readable) | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
}

/** A connection on which the request has been sent, and perhaps accepted. */
export interface Opened {
  readonly kind: 'asked' | 'accepted';
  readonly socket: Socket;
  /** Bytes that have arrived and are not handled yet, from the beginning of a chunk. */
  readonly early: Buffer;
}

/** A request in the bytes that say it. */
export interface EncodedHead {
  readonly head: Buffer;
}

/** Takes a connection that its daemon leaves open. */
export type Keep = (connection: Duplex, kept: KeptAs) => void;

/** How long the daemon has, after its caller gave up, to say that it had begun the call. */
export const LAST_WORD_MS = 100;

/** How much more time a busy daemon is given each time. */
const BUSY_MS = 1_000;

/**
 * How long a daemon that has said that a request is queued may be silent, in milliseconds. It says so every
 * second.
 */
export const QUEUED_MS = 10_000;

export const HUNG_UP: Cause = {
  code: 'EOF',
  message: 'the daemon closed the connection before the exit code',
};

/** One request on one connection: first `greet`, then, if it was accepted, `complete`. */
export class CallConnection {
  readonly #socket: Duplex;
  readonly #decoder = new ChunkDecoder(DAEMON_GRAMMAR);
  readonly #word = new FirstWord();
  #progress: { readonly progress?: 'queued' } = {};
  /** Chunks that arrived before there was a taker. */
  #early: Decoded[] = [];
  #take: (decoded: Decoded) => void = (decoded) => this.#early.push(decoded);
  #onEnd: (cause: Cause) => void = () => {};
  #end: Cause | undefined;
  #failure: Cause | undefined;

  /**
   * @param socket connected; this object closes it
   * @param early bytes received since the request was sent, from the beginning of a chunk; absent if it has
   *   not been sent
   */
  constructor(
    socket: Duplex,
    private readonly early?: Buffer | undefined,
  ) {
    this.#socket = socket;
    if (socket.errored) this.#failed(socket.errored);
    socket.on('error', this.#failed);
    socket.on('close', this.#ended);
    if (socket.destroyed) this.#ended();
  }

  /**
   * Sends the request and waits for the daemon's first word. If it does not accept, the call has not begun
   * and will not begin, and the connection is closed. While the request is queued, the time is `QUEUED_MS`.
   * @param withinMs milliseconds; the daemon's last word may take `LAST_WORD_MS` more
   * @param isBusy whether the daemon has worked since the last time it was asked: then it is given more time
   */
  greet(
    request: CallRequest | EncodedHead,
    withinMs: number,
    isBusy: () => boolean = () => false,
  ): Promise<GreetReading> {
    return new Promise((resolve) => {
      let whenEnded: 'ended' | 'silent' = 'ended';
      let isSettled = false;
      const settle = (reading: GreetReading): void => {
        isSettled = true;
        clearTimeout(timer);
        this.#onEnd = () => {};
        this.#take = (decoded) => this.#early.push(decoded);
        if (reading.kind === 'accepted') this.#socket.pause();
        else this.close();
        const isLeft = reading.kind === 'ended' || reading.kind === 'draining';
        resolve(isLeft ? { ...reading, ...this.#progress } : reading);
      };
      const hangUp = (): void => {
        if (isSettled) return;
        if (whenEnded === 'silent') {
          settle({ kind: 'silent' });
          return;
        }
        if (isBusy()) {
          timer = wait(BUSY_MS);
          return;
        }
        whenEnded = 'silent';
        // A daemon that sees the end of the connection before it has begun the call does not begin it. A
        // daemon that has begun has said so, and then the call goes on.
        this.#socket.end();
        timer = wait(LAST_WORD_MS);
      };
      // If this process was stopped for a while, the time is over but the daemon's word may be there, unread.
      const wait = (ms: number): NodeJS.Timeout => setTimeout(() => afterReading(hangUp), ms);
      let timer = wait(withinMs);
      this.#onEnd = () => settle({ kind: whenEnded });
      this.#take = (decoded) => {
        if (saysQueued(decoded)) {
          this.#progress = { progress: 'queued' };
          clearTimeout(timer);
          timer = wait(whenEnded === 'silent' ? LAST_WORD_MS : QUEUED_MS);
          return;
        }
        this.#early.push(decoded);
        const reading = this.#word.take(decoded);
        if (reading !== undefined) settle(reading);
      };
      const isSaid = this.#hear();
      if (isSettled) return;
      if (this.#end !== undefined) settle({ kind: whenEnded });
      else if (!isSaid) this.#socket.write('head' in request ? request.head : encodeRequest(request));
    });
  }

  /** Continues a call that was accepted before this object was made. */
  resume(streams: CallerStreams): Promise<CallEnd> {
    this.#hear();
    return this.complete(streams);
  }

  /**
   * Carries the streams of an accepted call until its end. Unless the call was cancelled, all output has been
   * written then.
   * @param keep takes the connection if the daemon leaves it open; only for a request that asked for it
   */
  async complete(streams: CallerStreams, keep?: Keep): Promise<CallEnd> {
    const conversation = new Conversation(this.#socket, streams, keep === undefined ? 'closed' : 'kept');
    this.#take = (decoded) => conversation.take(decoded);
    this.#onEnd = (cause) => conversation.lose(cause);
    const early = this.#early;
    this.#early = [];
    conversation.begin(early);
    if (this.#end !== undefined) conversation.lose(this.#end);
    const end = await conversation.end;
    if (conversation.kept !== undefined) keep?.(this.#released(), conversation.kept);
    return end;
  }

  #released(): Duplex {
    return this.#socket.off('data', this.#onData).off('error', this.#failed).off('close', this.#ended);
  }

  /** Gives up. A daemon that has accepted the call sees its caller go away. */
  close(): void {
    this.#socket.destroy();
  }

  /** @returns whether the request has been sent */
  #hear(): boolean {
    this.#socket.on('data', this.#onData);
    if (this.early === undefined) return false;
    this.#socket.resume();
    this.#onData(this.early);
    return true;
  }

  readonly #onData = (bytes: Buffer): void => {
    for (const decoded of this.#decoder.decode(bytes)) this.#take(decoded);
  };

  readonly #failed = (error: Error): void => {
    this.#failure = causeOfStream(error);
  };

  readonly #ended = (): void => {
    this.#end = this.#failure ?? HUNG_UP;
    this.#onEnd(this.#end);
  };
}

/** An empty chunk of stderr before the first word. */
const saysQueued = (decoded: Decoded): boolean =>
  decoded.kind === 'piece' && decoded.type === CHUNK.errorOutput && decoded.bytes.length + decoded.left === 0;

export const foreignText = (violation: Violation): string =>
  `what answers there sent ${violationText(violation)}`;

/** Longer messages are cut. */
export const MESSAGE_LIMIT_BYTES = 1024 * 1024;

/**
 * Finds the daemon's first word: a chunk of stdout, even an empty one, accepts; stderr followed by an exit
 * code refuses.
 */
class FirstWord {
  readonly #message: Buffer[] = [];
  #messageBytes = 0;

  take(decoded: Decoded): GreetReading | undefined {
    switch (decoded.kind) {
      case 'violation': {
        return {
          kind: 'declined',
          message: foreignText(decoded.violation),
          exitCode: REFUSAL.foreign,
        };
      }
      case 'piece':
        return decoded.type === CHUNK.output ? { kind: 'accepted' } : this.#takeMessage(decoded.bytes);
      case 'whole':
        return decoded.type === CHUNK.exit ? this.#refused(decoded.bytes.toString()) : { kind: 'accepted' };
    }
  }

  #takeMessage(bytes: Buffer): GreetReading | undefined {
    this.#message.push(bytes);
    this.#messageBytes += bytes.length;
    if (this.#messageBytes <= MESSAGE_LIMIT_BYTES) return undefined;
    return { kind: 'declined', message: this.#text(), exitCode: REFUSAL.internal };
  }

  #refused(code: string): GreetReading {
    const exitCode = Number.parseInt(code, 10);
    if (exitCode === REFUSAL.draining) return { kind: 'draining' };
    if (exitCode === REFUSAL.upgrading) return { kind: 'draining', why: 'upgrade' };
    if (exitCode === REFUSAL.outdated) return { kind: 'outdated', message: this.#text() };
    return { kind: 'declined', message: this.#text(), exitCode: exitCode > 0 ? exitCode : REFUSAL.foreign };
  }

  #text(): string {
    return Buffer.concat(this.#message).toString().trimEnd();
  }
}
