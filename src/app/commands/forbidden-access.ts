/** What the system forbids this process to do with a state directory, as a failure that says so. */

import type { Failure } from '../../domain/failure.js';
import { layout } from '../../domain/place/layout.js';
import { isForbidden } from '../../domain/procedure/cause.js';
import type { FileSystem } from '../../ports/file-system.js';
import type { Failed } from '../../ports/readings.js';
import type { Host } from '../platforms/host.js';

/** @returns a failure if this process may not see which names are in a directory */
export const forbiddenList = (files: FileSystem, directory: string): Failure | undefined =>
  failureBy(directory, files.list(directory));

/** @returns a failure if this process may not enter the directory of a name, or one above it */
export const forbiddenEntry = (files: FileSystem, directory: string): Failure | undefined =>
  failureBy(directory, files.inspect(layout.current(directory)));

function failureBy(path: string, reading: Failed | { readonly kind: string }): Failure | undefined {
  const cause = 'cause' in reading ? reading.cause : undefined;
  return cause !== undefined && isForbidden(cause)
    ? { kind: 'state-directory-unusable', path, cause }
    : undefined;
}

/**
 * @param cause why this process can't connect to the daemon of a directory
 * @returns a failure that names what forbids it: the modes of the directory, or a sandbox
 */
export function forbiddenConnection(
  { files, userId }: Pick<Host, 'files' | 'userId'>,
  directory: string,
  { cause }: Failed,
): Failure | undefined {
  if (!isForbidden(cause)) return undefined;
  const entry = forbiddenEntry(files, directory);
  if (entry !== undefined) return entry;
  const seen = files.inspect(layout.currentSocket(directory));
  const isOpen =
    seen.kind === 'entry' &&
    (userId === 0 || (seen.entry.userId === userId && (seen.entry.mode & OWNER_WRITES) !== 0));
  // unix(7): of a socket that may not be written to, connect(2) says EACCES as well. EPERM it never says.
  return isOpen || cause.code === 'EPERM' ? { kind: 'sockets-forbidden', directory, cause } : undefined;
}

/** inode(7) */
const OWNER_WRITES = 0o200;
