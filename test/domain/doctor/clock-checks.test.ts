/** Files that are dated later than now. */

import { describe, expect, it } from 'vitest';
import { symptomsOfTimes } from '../../../src/domain/doctor/clock-checks.js';
import { inHome } from '../../support/plans.js';

describe('a time', () => {
  it('in the future is a symptom, unless it is less than a second ahead', () => {
    const entries = [
      { path: inHome('3'), modifiedMs: 11_001 },
      { path: inHome('log'), modifiedMs: 11_000 },
    ];
    expect(symptomsOfTimes(entries, 10_000)).toEqual([
      { kind: 'from-the-future', path: inHome('3'), aheadMs: 1_001 },
    ]);
  });
});
