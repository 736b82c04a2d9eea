import type { WorkReading } from '../../ports/process-work.js';

/**
 * How long a daemon that is blocked is taken for one that works, in milliseconds. A service that sleeps or
 * waits for a lock synchronously looks like one in a deadlock.
 */
export const BLOCKED_MS_MAX = 120_000;

export type WorkVerdict = 'works' | 'blocked' | 'rests';

/**
 * What a daemon that does not answer is seen to do. A service that computes, or waits for a child
 * synchronously, keeps the daemon from answering, and is not hung.
 * @param before an earlier look at the same process
 */
export function judgeWork(before: WorkReading, after: WorkReading): WorkVerdict {
  if (before.kind === 'hidden' || after.kind === 'hidden' || after.activity === 'stopped') return 'rests';
  if (after.activity === 'busy' || after.children > 0 || after.ticks !== before.ticks) return 'works';
  return after.activity === 'blocked' ? 'blocked' : 'rests';
}
