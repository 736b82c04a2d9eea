/** The channel to the daemon, in a worker. */

import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { WORKER_CHANNEL, WORKER_LIFELINE } from '../../adapters/worker-target.js';
import { encodeFrame, type Frame, FrameReader, type FromWorker, type ToWorker } from './worker-messages.js';

export class DaemonChannel {
  readonly #frames = new FrameReader<ToWorker>();
  readonly #write = writeSync;

  /** @param onEnd the daemon has ended */
  listen(onFrame: (frame: Frame<ToWorker>) => void, onEnd: () => void): void {
    new Socket({ fd: WORKER_CHANNEL })
      .on('data', (bytes) => {
        for (const frame of this.#frames.read(bytes)) onFrame(frame);
      })
      .on('error', () => {})
      .on('close', onEnd);
  }

  /** Has been sent when this returns: what the call does next may end the process. */
  send(kind: FromWorker, payload: string | Uint8Array = ''): void {
    writeAll(this.#write, WORKER_CHANNEL, encodeFrame(kind, payload));
  }
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Writes everything, and waits where it must: also if a child of the call has made the descriptor non-
 * blocking.
 * @param write writeSync as it was before it was replaced for calls
 * @throws a system error
 */
export function writeAll(write: typeof writeSync, descriptor: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.length; )
    try {
      offset += write(descriptor, bytes, offset);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(PAUSE, 0, 0, 1);
    }
}

/**
 * Ends this process with the daemon, also while a call runs in an endless loop. For that it takes a thread.
 * The daemon holds the other end of the descriptor.
 */
export function endWithDaemon(): void {
  const source = `
    const { Socket } = process.getBuiltinModule('node:net');
    const end = () => process.kill(process.pid, 'SIGKILL');
    new Socket({ fd: ${WORKER_LIFELINE} }).on('error', () => {}).on('close', end).resume();
  `;
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1, stackSizeMb: 1 };
  try {
    const thread = new Worker(source, { eval: true, env: {}, execArgv: [], resourceLimits });
    thread.on('error', () => {}).unref();
  } catch {
    // The system allows no more threads: the end of the channel ends a worker that is not in a loop.
  }
}
