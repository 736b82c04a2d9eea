/** Carries the streams of a warm call that its daemon has accepted, and that asks for input or takes longer. */

import { loadBundle } from '../environment/bundle-files.js';
import { ownStreams } from '../environment/sync-stdout.js';
import type { Opened } from '../wire/client.js';
import { CallConnection } from '../wire/client.js';

/**
 * @param argv what follows the command's name
 * @returns exit code
 */
export async function talk(argv: readonly string[], { socket, early }: Opened): Promise<number> {
  const ended = await new CallConnection(socket, early).resume(ownStreams());
  return ended.kind === 'exited'
    ? ended.code
    : loadBundle<typeof import('./call-and-kick.js')>('call-and-kick.cjs').tell(argv, ended);
}
