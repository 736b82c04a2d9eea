import type { Greeter } from '../../adapters/node/sockets/socket-probe.js';
import { type Caller, callerText } from '../../domain/evidence/edition.js';
import { CallConnection } from '../wire/client.js';
import { CONTROL } from '../wire/control.js';

/** Asks a service's daemon whether it has loaded its service, and whether it is the one that the caller has in mind. */
export const pinging =
  (caller: Caller | undefined): Greeter =>
  (socket, withinMs) => {
    const said = caller === undefined ? undefined : callerText(caller);
    const request = { command: CONTROL.ping, args: [], env: {}, cwd: '/', caller: said };
    return new CallConnection(socket).greet(request, withinMs);
  };
