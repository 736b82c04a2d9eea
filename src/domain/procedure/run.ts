/** The drivers of production: they make one call after the other. */

import type { Clock } from '../../ports/clock.js';
import type { Call, Ports, Procedure, Sync } from './procedure.js';

type AnyMethod = (...args: readonly unknown[]) => unknown;

/** Makes the port call that a call is. */
export function makeCall(ports: object, { port, method, args }: Call): unknown {
  const on = ports[port as keyof typeof ports] as Record<string, AnyMethod>;
  return (on[method] as AnyMethod).call(on, ...args);
}

/**
 * Runs a procedure to its end.
 * @returns its outcome; rejects only when a port broke its contract
 */
export async function run<O>(
  procedure: Procedure<O>,
  ports: Pick<Ports, 'clock'> & Partial<Ports>,
): Promise<O> {
  let said = procedure.next();
  while (said.done !== true) {
    const returned = said.value.kind === 'call' ? makeCall(ports, said.value) : undefined;
    // Only what takes time costs a turn of the event loop.
    said = procedure.next(returned instanceof Promise ? await returned : returned);
  }
  return said.value;
}

/** The same where all calls return at once: when this returns, everything has happened. */
export function runSync<O>(
  procedure: Sync<O>,
  ports: Partial<Ports> & { readonly clock: Pick<Clock, 'now'> },
): O {
  let said = procedure.next();
  while (said.done !== true)
    said = procedure.next(said.value.kind === 'call' ? makeCall(ports, said.value) : undefined);
  return said.value;
}
