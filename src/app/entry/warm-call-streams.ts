/** What is left of a warm call that its daemon has taken on, and that asks for input, or takes its time: its streams. */

import { loadBundle } from '../environment/bundle-files.js';
import { ownStreams } from '../environment/sync-stdout.js';
import { CallConnection } from '../wire/client.js';
import type { Opened } from '../wire/opened.js';

/**
 * @param argv what follows the command's name
 * @returns the exit code
 */
export async function talk(argv: readonly string[], { socket, early }: Opened): Promise<number> {
  loadBundle('signals.cjs');
  const ended = await new CallConnection(socket, early).resume(ownStreams());
  return ended.kind === 'exited'
    ? ended.code
    : loadBundle<typeof import('./call-and-kick.js')>('quick.cjs').tell(argv, ended);
}
