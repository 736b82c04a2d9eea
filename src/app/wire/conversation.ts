/**
 * An accepted call on the caller's side: carries the caller's streams until the exit code arrives or
 * something breaks.
 */

import type { Duplex, Readable, Writable } from 'node:stream';

import type { Cause } from '../../ports/readings.js';
import { afterReading } from '../environment/after-reading.js';
import { InputPump, listenToAbort, OutputSink } from './caller-streams.js';
import {
  CHUNK,
  CREDIT_OFFER,
  chunk,
  type Decoded,
  frame,
  KEPT,
  REMEMBERED,
  type Violation,
  violationText,
} from './chunks.js';

export type CallEnd =
  /** The service has ended, and all of its output has been written. */
  | { readonly kind: 'exited'; readonly code: number }
  /** The connection ended without an exit code. Whether the call was carried out is unknown. */
  | { readonly kind: 'lost'; readonly cause: Cause }
  /** The caller's signal was aborted. */
  | { readonly kind: 'cancelled'; readonly by: 'signal' }
  /** A stream of the caller failed (EPIPE: its reader went away), so the call was given up. */
  | { readonly kind: 'cancelled'; readonly by: 'stdin' | 'stdout' | 'stderr'; readonly cause: Cause };

/** What a daemon does with the connection of a call that has ended: it may know what the call's head said. */
export type KeptAs = 'forgotten' | 'remembered';

/** How often a caller that sends nothing else says that it is there. */
export const HEARTBEAT_MS = 1_000;

export const sentText = (violation: Violation): string => `the daemon sent ${violationText(violation)}`;

export class Conversation {
  readonly end: Promise<CallEnd>;
  readonly #socket: Duplex;
  readonly #stdout: OutputSink;
  readonly #stderr: OutputSink;
  readonly #stdin: InputPump;
  readonly #signal: AbortSignal | undefined;
  #resolve: (end: CallEnd) => void = () => {};
  /** How the call ended. Output may still be on its way. */
  #verdict: CallEnd | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #outbox: Buffer[] = [];
  #posting = false;
  #hasOffered = false;
  #kept: KeptAs | undefined;
  readonly #after: 'closed' | 'kept';

  /** @param after `kept` if the daemon was asked to leave the connection open after the call */
  constructor(
    socket: Duplex,
    streams: {
      readonly stdin: Readable | (() => Readable) | undefined;
      readonly stdout: Writable;
      readonly stderr: Writable;
      readonly signal?: AbortSignal | undefined;
    },
    after: 'closed' | 'kept' = 'closed',
  ) {
    this.#after = after;
    this.end = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#socket = socket;
    this.#signal = streams.signal;
    const sink = (name: 'stdout' | 'stderr'): OutputSink =>
      new OutputSink(streams[name], {
        relieved: () => this.#relieved(),
        failed: (cause) => this.#cancel({ kind: 'cancelled', by: name, cause }),
      });
    this.#stdout = sink('stdout');
    this.#stderr = sink('stderr');
    this.#stdin = new InputPump(streams.stdin, {
      data: (bytes) => this.#postInput(bytes),
      end: () => this.#post([chunk(CHUNK.inputEnd)]),
      failed: (cause) => this.#cancel({ kind: 'cancelled', by: 'stdin', cause }),
    });
  }

  /** Undefined unless the daemon takes the next request on this connection. */
  get kept(): KeptAs | undefined {
    return this.#kept;
  }

  /** @param early what the daemon has sent already */
  begin(early: readonly Decoded[]): void {
    listenToAbort(this.#signal, this.#onAbort);
    if (this.#verdict === undefined) this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS).unref();
    for (const decoded of early) this.take(decoded);
    if (this.#verdict === undefined && !this.#isFull) this.#socket.resume();
  }

  take(decoded: Decoded): void {
    if (this.#verdict !== undefined) return;
    switch (decoded.kind) {
      case 'violation':
        this.lose({ code: 'EPROTO', message: sentText(decoded.violation) });
        return;
      case 'piece':
        (decoded.type === CHUNK.output ? this.#stdout : this.#stderr).write(decoded.bytes);
        if (this.#isFull) this.#socket.pause();
        return;
      case 'whole':
        if (decoded.type === CHUNK.exit) this.#takeExit(decoded.bytes.toString());
        else this.#takeRequest(decoded.bytes.toString());
        return;
    }
  }

  #takeRequest(credit: string): void {
    if (credit === '') this.#stdin.request();
    else this.#stdin.grant(Number(credit) || 0);
  }

  /**
   * With the first chunk goes the offer to take credit. A terminal's input is never read ahead: what its user
   * types next may be another program's.
   */
  #postInput(bytes: Buffer): void {
    const isOffer = !this.#hasOffered && !this.#stdin.isTerminal;
    this.#hasOffered = true;
    this.#post([...(isOffer ? [chunk(CHUNK.heartbeat, CREDIT_OFFER)] : []), ...frame(CHUNK.input, [bytes])]);
  }

  /** The connection is gone. */
  lose(cause: Cause): void {
    if (this.#verdict === undefined) this.#kept = undefined;
    this.#conclude({ kind: 'lost', cause });
  }

  #takeExit(text: string): void {
    const [digits, kept] = this.#after === 'kept' ? withoutKept(text) : [text];
    this.#kept = kept;
    const code = /^\d+$/.test(digits.trim()) ? Number(digits) : Number.NaN;
    if (code <= 255) this.#conclude({ kind: 'exited', code });
    else
      this.lose({
        code: 'EPROTO',
        message: sentText({ kind: 'no-exit-code', text }),
      });
  }

  // --- flow ---

  get #isFull(): boolean {
    return this.#stdout.isFull || this.#stderr.isFull;
  }

  #relieved(): void {
    if (this.#verdict !== undefined) {
      this.#finishWhenWritten();
    } else if (!this.#isFull) {
      this.#socket.resume();
      if (this.#outbox.length > 0) this.#postSoon();
    }
  }

  #beat(): void {
    // While output is stuck, nothing is sent at all. What waits in the outbox serves as a heartbeat.
    if (!this.#isFull && this.#outbox.length === 0) this.#post([chunk(CHUNK.heartbeat)]);
  }

  #post(buffers: readonly Buffer[]): void {
    for (const buffer of buffers) this.#outbox.push(buffer);
    this.#postSoon();
  }

  /**
   * Sends the outbox, but first reads all that the daemon has sent by now. A daemon that has answered closes
   * its end without waiting for a slow or suspended reader. Writing to it then would break the connection and
   * lose the rest of the answer.
   */
  #postSoon(): void {
    if (this.#posting) return;
    this.#posting = true;
    afterReading(() => {
      this.#posting = false;
      if (this.#verdict !== undefined || this.#isFull || !this.#socket.writable) return;
      const outbox = this.#outbox;
      this.#outbox = [];
      this.#socket.cork();
      for (const buffer of outbox) this.#socket.write(buffer);
      this.#socket.uncork();
    });
  }

  // --- the end ---

  readonly #onAbort = (): void => this.#cancel({ kind: 'cancelled', by: 'signal' });

  #conclude(verdict: CallEnd): void {
    if (this.#verdict !== undefined) return;
    this.#verdict = verdict;
    this.#leaveSocket();
    this.#finishWhenWritten();
  }

  /** Waits for nothing: output that is stuck may be the reason. */
  #cancel(verdict: CallEnd): void {
    this.#verdict = verdict;
    this.#kept = undefined;
    this.#leaveSocket();
    this.#finish();
  }

  #leaveSocket(): void {
    clearInterval(this.#heartbeat);
    this.#stdin.stop();
    if (this.#kept === undefined) this.#socket.destroy();
  }

  #finishWhenWritten(): void {
    if (this.#stdout.isWritten && this.#stderr.isWritten) this.#finish();
  }

  #finish(): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#stdout.detach();
    this.#stderr.detach();
    if (this.#verdict !== undefined) this.#resolve(this.#verdict);
  }
}

/** What follows an exit code says what becomes of the connection. */
function withoutKept(text: string): [digits: string, kept?: KeptAs] {
  const isRemembered = text.endsWith(REMEMBERED);
  const rest = isRemembered ? text.slice(0, -REMEMBERED.length) : text;
  if (!rest.endsWith(KEPT)) return [text];
  return [rest.slice(0, -KEPT.length), isRemembered ? 'remembered' : 'forgotten'];
}
