import type { Cause, Failed } from '../../../../src/ports/readings.js';
import { unexpected } from './procedure.js';

type NoSuccess =
  | Failed
  | { readonly kind: 'refused' | 'threw' | 'hidden'; readonly cause: Cause }
  | { readonly kind: string };

/** As a sentence has it: with the code, which people look up, whether the system's own words have it or not. */
export function causeText({ code, message }: Cause): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

/** What a reading that is no success says of its cause. */
export function causeOf(reading: NoSuccess): Cause {
  if ('cause' in reading) return reading.cause;
  switch (reading.kind) {
    case 'absent':
      return { code: 'ENOENT', message: 'no such file or directory' };
    case 'occupied':
      return { code: 'EEXIST', message: 'something is there already' };
    case 'wrong-type':
      return { code: 'ENOTDIR', message: 'what is there is of another type' };
    default:
      return unexpected('a failed call', reading);
  }
}
