/** Looks at the state directory, and at the file system that it is on. */

import path from 'node:path';
import { symptomsOfDirectory, symptomsOfParents } from '../../../domain/doctor/directory-checks.js';
import type { Symptom } from '../../../domain/doctor/findings.js';
import { foreignLabels, symptomOfNames } from '../../../domain/doctor/leftover-checks.js';
import { cleanedAfter, symptomsOfStorage } from '../../../domain/doctor/storage-checks.js';
import { symptomsOfTrial } from '../../../domain/doctor/trial-checks.js';
import { join, layout, type Platform } from '../../../domain/place/layout.js';
import type { Host } from '../../platforms/host.js';
import { placesIn } from '../find-names.js';
import { tryOut } from './try-directory.js';

/** Nothing in a directory that others could change is looked at, let alone tried out. */
export const isSound = (symptoms: readonly Symptom[]): boolean =>
  !symptoms.some(({ kind }) => kind === 'directory-distrusted' || kind === 'directory-unreadable');

/** @param look which names are looked at: foreign files matter only if it is all of them */
export function examineRoot(
  { files, userId, platform }: Host,
  base: string,
  look: 'one-name' | 'all-names',
): Symptom[] {
  const parents = above(base).map((parent) => ({ path: parent, reading: files.inspect(parent) }));
  const symptoms: Symptom[] = [
    ...symptomsOfDirectory(base, files.inspect(base), userId),
    ...symptomsOfParents(base, parents),
  ];
  const listed = files.list(base);
  if (listed.kind === 'failed')
    symptoms.push({ kind: 'directory-unreadable', path: base, cause: listed.cause });
  if (listed.kind !== 'names' || look === 'one-name') return symptoms;
  return [...symptoms, ...symptomOfNames('foreign-files', base, foreignLabels(listed.names, platform))];
}

/** The directories above one, the nearest first. */
function above(directory: string): string[] {
  const parent = path.dirname(directory);
  return parent === directory ? [] : [parent, ...above(parent)];
}

/** If the directory is missing, the nearest one above is examined: it would be made there. */
export async function examineStorage(host: Host, base: string, platform: Platform): Promise<Symptom[]> {
  const there =
    [base, ...above(base)].find((directory) => host.files.inspect(directory).kind === 'entry') ?? '/';
  const parts = {
    files: host.files,
    clock: host.clock,
    probe: host.probe(),
    listener: host.listener(),
    lock: host.claiming && host.witness,
  };
  const trial = await tryOut(parts, there, host.nonce());
  parts.probe.drop();
  return [
    ...symptomsOfStorage(there, host.system.storageOf(there), platform),
    ...symptomsOfTrial(there, trial),
    ...symptomsOfCleaners(host, base),
  ];
}

function symptomsOfCleaners(host: Host, base: string): Symptom[] {
  const { tmpfiles, daily } = host.system.cleaners();
  const age = cleanedAfter(base, tmpfiles);
  const sticky = areSticky(host, base) ? 'all' : 'not-all';
  const symptoms: Symptom[] =
    age === undefined ? [] : [{ kind: 'tmp-cleaner', path: base, tool: 'systemd-tmpfiles', age, sticky }];
  const [tool] = daily;
  if (tool !== undefined && base.startsWith('/tmp/'))
    symptoms.push({ kind: 'tmp-cleaner', path: base, tool, age: 'some days', sticky: 'not-all' });
  return symptoms;
}

/** tmpfiles.d(5): files with the sticky bit are skipped, directories are not. */
function areSticky({ files, userId, platform }: Host, base: string): boolean {
  const places = placesIn({
    files,
    userId,
    root: base,
    platform,
    placeOf: (label) => ({ root: base, directory: join(base, label) }),
  });
  const sockets = places.map(({ directory }) => files.inspect(layout.currentSocket(directory)));
  return (
    sockets.length > 0 &&
    sockets.every((found) => found.kind === 'entry' && (found.entry.mode & 0o1000) !== 0)
  );
}
