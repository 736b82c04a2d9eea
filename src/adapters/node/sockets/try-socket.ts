import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { writeSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Cause } from '../../../ports/readings.js';
import { causeOf } from '../../errno.js';
import { descriptorOf } from './descriptor.js';
import { socketPathProblem } from './socket-path.js';

/** Node publishes here why a server does not listen, before `listen` returns. */
const REFUSED = 'tracing:net.server.listen:error';

const ignore = (): void => {};

/**
 * Binds a socket, connects to it, and removes it, without a turn of the event loop: libuv makes these system
 * calls at once, and only tells of them later.
 *
 * @param path private to this process, in a directory that is there
 * @returns what is refused; undefined if nothing is, or if this runtime does not tell it at once
 */
export function trySocket(path: string): Cause | undefined {
  const problem = socketPathProblem(path);
  if (problem !== undefined) return problem;
  const server = createServer().on('error', ignore).unref();
  const refused = listenAtOnce(server, path);
  if (!server.listening) return refused;
  const socket = connect(path).on('error', ignore);
  const cause = whyNotConnected(socket, path);
  socket.destroy();
  server.close();
  return cause;
}

function listenAtOnce(server: Server, path: string): Cause | undefined {
  let refused: Cause | undefined;
  const hear = (message: unknown): void => {
    const heard = message as { readonly server: Server; readonly error: Error };
    if (heard.server === server) refused = causeOf(heard.error);
  };
  subscribe(REFUSED, hear);
  // Exclusive: a worker of node:cluster would ask its primary, which may be gone.
  server.listen({ path, exclusive: true });
  unsubscribe(REFUSED, hear);
  return refused;
}

/** The errno of connect(2) comes later. The descriptor says at once that it is not connected. */
function whyNotConnected(socket: Socket, path: string): Cause | undefined {
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  try {
    writeSync(descriptor, ' ');
    return undefined;
  } catch (error) {
    const { code } = causeOf(error);
    const message = `EACCES: this process can't connect to its own socket ${path}`;
    return code === 'ENOTCONN' ? { code: 'EACCES', message } : undefined;
  }
}
