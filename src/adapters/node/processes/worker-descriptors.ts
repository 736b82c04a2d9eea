/** Descriptors of a worker after stdin, stdout and stderr. */

/** The channel between the daemon and the worker. */
export const WORKER_CHANNEL = 3;
/** Nothing is said on it: its end is the end of the daemon. */
export const WORKER_TETHER = 4;
