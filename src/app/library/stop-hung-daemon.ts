import { endHungDaemon, type TerminationOutcome } from '../../domain/lifecycle/end-hung-daemon.js';
import { run } from '../../domain/procedure/run.js';
import { type CommonHost, portsOf } from '../platforms/host.js';

/** How long a daemon that does not answer has to end after SIGTERM, and after SIGKILL. */
const GRACE_MS = 2_000;
const KILL_MS = 2_000;

/** Ends the daemon of a directory against its will. */
export const terminate = (host: CommonHost, directory: string): Promise<TerminationOutcome> =>
  end(host, directory, { graceMs: GRACE_MS, last: 'SIGKILL' });

/**
 * Sends SIGTERM to a daemon that can't be asked to end otherwise, and nothing more.
 * @param graceMs how long it may take to end, in milliseconds
 */
export const askBySignal = (host: CommonHost, directory: string, graceMs: number) =>
  end(host, directory, { graceMs, last: 'SIGTERM' });

function end(
  host: CommonHost,
  directory: string,
  how: { readonly graceMs: number; readonly last: 'SIGTERM' | 'SIGKILL' },
): Promise<TerminationOutcome> {
  const plan = { directory, ancestors: host.processes.ancestors(), killMs: KILL_MS, ...how };
  return run(endHungDaemon(plan), host.held(portsOf(host)));
}
