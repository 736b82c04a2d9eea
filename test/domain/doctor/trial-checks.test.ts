/** What came of the trial in a directory. */

import { describe, expect, it } from 'vitest';
import { symptomsOfTrial } from '../../../src/domain/doctor/trial-checks.js';
import { kinds, refusal } from './kinds.js';

describe('a trial', () => {
  it.each([
    [{ kind: 'passed', aheadMs: 900 }, ['trial-passed']],
    [{ kind: 'passed', aheadMs: -5_000 }, ['trial-passed', 'clock-skew']],
    [{ kind: 'held', aheadMs: 900 }, ['lock-held']],
    [{ kind: 'held', aheadMs: 5_000 }, ['lock-held', 'clock-skew']],
    [{ kind: 'not-exclusive' }, ['rename-not-exclusive']],
    [{ kind: 'unsettled', step: 'connecting' }, ['trial-unsettled']],
    [{ kind: 'refused', step: 'binding', cause: refusal('EPERM') }, ['sandboxed']],
    [{ kind: 'refused', step: 'connecting', cause: refusal('EACCES') }, ['sandboxed']],
    [{ kind: 'refused', step: 'binding', cause: refusal('EOPNOTSUPP') }, ['trial-failed']],
    [{ kind: 'refused', step: 'making', cause: refusal('EACCES') }, ['trial-failed']],
  ] as const)('%j is %j', (reading, expected) => {
    expect(kinds(symptomsOfTrial('/d', reading))).toEqual(expected);
  });
});
