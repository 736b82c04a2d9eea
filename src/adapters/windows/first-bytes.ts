import type { Socket } from 'node:net';

/**
 * Takes the first bytes off a connection, and leaves the rest to its next reader.
 * @param withinMs milliseconds that they may take
 * @returns undefined if the connection ends before, or they take too long
 */
export function firstBytes(socket: Socket, count: number, withinMs: number): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    const settle = (bytes: Buffer | undefined): void => {
      clearTimeout(timer);
      socket.off('readable', read).off('close', close).off('error', close);
      // Only then does the stream flow for the next reader.
      setImmediate(() => resolve(bytes));
    };
    const read = (): void => {
      const bytes = socket.read(count) as Buffer | null;
      if (bytes !== null) settle(bytes.length === count ? bytes : undefined);
    };
    const close = (): void => settle(undefined);
    const timer = setTimeout(close, Math.max(withinMs, 1));
    socket.on('readable', read).once('close', close).once('error', close);
    read();
  });
}
