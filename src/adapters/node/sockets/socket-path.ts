import { SUN_PATH_BYTES } from '../../../domain/place/layout.js';
import type { Cause } from '../../../ports/readings.js';

/** Without the terminating NUL. On unknown systems the smaller value. */
const LONGEST = (process.platform === 'linux' ? SUN_PATH_BYTES.linux : SUN_PATH_BYTES.darwin) - 1;

/**
 * Node 20 and 22 silently truncate a path that is too long, and then bind, or connect to, another name.
 * @returns why the path can't be used; undefined if it can
 */
export function socketPathProblem(path: string): Cause | undefined {
  const bytes = Buffer.byteLength(path);
  if (bytes <= LONGEST) return undefined;
  return {
    code: 'ENAMETOOLONG',
    message: `${path} has ${bytes} bytes, and a socket's path holds ${LONGEST}`,
  };
}
