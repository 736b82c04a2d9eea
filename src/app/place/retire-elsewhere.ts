/**
 * Asks daemons to end that serve the same name where this user's daemons lived before: in another base
 * directory (an older release, or before the user had logged in), or in a short place of an older release.
 */

import type { Duplex } from 'node:stream';
import { parseOwner } from '../../domain/evidence/owner.js';
import { basesOf, type DerivedPlace, judgeBase } from '../../domain/place/derive-place.js';
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
  const { files, userId } = host;
  for (const directory of otherDirectories(host, target)) {
    const seen = files.inspect(directory);
    if (seen.kind !== 'entry' || distrustOf(seen.entry, userId) !== undefined) continue;
    const read = files.readText(layout.currentOwner(directory));
    const owner = read.kind === 'text' ? parseOwner(read.text) : undefined;
    // Connecting to a listener of a service manager would start a daemon.
    if (owner !== undefined && owner.activated !== true) await askToEnd(host, directory);
  }
}

function otherDirectories(host: CommonHost, { place, label, derived, platform }: Housed): readonly string[] {
  const { userId, env } = host;
  const before = placeOf(derived.root, label, userId, platform).directory;
  const short = before === place.directory ? [] : [before];
  const usual = deriveFor(host, env, undefined);
  if (usual.kind !== 'place' || usual.asked !== derived.asked) return short;
  const roots = otherRoots(host, usual);
  return [...short, ...roots.map((root) => placeOf(root, label, userId, platform).directory)];
}

/**
 * Where an older release looked first, and where this one looks while the user is logged out. In no other: a
 * test with a home of its own would end the daemons of its user.
 */
function otherRoots(host: CommonHost, { base, asked, scope }: DerivedPlace): readonly string[] {
  const { userId, files, env } = host;
  const caller = callerOn(host, env, undefined);
  const others = [...basesOf(caller, files)].flatMap((other) => {
    const judged = judgeBase(other, userId, files);
    return judged.kind === 'root' && judged.path !== asked ? [{ kind: other.kind, root: judged.path }] : [];
  });
  const loggedOut = base === 'runtime' ? others.find(({ kind }) => kind !== 'session') : undefined;
  const roots = others.filter((other) => other.kind === 'session' || other === loggedOut);
  return roots.flatMap(({ root }) => {
    const standing = standingIn(root, scope, files, caller.machine);
    return standing === 'own' || standing === 'free' ? [root] : [];
  });
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
