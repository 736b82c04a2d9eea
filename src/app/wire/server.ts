/** The daemon's side of the wire: takes accepted sockets, and answers the requests on them, many at once. */

import type { Duplex } from 'node:stream';

import { type Admission, Connection, type ConnectionOwner } from './connection.js';
import type { CallRequest } from './request.js';

export type { Admission } from './connection.js';
export type { CallRequest } from './request.js';

export interface CallServerOptions {
  /**
   * Says what is to become of a request; may take its time, while the service loads, say. Nothing is begun if the
   * client has gone by then. A throw declines the request.
   */
  admit(request: CallRequest): Promise<Admission> | Admission;
  /** A service begins with a call. */
  onCallStart?(): void;
  /** That call is over, and its exit code out; as often as `onCallStart`. */
  onCallEnd?(): void;
  /** Nothing is in flight any more, calls and refused requests alike. */
  onIdle?(): void;
  /** How long a client has to close its end after the exit code, in milliseconds. */
  readonly lingerMs?: number;
  /** How often a client whose input is not being read is checked for being there, in milliseconds. */
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

  /** Takes on a socket that a listener has accepted; it has an error handler from here on. */
  accept(socket: Duplex): void {
    this.#connections.add(new Connection(socket, this.#owner));
  }

  /** Requests that were read, and are not yet answered to the last byte; those that wait for `admit` are among them. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Resolves as soon as nothing is in flight. Connections without a request don't count. */
  settled(): Promise<void> {
    return this.#inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Aborts the signal of every call; requests that still wait are told that the daemon drains. */
  abortAll(reason: string): void {
    for (const connection of this.#connections) connection.abort(reason);
  }

  /** Closes the connections on which no whole request has come. Their clients may safely ask another daemon. */
  endIdleConnections(): void {
    for (const connection of this.#connections) connection.endIfIdle();
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
