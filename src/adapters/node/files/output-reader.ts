import { constants, fstatSync, openSync } from 'node:fs';
import { Socket } from 'node:net';

const { O_NONBLOCK, O_WRONLY } = constants;

/**
 * Tells when nobody reads any more what this process writes. A program that writes now and then would learn
 * it only with its next line, and one that has nothing to say never.
 * @param descriptor where it writes
 * @returns resolves when the reader of a pipe or socket has gone; of everything else, never
 */
export function readerHasLeft(descriptor: number): Promise<void> {
  return new Promise((resolve) => {
    try {
      const fd = waitable(descriptor);
      if (fd === undefined) return;
      // Nothing comes from there but its end (EPOLLERR): reading a pipe's writing end fails at once then.
      const socket = new Socket({ fd, readable: true, writable: false }).unref();
      socket
        .on('error', () => resolve())
        .on('close', () => resolve())
        .resume();
    } catch {
      // It has left before (ENXIO), or can't be waited for: the next line will tell.
    }
  });
}

/** A pipe is opened anew: O_NONBLOCK, which waiting needs, would else be seen by all who share it. */
function waitable(descriptor: number): number | undefined {
  const stats = fstatSync(descriptor);
  if (stats.isSocket()) return descriptor;
  return stats.isFIFO() ? openSync(`/dev/fd/${descriptor}`, O_WRONLY | O_NONBLOCK) : undefined;
}
