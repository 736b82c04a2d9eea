/**
 * Starts a program that knows nothing of solod: it gets a socket that listens, as sd_listen_fds(3) says.
 *
 * The process that is started is a shell. Its child claims the name for it: the owner file has the shell's
 * process id and start time. If the claim is won, the shell becomes the program by execve(2), which keeps
 * both. So no process is left over, and Node need not be able to exec. The child has the listener, too: as
 * long as it claims, the name does not look dead, even if the shell is killed meanwhile.
 */

import { accessSync, constants, linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { layout, nonceOf } from '../../../domain/place/layout.js';
import type { Cause } from '../../../ports/readings.js';
import { causeOf } from '../../errno.js';
import { type HandedReading, type HandedStart, LOCK_VARIABLE, WORK_FLAG } from '../../spawn-target.js';
import { descriptorOf } from '../sockets/descriptor.js';
import { BACKLOG, markSticky, narrowUmask } from '../sockets/listener.js';
import { CHANNEL_VARIABLE } from './start-channel.js';

/** Environment variables that tell the claiming process for whom it claims, and by which name. */
export const HANDED = { pid: 'SOLOD_HANDED_TO', socket: 'SOLOD_HANDED_SOCKET' } as const;
/** Exit code of a claiming process that has won. No other failure of solod or of a shell has it. */
export const WON = 100;

/**
 * `$1` is the name that the socket has, `$2` what LISTEN_FDNAMES says, `$3` where the program runs, `$4` how
 * many words of the rest, two command lines, are the claim's. The socket is standard input until the program
 * has it as descriptor 3: libuv makes the first three blocking, as programs expect theirs. Descriptors that
 * the shell has inherited are closed if a shell can name them.
 */
const SCRIPT = `
socket=$1 name=$2 work=$3 words=$4
shift 4
cd -- "$work" || exit 73
${HANDED.pid}=$$ ${HANDED.socket}=$socket "$@"
code=$?
[ "$code" -eq ${WON} ] || exit "$code"
shift "$words"
unset ${HANDED.pid} ${HANDED.socket} ${LOCK_VARIABLE} ${CHANNEL_VARIABLE}
exec 3<&0 0</dev/null 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-
export LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES="$name"
exec "$@"
`;

/** What a login has, for a program that a caller has started. */
const LOGIN_UMASK = 'umask 022';

/** Binds, listens, and says what to run. The socket's name is private, and the claim gives it another. */
export function handListener(start: HandedStart): HandedReading {
  const { directory, command, path, mode } = start;
  const words = command.indexOf('--') + 1;
  const [node] = command;
  const claiming = command.slice(1, words).find((word) => word.startsWith('/')) ?? '';
  const missing =
    whyNotExecutable(command[words] ?? '', path) ?? whyNotRunnable(node) ?? whyNotThere(claiming);
  if (missing !== undefined) return { kind: 'failed', cause: missing };
  const own = layout.private(directory, nonceOf(process.pid, Math.random().toString(36).slice(2, 10)));
  const listening = listenIn(own);
  if (listening.kind === 'failed') {
    rmSync(own, { recursive: true, force: true });
    return listening;
  }
  const name = directory.slice(directory.lastIndexOf('/') + 1);
  const work = command.slice(0, words).find((word) => word.startsWith(WORK_FLAG));
  const script = mode === 'started' ? `${LOGIN_UMASK}${SCRIPT}` : SCRIPT;
  return {
    ...listening,
    command: [
      ...['/bin/sh', '-c', script, 'sh', join(own, LINKED), name],
      ...[work?.slice(WORK_FLAG.length) ?? '.', String(words)],
      ...command,
    ] as const,
  };
}

/** A server removes the name that it has bound when it closes; the other one stays. */
const [BOUND, LINKED] = ['sock', 'kept'];

type Listening = Extract<HandedReading, { kind: 'listening' }>;
type ListenReading = Omit<Listening, 'command'> | Extract<HandedReading, { kind: 'failed' }>;

function end(server: Server, own: string, start: 'started' | 'not-started'): void {
  server.close();
  if (start === 'not-started') rmSync(own, { recursive: true, force: true });
}

/** All of it happens in this turn of the event loop, so no connection is accepted here. */
function listenIn(own: string): ListenReading {
  try {
    mkdirSync(own, { mode: 0o700 });
    const server = createServer();
    // What failed is asked of the descriptor, in this turn.
    server.on('error', () => {});
    const restore = narrowUmask();
    server.listen({ path: join(own, BOUND), backlog: BACKLOG });
    restore();
    const descriptor = descriptorOf(server);
    if (descriptor === undefined)
      return { kind: 'failed', cause: { code: 'EIO', message: `EIO: no socket listens in ${own}` } };
    linkSync(join(own, BOUND), join(own, LINKED));
    markSticky(join(own, LINKED));
    return { kind: 'listening', descriptor, close: (start) => end(server, own, start) };
  } catch (error) {
    return { kind: 'failed', cause: causeOf(error) };
  }
}

/** A program that can't be executed must not get the name first. */
function whyNotExecutable(program: string, path = ''): Cause | undefined {
  if (program.includes('/')) return whyNotRunnable(program);
  const found = path.split(':').some((folder) => whyNotRunnable(join(folder, program)) === undefined);
  const message = `ENOENT: ${JSON.stringify(program)} is in no directory of the PATH (${path})`;
  return found ? undefined : { code: 'ENOENT', message };
}

function whyNotThere(file: string): Cause | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return causeOf(error);
  }
}

function whyNotRunnable(file: string): Cause | undefined {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile()
      ? undefined
      : { code: 'EACCES', message: `EACCES: ${file} is not a file that can be executed` };
  } catch (error) {
    return causeOf(error);
  }
}
