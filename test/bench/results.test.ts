/** What `npm run bench` makes of its timings: ratios within a round, tables, a picture, and their place in the documents. */

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tagsIn } from '../support/markup.js';

const load = (name: string) =>
  import(pathToFileURL(path.resolve(import.meta.dirname, '../../tools/bench', name)).href);
const { FEWEST_ROUNDS, inTurns } = await load('rounds.mjs');
const { differenceRow, isMet, ratioRow, ratiosWithin } = await load('rows.mjs');
const { quantile, spreadOf } = await load('../support/statistics.mjs');
const { markdownTable } = await load('../support/markdown.mjs');
const { fullTable, reportText, shortNumber, shortTable, summaryText } = await load('table.mjs');
const { chart } = await load('chart.mjs');

const TAKEN = { group: 'a group', what: 'the one', against: 'the other', unit: 'ms' };
const MET = ratioRow({ ...TAKEN, values: [2, 3, 8], references: [2, 2, 4], target: { atMost: 1.5 } });
const MISSED = ratioRow({ ...TAKEN, values: [1, 1, 1], references: [4, 2, 1], target: { atLeast: 0.8 } });
const PLAIN = ratioRow({ ...TAKEN, what: 'a < b | "c" & d', values: [5], references: [1] });
const MORE = differenceRow({
  ...TAKEN,
  group: 'another',
  unit: 'MB',
  values: [45, 46, 44],
  references: [42, 41, 43],
  target: { atMost: 8 },
});
const ROWS = [MET, MISSED, PLAIN, MORE];

describe('what is made of timings', () => {
  it('a quantile lies between two values, on the line', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((share) => quantile([40, 10, 30, 20], share))).toEqual([
      10, 17.5, 25, 32.5, 40,
    ]);
    expect(quantile([7], 0.25)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
  });

  it('the spread is the median with the quartiles around it', () => {
    expect(spreadOf([5, 1, 3, 2, 4])).toEqual({ low: 2, median: 3, high: 4 });
  });

  it('a ratio is taken within a round, so a machine that is slow for a round does not count', () => {
    expect(ratiosWithin([12, 120, 24], [10, 100, 20])).toEqual([1.2, 1.2, 1.2]);
  });

  it('a row has the median of the ratios, not the ratio of the medians', () => {
    expect(MET).toMatchObject({
      kind: 'ratio',
      median: 1.5,
      low: 1.25,
      high: 1.75,
      own: 3,
      other: 2,
      rounds: 3,
    });
  });

  it('a target is met at its very value; what is to be below is not', () => {
    expect(isMet(1.25, { atMost: 1.25 })).toBe(true);
    expect(isMet(1.26, { atMost: 1.25 })).toBe(false);
    expect(isMet(0.8, { atLeast: 0.8 })).toBe(true);
    expect(isMet(0.79, { atLeast: 0.8 })).toBe(false);
    expect(isMet(1, { below: 1 })).toBe(false);
    expect(ROWS.map(({ verdict }) => verdict)).toEqual(['met', 'missed', undefined, 'met']);
  });

  it('a difference is taken within a pair, too', () => {
    expect(MORE).toMatchObject({ kind: 'difference', median: 3, low: 2, high: 4 });
  });
});

describe('rounds', () => {
  async function played(rounds: number, { warmUps = 1, withinMs = 3_600_000 } = {}) {
    const order: string[] = [];
    const ticks: number[] = [];
    const act = (name: string) => async () => order.push(name);
    const acts = { a: act('a'), b: act('b'), c: act('c') };
    const taken = await inTurns({
      rounds,
      withinMs,
      warmUps,
      acts,
      tick: (done: number) => ticks.push(done),
    });
    return { order: order.join(''), ticks, taken };
  }

  it('every act has its turn in each, and each begins with another', async () => {
    const { order, ticks, taken } = await played(4);
    expect(order).toBe('abc' + 'abc' + 'bca' + 'cab' + 'abc');
    expect(ticks).toEqual([0, 1, 2, 3]);
    expect(taken).toEqual({ a: [4, 9, 11, 13], b: [5, 7, 12, 14], c: [6, 8, 10, 15] });
  });

  it('end when their time is over, but not before there are some', async () => {
    const { taken } = await played(100, { withinMs: 0 });
    expect(taken.a).toHaveLength(FEWEST_ROUNDS);
    expect((await played(2, { withinMs: 0 })).taken.c).toHaveLength(2);
  });

  it('what is performed to warm up is not counted', async () => {
    const { order, taken } = await played(1, { warmUps: 3 });
    expect(order).toBe('abc'.repeat(4));
    expect(taken).toEqual({ a: [10], b: [11], c: [12] });
  });

  it('an act that fails ends them: there is no table with holes', async () => {
    const acts = { a: () => Promise.reject(new Error('no daemon')) };
    await expect(inTurns({ rounds: 1, withinMs: 0, acts, tick: () => {} })).rejects.toThrow('no daemon');
  });
});

describe('tables', () => {
  it('numbers have three digits that count', () => {
    expect([0.1234, 1.005, 12.34, 123.4, 1234567, Number.NaN].map(shortNumber)).toEqual([
      '0.12',
      '1.00',
      '12.3',
      '123',
      '1,234,567',
      '?',
    ]);
  });

  it('are Markdown whose columns line up', () => {
    expect(markdownTable(['what', 'a'], [['x|y', 'longer']])).toBe(
      ['| what | a      |', '|------|--------|', '| x\\|y | longer |'].join('\n'),
    );
  });

  it('the whole one has every row under its group', () => {
    const table = fullTable(ROWS);
    expect(table.match(/^#### .*/gm)).toEqual(['#### a group', '#### another']);
    expect(table).toContain('| 1.50 (1.25 to 1.75) | at most 1.5  | met    | 3.00 / 2.00 ms | 3      |');
    expect(table).toContain('| at least 0.8 | missed |');
    expect(table).toContain('| +3.0 MB (+2.0 to +4.0) | at most 8 MB more | met |');
  });

  it('the short one has what has a target', () => {
    const lines = shortTable(ROWS).split('\n').slice(2);
    expect(lines.map((line: string) => line.split('|').map((cell) => cell.trim())[4])).toEqual([
      'at most 1.5: met',
      'at least 0.8: missed',
      'at most 8 MB more: met',
    ]);
  });

  it('what is missed is named', () => {
    expect(summaryText(ROWS)).toBe('2 of 3 targets met. Missed: the one against the other (0.50).');
    expect(summaryText([MET])).toBe('1 of 1 targets met.');
  });

  it('the report says where, with what, and what was left out', () => {
    const text = reportText({
      date: '2026-11-21',
      node: '20.19.0',
      machine: '2 × a processor',
      load: '0.1 before, 0.2 after',
      tookMinutes: 9.87,
      versions: { solod: '0.1.0', ng: '0.9.0' },
      rows: [MET],
      leftOut: [{ what: 'socat', why: 'not installed' }],
    });
    const head = text.slice(0, text.indexOf('####'));
    expect(head).toBe(
      '2026-11-21, Node 20.19.0, 2 × a processor; load average 0.1 before, 0.2 after. It took 9.9 minutes.\n\n' +
        'With solod 0.1.0, ng 0.9.0.\n\n1 of 1 targets met.\n\nLeft out: socat (not installed).\n\n',
    );
  });
});

describe('the picture', () => {
  const svg: string = chart(ROWS);

  it('is well-formed, whatever the rows are called', () => {
    expect(tagsIn(svg)).toBe('balanced');
    expect(svg).toContain('a &lt; b | &quot;c&quot; &amp; d');
  });

  it('has a panel for each group, a bar and a whisker for each row, and a mark for each target', () => {
    const count = (pattern: RegExp) => svg.match(pattern)?.length ?? 0;
    expect(count(/class="heading"/g)).toBe(2);
    expect(count(/<rect class="(?:bar|met|missed)"/g)).toBe(4);
    expect(count(/class="whisker"/g)).toBe(4);
    expect(count(/class="target"/g)).toBe(3);
  });

  it('tells a target that was met from one that was missed, and is readable in the dark', () => {
    expect(svg).toContain('<rect class="met"');
    expect(svg).toContain('<rect class="missed"');
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });

  it('leaves out what has no number', () => {
    const none = ratioRow({ ...TAKEN, what: 'nothing', values: [Number.NaN], references: [1] });
    expect(chart([none, MET])).not.toContain('NaN');
  });
});
