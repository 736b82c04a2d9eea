/**
 * A kick by the native client. A process of hundreds of MiB takes 20 ms to start any other process. A first
 * kick by Node takes 8 ms more, because its code is not compiled yet; the native client takes 2.
 */

import { lstatSync, type Stats } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { KickTarget } from '../kick-target.js';

/** The native client's command. */
export const KICK_REPORT = 'kick-report';

/** If the client has not ended by then, Node kicks. If both start a daemon, the claim lets one serve. */
const KICK_MS = 5_000;

/** A later kick by Node is as fast: its code is compiled by then, and often there is nothing to start. */
let isFirst = true;

/**
 * @returns what the client says of it; undefined if there is no client that can be trusted, or if it leaves
 *   the kick to Node
 */
export function kickByClient({ daemon, args, env }: KickTarget): string | undefined {
  const client = isFirst ? clientOf(dirname(dirname(daemon))) : undefined;
  isFirst = false;
  if (client === undefined) return undefined;
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const { status, stdout } = spawnSync(client, [KICK_REPORT, process.execPath, daemon, ...args], {
    argv0: basename(process.argv[1] ?? process.argv0),
    env: { ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
    timeout: KICK_MS,
  });
  return status === 0 && stdout !== '' ? stdout : undefined;
}

/** Where `bin/solod` looks for it, in the same order. */
function clientOf(solod: string): string | undefined {
  const name = `@solod/client-${process.platform}-${process.arch}/bin/solod-client`;
  const above = dirname(solod);
  const places = [
    join(solod, 'node_modules', name),
    ...(basename(above) === 'node_modules' ? [join(above, name)] : []),
    join(solod, 'native/target/release/solod-client'),
  ];
  return places.find(isTrusted);
}

/** How many directories of its package lie above the client. */
const PACKAGE_LEVELS = 3;

/** Whether nobody but this user and root can replace the client, or a directory of its package. */
function isTrusted(client: string): boolean {
  const seen = lstatSync(client, { throwIfNoEntry: false });
  if (!seen?.isFile() || (seen.mode & 0o100) === 0 || !isClosed(seen)) return false;
  let at = client;
  for (let level = 1; level <= PACKAGE_LEVELS; level += 1) {
    at = dirname(at);
    if (!isClosed(lstatSync(at))) return false;
  }
  return true;
}

const isClosed = ({ uid, mode }: Stats): boolean =>
  (uid === 0 || uid === process.getuid?.()) && (mode & 0o022) === 0;
