/** Where a test holds a procedure before one of its calls. */

import type { Stepper } from '../../src/adapters/memory/stepper.js';

/** A call of a phase: by default its first call of that method. */
export interface Before {
  readonly phase: string;
  readonly method?: string;
  /** Which of the phase's calls of that method, counted from 1. */
  readonly nth?: number;
}

/**
 * Advances a procedure until its next call is the given one.
 * @param take makes its next call
 */
export async function holdBefore<O>(
  stepper: Stepper<O>,
  { phase, method, nth = 1 }: Before,
  take: () => Promise<void> = () => stepper.take(),
  isMeant: () => boolean = () => true,
): Promise<void> {
  let [entered, seen] = [stepper.phase, 0];
  for (;;) {
    if (stepper.next === undefined) throw new Error(`it ended before ${method ?? 'a call'} in ${phase}`);
    if (stepper.phase !== entered) [entered, seen] = [stepper.phase, 0];
    if (stepper.phase?.phase === phase && (method === undefined || stepper.next.method === method)) {
      seen += 1;
      if (seen === nth && isMeant()) return;
    }
    await take();
  }
}
