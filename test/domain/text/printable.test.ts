import { describe, expect, test } from 'vitest';
import { printable, printableBytes, printableLine } from '../../../src/domain/text/printable.js';

const ESC = '\u001b';

describe('text that a terminal shows and does not obey', () => {
  test.each([
    ['plain text, ä, \u{1f600}\n\tindented', 'plain text, ä, \u{1f600}\n\tindented'],
    [`${ESC}[1;31mred${ESC}[0m`, 'red'],
    [`${ESC}]0;title\u0007`, '\\u001b]0;title\\u0007'],
    [`${ESC}[2J\u009b2J\r\0\u007f`, '\\u001b[2J\\u009b2J\\u000d\\u0000\\u007f'],
    [`${ESC}[1;3`, '\\u001b[1;3'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  test('in one line', () => {
    expect(printableLine(`a\nb\tc\r${ESC}[1mä`)).toBe('a\\u000ab\\u0009c\\u000dä');
  });

  test('keeps a name in JSON the same', () => {
    const name = `a${ESC}b\u0085`;
    expect(JSON.parse(printable(JSON.stringify({ name })))).toEqual({ name });
  });

  test('keeps the colours and the UTF-8 of a log', () => {
    const bytes = (text: string): string => Buffer.from(text).toString('latin1');
    expect(printableBytes(bytes(`ä ${ESC}[32mok${ESC}[0m ${ESC}[2J \u0085\r\n€`))).toBe(
      bytes(`ä ${ESC}[32mok${ESC}[0m \\u001b[2J \\u0085\\u000d\n€`),
    );
  });
});
