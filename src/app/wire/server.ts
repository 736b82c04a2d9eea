/** The daemon's side of the wire: answers the requests on accepted sockets, many at once. */

import type { Duplex } from 'node:stream';

import { type Admission, Connection, type ConnectionOwner } from './connection.js';
import type { CallRequest } from './request.js';

export type { Admission } from './connection.js';
export type { CallRequest } from './request.js';

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
  /** No call and no refused request is in flight any more. */
  onIdle?(): void;
  /** How long a client has to close its end after the exit code, in milliseconds. */
  readonly lingerMs?: number;
  /** How often a client is probed while its input is not read, in milliseconds. */
  readonly probeMs?: number;
}

export class CallServer {
  readonly #connections = new Set<Connection>();
  readonly #owner: ConnectionOwner;
  #inFlight = 0;
  #waiters: (() => void)[] = [];

  constructor(options: CallServerOptions) {
    this.#owner = {
      timing: { lingerMs: options.lingerMs ?? 1000, probeMs: options.probeMs ?? 1000 },
      admit: (request) => options.admit(request),
      requested: () => {
        this.#inFlight++;
      },
      begun: () => options.onCallStart?.(),
      settled: (request) => {
        this.#inFlight--;
        if (request === 'begun') options.onCallEnd?.();
        if (this.#inFlight === 0) this.#wakeWaiters();
        if (this.#inFlight === 0) options.onIdle?.();
      },
      closed: (connection) => {
        this.#connections.delete(connection);
      },
    };
  }

  /** @param socket that a listener has accepted; from here on it has an error handler */
  accept(socket: Duplex): void {
    this.#connections.add(new Connection(socket, this.#owner));
  }

  /**
   * Number of requests that have been read and not answered to the last byte, with those that wait for
   * `admit`.
   */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves when nothing is in flight. Connections without a request don't count. */
  settled(): Promise<void> {
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Aborts every call. Requests that still wait are refused: the daemon drains. */
  abortAll(reason: string): void {
    for (const connection of this.#connections) connection.abort(reason);
  }

  /** Closes the connections without a whole request. Their clients may safely ask another daemon. */
  endIdleConnections(): void {
    for (const connection of this.#connections) connection.endIfIdle();
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
