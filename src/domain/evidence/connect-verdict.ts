/**
 * What a connection attempt says about the listener behind the name: one table per platform. What no table
 * knows is `unknown`, and unknown counts as alive wherever something destructive, or a second daemon, would
 * follow.
 */

import type { Cause } from '../../ports/readings.js';
import type { ConnectReading } from '../../ports/socket-probe.js';
import type { Platform } from '../place/layout.js';

export type ProbeVerdict =
  | { readonly kind: 'alive' }
  /** No socket of that name: nobody can be reached there. */
  | { readonly kind: 'absent' }
  /** There is a name, and nobody will ever listen behind it. */
  | { readonly kind: 'dead' }
  /** Closed, or full: this platform, or this runtime, does not say which. A second witness must. */
  | { readonly kind: 'closed-or-full' }
  /**
   * A listener that is handed from one daemon to the next outlives them, and tells nothing of any. A second
   * witness must.
   */
  | { readonly kind: 'own' }
  | { readonly kind: 'unknown'; readonly cause: Cause };

type Judgement = Exclude<ProbeVerdict['kind'], 'unknown' | 'own'>;
type VerdictTable = Readonly<Record<string, Judgement>>;

const EVERYWHERE = {
  // connect(2): no such file. A component of the path, or the socket itself, is missing.
  ENOENT: 'absent',
  // path_resolution(7): a component is not a directory, so there can't be a socket behind it.
  ENOTDIR: 'dead',
  // path_resolution(7): links that lead round in a circle lead to no socket.
  ELOOP: 'dead',
  // unix(7), connect(2): a socket of another type than stream. solod binds stream sockets alone.
  EPROTOTYPE: 'dead',
  // connect(2) on a non-blocking socket: it is under way, so there is a listener.
  EINPROGRESS: 'alive',
  // Accepted or queued, then cut off: somebody listened. Seen from daemons without descriptors, and from
  // dying ones.
  ECONNRESET: 'alive',
  EPIPE: 'alive',
} as const satisfies VerdictTable;

const VERDICTS: Readonly<Record<Platform, VerdictTable>> = {
  linux: {
    ...EVERYWHERE,
    // unix(7), net/unix/af_unix.c: nobody listens on that socket. A name of solod's is public only while it
    // refers to a socket that has listened since before it got the name, so this listener is closed, and a
    // closed listener never opens again. A plain file, a directory, a fifo answer the same: nobody will ever
    // listen there either.
    ECONNREFUSED: 'dead',
    // unix(7), net/unix/af_unix.c: the backlog is full and the socket is non-blocking. Full means that it
    // listens.
    EAGAIN: 'alive',
  },
  darwin: {
    ...EVERYWHERE,
    // xnu bsd/kern/uipc_usrreq.c, uipc_socket2.c (sonewconn): a listener whose backlog is full refuses too.
    ECONNREFUSED: 'closed-or-full',
    // xnu bsd/kern/uipc_usrreq.c (unp_connect): what is there is not a socket.
    ENOTSOCK: 'dead',
  },
  // A name is a file that tells of a pipe and of a key; `src/adapters/windows` gives these codes.
  win32: {
    // No such file.
    ENOENT: EVERYWHERE.ENOENT,
    // CreateFile: ERROR_FILE_NOT_FOUND. A pipe's name is gone with its process.
    ECONNREFUSED: 'dead',
  },
};

export function judgeConnect(reading: ConnectReading, platform: Platform): ProbeVerdict {
  switch (reading.kind) {
    case 'connected':
      return { kind: 'alive' };
    case 'own':
      return { kind: 'own' };
    case 'silent':
      return judgeCode(SILENCE, platform);
    case 'vague-errno':
      return { kind: 'closed-or-full' };
    case 'errno':
      return judgeCode(reading.cause, platform);
  }
}

/**
 * On Windows a file that the daemon holds settles what a connection leaves open. Another process may have
 * taken the name of a pipe whose daemon has ended: it does not know the key, cuts the connection off, or is
 * silent. Or the file that tells of the pipe is damaged, and its daemon may live.
 */
const UNLISTED: Readonly<Record<Platform, 'unknown' | 'closed-or-full'>> = {
  linux: 'unknown',
  darwin: 'unknown',
  win32: 'closed-or-full',
};

const SILENCE: Cause = { code: 'ETIMEDOUT', message: 'the connection was not taken in time' };

function judgeCode(cause: Cause, platform: Platform): ProbeVerdict {
  const kind = VERDICTS[platform][cause.code] ?? UNLISTED[platform];
  return kind === 'unknown' ? { kind, cause } : { kind };
}
