/** The file system of Windows, by the rules that procedures rely on. */

import type { EntryType, FileSystem, InspectReading } from '../../ports/file-system.js';
import type { ChangeReading } from '../../ports/readings.js';
import { nodeFileSystem } from '../node/files/file-system.js';

const files = nodeFileSystem();

/**
 * Node makes up a mode of the read-only attribute alone, and knows no owners. Who may write is said by access
 * control lists, which a directory inherits: %LOCALAPPDATA% is its user's alone.
 */
function inspect(path: string): InspectReading {
  const found = files.inspect(path);
  if (found.kind !== 'entry') return found;
  const mode = found.entry.type === 'directory' ? 0o700 : 0o600;
  return { kind: 'entry', entry: { ...found.entry, mode, userId: 0 } };
}

/**
 * MoveFileEx refuses a directory's name, also for an empty one, and does not say what is in its way. Under
 * Wine it moves a directory onto a file, which is gone then.
 */
function rename(from: string, to: string): ChangeReading {
  if (typeOf(from) === 'directory' && (typeOf(to) ?? 'directory') !== 'directory')
    return { kind: 'wrong-type' };
  const renamed = files.rename(from, to);
  if (renamed.kind === 'done' || renamed.kind === 'absent') return renamed;
  const [source, target] = [typeOf(from), typeOf(to)];
  if (source === undefined || target === undefined) return renamed;
  if (source !== target) return { kind: 'wrong-type' };
  if (target !== 'directory') return renamed;
  // RemoveDirectory refuses one that holds anything. If another process is faster, its directory is in the
  // way.
  const removed = files.removeDirectory(to);
  if (removed.kind !== 'done') return removed.kind === 'absent' ? renamed : { kind: 'occupied' };
  const again = files.rename(from, to);
  return again.kind === 'failed' && typeOf(to) !== undefined ? { kind: 'occupied' } : again;
}

function typeOf(path: string): EntryType | undefined {
  const found = files.inspect(path);
  return found.kind === 'entry' ? found.entry.type : undefined;
}

export const windowsFileSystem = (): FileSystem => ({
  ...files,
  inspect,
  rename,
  // Nothing is open to others: see above.
  tighten: () => ({ kind: 'done' }),
});
