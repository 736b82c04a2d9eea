/**
 * A kick by the native client. A process of hundreds of MiB takes twenty milliseconds to start another one,
 * whichever that is. What a kick runs in Node for the first time takes eight more, the native client two.
 */

import { lstatSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { KickTarget } from '../kick-target.js';

/** The native client's command. */
export const KICK_REPORT = 'kick-report';

/** After that Node kicks. If the client has started a daemon all the same, the claim lets one serve. */
const KICK_MS = 5_000;

/** By the second kick Node has compiled its own, which is as fast, and may find nothing to start. */
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

/** How many directories above the client others must not be able to write to: the ones of its package. */
const LEVELS = 3;

function isTrusted(client: string): boolean {
  let at = client;
  for (let level = 0; level <= LEVELS; level += 1, at = dirname(at)) {
    const seen = lstatSync(at, { throwIfNoEntry: false });
    if (
      seen === undefined ||
      (seen.uid !== 0 && seen.uid !== process.getuid?.()) ||
      (seen.mode & 0o022) !== 0
    )
      return false;
    if (level === 0 && (!seen.isFile() || (seen.mode & 0o100) === 0)) return false;
  }
  return true;
}
