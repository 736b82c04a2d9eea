/** The daemon's side of the wire: answers the requests on accepted sockets, many at once. */

import type { Duplex } from 'node:stream';
import { HeadBudget } from '../../domain/calls/head-budget.js';
import { LARGE_REQUEST_BYTES } from '../environment/free-memory.js';
import { type Admission, HEADS_LIMIT_BYTES } from '../service/admission.js';
import { Connection } from './connection.js';
import type { Before, ConnectionOwner } from './connection-owner.js';
import { undecided } from './refusals.js';
import { type CallRequest, HEAD_LIMIT_BYTES } from './request.js';

export type { Admission } from '../service/admission.js';
export type { CallRequest } from './request.js';

const HEADS = {
  largeBytes: LARGE_REQUEST_BYTES,
  headBytes: HEAD_LIMIT_BYTES,
  totalBytes: HEADS_LIMIT_BYTES,
} as const;

export interface CallServerOptions {
  /**
   * Decides about a request. May take long, for example while the service loads. If the client has gone by
   * then, nothing begins. A throw declines the request.
   */
  admit(request: CallRequest): Promise<Admission> | Admission;
  /** The service of a call begins. */
  onCallStart?(): void;
  /** The call is over and its exit code is out. As often as `onCallStart`. */
  onCallEnd?(): void;
  /** No client waits for a call or a refused request any more. */
  onIdle?(): void;
  /** Whether connections may stay open after a call, for the client's next one; they may by default. */
  mayKeep?(): boolean;
  /** A connection has closed on which a large request came. */
  onLargeRequest?(): void;
  /**
   * How long a call has to end once its client has gone, in milliseconds. After that nothing waits for it.
   */
  readonly graceMs?: number;
  /** How long a client has to close its end after the exit code, in milliseconds. */
  readonly lingerMs?: number;
  /** How often a client is probed while its input is not read, in milliseconds. */
  readonly probeMs?: number;
}

function admission(options: CallServerOptions, request: CallRequest): Promise<Admission> | Admission {
  try {
    const admitted = options.admit(request);
    return admitted instanceof Promise ? admitted.catch(undecided) : admitted;
  } catch (error) {
    return undecided(error);
  }
}

/** With more connections than that, none stays open: descriptors are for callers that wait. */
const KEPT_MAX = 256;

/** Until it closes. Its requests come one after the other, each with a connection of its own. */
class AcceptedSocket {
  /** Of the request that it carries now, or will carry next. */
  connection: Connection;

  /** @param onClose called when the socket has closed */
  constructor(socket: Duplex, owner: ConnectionOwner, onClose: () => void) {
    const keep = (before: Before): void => {
      this.connection = new Connection(socket, owner, keep, before);
    };
    this.connection = new Connection(socket, owner, keep);
    // First, because a peer that connects and goes away must not crash the daemon.
    socket.on('error', (error: Error) => this.connection.noteError(error));
    socket.on('close', () => {
      this.connection.closed();
      onClose();
    });
    socket.on('data', (bytes: Buffer) => this.connection.receive(bytes));
    // A client that ends its side has gone. None half-closes: the end of the input is a chunk.
    socket.on('end', () => socket.destroy());
  }
}

export class CallServer {
  /**
   * An entry stays for as long as its socket. One for each call would cost more than all else that a call
   * leaves behind: V8 links a set's old table to the next one, and so keeps what both held until a full
   * garbage collection.
   */
  readonly #sockets = new Set<AcceptedSocket>();
  readonly #owner: ConnectionOwner;
  #inFlight = 0;
  #abandoned = 0;
  #running = 0;
  #waiters: { readonly isSo: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: CallServerOptions) {
    this.#owner = {
      timing: {
        lingerMs: options.lingerMs ?? 1000,
        probeMs: options.probeMs ?? 1000,
        graceMs: options.graceMs ?? 5000,
      },
      heads: new HeadBudget(HEADS),
      admit: (request) => admission(options, request),
      requested: () => {
        this.#inFlight++;
      },
      begun: () => {
        this.#running++;
        options.onCallStart?.();
      },
      abandoned: () => {
        this.#inFlight--;
        this.#abandoned++;
        if (this.#inFlight === 0) options.onIdle?.();
      },
      settled: ({ service, client }) => {
        if (client === 'there') this.#inFlight--;
        else this.#abandoned--;
        if (service !== 'not-begun') this.#running--;
        if (service === 'ended') options.onCallEnd?.();
        this.#wakeWaiters();
        if (client === 'there' && this.#inFlight === 0) options.onIdle?.();
      },
      mayKeep: () => this.#sockets.size <= KEPT_MAX && (options.mayKeep?.() ?? true),
      outlived: () => options.onCallEnd?.(),
      over: (headBytes) => {
        if (headBytes >= LARGE_REQUEST_BYTES) options.onLargeRequest?.();
      },
    };
  }

  /** @param socket that a listener has accepted; from here on it has an error handler */
  accept(socket: Duplex): void {
    const accepted = new AcceptedSocket(socket, this.#owner, () => this.#sockets.delete(accepted));
    this.#sockets.add(accepted);
  }

  /**
   * Number of requests that a client waits for: read, and not answered to the last byte. Those that wait for
   * `admit` count; those whose client has gone don't.
   */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Number of calls that have begun and that a client waits for, or that have their grace. */
  get running(): number {
    return this.#running;
  }

  /**
   * Resolves when nothing is in flight and no call has its grace. Connections without a request don't count.
   */
  settled(): Promise<void> {
    return this.#when(() => this.#inFlight + this.#abandoned === 0);
  }

  /** Resolves when no call runs. Requests that wait for `admit` don't count. */
  free(): Promise<void> {
    return this.#when(() => this.#running === 0);
  }

  #when(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isSo, resolve }));
  }

  /** Aborts every call. Requests that still wait are refused: the daemon drains. */
  abortAll(reason: string): void {
    for (const { connection } of this.#sockets) connection.abort(reason);
  }

  /** Closes the connections without a whole request. Their clients may safely ask another daemon. */
  endIdleConnections(): void {
    for (const { connection } of this.#sockets) connection.endIfIdle();
  }

  #wakeWaiters(): void {
    const due = this.#waiters.filter(({ isSo }) => isSo());
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }
}
