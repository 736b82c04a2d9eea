import { parseOwner } from '../domain/evidence/owner.js';
import type { OwnersReading } from '../domain/lifecycle/start-ledger.js';
import { generationOf, join, NAMES } from '../domain/place/layout.js';
import type { FileSystem } from '../ports/file-system.js';

/** @param directory directory of a name */
export function readOwners(files: Pick<FileSystem, 'list' | 'readText'>, directory: string): OwnersReading {
  const listed = files.list(directory);
  if (listed.kind === 'failed') return { kind: 'unreadable' };
  const names = listed.kind === 'names' ? listed.names : [];
  // Where a lock decides who claims a name, `current` is a directory of its own.
  const claimed = [NAMES.current, ...names.filter((name) => generationOf(name) !== undefined)];
  const readings = claimed.map((name) => files.readText(join(directory, name, NAMES.owner)));
  if (readings.some(({ kind }) => kind === 'failed')) return { kind: 'unreadable' };
  const owners = readings.flatMap((reading) => {
    const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
    return owner === undefined ? [] : [owner];
  });
  return { kind: 'owners', owners };
}
