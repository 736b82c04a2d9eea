/** What the ledger says about each process. */

import { describe, expect, it } from 'vitest';
import type { Vitality } from '../../../src/domain/evidence/identity.js';
import { chronicleOf, laneOf, type Outcome } from '../../../src/domain/lifecycle/start-history.js';
import type { LedgerEntry } from '../../../src/domain/lifecycle/start-ledger.js';
import { escapeXml } from '../../../src/domain/text/escape-xml.js';
import type { Word } from '../../../src/ports/start-word.js';

const started = (pid: number, atMs: number): LedgerEntry => ({
  ...{ kind: 'started', atMs, pid, startTime: 't', bootId: 'b', pidNamespace: 'n' },
  ...{ by: 9, asker: 'tool', reason: 'cold', build: 'x' },
});
const said = (pid: number, atMs: number, word: Word): LedgerEntry => ({ atMs, pid, ...word });
const CLAIMED: Word = { kind: 'claimed', generation: 4 };
const READY: Word = { kind: 'ready' };
const ended = (why: string, code?: number, signal?: string): Word => ({ kind: 'ended', why, code, signal });
const FAILED: Word = { kind: 'failed', stage: 'loading', message: 'Error: no' };

const NOW = 1_000;
const tell = (vitality: Vitality, ...entries: LedgerEntry[]) => chronicleOf(entries, () => vitality, NOW);

describe('a lane', () => {
  it.each<[string, Word[], Outcome, string, number]>([
    ['just started', [], { kind: 'open', phase: 'starting' }, 'starting 100-1000', NOW],
    ['loading', [CLAIMED], { kind: 'open', phase: 'loading' }, 'starting 100-110, loading 110-1000', NOW],
    [
      'serving',
      [CLAIMED, READY],
      { kind: 'open', phase: 'serving' },
      'starting 100-110, loading 110-120, serving 120-1000',
      NOW,
    ],
    [
      'a give-way',
      [{ kind: 'gave-way', generation: 3 }],
      { kind: 'gave-way', generation: 3 },
      'starting 100-110',
      110,
    ],
    [
      'a give-way, and the end that its starter adds',
      [{ kind: 'gave-way', generation: 3 }, ended('', 0)],
      { kind: 'gave-way', generation: 3 },
      'starting 100-110',
      110,
    ],
    [
      'a failure while loading, and its end',
      [CLAIMED, FAILED, ended('it does not load')],
      { kind: 'failed', message: 'while loading: Error: no' },
      'starting 100-110, loading 110-130',
      130,
    ],
    [
      'a failure whose end is not written yet',
      [CLAIMED, FAILED],
      { kind: 'failed', message: 'while loading: Error: no' },
      'starting 100-110, loading 110-120',
      120,
    ],
    [
      'killed before it served',
      [CLAIMED, ended('', undefined, 'SIGKILL')],
      { kind: 'failed', message: 'SIGKILL' },
      'starting 100-110, loading 110-120',
      120,
    ],
    [
      'dead at once',
      [ended('oh', 3)],
      { kind: 'failed', message: 'exit code 3: oh' },
      'starting 100-110',
      110,
    ],
    [
      'a normal end',
      [CLAIMED, READY, ended('idle')],
      { kind: 'ended', why: 'idle' },
      'starting 100-110, loading 110-120, serving 120-130',
      130,
    ],
  ])('of %s', (_, words, outcome, stretches, atMs) => {
    const entries = words.map((word, index) => said(7, 110 + index * 10, word));
    const [start] = tell('alive', started(7, 100), ...entries).starts;
    if (start === undefined) throw new Error('no start');
    const lane = laneOf(start, NOW);
    expect(lane).toMatchObject({ pid: 7, reason: 'cold', asker: 'tool', by: 9, outcome, atMs });
    expect(lane.stretches.map(({ phase, fromMs, toMs }) => `${phase} ${fromMs}-${toMs}`).join(', ')).toBe(
      stretches,
    );
  });

  it('of a start in the future does not run backwards', () => {
    const [start] = tell('alive', started(7, 2_000)).starts;
    expect(start && laneOf(start, NOW)).toMatchObject({ stretches: [], atMs: 2_000 });
  });
});

describe('a process that is gone without a report', () => {
  const entries = [started(7, 100), said(7, 110, CLAIMED), said(7, 120, READY)];

  it('is gone by the time of the next start, or by now', () => {
    const [alone] = tell('dead', ...entries).starts;
    const [before] = tell('dead', ...entries, started(8, 500)).starts;
    expect([alone?.goneByMs, before?.goneByMs]).toEqual([NOW, 500]);
    expect(before && laneOf(before, NOW)).toMatchObject({ outcome: { kind: 'gone' }, atMs: 500 });
  });

  it('is not gone if that is not proven, or if it reported its end', () => {
    for (const vitality of ['alive', 'unknown'] as const)
      expect(tell(vitality, ...entries).starts[0]).not.toHaveProperty('goneByMs');
    for (const word of [ended('idle'), FAILED, { kind: 'gave-way', generation: 1 } as const])
      expect(tell('dead', ...entries, said(7, 130, word)).starts[0]).not.toHaveProperty('goneByMs');
  });

  it('is not gone if solod did not start it: its identity is unknown', () => {
    expect(tell('dead', said(7, 110, CLAIMED)).starts[0]).not.toHaveProperty('goneByMs');
  });
});

it('refused starts are listed apart', () => {
  const refused: LedgerEntry = {
    ...{ atMs: 5, pid: 0, kind: 'refused', by: 9 },
    asker: 'tool',
    reason: 'cold',
    message: 'EAGAIN',
  };
  expect(tell('alive', refused)).toEqual({ starts: [], refused: [refused] });
});

describe('text in XML', () => {
  it.each([
    ['<a href="x">&amp;', '&lt;a href=&quot;x&quot;&gt;&amp;amp;'],
    ['\u0000\u001b[31m\t\n\ud800 \u{1f600}\uffff', '\ufffd\ufffd[31m\t\n\ufffd \u{1f600}\ufffd'],
  ])('%j', (text, escaped) => expect(escapeXml(text)).toBe(escaped));
});
