import { chmodSync } from 'node:fs';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import type { Listener } from '../../../ports/listener.js';
import type { ChangeReading } from '../../../ports/readings.js';
import { refusedChange } from '../../errno.js';
import { socketPathProblem } from './socket-path.js';

/** listen(2)'s backlog; what comes before somebody serves waits here. Linux caps it at net.core.somaxconn. */
const BACKLOG = 511;

const ignore = (): void => {};

/**
 * A socket that listens from the moment it has its name; whoever connects early waits until somebody serves.
 */
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
        // Failing to accept one connection (EMFILE) is not the end of a daemon: the next one may succeed.
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

  /** Hands every connection on, those that are waiting first, in the order in which they came. */
  serve(handle: (socket: Socket) => void): void {
    this.#serve = handle;
    for (const socket of this.#early) handle(socket);
    this.#early.clear();
  }

  #accept(socket: Socket): void {
    // A peer that connects and goes away must not end the process: an `error` event without a handler would.
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
 * As for files: cleaners of temporary directories pass it by. Some systems keep that bit to the superuser.
 */
function markSticky(path: string): void {
  try {
    chmodSync(path, 0o1600);
  } catch {
    // Then it is as good as without.
  }
}

/**
 * The socket gets 0777 & ~umask when it is bound, and Node binds synchronously, so a umask around the call
 * leaves no moment in which others may connect. Worker threads can't change it; there the directory's mode
 * alone protects.
 */
function narrowUmask(): () => void {
  try {
    const before = process.umask(0o177);
    return () => {
      process.umask(before);
    };
  } catch {
    return ignore;
  }
}
