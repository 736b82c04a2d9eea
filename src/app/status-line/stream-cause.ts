import { causeOfStream } from '../../adapters/errno.js';
import type { Cause } from '../../ports/readings.js';

/** What the system said, without the system call and the path: a line has little room. */
export function shortCauseOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const cause = causeOfStream(error);
  const isOfSystem = (error as NodeJS.ErrnoException).syscall !== undefined;
  return isOfSystem ? { ...cause, message: cause.message.replace(/, .*$/s, '') } : cause;
}
