import fc from 'fast-check';
import { expect, it } from 'vitest';
import { LineSplitter } from '../../../../src/domain/share/messages/line-splitter.js';

it('lines are the same, however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: fc.constantFrom('a', '"', '\r', 'é') })),
      fc.array(fc.nat(5)),
      (lines, cuts) => {
        const splitter = new LineSplitter(1_000);
        const text = lines.map((line) => `${line}\n`).join('');
        const found = [];
        let from = 0;
        for (const cut of [...cuts, text.length]) {
          found.push(...splitter.take(text.slice(from, from + cut)));
          from += cut;
        }
        expect(found).toEqual(lines.map((line) => ({ kind: 'line', line })));
        expect(splitter.take('end\n')).toEqual([{ kind: 'line', line: 'end' }]);
      },
    ),
  );
});

it('of a line that is too long its beginning and its end are kept, and the next one is whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 11, max: 5_000 }), fc.integer({ min: 1, max: 700 }), (length, cut) => {
      const splitter = new LineSplitter(10);
      const long = Array.from({ length }, (_, n) => String.fromCharCode(97 + (n % 26))).join('');
      const text = `${long}\nnext\n`;
      const found = [];
      for (let from = 0; from < text.length; from += cut)
        found.push(...splitter.take(text.slice(from, from + cut)));
      expect(found).toEqual([
        { kind: 'too-long', head: long.slice(0, 10), tail: long.slice(-1024), bytes: length },
        { kind: 'line', line: 'next' },
      ]);
    }),
  );
});

it('a line of more than the limit is none', () => {
  expect(new LineSplitter(3).take('abc\nabcd\n')).toEqual([
    { kind: 'line', line: 'abc' },
    { kind: 'too-long', head: 'abc', tail: 'abcd', bytes: 4 },
  ]);
});
