import { createServer } from 'node:net';
import type { Cause } from '../../../ports/readings.js';
import { causeOf } from '../../errno.js';
import { socketPathProblem } from './socket-path.js';

/**
 * Binds a socket, and removes it. Only a real path will do: where there is no directory libuv says EACCES,
 * as a sandbox does, and Landlock is asked last.
 *
 * @param path private to this process
 * @returns why it can't be bound; undefined if it can
 */
export function bindOnce(path: string): Promise<Cause | undefined> {
  const problem = socketPathProblem(path);
  if (problem !== undefined) return Promise.resolve(problem);
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(causeOf(error)));
    // Exclusive: a worker of node:cluster would ask its primary, which may be gone.
    server.listen({ path, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
