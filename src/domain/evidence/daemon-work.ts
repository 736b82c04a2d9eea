import type { WorkReading } from '../../ports/process-work.js';

/**
 * Whether a daemon that does not answer is seen to work: a service that computes, or waits for a child
 * synchronously, keeps the daemon from answering, and is not hung.
 * @param before an earlier look at the same process
 */
export function hasWorked(before: WorkReading, after: WorkReading): boolean {
  if (before.kind === 'hidden' || after.kind === 'hidden' || after.activity === 'stopped') return false;
  return after.activity === 'busy' || after.children > 0 || after.ticks !== before.ticks;
}
