import { chmodSync } from 'node:fs';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import type { Listener } from '../../../ports/listener.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { refusedChange } from '../../errno.js';
import { socketPathProblem } from './socket-path.js';

/** Backlog of listen(2). Linux caps it at net.core.somaxconn. */
export const BACKLOG = 511;

const ignore = (): void => {};

/** A socket that listens as soon as it has its name. Early connections wait until somebody serves. */
export class NodeListener implements Listener {
  readonly #server: Server;
  readonly #early = new Set<Socket>();
  #serve: ((socket: Socket) => void) | undefined;

  constructor(options: ServerOpts = {}) {
    this.#server = createServer(options, (socket) => this.#accept(socket));
  }

  listen(path: string): Promise<ChangeReading> {
    const problem = socketPathProblem(path);
    if (problem !== undefined) return Promise.resolve({ kind: 'failed', cause: problem });
    return new Promise((resolve) => {
      const onError = (error: Error): void => resolve(refusedChange(error));
      this.#server.once('error', onError);
      const restore = narrowUmask();
      this.#server.listen({ path, backlog: BACKLOG }, () => {
        this.#server.off('error', onError);
        markSticky(path);
        // If accepting one connection fails (EMFILE), the next may succeed.
        this.#server.on('error', ignore);
        resolve({ kind: 'done' });
      });
      restore();
    });
  }

  close(): Promise<ChangeReading> {
    for (const socket of this.#early) socket.destroy();
    this.#early.clear();
    if (this.#server.listening) this.#server.close();
    return Promise.resolve({ kind: 'done' });
  }

  /** Hands over each connection, waiting ones first, in the order of their arrival. */
  serve(handle: (socket: Socket) => void): void {
    this.#serve = handle;
    for (const socket of this.#early) handle(socket);
    this.#early.clear();
  }

  #accept(socket: Socket): void {
    // An `error` event without a handler would end the process when a peer connects and goes away.
    socket.on('error', ignore);
    if (this.#serve !== undefined) this.#serve(socket);
    else this.#wait(socket);
  }

  #wait(socket: Socket): void {
    this.#early.add(socket);
    socket.once('close', () => this.#early.delete(socket));
  }
}

/**
 * Cleaners of temporary directories leave sticky files alone. Some systems allow the bit to the superuser
 * only.
 */
export function markSticky(path: string): void {
  try {
    chmodSync(path, 0o1600);
  } catch {
    // Works without it.
  }
}

/**
 * bind(2) gives the socket the mode 0777 & ~umask, and Node binds synchronously. So with this umask around
 * the call there is no moment in which others can connect. Worker threads can't set the umask; there the mode
 * of the directory protects.
 */
export function narrowUmask(): () => void {
  try {
    const before = process.umask(0o177);
    return () => {
      process.umask(before);
    };
  } catch {
    return ignore;
  }
}
