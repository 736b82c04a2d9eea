import type { Duplex } from 'node:stream';
import { sightOwner } from '../../domain/evidence/owner-witness.js';
import type { Failure } from '../../domain/failure.js';
import { claimLayout, layout, type Place } from '../../domain/place/layout.js';
import { prepareDirectory } from '../../domain/place/state-directory.js';
import { runSync } from '../../domain/procedure/run.js';
import type { Cause } from '../../ports/readings.js';
import { type CallerHost, portsOf } from '../platforms/host.js';

/** Nobody is asked, so the answer comes at once. */
const NOWHERE_MS = 1_000;

/**
 * Connects to where nothing is, below a directory that is this user's: anything but "not there" is a
 * sandbox's answer. Without this look a caller would wait for its whole time, because what is refused says
 * nothing of the daemon. Where no daemon is alive it binds a socket, too: a process that it starts could not
 * do more.
 *
 * @returns what a sandbox forbids; undefined if this process can reach a daemon, or start one
 */
export async function forbiddenSockets<C extends Duplex>(
  host: CallerHost<C>,
  place: Place,
): Promise<Failure | undefined> {
  const nowhere = claimLayout.privateSocket(place.directory, host.nonce());
  const probe = host.probe();
  const reading = await probe.connect(nowhere, NOWHERE_MS);
  probe.drop();
  const refused = reading.kind === 'errno' ? failureBy(host, place, reading.cause) : undefined;
  if (refused !== undefined) return refused;
  const path = pathToTry(host, place);
  return failureBy(host, place, path === undefined ? undefined : await host.bindOnce(path));
}

/** The same without a turn of the event loop. Where a daemon is alive, nothing is tried. */
export function forbiddenAtOnce(host: CallerHost, place: Place): Failure | undefined {
  if (host.trySocket === undefined) return undefined;
  const path = pathToTry(host, place);
  return failureBy(host, place, path === undefined ? undefined : host.trySocket(path));
}

/** @returns where to bind a socket; undefined if a daemon is alive, or if there is no directory for one */
function pathToTry(host: CallerHost, place: Place): string | undefined {
  const { directory } = place;
  const sighted = runSync(sightOwner(layout.currentOwner(directory)), portsOf(host));
  if (sighted.kind === 'owner' && sighted.vitality === 'alive') return undefined;
  const prepared = runSync(prepareDirectory({ place, userId: host.userId }), portsOf(host));
  return prepared.kind === 'prepared' ? layout.private(directory, host.nonce()) : undefined;
}

function failureBy(
  host: CallerHost,
  { directory, root }: Place,
  cause: Cause | undefined,
): Failure | undefined {
  const isOwn = (path: string): boolean => {
    const seen = host.files.inspect(path);
    return seen.kind === 'entry' && seen.entry.userId === host.userId;
  };
  // path_resolution(7) says EACCES as well, of a directory that may not be entered; EPERM it never says.
  const isSandbox =
    cause?.code === 'EPERM' || (cause?.code === 'EACCES' && (isOwn(directory) || isOwn(root)));
  return cause !== undefined && isSandbox ? { kind: 'sockets-forbidden', directory, cause } : undefined;
}
