/** Turns an errno into a reading; no other file does. A code that the table does not have keeps its cause. */

import type { Absent, Cause, Failed, Occupied, WrongType } from '../ports/readings.js';

/** Every answer to a change but `done`. */
export type Refusal = Absent | Occupied | WrongType | Failed;

const KINDS: Readonly<Record<string, Exclude<Refusal['kind'], 'failed'>>> = {
  ENOENT: 'absent',
  EEXIST: 'occupied',
  ENOTEMPTY: 'occupied',
  // bind(2) on a name that exists.
  EADDRINUSE: 'occupied',
  ENOTDIR: 'wrong-type',
  EISDIR: 'wrong-type',
  EINVAL: 'wrong-type',
  ELOOP: 'wrong-type',
  // open(2) of a socket, and of a fifo that nobody reads.
  ENXIO: 'wrong-type',
};

/**
 * What the system said, in its own words.
 * @throws what was thrown, if it was not the system that refused: a bug stays a bug
 */
export function causeOf(error: unknown): Cause {
  if (!(error instanceof Error)) throw error;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // Deno does not name the system call of each error. Codes of a runtime's own have underscores.
  const isOfSystem = typeof syscall === 'string' || /^E[A-Z0-9]+$/.test(code ?? '');
  // Node answers for the system where a path holds a NUL byte: no system call could take it.
  const refused = isOfSystem || code === 'ERR_INVALID_ARG_VALUE';
  if (code === undefined || !refused) throw error;
  return { code, message: error.message };
}

/** Why a stream failed: an error of the system's, or of the stream itself. */
export function causeOfStream(error: Error): Cause {
  return { code: (error as NodeJS.ErrnoException).code ?? 'UNKNOWN', message: error.message };
}

export function refusedChange(error: unknown): Refusal {
  const cause = causeOf(error);
  const kind = KINDS[cause.code];
  return kind === undefined ? { kind: 'failed', cause } : { kind };
}

/** The same for a call that only looks, and so has nothing to find occupied. */
export function refusedRead(error: unknown): Exclude<Refusal, Occupied> {
  const refusal = refusedChange(error);
  return refusal.kind === 'occupied' ? { kind: 'failed', cause: causeOf(error) } : refusal;
}
