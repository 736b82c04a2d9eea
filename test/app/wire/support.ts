import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough, Readable, type Writable } from 'node:stream';
import { onTestFinished } from 'vitest';

import type { ServiceFunction } from '../../../src/app/service/define-service.js';
import {
  CHUNK,
  ChunkDecoder,
  type ChunkType,
  CLIENT_GRAMMAR,
  chunk,
  DAEMON_GRAMMAR,
  type Decoded,
} from '../../../src/app/wire/chunks.js';
import {
  CallConnection,
  type CallEnd,
  type CallRequest,
  encodeRequest,
} from '../../../src/app/wire/client.js';
import { CallServer, type CallServerOptions } from '../../../src/app/wire/server.js';

export const MIB = 1024 * 1024;

/** Long enough never to be reached: what a test waits for must come. */
export const AMPLE_MS = 50_000;

export const REQUEST: CallRequest = { command: 'it', args: [], env: {}, cwd: '/' };

/** A listener on a socket in a directory of its own; all of it is gone when the test has ended, however it ended. */
export async function listen(onSocket: (socket: net.Socket) => void): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'solod-wire-'));
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)));
    onSocket(socket);
  });
  onTestFinished(async () => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await rm(directory, { recursive: true, force: true });
  });
  const file = path.join(directory, 's');
  await new Promise<void>((resolve) => server.listen(file, resolve));
  return file;
}

export async function connect(file: string): Promise<net.Socket> {
  const socket = net.connect(file);
  onTestFinished(() => {
    socket.destroy();
  });
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  return socket;
}

export interface Daemon {
  readonly file: string;
  readonly server: CallServer;
}

/** A daemon that takes every request on, unless told otherwise. */
export async function daemon(
  run: ServiceFunction,
  options: Partial<CallServerOptions> = {},
): Promise<Daemon> {
  const server = new CallServer({ admit: () => ({ kind: 'accepted', run }), ...options });
  return { file: await listen((socket) => server.accept(socket)), server };
}

/** The far end of a connection, spoken to chunk by chunk. */
export class RawPeer {
  readonly chunks: Decoded[] = [];
  isClosed = false;
  #decoder: ChunkDecoder;
  #waiters: (() => void)[] = [];

  constructor(
    readonly socket: net.Socket,
    side: 'client' | 'daemon',
  ) {
    this.#decoder = new ChunkDecoder(side === 'client' ? DAEMON_GRAMMAR : CLIENT_GRAMMAR);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  /** Nothing is read before this. */
  read(): this {
    this.socket.on('data', (bytes: Buffer) => {
      this.chunks.push(...this.#decoder.decode(bytes));
      this.#wake();
    });
    return this;
  }

  send(...chunks: Buffer[]): this {
    this.socket.write(Buffer.concat(chunks));
    return this;
  }

  /** Resolves as soon as it holds. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async closed(): Promise<this> {
    await this.until(() => this.isClosed);
    return this;
  }

  count(type: ChunkType): number {
    return this.chunks.filter((decoded) => decoded.kind !== 'violation' && decoded.type === type).length;
  }

  bytes(type: ChunkType): Buffer {
    const taken = this.chunks.flatMap((decoded) =>
      decoded.kind !== 'violation' && decoded.type === type ? [decoded.bytes] : [],
    );
    return Buffer.concat(taken);
  }

  text(type: ChunkType): string {
    return this.bytes(type).toString();
  }

  /** What came, in order: `1:hello X:0`; neighbouring pieces of the same stream are one. */
  get story(): string {
    const parts: { type: string; text: string }[] = [];
    for (const decoded of this.chunks) {
      if (decoded.kind === 'violation') parts.push({ type: 'violation', text: decoded.violation.kind });
      else if (decoded.type === CHUNK.heartbeat) continue;
      else if (parts.at(-1)?.type === decoded.type && parts.at(-1)?.text !== '')
        (parts.at(-1) as { text: string }).text += decoded.bytes.toString();
      else parts.push({ type: decoded.type, text: decoded.bytes.toString() });
    }
    return parts.map(({ type, text }) => `${type}:${text}`).join(' ');
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** A client of the daemon that has said a request's head. */
export async function rawClient(file: string, request: CallRequest = REQUEST): Promise<RawPeer> {
  return new RawPeer(await connect(file), 'client').send(encodeRequest(request));
}

export interface RawDaemon {
  readonly connection: CallConnection;
  readonly peer: RawPeer;
}

/** A client whose daemon is played by the test. */
export async function rawDaemon(): Promise<RawDaemon> {
  let arrived: (socket: net.Socket) => void = () => {};
  const accepted = new Promise<net.Socket>((resolve) => {
    arrived = resolve;
  });
  const socket = await connect(await listen((incoming) => arrived(incoming)));
  return { connection: new CallConnection(socket), peer: new RawPeer(await accepted, 'daemon') };
}

/** A client whose request the test's daemon has accepted. */
export async function acceptedCall(): Promise<RawDaemon> {
  const call = await rawDaemon();
  call.peer.read().send(chunk(CHUNK.output));
  const reading = await call.connection.greet(REQUEST, AMPLE_MS);
  if (reading.kind !== 'accepted') throw new Error(`expected to be accepted: ${reading.kind}`);
  return call;
}

export interface Called {
  readonly end: CallEnd;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** One whole call through both sides. */
export async function callThrough(
  file: string,
  request: Partial<CallRequest> = {},
  stdin: Readable | (() => Readable) | undefined = undefined,
): Promise<Called> {
  const connection = new CallConnection(await connect(file));
  const reading = await connection.greet({ ...REQUEST, ...request }, AMPLE_MS);
  if (reading.kind !== 'accepted') throw new Error(`expected to be accepted: ${reading.kind}`);
  const [stdout, stderr] = [collector(), collector()];
  const end = await connection.complete({ stdin, stdout: stdout.stream, stderr: stderr.stream });
  return { end, stdout: stdout.bytes(), stderr: stderr.bytes() };
}

export function collector(): { readonly stream: Writable; bytes(): Buffer } {
  const stream = new PassThrough();
  const taken: Buffer[] = [];
  stream.on('data', (bytes: Buffer) => taken.push(bytes));
  return { stream, bytes: () => Buffer.concat(taken) };
}

/** Reproducible bytes in which a lost, doubled or moved one shows. */
export function patterned(length: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> 24;
  }
  return bytes;
}

/** A source of so many patterned bytes that counts what was taken from it. */
export function countedSource(total: number): { readonly stream: Readable; taken(): number } {
  let taken = 0;
  const block = patterned(64 * 1024);
  const stream = new Readable({
    highWaterMark: 64 * 1024,
    read() {
      const piece = block.subarray(0, total - taken);
      taken += piece.length;
      this.push(piece.length === 0 ? null : piece);
    },
  });
  return { stream, taken: () => taken };
}

/** Many turns of the event loop in which a value did not move: whatever moved it has stopped. */
export async function stalled(value: () => number): Promise<number> {
  let last = value();
  for (let turns = 0; turns < 100; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (value() === last) continue;
    last = value();
    turns = 0;
  }
  return last;
}

export interface Gate {
  readonly opened: Promise<void>;
  open(): void;
}

export function gate(): Gate {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
