/** The parts of a log, and the selection of lines from it. */

import { describe, expect, it } from 'vitest';
import {
  gapLine,
  joinParts,
  lastLines,
  latestRun,
  partLine,
  partOf,
} from '../../../src/domain/text/log-parts.js';

const run = (pid: number): string => `solod: serving lint (pid ${pid}, generation 2)\n`;

describe('a part', () => {
  it('has its number in its first line, or after a line of another process', () => {
    expect(partOf(partLine(7))).toBe(7);
    expect(partOf(`another process\n${partLine(12)}rest`)).toBe(12);
    expect(partOf(`${partLine(3)}${partLine(4)}`)).toBe(3);
  });

  it.each([
    '',
    'solod: the log goes on, part',
    ' solod: the log goes on, part 3\n',
    'x solod: the log goes on, part 3\n',
  ])('has no number in %j', (head) => expect(partOf(head)).toBe(0));

  it.each([
    [
      'in order, without their numbers',
      [
        [0, 'a\n'],
        [1, `${partLine(1)}b\n`],
        [2, `${partLine(2)}c\n`],
      ],
      'a\nb\nc\n',
    ],
    [
      'copied while they were read',
      [
        [0, 'a\n'],
        [1, `${partLine(1)}b\n`],
        [1, `${partLine(1)}b\n`],
      ],
      'a\nb\n',
    ],
    [
      'one that is not kept',
      [
        [0, 'a\n'],
        [2, `${partLine(2)}c\n`],
      ],
      `a\n${gapLine(1)}c\n`,
    ],
    [
      'several that are not kept',
      [
        [1, `${partLine(1)}a\n`],
        [5, `${partLine(5)}c\n`],
      ],
      `a\n${gapLine(3)}c\n`,
    ],
    [
      'none of them numbered: a file that was renamed',
      [
        [0, 'a\n'],
        [0, 'a\n'],
      ],
      'a\na\n',
    ],
    [
      'a number that came later stays',
      [
        [0, 'a\n'],
        [1, `x\n${partLine(1)}b\n`],
      ],
      `a\nx\n${partLine(1)}b\n`,
    ],
    [
      'begun anew',
      [
        [4, `${partLine(4)}a\n`],
        [0, 'b\n'],
      ],
      'a\nb\n',
    ],
    ['nothing', [], ''],
  ] as const)('%s', (_, parts, text) => {
    expect(joinParts(parts.map(([part, content]) => ({ part, text: content })))).toBe(text);
  });

  it('has a line that says how many parts are missing', () => {
    expect([gapLine(1), gapLine(2)]).toEqual([
      'solod: one part of the log in between is not kept\n',
      'solod: 2 parts of the log in between are not kept\n',
    ]);
  });
});

describe('the latest run', () => {
  it.each([
    ['from the last daemon that served', `a\n${run(1)}b\n${run(2)}c\n`, `${run(2)}c\n`],
    ['all, if none has served', 'a\nb\n', 'a\nb\n'],
    ['not from a line that only looks like a start', `${run(1)}x ${run(2)}`, `${run(1)}x ${run(2)}`],
    ['nothing', '', ''],
  ])('%s', (_, text, latest) => expect(latestRun(text)).toBe(latest));
});

describe('the last lines', () => {
  it.each([
    ['a\nb\nc\n', 2, 'b\nc\n'],
    ['a\nb\nc', 2, 'b\nc'],
    ['a\nb\nc\n', 3, 'a\nb\nc\n'],
    ['a\nb\nc\n', 9, 'a\nb\nc\n'],
    ['a\n\n\n', 2, '\n\n'],
    ['\n', 1, '\n'],
    ['a', 1, 'a'],
    ['a\nb\n', 0, ''],
    ['', 5, ''],
  ])('%j, %i: %j', (text, count, last) => expect(lastLines(text, count)).toBe(last));
});
