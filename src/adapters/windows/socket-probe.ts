import { connect, type Socket } from 'node:net';
import type { FileSystem } from '../../ports/file-system.js';
import type { Cause } from '../../ports/readings.js';
import type { ConnectReading } from '../../ports/socket-probe.js';
import { dialled, HeldConnection } from '../node/sockets/held-connection.js';
import { firstBytes } from './first-bytes.js';
import { isProof, newGreeting, type PipeRecord, PROOF_BYTES, parseRecord } from './pipe-record.js';

/**
 * How long the other end may take to prove itself, before its caller looks at the file that a daemon holds.
 * One that is busy is asked again; one that has taken a dead daemon's pipe may be silent for ever.
 */
const PROOF_MS = 1_000;

const errno = (code: string, message: string): ConnectReading => ({
  kind: 'errno',
  cause: { code, message },
});

/** Connects to the pipe that a file tells of. A connection counts when the other end has proved itself. */
export class PipeProbe extends HeldConnection {
  constructor(
    private readonly files: Pick<FileSystem, 'readText'>,
    ...held: ConstructorParameters<typeof HeldConnection>
  ) {
    super(...held);
  }

  async dial(path: string, withinMs: number) {
    const read = this.files.readText(path);
    if (read.kind === 'failed') return { reading: { kind: 'errno', cause: read.cause } } as const;
    if (read.kind === 'absent') return { reading: errno('ENOENT', `ENOENT: there is no ${path}`) };
    const record = read.kind === 'text' ? parseRecord(read.text, path) : undefined;
    if (record === undefined) return { reading: errno('EPROTO', `EPROTO: no pipe is named in ${path}`) };
    const begunMs = performance.now();
    const socket = connect(record.pipe);
    const first = await dialled(socket, withinMs, refused);
    const leftMs = Math.min(withinMs - (performance.now() - begunMs), PROOF_MS);
    return { reading: first.kind === 'connected' ? await meet(socket, record, leftMs) : first, socket };
  }
}

/** ENOENT: a pipe's name is gone with its process. */
function refused(cause: Cause): ConnectReading {
  if (cause.code !== 'ENOENT') return { kind: 'errno', cause };
  return errno('ECONNREFUSED', `ECONNREFUSED: the process of that pipe has ended (${cause.message})`);
}

/** Nothing of the caller's is said to an end that does not know the key. */
async function meet(socket: Socket, record: PipeRecord, withinMs: number): Promise<ConnectReading> {
  const greeting = newGreeting(record);
  socket.write(greeting);
  const answer = await firstBytes(socket, PROOF_BYTES, withinMs);
  if (answer === undefined) return socket.destroyed ? errno('EOF', 'EOF: cut off') : { kind: 'silent' };
  if (isProof(record, greeting, answer)) return { kind: 'connected' };
  return errno('EAUTH', 'EAUTH: the process at the other end of the pipe is not the daemon');
}
