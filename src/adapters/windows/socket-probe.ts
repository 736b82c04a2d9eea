import { connect, type Socket } from 'node:net';
import type { FileSystem } from '../../ports/file-system.js';
import type { ConnectReading, GreetReading, SocketProbe } from '../../ports/socket-probe.js';
import { causeOf } from '../errno.js';
import { firstBytes } from './first-bytes.js';
import { isProof, newGreeting, type PipeRecord, PROOF_BYTES, parseRecord } from './pipe-record.js';

const ignore = (): void => {};

const errno = (code: string, message: string): ConnectReading => ({
  kind: 'errno',
  cause: { code, message },
});

/** Connects to the pipe that a file tells of. A connection counts when the other end has proved itself. */
export class PipeProbe implements SocketProbe {
  #latest: Socket | undefined;

  /**
   * @param greeter absent if nothing is said, because the daemon has a protocol of its own
   * @param opened a connection that has been made already; used first
   */
  constructor(
    private readonly files: Pick<FileSystem, 'readText'>,
    private readonly greeter?: (socket: Socket, withinMs: number) => Promise<GreetReading>,
    private opened?: Socket | undefined,
  ) {}

  async connect(path: string, withinMs: number): Promise<ConnectReading> {
    this.drop();
    if (this.opened !== undefined) return this.#begin(this.opened);
    const read = this.files.readText(path);
    if (read.kind === 'failed') return { kind: 'errno', cause: read.cause };
    const record = read.kind === 'text' ? parseRecord(read.text) : undefined;
    if (record === undefined) return errno('ENOENT', `ENOENT: no pipe is named in ${path}`);
    const begunMs = performance.now();
    const socket = connect(record.pipe);
    const dialled = await dial(socket, withinMs);
    const reading =
      dialled.kind === 'connected'
        ? await meet(socket, record, withinMs - (performance.now() - begunMs))
        : dialled;
    return reading.kind === 'connected' ? this.#begin(socket) : rejected(socket, reading);
  }

  #begin(socket: Socket): ConnectReading {
    this.opened = undefined;
    this.#latest = socket.on('error', ignore);
    return { kind: 'connected' };
  }

  greet(withinMs: number): Promise<GreetReading> {
    const socket = this.#latest;
    if (socket === undefined) return Promise.resolve({ kind: 'ended' });
    if (this.greeter === undefined) throw new Error('a probe without a greeter was asked to greet');
    return this.greeter(socket, withinMs);
  }

  /** Hands over the latest connection: from now on the caller closes it. */
  take(): Socket | undefined {
    const socket = this.#latest;
    this.#latest = undefined;
    return socket;
  }

  /** Closes the latest connection, if there is one. */
  drop(): void {
    this.take()?.destroy();
  }
}

function rejected(socket: Socket, reading: ConnectReading): ConnectReading {
  socket.on('error', ignore).destroy();
  return reading;
}

function dial(socket: Socket, withinMs: number): Promise<ConnectReading> {
  return new Promise((resolve) => {
    const settle = (reading: ConnectReading): void => {
      clearTimeout(timer);
      socket.off('connect', onConnect).off('error', onError).on('error', ignore);
      resolve(reading);
    };
    const onConnect = (): void => settle({ kind: 'connected' });
    const onError = (error: Error): void => settle(refusedBy(error));
    const timer = setTimeout(() => settle({ kind: 'silent' }), Math.max(withinMs, 1));
    socket.once('connect', onConnect).once('error', onError);
  });
}

/** ENOENT: a pipe's name is gone with its process. */
function refusedBy(error: Error): ConnectReading {
  const cause = causeOf(error);
  if (cause.code !== 'ENOENT') return { kind: 'errno', cause };
  return errno('ECONNREFUSED', `ECONNREFUSED: the process of that pipe has ended (${cause.message})`);
}

/** Nothing of the caller's is said to an end that does not know the key. */
async function meet(socket: Socket, record: PipeRecord, withinMs: number): Promise<ConnectReading> {
  const greeting = newGreeting(record);
  socket.write(greeting);
  const answer = await firstBytes(socket, PROOF_BYTES, withinMs);
  if (answer === undefined) return socket.destroyed ? errno('EOF', 'EOF: cut off') : { kind: 'silent' };
  if (isProof(record, greeting, answer)) return { kind: 'connected' };
  return errno('EAUTH', 'EAUTH: the process at the other end of the pipe is not the daemon');
}
