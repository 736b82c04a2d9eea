import { silentText } from '../../../domain/lifecycle/start-ledger.js';
import type { ProcessTable } from '../../../ports/process-table.js';
import type { NodeLedger } from '../files/ledger-file.js';

/**
 * Ends the processes of a name that were started so long ago and have said nothing since. What it ends it writes down as a failed
 * start, which the breaker counts.
 * @param ledger tells which they are, with the proof that each is the process that was started
 * @param silentMs how long a start may be silent, in milliseconds
 * @param wallMs now
 * @returns the ids of the processes that were ended
 */
export function endSilentStarts(
  ledger: NodeLedger,
  processes: ProcessTable,
  silentMs: number,
  wallMs: number,
): readonly number[] {
  const ended: number[] = [];
  for (const { pid, startedMs } of ledger.silent()) {
    const forMs = wallMs - startedMs;
    // Nobody has told it to clear up, and it has nothing yet.
    if (forMs < silentMs || processes.signal(pid, 'SIGKILL').kind !== 'done') continue;
    ledger.append({ atMs: wallMs, pid, kind: 'failed', stage: 'starting', message: silentText(forMs) });
    ended.push(pid);
  }
  return ended;
}
