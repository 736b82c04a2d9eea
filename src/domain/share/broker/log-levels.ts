/**
 * `logging/setLevel` is one level for a whole connection: the server gets the lowest that anybody wants, each
 * client its own part.
 */

import { lastOf, membersOf, replaceIn } from '../messages/json-spans.js';
import { textIn } from '../messages/message-fields.js';
import { LOG_LEVELS, USUAL_LEVEL } from '../messages/protocol-words.js';
import type { RpcNotification, RpcRequest } from '../messages/rpc-message.js';
import { openOwnRequest } from './pending-requests.js';
import { type Client, clientsOf, type Step, type Upstream } from './share-state.js';

/** The level in a message's parameters, as an index of `LOG_LEVELS`; undefined where it names none. */
export function levelIn(
  line: string,
  { params }: Pick<RpcRequest | RpcNotification, 'params'>,
): number | undefined {
  const name = textIn(line, params, 'level');
  const level = (LOG_LEVELS as readonly (string | undefined)[]).indexOf(name);
  return level < 0 ? undefined : level;
}

/**
 * The same message, asking for the lowest level that one of the others wants, too; the server is taken to
 * grant it.
 */
export function askForLevel(
  step: Step,
  up: Upstream,
  client: Client,
  { line, request, level }: { readonly line: string; readonly request: RpcRequest; readonly level: number },
): string {
  const others = clientsOf(step, 'handshake').filter(({ id }) => id !== client.id);
  const lowest = Math.min(level, ...others.map((other) => other.logLevel ?? level));
  const at = request.params && lastOf(membersOf(line, request.params.from), 'level');
  up.logLevel = lowest;
  return at === undefined || lowest === level ? line : replaceIn(line, [{ at, by: quoted(lowest) }]);
}

const quoted = (level: number): string => JSON.stringify(LOG_LEVELS[level]);

/** The server has got a level from a client. */
export function levelGranted(step: Step, up: Upstream, client: Client | undefined, level: number): void {
  if (client !== undefined) client.logLevel = level;
  adjustLevel(step, up);
}

/** Tells the server what is the lowest level now, if that is another. */
export function adjustLevel(step: Step, up: Upstream): void {
  const wanted = lowestWanted(step);
  if (up.logLevel === undefined && wanted === undefined) return;
  const level = wanted ?? USUAL_LEVEL;
  if (level === up.logLevel || up.phase.kind !== 'ready') return;
  up.logLevel = level;
  openOwnRequest(step, up, 'set-level', '', ['logging/setLevel', `{"level":${quoted(level)}}`]);
}

function lowestWanted(step: Step): number | undefined {
  const levels = clientsOf(step, 'handshake').flatMap(({ logLevel }) =>
    logLevel === undefined ? [] : [logLevel],
  );
  return levels.length === 0 ? undefined : Math.min(...levels);
}

/** Whether a client gets a message of that level. */
export function wantsLevel(up: Upstream, client: Client, level: number | undefined): boolean {
  if (level === undefined || up.logLevel === undefined) return true;
  return level >= (client.logLevel ?? USUAL_LEVEL);
}
