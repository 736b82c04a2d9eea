import type { Greeter } from '../adapters/node/socket-probe.js';
import { type Caller, callerText } from '../domain/edition.js';
import { CONTROL } from './daemon/control.js';
import { CallConnection } from './wire/client.js';

/** Asks a service's daemon whether it has loaded its service, and whether it is the one that the caller has in mind. */
export const pinging =
  (caller: Caller | undefined): Greeter =>
  (socket, withinMs) => {
    const said = caller === undefined ? undefined : callerText(caller);
    const request = { command: CONTROL.ping, args: [], env: {}, cwd: '/', caller: said };
    return new CallConnection(socket).greet(request, withinMs);
  };
