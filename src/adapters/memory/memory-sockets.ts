import type { Duplex } from 'node:stream';
import type { Listener } from '../../ports/listener.js';
import type { ChangeReading } from '../../ports/readings.js';
import type { ConnectReading, GreetReading, SocketProbe } from '../../ports/socket-probe.js';
import { causeOf, refusedChange } from '../errno.js';
import type { FakeClock } from './clock.js';
import type { MemoryDisk } from './files/disk.js';
import type { Faults } from './files/faults.js';
import type { Actor } from './files/file-system.js';
import type { Handle, ListeningSocket, MemoryNetwork, Server } from './network.js';

/** What the sockets of one process are made of. */
export interface NetworkSeat {
  readonly network: MemoryNetwork;
  readonly disk: MemoryDisk;
  readonly clock: FakeClock;
  readonly faults: Faults;
}

/** Speaks to the daemon on the caller's end of a connection. */
export type StreamGreeter = (stream: Duplex, withinMs: number) => Promise<GreetReading>;

export class MemoryProbe implements SocketProbe {
  readonly #seat: NetworkSeat;
  readonly #actor: Actor;
  readonly #greeter: StreamGreeter | undefined;
  #latest: ReturnType<MemoryNetwork['connect']> | undefined;

  /** @param greeter speaks a protocol; without one the daemon's next word is awaited */
  constructor(seat: NetworkSeat, actor: Actor, greeter?: StreamGreeter) {
    this.#seat = seat;
    this.#actor = actor;
    this.#greeter = greeter;
  }

  /** A planted ETIMEDOUT is a connection that is not taken in time: `silent`. */
  async connect(path: string, withinMs: number): Promise<ConnectReading> {
    this.drop();
    try {
      this.#seat.faults.strike(this.#actor.pid, 'connect', [path]);
      this.#latest = this.#seat.network.connect(path);
      return { kind: 'connected' };
    } catch (error) {
      const cause = causeOf(error);
      if (cause.code !== 'ETIMEDOUT') return { kind: 'errno', cause };
      await this.#seat.clock.sleep(withinMs, this.#actor);
      return { kind: 'silent' };
    }
  }

  greet(withinMs: number): Promise<GreetReading> {
    const latest = this.#latest;
    if (latest === undefined) return Promise.resolve({ kind: 'ended' });
    return new Promise((resolve, reject) => {
      const callOff = this.#seat.clock.after(withinMs, () => resolve({ kind: 'silent' }), this.#actor);
      const hear = (word: GreetReading): void => {
        callOff();
        resolve(word);
      };
      if (this.#greeter === undefined) latest.connection.greet(hear);
      else this.#greeter(latest.connection.stream, withinMs).then(hear, reject);
      latest.socket.pump();
    });
  }

  /** Hands over the latest connection: from now on the caller closes it. */
  take(): Duplex | undefined {
    const stream = this.#latest?.connection.stream;
    this.#latest = undefined;
    return stream;
  }

  /** Closes the latest connection, if there is one. */
  drop(): void {
    this.#latest?.connection.hangUp();
    this.#latest = undefined;
  }
}

export class MemoryListener implements Listener {
  readonly #seat: NetworkSeat;
  readonly #server: Server;
  readonly #backlog: number;
  #bound: { readonly path: string; readonly socket: ListeningSocket } | undefined;

  constructor(seat: NetworkSeat, server: Server, backlog: number) {
    this.#seat = seat;
    this.#server = server;
    this.#backlog = backlog;
  }

  async listen(path: string): Promise<ChangeReading> {
    if (this.#bound !== undefined) throw new Error(`asked to listen on ${path}, while listening already`);
    try {
      this.#seat.faults.strike(this.#server.pid, 'listen', [path]);
      this.#bound = { path, socket: this.#seat.network.listen(path, this.#server, this.#backlog) };
      return { kind: 'done' };
    } catch (error) {
      return refusedChange(error);
    }
  }

  /** Hands over each connection, those first that are waiting. */
  serve(handle: Handle): void {
    this.#bound?.socket.serve(handle);
  }

  /**
   * As Node closes a server: it unlinks what has the name that was bound, and the socket that was renamed
   * stays.
   */
  async close(): Promise<ChangeReading> {
    const bound = this.#bound;
    this.abandon();
    if (bound === undefined) return { kind: 'done' };
    try {
      this.#seat.disk.removeFile(bound.path);
    } catch (error) {
      // Nothing is there, or a directory: Node does not tell either. A bug is still thrown.
      causeOf(error);
    }
    return { kind: 'done' };
  }

  /** The process does what it has to do now. */
  pump(): void {
    this.#bound?.socket.pump();
  }

  /** As a process ends: all connections are cut, and nothing is unlinked. */
  abandon(): void {
    this.#bound?.socket.close();
    this.#bound = undefined;
  }
}
