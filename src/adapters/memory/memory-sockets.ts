import type { Listener } from '../../ports/listener.js';
import type { ChangeReading } from '../../ports/readings.js';
import type { ConnectReading, GreetReading, SocketProbe } from '../../ports/socket-probe.js';
import { causeOf, refusedChange } from '../errno.js';
import type { FakeClock } from './clock.js';
import type { MemoryDisk } from './disk.js';
import type { Faults } from './faults.js';
import type { Actor } from './file-system.js';
import type { ListeningSocket, MemoryNetwork, Server } from './network.js';

/** What the sockets of one process are made of. */
export interface NetworkSeat {
  readonly network: MemoryNetwork;
  readonly disk: MemoryDisk;
  readonly clock: FakeClock;
  readonly faults: Faults;
}

export class MemoryProbe implements SocketProbe {
  readonly #seat: NetworkSeat;
  readonly #actor: Actor;
  #latest: ReturnType<MemoryNetwork['connect']> | undefined;

  constructor(seat: NetworkSeat, actor: Actor) {
    this.#seat = seat;
    this.#actor = actor;
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
    return new Promise((resolve) => {
      const callOff = this.#seat.clock.after(withinMs, () => resolve({ kind: 'silent' }), this.#actor);
      latest.connection.greet((word) => {
        callOff();
        resolve(word);
      });
      latest.socket.pump();
    });
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

  /** As Node closes a server: whatever lies by the name that was bound is unlinked, and the socket that moved away stays. */
  async close(): Promise<ChangeReading> {
    const bound = this.#bound;
    this.abandon();
    if (bound === undefined) return { kind: 'done' };
    try {
      this.#seat.disk.removeFile(bound.path);
    } catch (error) {
      // Nothing there, or a directory: Node does not tell either. A bug still leaves here.
      causeOf(error);
    }
    return { kind: 'done' };
  }

  /** What the process has to do is done as far as it can be. */
  pump(): void {
    this.#bound?.socket.pump();
  }

  /** As a process ends: everybody is hung up on, and nothing is unlinked. */
  abandon(): void {
    this.#bound?.socket.close();
    this.#bound = undefined;
  }
}
