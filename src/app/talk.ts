/** What is left of a warm call that its daemon has taken on, and that asks for input, or takes its time: its streams. */

import { loadQuick } from './beside.js';
import { ownStreams } from './standard-output.js';
import type { Opened } from './warm.js';
import { CallConnection } from './wire/client.js';

/**
 * @param argv what follows the command's name
 * @returns the exit code
 */
export async function talk(argv: readonly string[], { socket, early }: Opened): Promise<number> {
  const ended = await new CallConnection(socket, early).resume(ownStreams());
  return ended.kind === 'exited' ? ended.code : loadQuick().tell(argv, ended);
}
