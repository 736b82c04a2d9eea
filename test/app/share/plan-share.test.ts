/** Where nothing can be shared. */

import { expect, it } from 'vitest';
import { notShared } from '../../../src/app/share/plan-share.js';
import { messageOf } from '../../../src/app/texts/complaint.js';

it.each(['linux', 'darwin'])('%s has what sharing needs', (system) => {
  expect(notShared(system)).toBeUndefined();
});

it('Windows has not, and that is said', () => {
  const complaint = notShared('win32') ?? expect.fail();
  expect(messageOf(complaint)).toMatch(
    /^solod share does not run on win32, because it needs process groups; /,
  );
});
