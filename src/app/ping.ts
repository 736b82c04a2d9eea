import type { Greeter } from '../adapters/node/socket-probe.js';
import { CONTROL } from './daemon/control.js';
import { CallConnection } from './wire/client.js';

/** Asks a service's daemon whether it has loaded its service. */
export const pinging: Greeter = (socket, withinMs) =>
  new CallConnection(socket).greet({ command: CONTROL.ping, args: [], env: {}, cwd: '/' }, withinMs);
