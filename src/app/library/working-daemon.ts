/** Whether the daemon that a caller waits for is busy with another call. */

import { BLOCKED_MS_MAX, judgeWork } from '../../domain/evidence/daemon-work.js';
import { vitalityOf } from '../../domain/evidence/identity.js';
import { parseOwner } from '../../domain/evidence/owner.js';
import { layout } from '../../domain/place/layout.js';
import type { CallerHost } from '../platforms/host.js';
import { loadingSinceMs } from './obtain-daemon.js';

/**
 * @param directory directory of the daemon's name
 * @returns a function that says whether the daemon has worked since the last time it was asked, or since now
 */
export function watchWork(host: CallerHost, directory: string): () => boolean {
  const reading = host.files.readText(layout.currentOwner(directory));
  const owner = reading.kind === 'text' ? parseOwner(reading.text) : undefined;
  if (owner === undefined) return () => false;
  const { pid } = owner;
  let before = host.work.look(pid);
  let blockedSinceMs: number | undefined;
  return () => {
    const { processes } = host;
    if (vitalityOf(owner, processes.self(), processes.lookUp(pid)) !== 'alive') return false;
    // One that loads for longer than its callers wait has a failure of its own.
    if (loadingSinceMs(host, directory, pid) !== undefined) return false;
    const after = host.work.look(pid);
    const verdict = judgeWork(before, after);
    before = after;
    const { monotonicMs } = host.clock.now();
    blockedSinceMs = verdict === 'blocked' ? (blockedSinceMs ?? monotonicMs) : undefined;
    return verdict !== 'rests' && monotonicMs - (blockedSinceMs ?? monotonicMs) < BLOCKED_MS_MAX;
  };
}
