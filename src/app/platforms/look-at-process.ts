/** A program that was handed its listener takes a look for a client, so its process is looked at instead. */

import { dirname } from 'node:path';
import { vitalityOf } from '../../domain/evidence/identity.js';
import { type Owner, parseOwner } from '../../domain/evidence/owner.js';
import { join, layout, NAMES } from '../../domain/place/layout.js';
import type { Cause } from '../../ports/readings.js';
import type { ConnectReading, SocketProbe } from '../../ports/socket-probe.js';
import { EXIT } from '../environment/exit-codes.js';
import type { CommonHost } from './host.js';

/** As connect(2) says it. */
const NOBODY: ConnectReading = { kind: 'errno', cause: { code: 'ENOENT', message: 'there is no socket' } };

/** A program that has ended, and left its listener to its children. */
export const ORPHANED: Cause = {
  code: 'EORPHANED',
  message: 'its process has ended, and one that it started still has its socket',
};

const servedByProgram = ({ name, service, pid }: Owner): string =>
  `${name} is served by the program "${service}" (pid ${pid}), not by a service; use another name, or "solod connect"`;

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

/**
 * A caller of a service has nothing to say to a program that has the name: the program can't know what the
 * request means.
 * @param directory of the name
 */
export function sparingPrograms(
  host: Pick<CommonHost, 'files' | 'processes'>,
  probe: SocketProbe,
  directory: string,
): SocketProbe {
  return {
    connect: (path, withinMs) => probe.connect(path, withinMs),
    greet: async (withinMs) => {
      const owner = programOf(host, layout.currentSocket(directory));
      return owner === undefined
        ? probe.greet(withinMs)
        : { kind: 'declined', message: servedByProgram(owner), exitCode: EXIT.unavailable };
    },
  };
}

function vitalityOfProgram(host: Pick<CommonHost, 'files' | 'processes'>, socket: string) {
  const owner = programOf(host, socket);
  return owner && vitalityOf(owner, host.processes.self(), host.processes.lookUp(owner.pid));
}

/** @param socket path of a generation's socket; undefined where no such program owns that */
function programOf({ files }: Pick<CommonHost, 'files'>, socket: string): Owner | undefined {
  const reading = files.readText(join(dirname(socket), NAMES.owner));
  const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  return owner?.program === true ? owner : undefined;
}
