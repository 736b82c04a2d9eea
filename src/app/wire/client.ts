/** The caller's side of the wire. It lies on the hot path of the command: nothing heavy is imported here. */

import type { Duplex, Readable, Writable } from 'node:stream';

import type { Cause } from '../../ports/readings.js';
import type { GreetReading } from '../../ports/socket-probe.js';
import { afterReading } from './after-reading.js';
import { causeOfStream } from './caller-streams.js';
import {
  CHUNK,
  ChunkDecoder,
  DAEMON_GRAMMAR,
  type Decoded,
  REFUSAL,
  type Violation,
  violationText,
} from './chunks.js';
import { type CallEnd, Conversation } from './conversation.js';
import { type CallRequest, encodeRequest } from './request.js';

export type { CallEnd } from './conversation.js';
export {
  type CallRequest,
  encodeRequest,
  requestEnvironment,
} from './request.js';

export interface CallerStreams {
  /** Not touched, and a function not even called, unless the service reads. */
  readonly stdin: Readable | (() => Readable) | undefined;
  readonly stdout: Writable;
  readonly stderr: Writable;
  /** Cancels the call. */
  readonly signal?: AbortSignal | undefined;
}

/** How long a daemon has, once its caller has given up, to say that it had begun. */
export const LAST_WORD_MS = 100;

export const HUNG_UP: Cause = {
  code: 'EOF',
  message: 'the daemon closed the connection before the exit code',
};

/** One request on one connection: first `greet`, then, if it was accepted, `complete`. */
export class CallConnection {
  readonly #socket: Duplex;
  readonly #decoder = new ChunkDecoder(DAEMON_GRAMMAR);
  readonly #word = new FirstWord();
  /** What came before anybody could use it. */
  #early: Decoded[] = [];
  #take: (decoded: Decoded) => void = (decoded) => this.#early.push(decoded);
  #onEnd: (cause: Cause) => void = () => {};
  #end: Cause | undefined;
  #failure: Cause | undefined;

  /**
   * @param socket connected, and from now on this object's to close
   * @param early where the request has been sent already: what has come since, from the beginning of a chunk
   */
  constructor(
    socket: Duplex,
    private readonly early?: Buffer | undefined,
  ) {
    this.#socket = socket;
    if (socket.errored) this.#failed(socket.errored);
    socket.on('error', (error) => this.#failed(error));
    socket.on('close', () => this.#ended());
    if (socket.destroyed) this.#ended();
  }

  /**
   * Sends the request, and waits for the daemon's first word. Closes the connection unless the request was accepted; a
   * request that was not has not been begun, and will not be.
   * @param withinMs milliseconds; the last word may take `LAST_WORD_MS` more
   */
  greet(request: CallRequest, withinMs: number): Promise<GreetReading> {
    return new Promise((resolve) => {
      let whenEnded: GreetReading = { kind: 'ended' };
      let isSettled = false;
      const settle = (reading: GreetReading): void => {
        isSettled = true;
        clearTimeout(timer);
        this.#onEnd = () => {};
        this.#take = (decoded) => this.#early.push(decoded);
        if (reading.kind === 'accepted') this.#socket.pause();
        else this.close();
        resolve(reading);
      };
      const hangUp = (): void => {
        if (isSettled) return;
        if (whenEnded.kind === 'silent') {
          settle(whenEnded);
          return;
        }
        whenEnded = { kind: 'silent' };
        // Nothing more will come from here. A daemon that sees it before it has begun does not begin; one that has begun
        // has said so, and then it is a call like any other.
        this.#socket.end();
        timer = wait(LAST_WORD_MS);
      };
      // A caller that was stopped finds its time over and the word unread: hanging up on it would end the call.
      const wait = (ms: number): NodeJS.Timeout => setTimeout(() => afterReading(hangUp), ms);
      let timer = wait(withinMs);
      this.#onEnd = () => settle(whenEnded);
      this.#take = (decoded) => {
        this.#early.push(decoded);
        const reading = this.#word.take(decoded);
        if (reading !== undefined) settle(reading);
      };
      const isSaid = this.#hear();
      if (isSettled) return;
      if (this.#end !== undefined) settle({ kind: 'ended' });
      else if (!isSaid) this.#socket.write(encodeRequest(request));
    });
  }

  /** Carries on with a call that was accepted before this object was made. */
  resume(streams: CallerStreams): Promise<CallEnd> {
    this.#hear();
    return this.complete(streams);
  }

  /**
   * Carries the streams of an accepted call until it ends. All output has been written when this resolves, unless the
   * call was cancelled.
   */
  async complete(streams: CallerStreams): Promise<CallEnd> {
    const conversation = new Conversation(this.#socket, streams);
    this.#take = (decoded) => conversation.take(decoded);
    this.#onEnd = (cause) => conversation.lose(cause);
    const early = this.#early;
    this.#early = [];
    conversation.begin(early);
    if (this.#end !== undefined) conversation.lose(this.#end);
    return conversation.end;
  }

  /** Gives up. A daemon that has accepted sees its caller go away. */
  close(): void {
    this.#socket.destroy();
  }

  /** @returns whether the request has been sent */
  #hear(): boolean {
    const hear = (bytes: Buffer): void => {
      for (const decoded of this.#decoder.decode(bytes)) this.#take(decoded);
    };
    this.#socket.on('data', hear);
    if (this.early === undefined) return false;
    this.#socket.resume();
    hear(this.early);
    return true;
  }

  #failed(error: Error): void {
    this.#failure = causeOfStream(error);
  }

  #ended(): void {
    this.#end = this.#failure ?? HUNG_UP;
    this.#onEnd(this.#end);
  }
}

export const foreignText = (violation: Violation): string =>
  `what answers there sent ${violationText(violation)}`;

/** A refusal longer than this is cut. */
export const MESSAGE_LIMIT_BYTES = 1024 * 1024;

/** Recognises the first word: a chunk of stdout, however empty, accepts; stderr and an exit code alone refuse. */
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
