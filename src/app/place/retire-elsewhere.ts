/**
 * Asks daemons to end that serve the same name where this user's daemons lived before: in another base
 * directory (an older release, or before the user had logged in), or in a short place of an older release.
 */

import type { Duplex } from 'node:stream';
import { parseOwner } from '../../domain/evidence/owner.js';
import { basesOf, judgeBase } from '../../domain/place/derive-place.js';
import { distrustOf } from '../../domain/place/distrust.js';
import { layout, placeOf } from '../../domain/place/layout.js';
import { standingIn } from '../../domain/place/scope.js';
import type { CommonHost } from '../platforms/host.js';
import { CONTROL } from '../wire/control.js';
import { encodeRequest } from '../wire/request.js';
import { callerOn, deriveFor, type Housed } from './find-place.js';

const CONNECT_MS = 1_000;
/** An old daemon that says nothing keeps what it has, and ends when it is idle. */
const ANSWER_MS = 5_000;

/** Never rejects. Where the directory was named (`SOLOD_DIR`), only that one counts. */
export async function retireElsewhere<C extends Duplex>(host: CommonHost<C>, target: Housed): Promise<void> {
  for (const directory of otherDirectories(host, target)) {
    const { files, userId } = host;
    const seen = files.inspect(directory);
    if (seen.kind !== 'entry' || distrustOf(seen.entry, userId) !== undefined) continue;
    const read = files.readText(layout.currentOwner(directory));
    const owner = read.kind === 'text' ? parseOwner(read.text) : undefined;
    // Connecting to a listener of a service manager would start a daemon.
    if (owner !== undefined && owner.activated !== true) await askToEnd(host, directory);
  }
}

function otherDirectories(host: CommonHost, { place, label, derived, platform }: Housed): readonly string[] {
  const { userId, files, env } = host;
  const before = placeOf(derived.root, label, userId, platform).directory;
  const short = before === place.directory ? [] : [before];
  const usual = deriveFor(host, env, undefined);
  if (usual.kind !== 'place' || usual.asked !== derived.asked) return short;
  const caller = callerOn(host, env, undefined);
  const roots = [...basesOf(caller)].flatMap((base) => {
    const judged = judgeBase(base, userId, files);
    if (judged.kind !== 'root' || judged.path === derived.asked) return [];
    const standing = standingIn(judged.path, derived.scope, files, caller.machine);
    return standing === 'own' || standing === 'free' ? [judged.path] : [];
  });
  return [...short, ...roots.map((root) => placeOf(root, label, userId, platform).directory)];
}

async function askToEnd<C extends Duplex>(host: CommonHost<C>, directory: string): Promise<void> {
  const probe = host.probe();
  await probe.connect(layout.currentSocket(directory), CONNECT_MS);
  const socket = probe.take();
  if (socket === undefined) return probe.drop();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => socket.destroy(), ANSWER_MS);
    socket
      .on('error', () => {})
      .once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    socket.resume().once('end', () => socket.destroy());
    socket.write(encodeRequest({ command: CONTROL.stop, args: [], env: {}, cwd: '/' }));
  });
}
