/** Holds a table of messages to what each of them says. */

import { expect, it } from 'vitest';
import { type Complaint, textOf } from '../../../src/app/texts/complaint.js';

export const cause = { code: 'ENOSPC', message: 'no space left on device' };

/** An example of each message; one that is missing does not compile. */
export type Says<Table> = { readonly [K in keyof Table]: readonly [complaint: Complaint, says: string] };

export function itSays(
  examples: Readonly<Record<string, readonly [complaint: Complaint, says: string]>>,
): void {
  it.each(Object.values(examples))('$1', (complaint, says) => {
    expect(textOf(complaint)).toBe(says);
    expect(complaint.todo).not.toBe('');
  });
}
