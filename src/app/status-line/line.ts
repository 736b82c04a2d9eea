/** Renders a line. Text from outside is cleaned and cut to the room it may take. */

import { codeSuffix } from '../../domain/text/error-code.js';
import {
  type Colour,
  cleanText,
  cutText,
  DIAGNOSTIC_LIMIT,
  diagnosticLine,
  ELLIPSIS,
} from '../../domain/text/one-line.js';
import { type Complaint, textOf } from '../texts/complaint.js';
import type { Session } from './input.js';
import type { GitStatus } from './porcelain.js';
import type { Head } from './repository.js';

export interface Line {
  /** Absolute path, as the caller names it. */
  readonly directory: string;
  readonly home: string | undefined;
  readonly repository: LineRepository | undefined;
  readonly session: Session;
  /** What went wrong. */
  readonly troubles: readonly Complaint[];
}

export interface LineRepository {
  /** Name of its top directory. */
  readonly name: string;
  /** Path from the top to the directory; empty at the top. */
  readonly inside: string;
  readonly head: Head;
  readonly status: GitStatus | undefined;
  readonly operation: string | undefined;
}

const DIRECTORY_LIMIT = 40;
const BRANCH_LIMIT = 40;
const WORD_LIMIT = 30;
const HASH_LENGTH = 7;
const GAP = '  ';

/** SGR of ECMA-48. */
const STYLES = { directory: '34', branch: '36', state: '33', session: '2' } as const;

/** One line without a line feed; never empty. */
export function renderLine(line: Line, colour: Colour): string {
  const { session, troubles, repository } = line;
  const paint = (style: keyof typeof STYLES, text: string): string =>
    text === '' || colour === 'plain' ? text : `\x1b[${STYLES[style]}m${text}\x1b[0m`;
  const git =
    repository === undefined
      ? []
      : [paint('branch', headText(repository.head)), paint('state', stateText(repository))];
  const parts = [
    paint('directory', directoryText(line)),
    git.filter((part) => part !== '').join(' '),
    ...sessionTexts(session).map((text) => paint('session', text)),
    ...(troubles.length > 0 ? [troubleText(troubles, colour)] : []),
  ].filter((part) => part !== '');
  return parts.length > 0 ? parts.join(GAP) : diagnosticLine('', colour);
}

/** All sentences, cut to the room of one diagnostic, and after them the codes, which are never cut. */
export function troubleText(troubles: readonly Complaint[], colour: Colour): string {
  const codes = troubles.map(({ code }) => codeSuffix(code)).join('');
  return diagnosticLine(troubles.map(textOf).join(' · '), colour, codes, DIAGNOSTIC_LIMIT + codes.length);
}

/**
 * `~` stands for home. Of a long path in a repository the part inside the repository is shown, of another one
 * its end.
 */
export function directoryText({ directory, home, repository }: Omit<Line, 'session' | 'troubles'>): string {
  const short = cleanText(fromHome(directory, home));
  if (lengthOf(short) <= DIRECTORY_LIMIT) return short;
  const { name, inside } = repository ?? { name: '', inside: '' };
  const tail = cleanText(`${ELLIPSIS}/${name}${inside === '' ? '' : `/${inside}`}`);
  return cutHead(name === '' || lengthOf(tail) > lengthOf(short) ? short : tail, DIRECTORY_LIMIT);
}

function fromHome(directory: string, home: string | undefined): string {
  if (home === undefined || !home.startsWith('/') || home === '/') return directory;
  const top = home.replace(/\/+$/, '');
  if (directory === top) return '~';
  return directory.startsWith(`${top}/`) ? `~${directory.slice(top.length)}` : directory;
}

const lengthOf = (text: string): number => [...text].length;

function cutHead(text: string, limit: number): string {
  const points = [...text];
  return points.length <= limit ? text : `${ELLIPSIS}${points.slice(points.length - limit + 1).join('')}`;
}

function headText({ branch, commit }: Head): string {
  if (branch !== undefined) return cutText(cleanText(branch), BRANCH_LIMIT);
  return commit === undefined ? '' : `:${commit.slice(0, HASH_LENGTH)}`;
}

function stateText({ status, operation }: LineRepository): string {
  const counts: readonly (readonly [mark: string, count: number | undefined])[] = [
    ['↑', status?.ahead],
    ['↓', status?.behind],
    ['!', status?.conflicts],
    ['+', status?.staged],
    ['~', status?.changed],
    ['?', status?.untracked],
  ];
  const marks = counts.flatMap(([mark, count = 0]) => (count > 0 ? [`${mark}${count}`] : []));
  return [...marks, ...(operation === undefined ? [] : [operation])].join(' ');
}

function sessionTexts(session: Session): readonly string[] {
  const { model, costUsd, durationMs, linesAdded = 0, linesRemoved = 0, contextPercent, style } = session;
  return [
    wordText(model),
    costUsd === undefined ? '' : `$${costUsd.toFixed(2)}`,
    durationMs === undefined ? '' : durationText(durationMs),
    linesAdded + linesRemoved > 0 ? `+${Math.round(linesAdded)}/-${Math.round(linesRemoved)}` : '',
    contextPercent === undefined ? '' : `${Math.round(contextPercent)}%`,
    style === 'default' ? '' : wordText(style),
  ];
}

const wordText = (word = ''): string => cutText(cleanText(word), WORD_LIMIT);

const MINUTE_MS = 60_000;

function durationText(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / 1_000)}s`;
  const minutes = Math.floor(ms / MINUTE_MS);
  return minutes < 60
    ? `${minutes}m`
    : `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}
