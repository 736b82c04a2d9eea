/**
 * One accepted socket on the daemon's side, from its first byte to its end. Its requests come one after the other, and each
 * has a connection object of its own.
 */

import type { Duplex } from 'node:stream';
import { Connection } from './connection.js';
import type { Before, ConnectionOwner } from './connection-owner.js';

export class AcceptedSocket {
  #connection: Connection;

  /** @param onClose called when the socket has closed */
  constructor(socket: Duplex, owner: ConnectionOwner, onClose: () => void) {
    const keep = (before: Before): void => {
      this.#connection = new Connection(socket, owner, keep, before);
    };
    this.#connection = new Connection(socket, owner, keep);
    // First, because a peer that connects and goes away must not crash the daemon.
    socket.on('error', (error: Error) => this.#connection.noteError(error));
    socket.on('close', () => {
      this.#connection.closed();
      onClose();
    });
    socket.on('data', (bytes: Buffer) => this.#connection.receive(bytes));
    // A client that ends its side has gone. None half-closes: the end of the input is a chunk.
    socket.on('end', () => socket.destroy());
  }

  /** The daemon must end: what the socket carries now is refused or aborted. */
  abort(reason: string): void {
    this.#connection.abort(reason);
  }

  /** Closes the socket if it holds no request. */
  endIfIdle(): void {
    this.#connection.endIfIdle();
  }
}
