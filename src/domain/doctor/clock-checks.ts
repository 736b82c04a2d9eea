/** Whether clocks agree: locks and leftovers are judged by their age. */

import { DEFAULT_TIMING } from '../lock/timing.js';
import { note, problem, type SymptomsOf, seconds, type Tellers } from './finding-parts.js';

/** Files that are dated later than now. */
export function symptomsOfTimes(
  entries: readonly { readonly path: string; readonly modifiedMs: number }[],
  wallMs: number,
): ClockSymptom[] {
  return entries
    .map(({ path, modifiedMs }) => ({ path, aheadMs: modifiedMs - wallMs }))
    .filter(({ aheadMs }) => aheadMs > DEFAULT_TIMING.futureMs)
    .map(({ path, aheadMs }) => ({ kind: 'from-the-future', path, aheadMs }));
}

const CLOCK_TODO =
  'set the clocks right (of this machine, or of the file server); locks are judged by their age';

export const CLOCK_TELLERS = {
  'clock-skew': ({ path, aheadMs }: { path: string; aheadMs: number }) =>
    problem(
      path,
      `a file that was made just now is dated ${seconds(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's clock`,
      CLOCK_TODO,
    ),
  'from-the-future': ({ path, aheadMs }: { path: string; aheadMs: number }) =>
    note(path, `its time lies ${seconds(aheadMs)} in the future: a clock was set back since`, CLOCK_TODO),
} as const satisfies Tellers;

export type ClockSymptom = SymptomsOf<typeof CLOCK_TELLERS>;
