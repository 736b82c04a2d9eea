import type { Clock } from '../../../../src/ports/clock.js';
import type {
  Command,
  Event,
  Ports,
  Reading,
  Step,
  SyncCommand,
  SyncPort,
  SyncReading,
} from './procedure.js';

type AnyMethod = (...args: readonly unknown[]) => unknown;

/** Makes the one port call that a command is. */
function perform(ports: object, command: Command): unknown {
  const port = ports[command.port as keyof typeof ports] as Record<string, AnyMethod>;
  const method = port[command.method] as AnyMethod;
  return method.call(port, ...command.args);
}

/**
 * Drives a machine to its end, one port call after the other.
 * @param step the machine
 * @param first its first step
 * @returns its outcome; rejects only when a port broke its contract
 */
export async function run<S, O>(
  step: (state: S, event: Event) => Step<S, O>,
  first: Step<S, O>,
  ports: Pick<Ports, 'clock'> & Partial<Ports>,
): Promise<O> {
  let current = first;
  while (current.kind === 'do') {
    const returned = perform(ports, current.command);
    // Only what takes time costs a turn of the event loop.
    const reading = (returned instanceof Promise ? await returned : returned) as Reading;
    current = step(current.state, { reading, now: ports.clock.now() });
  }
  return current.outcome;
}

/** The same for a machine whose calls all return at once: when this returns, everything has happened. */
export function runSync<S, O>(
  step: (state: S, event: Event<SyncReading>) => Step<S, O, SyncCommand>,
  first: Step<S, O, SyncCommand>,
  ports: Partial<Pick<Ports, SyncPort>> & { readonly clock: Pick<Clock, 'now'> },
): O {
  let current = first;
  while (current.kind === 'do') {
    const reading = perform(ports, current.command) as SyncReading;
    current = step(current.state, { reading, now: ports.clock.now() });
  }
  return current.outcome;
}
