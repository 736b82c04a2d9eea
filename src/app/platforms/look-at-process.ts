/** A program that was handed its listener takes a look for a client, so its process is looked at instead. */

import { dirname } from 'node:path';
import { type Vitality, vitalityOf } from '../../domain/evidence/identity.js';
import { parseOwner } from '../../domain/evidence/owner.js';
import { join, NAMES } from '../../domain/place/layout.js';
import type { Cause } from '../../ports/readings.js';
import type { ConnectReading, SocketProbe } from '../../ports/socket-probe.js';
import type { CommonHost } from './host.js';

/** As connect(2) says it. */
const NOBODY: ConnectReading = { kind: 'errno', cause: { code: 'ENOENT', message: 'there is no socket' } };

/** A program that has ended, and left its listener to its children. */
export const ORPHANED: Cause = {
  code: 'EORPHANED',
  message: 'its process has ended, and one that it started still has its socket',
};

/**
 * @param look `process`: no connection is made to a program that lives; such a reading has no connection
 */
export function lookingAtProcess(
  host: Pick<CommonHost, 'files' | 'processes'>,
  probe: SocketProbe & { drop(): void },
  look: 'connect' | 'process',
): SocketProbe {
  return {
    connect: async (path, withinMs): Promise<ConnectReading> => {
      // Both get their place in one step: with the socket there, the owner file is.
      if (look === 'process' && host.files.inspect(path).kind === 'absent') return NOBODY;
      const vitality = vitalityOfProgram(host, path);
      if (vitality === 'alive' && look === 'process') return { kind: 'connected' };
      const reading = await probe.connect(path, withinMs);
      if (vitality !== 'dead' || reading.kind !== 'connected') return reading;
      // The process that claims for it may have the listener still: it is waited for.
      probe.drop();
      return { kind: 'errno', cause: ORPHANED };
    },
    greet: (withinMs) => probe.greet(withinMs),
  };
}

/** @param socket path of a generation's socket; undefined where no such program owns that */
function vitalityOfProgram(
  { files, processes }: Pick<CommonHost, 'files' | 'processes'>,
  socket: string,
): Vitality | undefined {
  const reading = files.readText(join(dirname(socket), NAMES.owner));
  const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  if (owner?.program !== true) return undefined;
  return vitalityOf(owner, processes.self(), processes.lookUp(owner.pid));
}
