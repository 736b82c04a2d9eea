import type { Absent, Cause, Occupied, WrongType } from '../../ports/readings.js';

/** A reading of a call that did not succeed. */
export type NoSuccess =
  | {
      readonly kind: 'failed' | 'errno' | 'vague-errno' | 'hidden' | 'refused' | 'threw';
      readonly cause: Cause;
    }
  | Absent
  | Occupied
  | WrongType;

/**
 * As a sentence has it: with the code, which people look up, whether the system's own words have it or not.
 */
export function causeText({ code, message }: Cause): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

/** What a reading of a call that did not succeed says of its cause. */
export function causeIn(reading: NoSuccess): Cause {
  if ('cause' in reading) return reading.cause;
  switch (reading.kind) {
    case 'absent':
      return { code: 'ENOENT', message: 'no such file or directory' };
    case 'occupied':
      return { code: 'EEXIST', message: 'something is there already' };
    case 'wrong-type':
      return { code: 'ENOTDIR', message: 'what is there is of another type' };
  }
}

const FORBIDDEN: ReadonlySet<string> = new Set(['EPERM', 'EACCES']);
/** What a sandbox, or the modes of a file, answer. */
export const isForbidden = ({ code }: Cause): boolean => FORBIDDEN.has(code);
