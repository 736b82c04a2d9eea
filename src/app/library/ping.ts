import type { Duplex } from 'node:stream';
import { type Caller, callerText } from '../../domain/evidence/edition.js';
import type { Greeter } from '../platforms/host.js';
import { CallConnection } from '../wire/client.js';
import { CONTROL } from '../wire/control.js';

/** Asks the daemon of a service whether it has loaded its service, in the edition that the caller means. */
export const pinging =
  (caller: Caller | undefined): Greeter<Duplex> =>
  (connection, withinMs) => {
    const said = caller === undefined ? undefined : callerText(caller);
    const request = { command: CONTROL.ping, args: [], env: {}, cwd: '/', caller: said };
    return new CallConnection(connection).greet(request, withinMs);
  };
