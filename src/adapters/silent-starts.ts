import { type LedgerEntry, type Start, silentText } from '../domain/lifecycle/start-ledger.js';
import type { ProcessTable } from '../ports/process-table.js';

interface SilentStarts {
  /** Starts whose process is proven to live, has said nothing yet and owns no generation, oldest first. */
  silent(): readonly Start[];
  append(entry: LedgerEntry): void;
}

/**
 * Ends the processes of a name that were started long ago and have said nothing since. Each is recorded as a
 * failed start, which the crash-loop breaker counts.
 * @param ledger the ledger of the name; it proves that each process is the one that was started
 * @param silentMs how long a start may be silent, in milliseconds
 * @param wallMs now, by the wall clock
 * @param serving a process that is known to serve: its line may be missing, as on a full disk
 * @returns ids of the processes that were ended
 */
export function endSilentStarts(
  ledger: SilentStarts,
  processes: ProcessTable,
  silentMs: number,
  wallMs: number,
  serving?: number,
): readonly number[] {
  const ended: number[] = [];
  for (const { pid, startedMs } of ledger.silent()) {
    const forMs = wallMs - startedMs;
    if (pid === serving || forMs < silentMs) continue;
    // SIGKILL, because the process has nothing yet that it could clean up.
    if (processes.signal(pid, 'SIGKILL').kind !== 'done') continue;
    ledger.append({ atMs: wallMs, pid, kind: 'failed', stage: 'starting', message: silentText(forMs) });
    ended.push(pid);
  }
  return ended;
}
