/** What a client is told whose call has not begun. */

import { type Admission, DRAINING_LINE } from '../service/admission.js';
import { stackOf } from '../service/thrown.js';
import { REFUSAL } from './chunks.js';

interface Refusal {
  readonly text: string;
  readonly code: number;
}

/** Codes with a meaning of their own, which no other refusal may use. */
const RESERVED: readonly number[] = [REFUSAL.draining, REFUSAL.upgrading, REFUSAL.outdated];

export function refusalOf(admission: Exclude<Admission, { kind: 'accepted' | 'queued' }>): Refusal {
  switch (admission.kind) {
    case 'draining': {
      const code = admission.why === 'upgrade' ? REFUSAL.upgrading : REFUSAL.draining;
      return { text: DRAINING_LINE, code };
    }
    case 'outdated':
      return { text: admission.message, code: REFUSAL.outdated };
    case 'declined': {
      const { message, exitCode } = admission;
      return { text: message, code: RESERVED.includes(exitCode) ? REFUSAL.internal : exitCode };
    }
  }
}

/** The daemon has failed to decide. */
export const undecided = (error: unknown): Admission => ({
  kind: 'declined',
  message: stackOf(error),
  exitCode: REFUSAL.internal,
});
