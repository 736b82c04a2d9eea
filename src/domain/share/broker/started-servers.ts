/** Which servers a broker has started, as it writes them down: a line of JSON each. */

import { type Identity, identityFrom, type Vitality, vitalityOf } from '../../evidence/identity.js';
import { parseJson } from '../../evidence/json.js';

/** @param own the broker, whose boot and namespace the server shares */
export const serverLine = (own: Identity, server: Pick<Identity, 'pid' | 'startTime'>): string =>
  `${JSON.stringify({ ...own, pid: server.pid, startTime: server.startTime })}\n`;

/** A line that was cut off by a full disk tells nothing. */
export const serversIn = (text: string): readonly Identity[] =>
  text.split('\n').flatMap((line) => identityFrom(parseJson(line)) ?? []);

/**
 * Only what is certain to be a server that was started: another process may have its id by now.
 * @param self the observer
 */
export const livingServers = (
  servers: readonly Identity[],
  self: Identity,
  lookUp: (pid: number) => Parameters<typeof vitalityOf>[2],
): readonly number[] =>
  servers.flatMap((server): number[] => {
    const vitality: Vitality = vitalityOf(server, self, lookUp(server.pid));
    return vitality === 'alive' ? [server.pid] : [];
  });
