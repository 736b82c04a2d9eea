/** The daemon's side of the wire: takes accepted sockets, and answers the requests on them, many at once. */

import type net from 'node:net';

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
  /** Nobody waits for anything any more, calls and refused requests alike. */
  onIdle?(): void;
  /** How long a call has to end, once its caller has gone, in milliseconds. After that it is not waited for. */
  readonly graceMs?: number;
  /** How long a client has to close its end after the exit code, in milliseconds. */
  readonly lingerMs?: number;
  /** How often a client whose input is not being read is checked for being there, in milliseconds. */
  readonly probeMs?: number;
}

export class CallServer {
  readonly #connections = new Set<Connection>();
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
      admit: (request) => options.admit(request),
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
      outlived: () => options.onCallEnd?.(),
      closed: (connection) => {
        this.#connections.delete(connection);
      },
    };
  }

  /** Takes on a socket that a listener has accepted; it has an error handler from here on. */
  accept(socket: net.Socket): void {
    this.#connections.add(new Connection(socket, this.#owner));
  }

  /**
   * Requests that somebody waits for: that were read, and are not yet answered to the last byte. Those that wait for `admit` are among
   * them, and those whose caller has gone are not.
   */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Calls that have begun, and somebody waits for, or that have their grace. */
  get running(): number {
    return this.#running;
  }

  /** Resolves as soon as nothing is in flight, and no abandoned call has its grace. Connections without a request don't count. */
  settled(): Promise<void> {
    return this.#when(() => this.#inFlight + this.#abandoned === 0);
  }

  /** The same of calls that have begun: whatever waits for `admit` does not count. */
  free(): Promise<void> {
    return this.#when(() => this.#running === 0);
  }

  #when(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ isSo, resolve }));
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
    const due = this.#waiters.filter(({ isSo }) => isSo());
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }
}
