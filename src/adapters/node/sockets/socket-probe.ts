import { connect, type Socket } from 'node:net';
import type { Cause } from '../../../ports/readings.js';
import type { ConnectReading, GreetReading, SocketProbe } from '../../../ports/socket-probe.js';
import { causeOf } from '../../errno.js';
import { RUNTIME } from '../runtime.js';
import { socketPathProblem } from './socket-path.js';

const ignore = (): void => {};

const refused = (cause: Cause): ConnectReading => ({
  kind: RUNTIME.vagueConnectCodes.includes(cause.code) ? 'vague-errno' : 'errno',
  cause,
});

export class NodeSocketProbe implements SocketProbe {
  #latest: Socket | undefined;

  /**
   * @param greeter absent if nothing is said, because the daemon has a protocol of its own
   * @param opened a connection that has been made already; used first
   */
  constructor(
    private readonly greeter?: (socket: Socket, withinMs: number) => Promise<GreetReading>,
    private opened?: Socket | undefined,
  ) {}

  connect(path: string, withinMs: number): Promise<ConnectReading> {
    this.drop();
    if (this.opened !== undefined) return Promise.resolve(this.#begin(this.opened));
    const problem = socketPathProblem(path);
    if (problem !== undefined) return Promise.resolve({ kind: 'errno', cause: problem });
    return new Promise((resolve) => {
      const socket = connect(path);
      const settle = (reading: ConnectReading): void => {
        clearTimeout(timer);
        socket.off('connect', onConnect).off('error', onError);
        // The peer may hang up at any time. The user of the connection sees its end.
        socket.on('error', ignore);
        if (reading.kind === 'connected') this.#latest = socket;
        else socket.destroy();
        resolve(reading);
      };
      const onConnect = (): void => settle({ kind: 'connected' });
      const onError = (error: Error): void => settle(refused(causeOf(error)));
      const timer = setTimeout(() => settle({ kind: 'silent' }), Math.max(withinMs, 1));
      socket.once('connect', onConnect).once('error', onError);
    });
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
