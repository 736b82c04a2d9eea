/**
 * The breaker: starts of one build that fail in a row hold the next one back. The ledger has the starts.
 */

import type { Instant } from '../../ports/readings.js';
import type { HeldBack } from '../../ports/spawner.js';
import { fateOf, type Start, type StartFate } from './start-ledger.js';

/** So many failures in a row cost nothing: the first may have been a coincidence. */
export const FREE_FAILURES = 1;
/**
 * So many starts in a row may end without a word that nobody hears. A daemon that fails says so, unless it is
 * killed; whether from outside can't be known of one that a kick has started.
 */
export const FREE_UNSEEN = 4;
export const FIRST_HOLD_MS = 5_000;
export const LONGEST_HOLD_MS = 60_000;
/** What lies further back is of another day. */
export const WINDOW_MS = 10 * 60_000;

export type StartVerdict = { readonly kind: 'allowed' } | HeldBack;

const ALLOWED: StartVerdict = { kind: 'allowed' };

/**
 * Whether one more start of the same thing makes sense now. Starts that failed one after the other, without
 * one in between that served, are followed by a pause that doubles each time. A changed service file, and a
 * person who says `restart`, begin anew.
 *
 * @param starts oldest first, with the fate of those that are gone already told
 * @param build what is to be started
 */
export function judgeStart(starts: readonly Start[], build: string, now: Instant): StartVerdict {
  const failures = failuresInARow(starts, build, now.wallMs);
  const [last] = failures;
  if (last === undefined || failures.length <= FREE_FAILURES) return ALLOWED;
  const holdMs = Math.min(FIRST_HOLD_MS * 2 ** (failures.length - FREE_FAILURES - 1), LONGEST_HOLD_MS);
  const untilMs = last.atMs + holdMs;
  // One that lies ahead comes from a clock that has been set back since.
  if (now.wallMs >= untilMs || last.atMs > now.wallMs) return ALLOWED;
  const waitMs = untilMs - now.wallMs;
  return { kind: 'held-back', failures: failures.length, untilMs, waitMs, message: last.message };
}

type FailedStart = Extract<StartFate, { kind: 'failed' | 'unseen' }>;

/** The latest first. */
function failuresInARow(starts: readonly Start[], build: string, wallMs: number): readonly FailedStart[] {
  const failures: FailedStart[] = [];
  for (const start of starts.toReversed()) {
    // Another build's failures say nothing of this one, and one that nobody of solod's started is watched by
    // who did.
    if (start.build !== build || start.reason === undefined) continue;
    const fate = fateOf(start);
    if (fate.kind === 'fine' || wallMs - start.startedMs > WINDOW_MS) break;
    if (fate.kind === 'failed' || fate.kind === 'unseen') failures.push(fate);
    if (start.reason === 'restart') break;
  }
  const free = failures.filter(({ kind }) => kind === 'unseen').slice(-FREE_UNSEEN);
  return failures.filter((failure) => !free.includes(failure));
}
