/** What a ledger tells, and how long it holds a start back. */

import { describe, expect, it } from 'vitest';
import { judgeStart } from '../../../src/domain/lifecycle/crash-loop-breaker.js';
import {
  concluded,
  entryText,
  fateOf,
  isSilent,
  type LedgerEntry,
  mayHaveClaimed,
  parseLedger,
  parseWord,
  SILENT_MS_MAX,
  type Start,
  startsIn,
} from '../../../src/domain/lifecycle/start-ledger.js';
import type { Identity } from '../../../src/ports/process-table.js';
import type { SpawnReason } from '../../../src/ports/spawn-reason.js';
import type { Word } from '../../../src/ports/start-word.js';

const WHO = { startTime: 't', bootId: 'boot', pidNamespace: 'pids' };

const started = (pid: number, atMs: number, reason: SpawnReason = 'cold', build = 'b'): LedgerEntry => ({
  atMs,
  pid,
  kind: 'started',
  ...WHO,
  by: 9,
  asker: 'tool',
  reason,
  build,
});
const said = (pid: number, atMs: number, word: Word): LedgerEntry => ({ atMs, pid, ...word });
const FAILED: Word = { kind: 'failed', stage: 'loading', message: 'Error: no' };
const READY: Word = { kind: 'ready' };
const ENDED: Word = { kind: 'ended', why: '', code: 3, signal: undefined };

const starts = (...entries: LedgerEntry[]): readonly Start[] => startsIn(entries);
const at = (wallMs: number) => ({ monotonicMs: 0, wallMs });

describe('a line', () => {
  const entries: LedgerEntry[] = [
    started(7, 1),
    { atMs: 2, pid: 0, kind: 'refused', by: 9, asker: 'tool', reason: 'override', message: 'EAGAIN' },
    said(7, 3, { kind: 'claimed', generation: 4 }),
    said(7, 3, { kind: 'gave-way', generation: 4 }),
    said(7, 4, READY),
    said(7, 5, FAILED),
    said(7, 6, ENDED),
    said(7, 6, { kind: 'ended', why: 'idle', code: undefined, signal: 'SIGKILL' }),
  ];

  it('is read as it was written', () => {
    expect(parseLedger(entries.map(entryText).join(''))).toEqual(entries);
    for (const entry of entries) expect(entryText(entry)).toMatch(/^[^\n]+\n$/);
  });

  it.each([
    '',
    '{"atMs":1,"pid":2,"kind":"star',
    'null',
    '[]',
    '{"pid":2,"kind":"ready"}',
    '{"atMs":1,"kind":"ready"}',
    '{"atMs":1,"pid":2,"kind":"dancing"}',
    '{"atMs":1,"pid":2,"kind":"started","reason":"cold"}',
  ])('%j is skipped, and the next line is read', (line) => {
    expect(parseLedger(`${line}\n${entryText(said(7, 4, READY))}`)).toEqual([said(7, 4, READY)]);
  });

  it('of a channel is a word, or is ignored', () => {
    expect(parseWord('{"kind":"ready"}')).toEqual(READY);
    expect(parseWord('{"kind":"failed","stage":"dancing"}')).toEqual({
      kind: 'failed',
      stage: 'starting',
      message: '',
    });
    for (const text of ['', '7', '"ready"', '{"kind":"started"}']) expect(parseWord(text)).toBeUndefined();
  });
});

describe('the starts of a ledger', () => {
  it('hold what each process said, in order', () => {
    const [first, second] = starts(started(7, 1), started(8, 2), said(8, 3, FAILED), said(7, 4, READY));
    expect(first?.words).toEqual([{ ...READY, atMs: 4 }]);
    expect(second?.words).toEqual([{ ...FAILED, atMs: 3 }]);
  });

  it('keep apart two processes that had the same id', () => {
    const [first, second] = starts(started(7, 1), said(7, 2, FAILED), started(7, 3), said(7, 4, READY));
    expect([first?.words.length, second?.words]).toEqual([1, [{ ...READY, atMs: 4 }]]);
  });

  it('include a process that solod did not start, without a reason', () => {
    const [only] = starts(said(7, 4, READY), said(7, 5, ENDED));
    expect(only).toMatchObject({ pid: 7, startedMs: 4, reason: undefined, identity: undefined });
    expect(only?.words).toHaveLength(2);
  });

  it('are one if the process spoke before its starter had written it down', () => {
    const words = [said(7, 4, { kind: 'claimed', generation: 1 }), said(7, 5, READY)] as const;
    const [only, ...others] = starts(...words, started(7, 6), said(7, 9, ENDED));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ startedMs: 4, reason: 'cold', identity: { pid: 7 } });
    expect(only?.words.map(({ kind }) => kind)).toEqual(['claimed', 'ready', 'ended']);
  });

  it('are one if its starter looked at the clock before the process spoke, and wrote after', () => {
    const [only, ...others] = starts(said(7, 4, { kind: 'claimed', generation: 1 }), started(7, 3));
    expect(others).toEqual([]);
    expect(only).toMatchObject({ startedMs: 3, reason: 'cold', identity: { pid: 7 } });
    expect(only && isSilent(only, 'alive')).toBe(false);
  });

  it('are two if the process that spoke had the same id long before', () => {
    const found = starts(said(7, 4, READY), started(7, 5 + SILENT_MS_MAX));
    expect(found.map(({ words }) => words.length)).toEqual([1, 0]);
  });

  it('do not include refused starts', () => {
    const refused = { kind: 'refused', by: 9, asker: 'tool', reason: 'cold', message: 'no' } as const;
    expect(starts({ atMs: 1, pid: 0, ...refused })).toEqual([]);
  });
});

describe('the fate of a start', () => {
  const fate = (...words: Word[]) =>
    fateOf(starts(started(7, 1), ...words.map((word) => said(7, 5, word)))[0] as Start);

  it.each<[string, Word[], object]>([
    ['said nothing', [], { kind: 'open' }],
    ['has claimed, and still loads', [{ kind: 'claimed', generation: 1 }], { kind: 'open' }],
    ['is ready', [READY], { kind: 'fine' }],
    ['gave way', [{ kind: 'gave-way', generation: 1 }], { kind: 'fine' }],
    ['ended after it served', [READY, ENDED], { kind: 'fine' }],
    ['failed after it served', [READY, { ...FAILED, stage: 'serving' }], { kind: 'fine' }],
    ['did not load', [FAILED, ENDED], { kind: 'failed', atMs: 5, message: 'Error: no' }],
    ['died', [ENDED], { kind: 'failed', atMs: 5, message: 'it ended before it served (exit code 3)' }],
    [
      'was killed after the claim',
      [
        { kind: 'claimed', generation: 1 },
        { ...ENDED, code: undefined, signal: 'SIGSEGV' },
      ],
      { kind: 'failed', atMs: 5, message: 'it ended before it served (SIGSEGV)' },
    ],
    ...(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'] as const).flatMap((signal): [string, Word[], object][] => [
      [`was killed by ${signal}`, [{ ...ENDED, code: undefined, signal }], { kind: 'excused' }],
      [`ended by itself at ${signal}`, [{ ...ENDED, code: undefined, why: signal }], { kind: 'excused' }],
    ]),
    ['was asked to end', [{ ...ENDED, code: undefined, why: 'asked to' }], { kind: 'excused' }],
    ['could not claim', [{ ...FAILED, stage: 'claiming' }, ENDED], { kind: 'excused' }],
    [
      'hung before it said anything',
      [{ ...FAILED, stage: 'starting' }],
      { kind: 'failed', atMs: 5, message: 'Error: no' },
    ],
    ...['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM'].map((code): [string, Word[], object] => [
      `did not load for want of what the machine has again: ${code}`,
      [{ ...FAILED, message: `Error: ${code}: no more, write` }],
      { kind: 'excused' },
    ]),
    [
      'ended for an unknown reason',
      [{ ...ENDED, code: undefined }],
      { kind: 'unseen', atMs: 5, message: 'it ended before it served (nobody saw how)' },
    ],
    [
      'died with a message',
      [{ ...ENDED, why: 'Error: out of luck' }],
      { kind: 'failed', atMs: 5, message: 'it ended before it served (exit code 3): Error: out of luck' },
    ],
  ])('%s', (_, words, expected) => {
    expect(fate(...words)).toEqual(expected);
  });

  it('is concluded for a process that is gone without a report, and for no other', () => {
    const [open] = starts(started(7, 1)) as [Start];
    const [fine] = starts(started(7, 1), said(7, 2, READY)) as [Start];
    expect(fateOf(concluded(open, 'dead'))).toEqual({
      kind: 'unseen',
      atMs: 1,
      message: 'it ended before it served (nobody saw how)',
    });
    expect(concluded(open, 'alive')).toBe(open);
    expect(concluded(open, 'unknown')).toBe(open);
    expect(concluded(fine, 'dead')).toBe(fine);
  });
});

describe('a start', () => {
  it('hangs if its process provably lives and has said nothing', () => {
    const [silent] = starts(started(7, 1)) as [Start];
    const [claimed] = starts(started(7, 1), said(7, 2, { kind: 'claimed', generation: 1 })) as [Start];
    const [byHand] = starts(said(7, 2, READY)) as [Start];
    expect(isSilent(silent, 'alive')).toBe(true);
    expect(isSilent(silent, 'dead')).toBe(false);
    expect(isSilent(silent, 'unknown')).toBe(false);
    expect(isSilent(claimed, 'alive')).toBe(false);
    expect(isSilent({ ...byHand, words: [] }, 'alive')).toBe(false);
  });

  it('that could write nothing may have claimed its name: its owner file says so', () => {
    const [silent] = starts(started(7, 1)) as [Start];
    const self = silent.identity as Identity;
    const claimedBy = (...owners: readonly Identity[]) => mayHaveClaimed(silent, { kind: 'owners', owners });
    expect(claimedBy()).toBe(false);
    expect(claimedBy({ ...self, pid: 8 }, self)).toBe(true);
    expect(claimedBy({ ...self, pid: 8 })).toBe(false);
    expect(claimedBy({ ...self, startTime: 'of a later process' })).toBe(false);
    expect(claimedBy({ ...self, bootId: 'of another boot' })).toBe(false);
    expect(mayHaveClaimed(silent, { kind: 'unreadable' })).toBe(true);
  });
});

describe('a start after failures', () => {
  /** Failed starts, one per second, the last one at 100 s. */
  const failures = (count: number, reason: SpawnReason = 'cold'): LedgerEntry[] =>
    Array.from({ length: count }, (_, index) => {
      const atMs = (100 - (count - 1 - index)) * 1_000;
      return [started(10 + index, atMs, reason), said(10 + index, atMs, FAILED)];
    }).flat();

  it.each([
    [0, 0],
    [1, 0],
    [2, 5_000],
    [3, 10_000],
    [4, 20_000],
    [5, 40_000],
    [6, 60_000],
    [30, 60_000],
  ])('%i in a row: the pause is %i ms', (count, holdMs) => {
    const before = startsIn(failures(count));
    if (holdMs === 0) {
      expect(judgeStart(before, 'b', at(100_000))).toEqual({ kind: 'allowed' });
      return;
    }
    expect(judgeStart(before, 'b', at(100_000 + holdMs - 1))).toEqual({
      kind: 'held-back',
      failures: count,
      untilMs: 100_000 + holdMs,
      waitMs: 1,
      message: 'Error: no',
    });
    expect(judgeStart(before, 'b', at(100_000 + holdMs))).toEqual({ kind: 'allowed' });
  });

  it('is held back only by failures of the same build', () => {
    expect(judgeStart(startsIn(failures(4)), 'changed', at(100_000))).toEqual({ kind: 'allowed' });
  });

  it('is allowed again when a start in between has served', () => {
    const served = [...failures(4), started(90, 100_000), said(90, 100_000, READY)];
    expect(judgeStart(startsIn(served), 'b', at(100_000))).toEqual({ kind: 'allowed' });
    const failedSince = [...served, started(91, 100_000), said(91, 100_000, FAILED)];
    expect(judgeStart(startsIn(failedSince), 'b', at(100_000))).toEqual({ kind: 'allowed' });
  });

  it('counts only failures since a restart by a person', () => {
    const restarted = [...failures(4), started(90, 100_000, 'restart'), said(90, 100_000, FAILED)];
    expect(judgeStart(startsIn(restarted), 'b', at(100_000))).toEqual({ kind: 'allowed' });
  });

  it('does not count starts under way, or starts by a supervisor', () => {
    const open = [...failures(1), started(90, 100_000), started(91, 100_000)];
    expect(judgeStart(startsIn(open), 'b', at(100_000))).toEqual({ kind: 'allowed' });
    const byHand = [...failures(1), said(92, 100_000, FAILED)];
    expect(judgeStart(startsIn(byHand), 'b', at(100_000))).toEqual({ kind: 'allowed' });
  });

  it('is neither held back nor allowed by ends that say nothing about the build', () => {
    const killed = { ...ENDED, code: undefined, signal: 'SIGKILL' } as const;
    const excused = [started(80, 100_000), said(80, 100_000, killed)];
    expect(judgeStart(startsIn([...excused, ...excused, ...excused]), 'b', at(100_000)).kind).toBe('allowed');
    expect(judgeStart(startsIn([...failures(2), ...excused]), 'b', at(100_000)).kind).toBe('held-back');
  });

  it('is held back by ends that nobody saw only after several of them', () => {
    const unseen = (count: number): LedgerEntry[] =>
      Array.from({ length: count }, (_, n) => [
        started(80 + n, 100_000),
        said(80 + n, 100_000, { ...ENDED, code: undefined }),
      ]).flat();
    const verdict = (...entries: LedgerEntry[]) => judgeStart(startsIn(entries), 'b', at(100_000)).kind;
    expect([4, 5, 6].map((count) => verdict(...unseen(count)))).toEqual(['allowed', 'allowed', 'held-back']);
    expect(verdict(...failures(1), ...unseen(4))).toBe('allowed');
    expect(verdict(...failures(2), ...unseen(4))).toBe('held-back');
    expect(verdict(...failures(1), ...unseen(5))).toBe('held-back');
  });

  it('is not held back by old failures, or after the clock was set back', () => {
    expect(judgeStart(startsIn(failures(6)), 'b', at(100_000 - 86_400_000))).toEqual({ kind: 'allowed' });
    const later = 100_000 + 11 * 60_000;
    const lastOfToday = [...failures(6), started(90, later), said(90, later, FAILED)];
    expect(judgeStart(startsIn(lastOfToday), 'b', at(later))).toEqual({ kind: 'allowed' });
  });

  it('thirty seconds of constant attempts cost at most five starts', () => {
    const entries: LedgerEntry[] = [];
    let count = 0;
    for (let ms = 0; ms < 30_000; ms += 10) {
      if (judgeStart(startsIn(entries), 'b', at(ms)).kind === 'held-back') continue;
      count += 1;
      entries.push(started(count, ms), said(count, ms, FAILED));
    }
    expect(count).toBe(4);
  });
});
