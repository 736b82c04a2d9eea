/** `solod connect`: the command's stdin and stdout, joined to a daemon's socket. */

import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { causeOfStream } from '../../adapters/errno.js';
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

/**
 * Carries bytes both ways. The end of stdin ends one half of the connection, and the daemon may answer after
 * that. The end of the daemon's output is the end, unless the daemon still reads: then stdin is carried on.
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
    const ended = (): void => settle({ kind: 'ended', received });
    // It no longer reads: if its output has ended, too, nothing is left to carry.
    const refused = (error: Error): void => (asking === undefined ? broken('socket')(error) : ended());
    socket.on('error', refused);
    socket.on('close', ended);
    socket.on('data', () => {
      received = 'something';
    });
    socket.on('end', () => {
      asking = setInterval(() => socket.write(''), ASK_MS);
      socket.write('');
    });
    stdin.on('error', broken('stdin'));
    stdout.on('error', broken('stdout'));
    stdin.pipe(socket);
    socket.pipe(stdout, { end: false });
  });
}
