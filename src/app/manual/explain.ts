/** `solod explain <code>`: the page of a code. */

import { codeFor } from '../../domain/text/error-code.js';
import { EXIT, FAILURE_EXITS } from '../environment/exit-codes.js';
import { USAGE_PAGES } from './command-pages.js';
import { ERROR_PAGES, type ErrorCode } from './error-pages.js';
import { similarWords } from './similar-words.js';
import { hanging, plain } from './topics.js';

export const ERROR_CODES = Object.keys(ERROR_PAGES) as readonly ErrorCode[];

const BEGINNING = 'SOLOD_E_';

/** A code as somebody writes it, without what all codes begin with. */
function namedBy(written: string): string {
  const text = written.toUpperCase().replaceAll('-', '_').trim();
  const [code = text] = /SOLOD_E_[A-Z_]*[A-Z]/.exec(text) ?? [];
  return code.replace(/^\[(.*)\]$/, '$1').replace(/^(?:SOLOD_)?(?:E_)?/, '');
}

/** @param written a code or a message that has one; also in lower case, or without its beginning */
export function findCode(written: string): ErrorCode | undefined {
  const code = `${BEGINNING}${namedBy(written)}`;
  return Object.hasOwn(ERROR_PAGES, code) ? (code as ErrorCode) : undefined;
}

const SIMILAR_MAX = 4;

/** Codes that have every word that somebody wrote; else those that differ in a letter or two. */
export function similarCodes(written: string): readonly ErrorCode[] {
  const words = namedBy(written).split(/[_ ]+/).filter(Boolean);
  if (words.length === 0) return [];
  const names = ERROR_CODES.map((code) => code.slice(BEGINNING.length));
  const parts = names.filter((name) => words.every((word) => name.includes(word)));
  const found = parts.length > 0 ? parts : similarWords(words.join('_'), names, SIMILAR_MAX);
  return found.slice(0, SIMILAR_MAX).map((name) => `${BEGINNING}${name}` as ErrorCode);
}

const EXITS: ReadonlyMap<string, number> = new Map([
  ...Object.entries(FAILURE_EXITS).map(([kind, name]) => [codeFor(kind), EXIT[name]] as const),
  ...Object.keys(USAGE_PAGES).map((code) => [code, EXIT.usage] as const),
  [codeFor('lost'), EXIT.lost],
  [codeFor('stream'), EXIT.ioError],
  [codeFor('notExecuted'), EXIT.osError],
]);

/** @returns undefined where several are possible */
export const exitOf = (code: ErrorCode): number | undefined => EXITS.get(code);

const INDENT = 'What happened: '.length;

export function explanation(code: ErrorCode): string {
  const { happened, where, todo } = ERROR_PAGES[code];
  const exit = exitOf(code);
  const parts = [
    ['What happened:', happened],
    ['Where:', where],
    ['What to do:', todo],
    ...(exit === undefined ? [] : [['Exit code:', String(exit)]]),
  ] as const;
  const lines = parts.map(([label = '', text = '']) => hanging(label, plain(text), INDENT));
  return `${code}\n\n${lines.join('\n')}\n`;
}

/** The same for programs. */
export const explanationFacts = (code: ErrorCode): object => ({
  code,
  ...ERROR_PAGES[code],
  exit: exitOf(code) ?? null,
});
