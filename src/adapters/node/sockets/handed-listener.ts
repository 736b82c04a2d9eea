/**
 * A listening socket that a supervisor has bound and hands over: systemd's socket activation, or launchd's.
 * It listens before its daemon starts, and goes on when that has ended. See
 * docs/decisions/0008-supervised.md.
 */

import { fstatSync, linkSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer, type Server, type ServerOpts, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Listener } from '../../../ports/listener.js';
import type { Cause, ChangeReading } from '../../../ports/readings.js';
import type { ConnectReading, SocketProbe } from '../../../ports/socket-probe.js';
import { causeOf, refusedChange } from '../../errno.js';

const BACKLOG = 511;
/** How many turns of the event loop are spent on turning callers away. */
const TURNS_MAX = 1_000;
const DONE = { kind: 'done' } as const;

const ignore = (): void => {};
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export interface Handed {
  /** Absent for who lets a name lead to the supervisor's socket without serving it. */
  readonly descriptor: number | undefined;
  /** The name that the supervisor has bound. */
  readonly path: string;
}

/**
 * In place of binding a socket, it gives the supervisor's one more name: link(2). connect(2) goes by the
 * inode, so whoever connects by that name reaches the supervisor's socket, whatever becomes of the name it
 * was bound to.
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

  /**
   * The listener is the supervisor's: there is nothing of one's own to close, and nothing has been taken from
   * it yet.
   */
  close(): Promise<ChangeReading> {
    return Promise.resolve(DONE);
  }

  /**
   * Whether the name leads to this very socket. A number is not used again as long as one of the socket's
   * names is there.
   */
  isBehind(path: string): boolean {
    try {
      this.#inode ??= inodeOf(this.handed.path);
      return inodeOf(path) === this.#inode;
    } catch (error) {
      // Nothing is there, or it can't be seen: connecting will tell.
      causeOf(error);
      return false;
    }
  }

  /** Connecting to one's own listener says nothing of whoever had it before. */
  probing(probe: SocketProbe): SocketProbe {
    return {
      connect: (path, withinMs): Promise<ConnectReading> =>
        this.isBehind(path) ? Promise.resolve({ kind: 'own' }) : probe.connect(path, withinMs),
      greet: (withinMs) => probe.greet(withinMs),
    };
  }

  /**
   * Takes what has been waiting since the supervisor listens, and what comes. Before, every connection stays
   * in its queue.
   */
  serve(handle: (socket: Socket) => void): void {
    const server = this.#server((socket) => {
      // A peer that connects and goes away must not end the process: an `error` event without a handler
      // would.
      socket.on('error', ignore);
      handle(socket);
    });
    // That the descriptor can't be listened on is a broken supervisor, and ends the process. A single
    // connection that can't be taken (EMFILE) is not.
    server.once('listening', () => server.on('error', ignore));
  }

  /**
   * Ends what is waiting: as long as there is any, the supervisor would start the next process for it. Its
   * callers have been told nothing yet, and look again.
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
      // Two, for the first may come before the event loop has looked at the socket.
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
  if (code !== 'EXDEV') return refusedChange(error);
  const place = dirname(dirname(path));
  const message = `EXDEV: the supervisor listens on ${bound}, on another file system; use ${place}`;
  return { kind: 'failed', cause: { code, message } };
}

export type BoundReading =
  | { readonly kind: 'bound'; readonly path: string }
  /** Its name does not show: not on Linux, or in another network namespace. */
  | { readonly kind: 'unnamed' }
  | { readonly kind: 'unusable'; readonly cause: Cause };

/** Columns of /proc/net/unix, proc_pid_net(5): Num, RefCount, Protocol, Flags, Type, St, Inode, Path. */
const UNIX_SOCKET = /^\S+ \S+ \S+ (\S+) (\S+) \S+ +(\d+) (.*)$/;
/** __SO_ACCEPTCON, linux/net.h. */
const LISTENS = 0x10000;
const STREAM = 1;

/** Which name a listening descriptor was bound to. Node does not tell of one that it has not bound itself. */
export function boundPathOf(descriptor: number): BoundReading {
  try {
    if (!fstatSync(descriptor).isSocket())
      return unusable('ENOTSOCK', `descriptor ${descriptor} is no socket`);
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
        `descriptor ${descriptor} is no stream socket that listens on an absolute path`,
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
