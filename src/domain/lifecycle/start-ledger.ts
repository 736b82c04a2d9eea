/**
 * The ledger of starts: what was started for a name, why, by whom, and how it ended. Each line is one JSON
 * object. The starter appends the start, and the process appends what became of it. The ledger is for
 * diagnosis, and a back-off counts failures in it. It never decides which process serves. If it can't be read
 * or written, starts go on without it.
 */

import type { SpawnReason } from '../../ports/spawn-reason.js';
import type { Stage, Word } from '../../ports/start-word.js';
import { type Identity, identityFrom, type Vitality } from '../evidence/identity.js';
import { parseJson } from '../evidence/json.js';

export type LedgerEntry = { readonly atMs: number; readonly pid: number } & (
  | (Identity & {
      readonly kind: 'started';
      readonly by: number;
      /** The program that asked. */
      readonly asker: string;
      readonly reason: SpawnReason;
      /** What was started: the same text for the same program in the same state. */
      readonly build: string;
    })
  /** No process came of it. */
  | {
      readonly kind: 'refused';
      readonly by: number;
      readonly asker: string;
      readonly reason: SpawnReason;
      readonly message: string;
    }
  | Word
);

export const entryText = (entry: LedgerEntry): string => `${JSON.stringify(entry)}\n`;

/** @returns undefined for a value that is not a word of a process */
export function parseWord(text: string): Word | undefined {
  const value = fieldsOf(parseJson(text));
  return value === undefined ? undefined : wordFrom(value);
}

/** The entries of a ledger, or of its end: lines that are cut off, or somebody else's, are passed over. */
export function parseLedger(text: string): readonly LedgerEntry[] {
  return text.split('\n').flatMap((line) => {
    const value = fieldsOf(parseJson(line));
    const entry = value === undefined ? undefined : entryFrom(value);
    return entry === undefined ? [] : [entry];
  });
}

type Fields = Readonly<Record<string, unknown>>;

const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const numberOf = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

function entryFrom(value: Fields): LedgerEntry | undefined {
  const [atMs, pid] = [numberOf(value.atMs), numberOf(value.pid)];
  if (atMs === undefined || pid === undefined) return undefined;
  const asked = {
    by: numberOf(value.by) ?? 0,
    asker: textOf(value.asker),
    reason: textOf(value.reason) as SpawnReason,
  };
  switch (value.kind) {
    case 'started': {
      const identity = identityFrom(value);
      if (identity === undefined) return undefined;
      return { atMs, kind: 'started', ...asked, ...identity, build: textOf(value.build) };
    }
    case 'refused':
      return { atMs, pid, kind: 'refused', ...asked, message: textOf(value.message) };
    default: {
      const word = wordFrom(value);
      return word === undefined ? undefined : { atMs, pid, ...word };
    }
  }
}

const STAGES: readonly unknown[] = ['starting', 'claiming', 'loading', 'serving'] satisfies Stage[];

function wordFrom(value: Fields): Word | undefined {
  const { kind } = value;
  switch (kind) {
    case 'claimed':
    case 'gave-way':
      return { kind, generation: numberOf(value.generation) ?? 0 };
    case 'ready':
      return { kind };
    case 'failed': {
      const stage = STAGES.includes(value.stage) ? (value.stage as Stage) : 'starting';
      return { kind, stage, message: textOf(value.message) };
    }
    case 'ended': {
      const { why, code, signal } = value;
      return { kind, why: textOf(why), code: numberOf(code), signal: textOf(signal) || undefined };
    }
    default:
      return undefined;
  }
}

/** One process, as the ledger tells of it. */
export interface Start {
  readonly pid: number;
  /** Undefined where nobody of solod's started it: `solod serve`, or a supervisor. */
  readonly identity: Identity | undefined;
  readonly startedMs: number;
  readonly by: number;
  readonly asker: string;
  readonly reason: SpawnReason | undefined;
  readonly build: string;
  /** Everything that it came to, in order. */
  readonly words: readonly (Word & { readonly atMs: number })[];
}

/** The processes that a ledger tells of, in the order in which they were started. */
export function startsIn(entries: readonly LedgerEntry[]): readonly Start[] {
  const starts: Start[] = [];
  const latest = new Map<number, number>();
  const begin = (start: Start): void => {
    latest.set(start.pid, starts.push(start) - 1);
  };
  for (const { atMs, pid, ...entry } of entries) {
    if (entry.kind === 'refused') continue;
    if (entry.kind === 'started') {
      const { startTime, bootId, pidNamespace, by, asker, reason, build } = entry;
      const identity = { pid, startTime, bootId, pidNamespace };
      const early = starts[latest.get(pid) ?? -1];
      const isLate = early !== undefined && hasBegunAbout(early, atMs);
      const start = { pid, identity, startedMs: atMs, by, asker, reason, build };
      const startedMs = Math.min(early?.startedMs ?? atMs, atMs);
      if (isLate) starts[latest.get(pid) ?? 0] = { ...start, startedMs, words: early.words };
      else begin({ ...start, words: [] });
      continue;
    }
    if (!latest.has(pid)) begin(byHand(pid, atMs));
    const index = latest.get(pid) ?? 0;
    const start = starts[index];
    if (start !== undefined) starts[index] = { ...start, words: [...start.words, { ...entry, atMs }] };
  }
  return starts;
}

/**
 * A starter that waited for a CPU writes its line after the first words of what it has started; it may have
 * looked at the clock before them. Ids are not used again so soon.
 */
const hasBegunAbout = ({ identity, startedMs }: Start, atMs: number): boolean =>
  identity === undefined && Math.abs(atMs - startedMs) <= SILENT_MS_MAX;

function byHand(pid: number, startedMs: number): Start {
  return { pid, identity: undefined, startedMs, by: 0, asker: '', reason: undefined, build: '', words: [] };
}

/** The same with its end, where its process is proven to have gone without a word. */
export function concluded(start: Start, vitality: Vitality): Start {
  if (vitality !== 'dead' || fateOf(start).kind !== 'open') return start;
  const atMs = start.words.at(-1)?.atMs ?? start.startedMs;
  const end = { kind: 'ended', why: '', code: undefined, signal: undefined, atMs } as const;
  return { ...start, words: [...start.words, end] };
}

/**
 * A service's daemon says that it has claimed its name, or not, within moments of its start; on the busiest
 * machine within this.
 */
export const SILENT_MS_MAX = 20_000;

/**
 * Whether a process that was started hangs before it has said anything: it waits for a debugger, a file
 * system or a lock, say, and stands in nobody's way, so that nobody would notice it.
 * @param vitality of the process that the start's identity names
 */
export function isSilent(start: Start, vitality: Vitality): boolean {
  return start.identity !== undefined && start.words.length === 0 && vitality === 'alive';
}

/** Who has claimed a name, as the owner files of its generations say, whether or not they live. */
export type OwnersReading =
  | { readonly kind: 'owners'; readonly owners: readonly Identity[] }
  | { readonly kind: 'unreadable' };

/**
 * Whether a process that has said nothing may have claimed its name all the same: where the disk is full, the
 * ledger lacks its word. Its owner file is written before the claim. Files that can't be read count as such.
 */
export function mayHaveClaimed({ identity }: Start, reading: OwnersReading): boolean {
  if (reading.kind === 'unreadable') return true;
  return reading.owners.some(
    ({ pid, startTime, bootId }) =>
      pid === identity?.pid && startTime === identity.startTime && bootId === identity.bootId,
  );
}

export const silentText = (forMs: number): string =>
  `it said nothing for ${Math.round(forMs / 1_000)} s after its start, and was ended`;

/** How a start ended, for the back-off. */
export type StartFate =
  /** It came to serve, or gave way to a daemon that did. */
  | { readonly kind: 'fine' }
  /** It has said nothing yet, or not all: it may be alive. */
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly atMs: number; readonly message: string }
  /** It is gone without a word, and its starter too: it was killed from outside, or it crashed. */
  | { readonly kind: 'unseen'; readonly atMs: number; readonly message: string }
  /** It failed for a reason that says nothing of what was started: the same may serve the next time. */
  | { readonly kind: 'excused' };

/** Signals that come from somebody else: a person, a service manager, the kernel that is out of memory. */
export const FROM_OUTSIDE: readonly string[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];
/** What a daemon says of its end that somebody has asked for. */
export const ASKED = 'asked to';
/** What the machine lacks for a time, and has again: errno(3). */
export const LACKING: readonly string[] = ['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM'];

export const isLack = (message: string): boolean => LACKING.some((code) => message.includes(`${code}:`));

const EXCUSED: StartFate = { kind: 'excused' };

export function fateOf({ words, startedMs }: Start): StartFate {
  const failed = words.find(({ kind }) => kind === 'failed');
  if (failed?.kind === 'failed' && failed.stage !== 'serving') {
    // A claim fails by the state directory, whatever is served.
    const isExcused = failed.stage === 'claiming' || isLack(failed.message);
    return isExcused ? EXCUSED : { kind: 'failed', atMs: failed.atMs, message: failed.message };
  }
  if (words.some(({ kind }) => kind === 'ready' || kind === 'gave-way')) return { kind: 'fine' };
  const ended = words.find(({ kind }) => kind === 'ended');
  if (ended?.kind !== 'ended') return { kind: 'open' };
  if (FROM_OUTSIDE.includes(ended.signal ?? ended.why) || ended.why === ASKED) return EXCUSED;
  const isUnseen = ended.signal === undefined && ended.code === undefined && ended.why === '';
  const how = ended.signal ?? (ended.code === undefined ? 'nobody saw how' : `exit code ${ended.code}`);
  const message = `it ended before it served (${how})${ended.why === '' ? '' : `: ${ended.why}`}`;
  return { kind: isUnseen ? 'unseen' : 'failed', atMs: Math.max(ended.atMs, startedMs), message };
}
