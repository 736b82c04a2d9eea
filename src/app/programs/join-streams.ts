/** `solod connect`: the command's stdin and stdout, joined to a daemon's socket. */

import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { causeOfStream } from '../../adapters/errno.js';
import { descriptorOf } from '../../adapters/node/sockets/descriptor.js';
import type { Cause } from '../../ports/readings.js';

type Received = 'nothing' | 'something';

export type JoinEnd =
  /** Both directions have ended, or the daemon has closed its socket; all output has been written. */
  | { readonly kind: 'ended'; readonly received: Received }
  | {
      readonly kind: 'broken';
      readonly received: Received;
      readonly by: 'socket' | 'stdin' | 'stdout';
      readonly cause: Cause;
    };

/** How often a daemon that has ended its output is asked whether it still reads. */
const ASK_MS = 100;

/** For one read of what is left in a socket. */
const REST_BYTES = 65_536;

/**
 * Carries bytes both ways. The end of stdin ends one half of the connection, and the daemon may answer after
 * that. The end of the daemon's output is the end, unless the daemon still reads: then stdin is carried on.
 * All that the daemon has sent is written, also if it closes the connection before it has read all of stdin.
 *
 * @param socket connected, with half-open ends allowed
 * @returns how it ended; never rejects
 */
export function joinStreams(socket: Socket, stdin: Readable, stdout: Writable): Promise<JoinEnd> {
  return new Promise((resolve) => {
    let received: Received = 'nothing';
    let asking: NodeJS.Timeout | undefined;
    const settle = (end: JoinEnd): void => {
      clearInterval(asking);
      socket.destroy();
      stdin.destroy();
      resolve(end);
    };
    const broken = (by: 'socket' | 'stdin' | 'stdout') => (error: Error) =>
      settle({ kind: 'broken', received, by, cause: causeOfStream(error) });
    const show = (bytes: Buffer): boolean => {
      received = 'something';
      return stdout.write(bytes);
    };
    // A stdout that does not block takes a while. If it fails meanwhile, it says so itself.
    const written = (then: () => void): void => {
      stdout.write('', (error) => {
        if (!error) then();
      });
    };
    const ended = (): void => written(() => settle({ kind: 'ended', received }));
    const refused = (error: Error): void => {
      socket.off('data', showInTurn);
      const end = showRest(socket, show) ?? error;
      // It no longer reads: if its output has ended, too, nothing is left to carry.
      if (asking !== undefined || end === 'ended') ended();
      else written(() => broken('socket')(end));
    };
    const showInTurn = inTurn(socket, stdout, show);
    socket.on('error', refused);
    socket.on('close', ended);
    socket.on('data', showInTurn);
    socket.on('end', () => {
      asking = setInterval(() => socket.write(''), ASK_MS);
      socket.write('');
    });
    stdin.on('error', broken('stdin'));
    stdout.on('error', broken('stdout'));
    const sent = (error?: Error | null): void => {
      if (error) refused(error);
    };
    stdin.on(
      'data',
      inTurn(stdin, socket, (bytes) => socket.write(bytes, sent)),
    );
    stdin.on('end', () => socket.end());
  });
}

/** As `pipe` does it, which also looks at `process.stdout`: that makes a pipe there non-blocking. */
function inTurn(from: Readable, to: Writable, write: (bytes: Buffer) => boolean): (bytes: Buffer) => void {
  return (bytes) => {
    if (write(bytes)) return;
    from.pause();
    to.once('drain', () => from.resume());
  };
}

/**
 * Node drops what is still in a socket when a write to it fails.
 * @returns how that ended: an error only for a connection that was closed with input unread; undefined if it
 *   can't be told
 */
function showRest(socket: Socket, show: (bytes: Buffer) => void): 'ended' | Error | undefined {
  const waiting: Buffer | null = socket.read();
  if (waiting !== null) show(waiting);
  const descriptor = descriptorOf(socket);
  if (descriptor === undefined) return undefined;
  try {
    for (;;) {
      const bytes = Buffer.allocUnsafe(REST_BYTES);
      const length = readSync(descriptor, bytes);
      if (length === 0) return 'ended';
      show(bytes.subarray(0, length));
    }
  } catch (error) {
    const isOpen = (error as NodeJS.ErrnoException).code === 'EAGAIN';
    return isOpen ? undefined : (error as Error);
  }
}
