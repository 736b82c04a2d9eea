/** `solod explain <code>`: the page of a code. */

import { codeFor } from '../../domain/text/error-code.js';
import { EXIT, FAILURE_EXITS } from '../environment/exit-codes.js';
import { USAGE_PAGES } from './command-pages.js';
import { ERROR_PAGES, type ErrorCode } from './error-pages.js';
import { hanging, plain } from './topics.js';

export const ERROR_CODES = Object.keys(ERROR_PAGES) as readonly ErrorCode[];

/** @param written as in a message, or in lower case, or without its beginning */
export function findCode(written: string): ErrorCode | undefined {
  const words = written.toUpperCase().replaceAll('-', '_');
  const code = words.startsWith('SOLOD_E_') ? words : `SOLOD_E_${words}`;
  return Object.hasOwn(ERROR_PAGES, code) ? (code as ErrorCode) : undefined;
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
