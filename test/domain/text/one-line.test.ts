import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Colour,
  cleanText,
  colourOf,
  colourWanted,
  cutText,
  DIAGNOSTIC_LIMIT,
  DIAGNOSTIC_STYLE,
  DIAGNOSTIC_STYLE_END,
  diagnosticLine,
  WHITE_SPACE,
} from '../../../src/domain/text/one-line.js';
import cases from '../../fixtures/diagnostics.json' with { type: 'json' };

interface Case {
  readonly what: string;
  readonly input: string;
  readonly colour: Colour;
  readonly suffix?: string;
  readonly expected: string;
}

/** `cargo test` reads the same file. */
const CASES = cases as readonly Case[];

describe('a diagnostic', () => {
  it.each(CASES)('$what', ({ input, colour, suffix, expected }) => {
    expect(diagnosticLine(input, colour, suffix)).toBe(expected);
  });

  it('has cases in the file', () => {
    expect(CASES.length).toBeGreaterThan(30);
  });

  /** Arbitrary text, and text that is likely to cause trouble. */
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom('\x1b[', '\x1b', '\x9b', '31m', ';', ' ', '\n', '\ud83d', '\ude00', 'x', '\0', '…'),
        {
          maxLength: 200,
        },
      )
      .map((parts) => parts.join('')),
  );

  it('holds no control character but its style, is short, and is never empty', () => {
    fc.assert(
      fc.property(text, (input) => {
        const line = diagnosticLine(input, 'coloured');
        expect(line.startsWith(DIAGNOSTIC_STYLE) && line.endsWith(DIAGNOSTIC_STYLE_END)).toBe(true);
        const inside = line.slice(DIAGNOSTIC_STYLE.length, -DIAGNOSTIC_STYLE_END.length);
        expect(inside).not.toMatch(/[\p{Cc}\p{Cs}]|^\s|\s$|\s\s|(?! )\s/u);
        expect(inside).not.toBe('');
        expect([...inside].length).toBeLessThanOrEqual(DIAGNOSTIC_LIMIT);
        expect(inside).toBe(diagnosticLine(input, 'plain'));
      }),
    );
  });

  it('does not change when it is made again', () => {
    fc.assert(
      fc.property(text, (input) => {
        const line = diagnosticLine(input, 'plain');
        expect(diagnosticLine(line, 'plain')).toBe(line);
        expect(cleanText(cleanText(input))).toBe(cleanText(input));
        // A text that is red already stays red once.
        const red = diagnosticLine(input, 'coloured');
        expect(diagnosticLine(red, 'coloured')).toBe(red);
      }),
    );
  });
});

it('the set of white space is that of JavaScript', () => {
  const all = Array.from({ length: 0x10000 }, (_, point) => String.fromCharCode(point));
  expect([...WHITE_SPACE].sort()).toEqual(all.filter((character) => /\s/.test(character)).sort());
});

it.each([
  ['abc', 3, 'abc'],
  ['abcd', 3, 'ab…'],
  ['😀😀😀', 3, '😀😀😀'],
  ['😀😀😀😀', 3, '😀😀…'],
  ['ab', 1, '…'],
])('%s in %i', (text, limit, cut) => {
  expect(cutText(text, limit)).toBe(cut);
});

it.each([
  [undefined, 'coloured'],
  ['', 'coloured'],
  ['1', 'plain'],
  ['0', 'plain'],
])('NO_COLOR=%s: %s', (value, colour) => {
  expect(colourWanted(value)).toBe(colour);
});

it.each([
  ['always', 'plain', 'coloured'],
  ['never', 'coloured', 'plain'],
  ['auto', 'coloured', 'coloured'],
  [undefined, 'plain', 'plain'],
] as const)('what a person wishes comes first: %s, otherwise %s: %s', (wish, otherwise, colour) => {
  expect(colourOf(wish, otherwise)).toBe(colour);
});
