import type { ServerOpts, Socket } from 'node:net';
import type { FileSystem } from '../../ports/file-system.js';
import type { Listener } from '../../ports/listener.js';
import type { ChangeReading } from '../../ports/readings.js';
import { NodeListener } from '../node/sockets/listener.js';
import { firstBytes } from './first-bytes.js';
import { answerTo, GREETING_BYTES, newRecord, recordText } from './pipe-record.js';

/** How long a caller may take to prove itself. It has the key at hand. */
const PROOF_MS = 10_000;
/** How many callers may connect at once: libuv keeps four instances of a pipe ready by default. */
const INSTANCES = '64';
const INSTANCES_VARIABLE = 'NODE_PENDING_PIPE_INSTANCES';

const ignore = (): void => {};

/**
 * A pipe of a random name, and a file that tells of it. Callers that have proved themselves are handed over.
 */
export class PipeListener implements Listener {
  readonly #record = newRecord();
  readonly #inner: NodeListener;
  readonly #proved = new Set<Socket>();
  #serve: ((socket: Socket) => void) | undefined;

  constructor(
    private readonly files: Pick<FileSystem, 'createFile'>,
    options: ServerOpts = {},
  ) {
    this.#inner = new NodeListener(options);
  }

  async listen(path: string): Promise<ChangeReading> {
    const before = process.env[INSTANCES_VARIABLE];
    process.env[INSTANCES_VARIABLE] = before ?? INSTANCES;
    const listening = this.#inner.listen(this.#record.pipe);
    if (before === undefined) delete process.env[INSTANCES_VARIABLE];
    const listens = await listening;
    if (listens.kind !== 'done') return listens;
    this.#inner.serve((socket) => void this.#meet(socket));
    return this.files.createFile(path, recordText(this.#record, path));
  }

  close(): Promise<ChangeReading> {
    for (const socket of this.#proved) socket.destroy();
    this.#proved.clear();
    return this.#inner.close();
  }

  /** Hands over each connection, waiting ones first, in the order of their proofs. */
  serve(handle: (socket: Socket) => void): void {
    this.#serve = handle;
    for (const socket of this.#proved) handle(socket);
    this.#proved.clear();
  }

  async #meet(socket: Socket): Promise<void> {
    const greeting = await firstBytes(socket, GREETING_BYTES, PROOF_MS);
    const answer = greeting && answerTo(this.#record, greeting);
    if (answer === undefined) {
      socket.destroy();
      return;
    }
    socket.on('error', ignore).write(answer);
    if (this.#serve !== undefined) this.#serve(socket);
    else {
      this.#proved.add(socket);
      socket.once('close', () => this.#proved.delete(socket));
    }
  }
}
