/** How the torture judges: a client by its end, a tool by its rounds. */

import { describe, expect, it } from 'vitest';
import {
  countFates,
  type Fate,
  fateOf,
  median,
  type Round,
  rowOf,
  shortTable,
  violationsOf,
  wholeTable,
  withTable,
} from './modules.js';

const EXPECTED = { code: 0, stdout: 'yes\n' };

describe('a client that has ended', () => {
  it.each<[Fate, number | null, string, boolean]>([
    ['right', 0, 'yes\n', false],
    ['wrong', 0, 'no\n', false],
    ['silent', 0, '', false],
    ['failed', 1, '', false],
    // Who says that it failed is believed, whatever it has printed.
    ['failed', 1, 'yes\n', false],
    ['failed', null, '', false],
    ['hanging', null, '', true],
    ['hanging', null, 'yes\n', true],
  ])('is %s: exit code %s, %j, ended by us: %s', (fate, code, stdout, wasEnded) => {
    expect(fateOf({ code, stdout, wasEnded }, EXPECTED)).toBe(fate);
  });

  it('is right with another exit code, where that is the answer', () => {
    expect(fateOf({ code: 3, stdout: '', wasEnded: false }, { code: 3, stdout: '' })).toBe('right');
  });
});

describe('the median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 3, 2], 2],
    [[], undefined],
  ])('of %j is %s', (values, expected) => expect(median(values)).toBe(expected));
});

const of = { scenario: 'cold', tool: 'one', version: '1.0.0', clients: 2, mayFail: [75] };
const played = (change: Partial<Extract<Round, { kind: 'played' }>> = {}): Round => ({
  ...{ kind: 'played', left: 1, started: 1, tookMs: 10, said: [], codes: [] },
  fates: countFates(['right', 'right']),
  ...change,
});

describe('all rounds', () => {
  it('are added up', () => {
    const rounds = [
      played(),
      played({ left: 8, started: 9, tookMs: 30, fates: countFates(['silent', 'wrong']) }),
      played({ left: 0, tookMs: 20, fates: countFates(['failed', 'hanging']), codes: [1], said: ['no'] }),
      { kind: 'not-prepared', why: 'it rained' } as const,
    ];
    expect(rowOf(of, rounds)).toEqual({
      ...{ scenario: 'cold', tool: 'one', version: '1.0.0', clients: 2 },
      ...{ rounds: 3, unprepared: ['it rained'], medianMs: 20, said: ['no'], untyped: 1 },
      left: { least: 0, most: 8, notOne: 2 },
      started: { least: 1, most: 9 },
      fates: { right: 2, wrong: 1, silent: 1, failed: 1, hanging: 1 },
    });
  });

  it.each<[string, Round, string[]]>([
    ['nothing is wrong', played(), []],
    ['two daemons', played({ left: 2 }), ['cold: 1 of 1 rounds did not leave one daemon but 2']],
    ['none', played({ left: 0 }), ['cold: 1 of 1 rounds did not leave one daemon but 0']],
    ['a silent loss', played({ fates: countFates(['silent']) }), ['cold: 1 clients: silent']],
    ['a wrong answer', played({ fates: countFates(['wrong']) }), ['cold: 1 clients: wrong']],
    ['one that hangs', played({ fates: countFates(['hanging']) }), ['cold: 1 clients: hanging']],
    ['a failure that may be', played({ fates: countFates(['failed']), codes: [75] }), []],
    [
      'a failure that may not',
      played({ fates: countFates(['failed']), codes: [76] }),
      ['cold: 1 clients failed in a way that nothing there justifies'],
    ],
    [
      'a client that was killed by a signal',
      played({ fates: countFates(['failed']), codes: [null] }),
      ['cold: 1 clients failed in a way that nothing there justifies'],
    ],
    [
      'no round',
      { kind: 'not-prepared', why: 'it rained' },
      ['cold: no round took place', 'cold: 1 rounds could not be prepared, the first: it rained'],
    ],
  ])('are violated by what is wrong: %s', (_, round, expected) => {
    expect(violationsOf(rowOf(of, [round]))).toEqual(expected);
  });
});

describe('the tables', () => {
  const rows = [
    rowOf(of, [played({ fates: countFates([...Array<Fate>(199).fill('right'), 'silent']) })]),
    rowOf({ ...of, tool: 'two' }, [played({ left: 2, started: 3 }), played({ left: 8, started: 9 })]),
    rowOf({ ...of, tool: 'three' }, [{ kind: 'not-prepared', why: 'it rained' }]),
    rowOf({ ...of, scenario: 'killed', tool: 'one' }, [played()]),
    rowOf({ ...of, scenario: 'crowd', tool: 'one' }, [played()]),
  ];
  const facts = {
    node: '20.19.0',
    kernel: '6.1',
    cores: 2,
    clients: 8,
    minutes: 1,
    asked: { rounds: 50, rivalRounds: 5 },
  };
  const results = { ...facts, rows, leftOut: ['four, not there'] };

  it('tell every round, and what was left out', () => {
    const text = wholeTable(results, [
      { key: 'cold', title: 'cold start' },
      { key: 'killed', title: 'killed' },
      { key: 'crowd', title: 'fifty', ours: true },
      { key: 'stopped', title: 'never played' },
    ]);
    expect(text).toContain(
      'Node 20.19.0, Linux 6.1, 2 cores; 8 clients at once. Asked for were 50 rounds of solod',
    );
    expect(text).toContain('| one | 1 | 1 | 0 | 199 | 0 | 1 | 0 | 0 | 1 | 10 |');
    expect(text).toContain('| two | 2 | 2–8 | 2 | 4 | 0 | 0 | 0 | 0 | 3–9 | 10 |');
    expect(text).toContain('| three | 0 (1 not prepared) |');
    expect(text.split('Not played, for there is nothing of the kind: two; three.')).toHaveLength(2);
    expect(text.split('For solod alone.')).toHaveLength(2);
    expect(text).toContain('Left out: four, not there.');
    expect(text).not.toContain('never played');
  });

  it('in short: who does not answer all does not answer 100 %', () => {
    const lines = shortTable(results).split('\n');
    expect(lines[2]).toMatch(/^\| one \| 1 \| 1, 99 % \| 1, 100 % \| – \|/);
    expect(lines[3]).toMatch(/^\| two \| 2 \| 2–8, 100 % \|/);
    expect(lines[4]).toMatch(/^\| three \| 0 \| no daemon \|/);
  });

  it('are put between their marks, and nowhere else', () => {
    const text = 'a\n<!-- it -->\nold\n<!-- end of it -->\nb\n';
    expect(withTable('it', text, 'new')).toBe('a\n<!-- it -->\nnew\n<!-- end of it -->\nb\n');
    expect(() => withTable('other', text, 'new')).toThrow('there is no place for the table');
  });
});
