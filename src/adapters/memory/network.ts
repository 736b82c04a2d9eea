import { Buffer } from 'node:buffer';
import type { Duplex } from 'node:stream';
import type { Platform } from '../../domain/place/layout.js';
import type { GreetReading } from '../../ports/socket-probe.js';
import { causeOf } from '../errno.js';
import { BORN_WITH, type Inode, type MemoryDisk } from './files/disk.js';
import type { Actor } from './files/file-system.js';
import { systemError } from './files/system-error.js';
import { type StreamPair, streamPair } from './stream-pair.js';

/** The process behind a listening socket. */
export interface Server extends Actor {
  /** Whether it takes connections now: it runs, and is not stopped. */
  readonly awake: boolean;
  /** What it says to the next caller that greets it; undefined as long as it has nothing to say. */
  nextWord(): GreetReading | undefined;
}

type Hear = (word: GreetReading) => void;

/** Takes one end of a connection. */
export type Handle = (stream: Duplex) => void;

/** One connection, from connect(2) on. */
export class Connection {
  #word: GreetReading | undefined;
  #hear: Hear | undefined;
  /** Made for a caller or a server that speaks a protocol; a word needs none. */
  #ends: StreamPair | undefined;
  #state: 'open' | 'handed-over' | 'hung-up' = 'open';

  constructor(private readonly moved: () => void) {}

  /** The caller's end. */
  get stream(): Duplex {
    this.#ends ??= streamPair(this.moved);
    return this.#ends.caller;
  }

  /** Gives the server's end to its process, once, unless the caller has gone. */
  handOver(handle: Handle): void {
    if (this.#state !== 'open') return;
    this.#state = 'handed-over';
    this.#ends ??= streamPair(this.moved);
    handle(this.#ends.server);
  }

  /** Whether the caller has said something and waits for the answer. */
  get asks(): boolean {
    return this.#hear !== undefined && this.#word === undefined;
  }

  greet(hear: Hear): void {
    this.#hear = hear;
    if (this.#word !== undefined) this.#tell(this.#word);
  }

  /** The caller has gone. */
  hangUp(): void {
    this.#hear = undefined;
    if (this.#state === 'open') this.#state = 'hung-up';
    this.#ends?.caller.destroy();
  }

  /** The server's process has ended. */
  cut(): void {
    this.#ends?.server.destroy();
    this.say({ kind: 'ended' });
  }

  /** Only the first word is looked at, and silence is none. */
  say(word: GreetReading): void {
    if (this.#word === undefined || this.#word.kind === 'silent') this.#word = word;
    this.#tell(this.#word);
  }

  #tell(word: GreetReading): void {
    if (word.kind !== 'silent') this.#hear?.(word);
  }
}

const WHEN_FULL: Readonly<Record<Platform, string>> = {
  linux: 'EAGAIN',
  darwin: 'ECONNREFUSED',
  win32: 'ETIMEDOUT',
};

/**
 * A socket that listens. A connection stays in its queue until its process takes it, also when the caller has
 * gone.
 */
export class ListeningSocket {
  readonly #server: Server;
  readonly #backlog: number;
  readonly #whenFull: string;
  #queue: Connection[] = [];
  #taken: Connection[] = [];
  #handle: Handle | undefined;
  #open = true;

  constructor(
    server: Server,
    backlog: number,
    platform: Platform,
    private readonly moved: () => void,
  ) {
    this.#server = server;
    this.#backlog = backlog;
    this.#whenFull = WHEN_FULL[platform];
  }

  connect(path: string): Connection {
    if (!this.#open) throw systemError('ECONNREFUSED', 'connect', path);
    // As Linux counts: one more than was asked for.
    if (this.#queue.length > this.#backlog) throw systemError(this.#whenFull, 'connect', path);
    const connection = new Connection(this.moved);
    this.#queue.push(connection);
    this.pump();
    return connection;
  }

  /** From now on the process speaks a protocol of its own on each connection. */
  serve(handle: Handle): void {
    this.#handle = handle;
    this.pump();
  }

  /** The process does what it would do now, if it can. */
  pump(): void {
    if (!this.#open || !this.#server.awake) return;
    this.#taken.push(...this.#queue.splice(0));
    if (this.#handle !== undefined) for (const connection of this.#taken) connection.handOver(this.#handle);
    for (const connection of this.#taken.filter(({ asks }) => asks)) {
      const word = this.#server.nextWord();
      if (word === undefined) return;
      connection.say(word);
    }
  }

  close(): void {
    this.#open = false;
    for (const connection of [...this.#queue.splice(0), ...this.#taken.splice(0)]) connection.cut();
  }
}

/** What sun_path holds on Linux without its last NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/**
 * The sockets of one machine. A socket belongs to an inode, and is reached by every name that leads there.
 */
export class MemoryNetwork {
  readonly #disk: MemoryDisk;
  readonly #platform: Platform;
  readonly #listening = new WeakMap<Inode, ListeningSocket>();
  /** How many times bytes have moved on a connection. */
  moves = 0;

  constructor(disk: MemoryDisk, platform: Platform) {
    this.#disk = disk;
    this.#platform = platform;
  }

  /** bind(2) and listen(2). */
  listen(path: string, server: Server, backlog: number): ListeningSocket {
    refuseLong(path, 'listen');
    const inode = this.#create(path, server.userId);
    const moved = (): void => {
      this.moves += 1;
    };
    const socket = new ListeningSocket(server, backlog, this.#platform, moved);
    this.#listening.set(inode, socket);
    return socket;
  }

  connect(path: string): { readonly socket: ListeningSocket; readonly connection: Connection } {
    refuseLong(path, 'connect');
    const inode = this.#disk.get(path, 'follow', 'connect');
    const socket = this.#listening.get(inode);
    // Also what a plain file and a directory say.
    if (socket === undefined) throw systemError('ECONNREFUSED', 'connect', path);
    return { socket, connection: socket.connect(path) };
  }

  #create(path: string, userId: number): Inode {
    try {
      return this.#disk.create(path, { type: 'socket', userId, mode: BORN_WITH.socket }, 'listen');
    } catch (error) {
      const { code } = causeOf(error);
      // libuv puts these in place of ENOENT and EEXIST.
      const codes: Readonly<Record<string, string>> = { ENOENT: 'EACCES', EEXIST: 'EADDRINUSE' };
      throw systemError(codes[code] ?? code, 'listen', path);
    }
  }
}

function refuseLong(path: string, syscall: string): void {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) throw systemError('ENAMETOOLONG', syscall, path);
}
