/**
 * A listening socket that a supervisor such as systemd has bound and hands over. It listens before the
 * daemon starts and after it has ended. See docs/decisions/0008-supervised.md.
 */

import { existsSync, fstatSync, linkSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Listener } from '../../../ports/listener.js';
import type { Cause, ChangeReading } from '../../../ports/readings.js';
import type { ConnectReading, SocketProbe } from '../../../ports/socket-probe.js';
import { causeOf, refusedChange } from '../../errno.js';
import { BACKLOG } from './listener.js';

/** How many turns of the event loop are spent at most on turning callers away. */
const TURNS_MAX = 1_000;
const DONE = { kind: 'done' } as const;

const ignore = (): void => {};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Handed {
  /** Absent if this process only lets a name lead to the socket and does not serve it. */
  readonly descriptor: number | undefined;
  /** The name that the supervisor has bound. */
  readonly path: string;
}

/**
 * Binds no socket, but gives the supervisor's socket another name with link(2). connect(2) goes by the inode,
 * so clients reach the socket by that name even if the name it was bound to is gone.
 */
export class HandedListener implements Listener {
  #inode: string | undefined;

  constructor(
    readonly handed: Handed,
    private readonly options: ServerOpts = {},
  ) {}

  listen(path: string): Promise<ChangeReading> {
    const { path: bound } = this.handed;
    try {
      linkSync(bound, path);
      this.#inode = inodeOf(path);
      return Promise.resolve(DONE);
    } catch (error) {
      return Promise.resolve(whyNotLinked(error, bound, path));
    }
  }

  /** Closes nothing: the listener is the supervisor's, and no connection has been accepted yet. */
  close(): Promise<ChangeReading> {
    return Promise.resolve(DONE);
  }

  /** Whether the name leads to this socket. Its inode number is not reused while the socket has a name. */
  isBehind(path: string): boolean {
    try {
      this.#inode ??= inodeOf(this.handed.path);
      return inodeOf(path) === this.#inode;
    } catch (error) {
      // Absent or unreadable: connecting will tell more.
      causeOf(error);
      return false;
    }
  }

  /** A connection to the own listener says nothing about the daemon before. */
  probing(probe: SocketProbe): SocketProbe {
    return {
      connect: (path, withinMs): Promise<ConnectReading> =>
        this.isBehind(path) ? Promise.resolve({ kind: 'own' }) : probe.connect(path, withinMs),
      greet: (withinMs) => probe.greet(withinMs),
    };
  }

  /**
   * Accepts the connections that have been waiting since the supervisor listens, and later ones. Until then
   * they stay in the kernel's queue.
   */
  serve(handle: (socket: Socket) => void): void {
    const server = this.#server((socket) => {
      // An `error` event without a handler would end the process when a peer connects and goes away.
      socket.on('error', ignore);
      handle(socket);
    });
    // If the descriptor can't be listened on, the supervisor is broken and the process ends. A single
    // connection that can't be accepted (EMFILE) is ignored.
    server.once('listening', () => server.on('error', ignore));
  }

  /**
   * Closes the waiting connections, for which the supervisor would start another process. Their callers have
   * no answer yet and look again.
   */
  async turnAway(): Promise<void> {
    let taken = 0;
    const server = this.#server((socket) => {
      taken += 1;
      socket.on('error', ignore).destroy();
    });
    server.on('error', ignore);
    for (let round = 0, before = -1; round < TURNS_MAX && taken !== before; round++) {
      before = taken;
      // Two turns: the first may pass before the event loop has polled the socket.
      await nextTurn();
      await nextTurn();
    }
  }

  #server(accept: (socket: Socket) => void): Server {
    const { descriptor: fd } = this.handed;
    if (fd === undefined) throw new Error(`${this.handed.path} is not this process's to serve`);
    return createServer(this.options, accept).listen({ fd, backlog: BACKLOG });
  }
}

function inodeOf(path: string): string {
  const { dev, ino } = lstatSync(path, { bigint: true });
  return `${dev}:${ino}`;
}

function whyNotLinked(error: unknown, bound: string, path: string): ChangeReading {
  const { code } = causeOf(error);
  // Where the name can't be asked for, it is the one that `solod install` gives.
  if (code === 'ENOENT' && !existsSync(bound))
    return { kind: 'failed', cause: { code, message: `ENOENT: the supervisor does not listen on ${bound}` } };
  if (code !== 'EXDEV') return refusedChange(error);
  const place = dirname(dirname(path));
  const message = `EXDEV: the supervisor listens on ${bound}, on another file system; use ${place}`;
  return { kind: 'failed', cause: { code, message } };
}

export type BoundReading =
  | { readonly kind: 'bound'; readonly path: string }
  /** Its name is unknown: outside Linux, or in another network namespace. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'unusable'; readonly cause: Cause };

/** Columns of /proc/net/unix, proc_pid_net(5): Num, RefCount, Protocol, Flags, Type, St, Inode, Path. */
const UNIX_SOCKET = /^\S+ \S+ \S+ (\S+) (\S+) \S+ +(\d+) (.*)$/;
/** __SO_ACCEPTCON, linux/net.h. */
const LISTENS = 0x10000;
const STREAM = 1;

/** The name that a listening descriptor was bound to. Node tells it only for sockets that it has bound. */
export function boundPathOf(descriptor: number): BoundReading {
  try {
    if (!fstatSync(descriptor).isSocket())
      return unusable('ENOTSOCK', `descriptor ${descriptor} is not a socket`);
    if (process.platform !== 'linux') return { kind: 'unnamed' };
    const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
    const lines = readFileSync('/proc/net/unix', 'utf8').split('\n');
    const found = lines.map((line) => UNIX_SOCKET.exec(line)).find((match) => match?.[3] === inode);
    if (found === undefined || found === null) return { kind: 'unnamed' };
    const [, flags = '', type = '', , path = ''] = found;
    const listens = (Number.parseInt(flags, 16) & LISTENS) !== 0 && Number.parseInt(type, 16) === STREAM;
    if (!listens || !path.startsWith('/'))
      return unusable(
        'EINVAL',
        `descriptor ${descriptor} is not a stream socket that listens on an absolute path`,
      );
    return { kind: 'bound', path };
  } catch (error) {
    return { kind: 'unusable', cause: causeOf(error) };
  }
}

const unusable = (code: string, message: string): BoundReading => ({
  kind: 'unusable',
  cause: { code, message: `${code}: ${message}` },
});
