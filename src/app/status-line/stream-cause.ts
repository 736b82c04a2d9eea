import type { Cause } from '../../ports/readings.js';

/** What the system said, without the system call and the path: a line has little room. */
export function shortCauseOf(error: unknown): Cause {
  if (!(error instanceof Error)) return { code: 'UNKNOWN', message: String(error) };
  const { code = 'UNKNOWN', syscall } = error as NodeJS.ErrnoException;
  return { code, message: syscall === undefined ? error.message : error.message.replace(/, .*$/s, '') };
}
