import type { Environment } from '../ports/environment.js';

/** What a daemon and its workers know of each other before they talk. */
export interface WorkerTarget {
  /** Program and arguments; no shell sees them. The starter adds a `WorkerTether`. */
  readonly command: readonly [string, ...string[]];
  readonly env: Environment;
}

/**
 * What ends a worker with its daemon, even if the worker is in an endless loop. `thread`: a thread of its
 * own, which costs some megabytes.
 */
export type WorkerTether = 'kernel' | 'thread';

/** Descriptor of the channel to the daemon, the first one after stdin, stdout and stderr. */
export const WORKER_CHANNEL = 3;
/** Nothing is said on it: its end is the end of the daemon. */
export const WORKER_LIFELINE = 4;
