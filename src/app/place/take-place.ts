/** Takes the state directory, or a part of it, for this caller's scope, before something is started there. */

import type { DerivedPlace } from '../../domain/place/derive-place.js';
import { labelOfDirectory, NAMES, PART, recordLayout, recordOf } from '../../domain/place/layout.js';
import {
  collectParts,
  type MadeRecord,
  makeRecord,
  publishRecord,
  touchRecord,
} from '../../domain/place/take-root.js';
import { runSync } from '../../domain/procedure/run.js';
import { type CommonHost, portsOf } from '../platforms/host.js';

export function takePlace(host: CommonHost, derived: DerivedPlace): void {
  const { asked, standing, scope } = derived;
  const { machine } = host.machine();
  const plan = { asked, standing, scope, machine, userId: host.userId, nonce: host.nonce() };
  const made = runSync(makeRecord(plan), portsOf(host));
  if (made.kind === 'left') return;
  if (standing === 'new-part') inherit(host, derived.asked, machine, scope, made);
  if (runSync(publishRecord(made), portsOf(host)) === 'published')
    runSync(collectParts(asked), portsOf(host));
}

/** Says that the scope is still there. */
export const touchPlace = (host: CommonHost, root: string): void =>
  runSync(touchRecord(root, host.nonce()), portsOf(host));

const RECORDS = [NAMES.log, NAMES.logBefore, NAMES.spawns, NAMES.spawnsBefore];

/**
 * What this machine wrote in its last boot is copied into a new part: log and ledger. Copied, because a
 * machine of the same id may still write there (a copy of an image).
 */
function inherit(host: CommonHost, asked: string, machine: string, scope: string, made: MadeRecord): void {
  const { files } = host;
  const roots = [
    asked,
    ...namesIn(host, asked).flatMap((name) => (name.startsWith(PART) ? [`${asked}/${name}`] : [])),
  ];
  const latest = roots.flatMap((root) => {
    const of = files.readLink(recordOf(root));
    const on = files.readLink(recordLayout.machine(root));
    const seen = files.inspect(recordLayout.directory(root));
    const isBefore = of.kind === 'target' && of.target.split('.')[0] !== scope.split('.')[0];
    if (!isBefore || on.kind !== 'target' || on.target !== machine || seen.kind !== 'entry') return [];
    return [{ root, atMs: seen.entry.modifiedMs }];
  });
  const [from] = latest.sort((a, b) => b.atMs - a.atMs);
  for (const name of from === undefined ? [] : namesIn(host, from.root)) {
    if (labelOfDirectory(name, host.platform) === undefined) continue;
    const directory = `${from?.root}/${name}`;
    const left = RECORDS.filter((file) => isFile(host, `${directory}/${file}`));
    if (left.length > 0) files.makeDirectory(`${made.directory}/${name}`);
    for (const file of left) host.copyFile(`${directory}/${file}`, `${made.directory}/${name}/${file}`);
  }
}

function namesIn({ files }: CommonHost, directory: string): readonly string[] {
  const listed = files.list(directory);
  return listed.kind === 'names' ? listed.names : [];
}

function isFile({ files }: CommonHost, path: string): boolean {
  const seen = files.inspect(path);
  return seen.kind === 'entry' && seen.entry.type === 'file';
}
