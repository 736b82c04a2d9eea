import { endHungDaemon, type TerminationOutcome } from '../../domain/lifecycle/end-hung-daemon.js';
import { run } from '../../domain/procedure/run.js';
import { type CommonHost, portsOf } from '../platforms/host.js';

/** How long a daemon that does not answer has to end after SIGTERM, and after SIGKILL. */
const GRACE_MS = 2_000;
const KILL_MS = 2_000;

/** Ends the daemon of a directory against its will. */
export function terminate(host: CommonHost, directory: string): Promise<TerminationOutcome> {
  const plan = {
    directory,
    ancestors: host.processes.ancestors(),
    graceMs: GRACE_MS,
    killMs: KILL_MS,
  };
  return run(endHungDaemon(plan), host.held(portsOf(host)));
}
