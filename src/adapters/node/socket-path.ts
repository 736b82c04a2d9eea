import type { Cause } from '../../domain/ports.js';

/** What `sun_path` holds without its terminating NUL: 107 bytes on Linux (unix(7)), 103 on macOS (sys/un.h). */
const LONGEST: Readonly<Record<string, number>> = { linux: 107, darwin: 103 };

/**
 * Node 20 and 22 cut an over-long path off without a word, and then bind, or connect to, another name than asked for.
 * @returns why the path can't be used; undefined where it can
 */
export function socketPathProblem(path: string): Cause | undefined {
  const bytes = Buffer.byteLength(path);
  const longest = LONGEST[process.platform] ?? 103;
  if (bytes <= longest) return undefined;
  return {
    code: 'ENAMETOOLONG',
    message: `${path} has ${bytes} bytes, and a socket's path holds ${longest}`,
  };
}
