/** Times as people write them, and as they are told. */

import { expect, it } from 'vitest';
import { durationText, parseDurationMs } from '../../../src/app/texts/duration.js';

it.each([
  [0, '0.0 ms'],
  [9.96, '10.0 ms'],
  [300, '300 ms'],
  [2_000, '2.0 s'],
  [119_000, '119.0 s'],
  [180_000, '3 min'],
  [119 * 60_000, '119 min'],
  [3 * 3_600_000, '3 h'],
  [47 * 3_600_000, '47 h'],
  [72 * 3_600_000, '3 days'],
])('%d ms: %s', (ms, text) => expect(durationText(ms)).toBe(text));

it.each([
  ['500ms', 500],
  ['1.5s', 1_500],
  ['2', 2_000],
  ['15m', 900_000],
  ['1h', 3_600_000],
  ['1d', undefined],
  ['soon', undefined],
  ['-1s', undefined],
])('%s: %s ms', (text, ms) => expect(parseDurationMs(text)).toBe(ms));
