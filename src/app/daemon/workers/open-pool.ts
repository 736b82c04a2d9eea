/** Starts the workers of a daemon. */

import { programFile } from '../../environment/bundle-files.js';
import { ownRuntime, workerStarter } from '../../platforms/node-platform.js';
import { WorkerPool } from './worker-pool.js';

export interface PoolSettings {
  /** How many processes run calls. */
  readonly workers: number;
  /** Undefined for Node's own limit. */
  readonly heapBytes: number | undefined;
  /** How long a call may take to end once its caller has gone, in milliseconds. */
  readonly graceMs: number;
  /** Real path of the service file. */
  readonly service: string;
  /** Name of the daemon. */
  readonly name: string;
}

export function openPool({ workers, heapBytes, graceMs, service, name }: PoolSettings): WorkerPool {
  const heap = heapBytes === undefined ? [] : [`--max-old-space-size=${Math.ceil(heapBytes / 2 ** 20)}`];
  const command = [...ownRuntime(), ...heap, programFile('worker.cjs'), service, name] as const;
  const log = (text: string): void => void process.stdout.write(text);
  return new WorkerPool(workerStarter({ command, env: process.env }), { workers, graceMs, heapBytes, log });
}
