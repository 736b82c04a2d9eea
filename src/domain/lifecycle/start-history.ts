/**
 * The ledger of starts as people want it told: what each was for, which stages it went through, and what
 * became of it.
 */

import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { Word } from '../../ports/start-word.js';
import type { Identity, Vitality } from '../evidence/identity.js';
import { type LedgerEntry, type Start, startsIn } from './start-ledger.js';

export type Refused = Extract<LedgerEntry, { kind: 'refused' }>;

export interface Told extends Start {
  /** Its process is proven to have gone without a last word, by that time at the latest. */
  readonly goneByMs?: number | undefined;
}

export interface Chronicle {
  /** Oldest first. */
  readonly starts: readonly Told[];
  /** Starts of which no process came. */
  readonly refused: readonly Refused[];
}

/**
 * @param vitality asked only for processes whose end is not written down
 * @param wallMs now
 */
export function chronicleOf(
  entries: readonly LedgerEntry[],
  vitality: (who: Identity) => Vitality,
  wallMs: number,
): Chronicle {
  const refused = entries.filter((entry): entry is Refused => entry.kind === 'refused');
  const starts = startsIn(entries);
  const told = starts.map((start, index): Told => {
    const { identity, words } = start;
    if (identity === undefined || words.some(isLast) || vitality(identity) !== 'dead') return start;
    // The next caller may have found it dead, and nobody may have looked before.
    const heardMs = words.at(-1)?.atMs ?? start.startedMs;
    const next = starts.slice(index + 1).find(({ startedMs }) => startedMs >= heardMs);
    return { ...start, goneByMs: next?.startedMs ?? wallMs };
  });
  return { starts: told, refused };
}

const isLast = ({ kind }: Word): boolean => kind === 'gave-way' || kind === 'failed' || kind === 'ended';

/** How a process spent its time. */
export type StagePhase = 'starting' | 'loading' | 'serving';

export interface Stretch {
  readonly phase: StagePhase;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What the ledger says became of a process. */
export type Outcome =
  /** The process has reported a stage, but not its end. */
  | { readonly kind: 'open'; readonly phase: StagePhase }
  | { readonly kind: 'gave-way'; readonly generation: number }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'ended'; readonly why: string }
  /** It has ended and could not say so: killed, say. */
  | { readonly kind: 'gone' };

export interface Lane {
  readonly pid: number;
  /** Undefined where nobody of solod's started it. */
  readonly reason: SpawnReason | undefined;
  readonly asker: string;
  readonly by: number;
  readonly stretches: readonly Stretch[];
  /** When it came to its outcome; now, where it has come to none. */
  readonly atMs: number;
  /** The claim, if it won. */
  readonly claimed: { readonly atMs: number; readonly generation: number } | undefined;
  readonly readyMs: number | undefined;
  readonly outcome: Outcome;
}

/** @param wallMs now, for those that have not ended */
export function laneOf(start: Told, wallMs: number): Lane {
  const { pid, reason, asker, by, startedMs, words } = start;
  const word = words.find(({ kind }) => kind === 'claimed');
  const claimed = word?.kind === 'claimed' ? word : undefined;
  const readyMs = words.find(({ kind }) => kind === 'ready')?.atMs;
  const { outcome, atMs = Math.max(wallMs, startedMs) } = outcomeOf(start);
  const loadedMs = readyMs ?? atMs;
  const claimedMs = claimed?.atMs ?? loadedMs;
  const all: readonly Stretch[] = [
    { phase: 'starting', fromMs: startedMs, toMs: claimedMs },
    { phase: 'loading', fromMs: claimedMs, toMs: loadedMs },
    { phase: 'serving', fromMs: loadedMs, toMs: atMs },
  ];
  const stretches = all.filter(({ fromMs, toMs }) => toMs > fromMs);
  return { pid, reason, asker, by, stretches, atMs, claimed, readyMs, outcome };
}

/**
 * What a process said of itself tells more than how it ended, which its starter may have written down after
 * that.
 */
function outcomeOf({ words, goneByMs }: Told): { readonly outcome: Outcome; readonly atMs?: number } {
  const ended = words.findLast(({ kind }) => kind === 'ended');
  const failed = words.findLast(({ kind }) => kind === 'failed');
  if (failed?.kind === 'failed') {
    const message = `while ${failed.stage}: ${failed.message}`;
    return { outcome: { kind: 'failed', message }, atMs: (ended ?? failed).atMs };
  }
  const gaveWay = words.find(({ kind }) => kind === 'gave-way');
  if (gaveWay?.kind === 'gave-way') {
    const { generation, atMs } = gaveWay;
    return { outcome: { kind: 'gave-way', generation }, atMs };
  }
  const hasServed = words.some(({ kind }) => kind === 'ready');
  if (ended?.kind === 'ended') return { outcome: endOf(ended, hasServed), atMs: ended.atMs };
  if (goneByMs !== undefined) return { outcome: { kind: 'gone' }, atMs: goneByMs };
  const hasClaimed = words.some(({ kind }) => kind === 'claimed');
  return { outcome: { kind: 'open', phase: hasServed ? 'serving' : hasClaimed ? 'loading' : 'starting' } };
}

/** One that never served has failed, however it ended. */
function endOf({ code, signal, why }: Extract<Word, { kind: 'ended' }>, hasServed: boolean): Outcome {
  const way = signal ?? (code === undefined ? '' : `exit code ${code}`);
  const text = [way, why].filter((part) => part !== '').join(': ');
  return hasServed ? { kind: 'ended', why: text } : { kind: 'failed', message: text };
}
