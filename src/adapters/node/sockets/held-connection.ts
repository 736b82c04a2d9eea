import type { Socket } from 'node:net';
import type { Cause } from '../../../ports/readings.js';
import type { ConnectReading, GreetReading, SocketProbe } from '../../../ports/socket-probe.js';
import { causeOf } from '../../errno.js';

const ignore = (): void => {};

/** Holds the latest connection of a probe, however it was made. */
export abstract class HeldConnection implements SocketProbe {
  #latest: Socket | undefined;
  #opened: Socket | undefined;

  /**
   * @param greeter absent if nothing is said, because the daemon has a protocol of its own
   * @param opened a connection that has been made already; used first
   */
  constructor(
    private readonly greeter?: (socket: Socket, withinMs: number) => Promise<GreetReading>,
    opened?: Socket | undefined,
  ) {
    this.#opened = opened;
  }

  abstract dial(path: string, withinMs: number): Promise<Dialled>;

  async connect(path: string, withinMs: number): Promise<ConnectReading> {
    this.drop();
    const opened = this.#opened?.on('error', ignore);
    this.#opened = undefined;
    const { reading, socket } = opened
      ? { reading: CONNECTED, socket: opened }
      : await this.dial(path, withinMs);
    if (reading.kind === 'connected') this.#latest = socket;
    else socket?.destroy();
    return reading;
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

/** What became of a try to connect. Only a socket that is connected is kept. */
interface Dialled {
  readonly reading: ConnectReading;
  readonly socket?: Socket | undefined;
}

const CONNECTED: ConnectReading = { kind: 'connected' };

/** Waits for a socket that connects. @param refused what an error means */
export function dialled(
  socket: Socket,
  withinMs: number,
  refused: (cause: Cause) => ConnectReading,
): Promise<ConnectReading> {
  return new Promise((resolve) => {
    const settle = (reading: ConnectReading): void => {
      clearTimeout(timer);
      socket.off('connect', onConnect).off('error', onError);
      // The peer may hang up at any time. The user of the connection sees its end.
      socket.on('error', ignore);
      resolve(reading);
    };
    const onConnect = (): void => settle(CONNECTED);
    const onError = (error: Error): void => settle(refused(causeOf(error)));
    const timer = setTimeout(() => settle({ kind: 'silent' }), Math.max(withinMs, 1));
    socket.once('connect', onConnect).once('error', onError);
  });
}
