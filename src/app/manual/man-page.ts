/** The page of man(1), of the same tables as the help. */

import { VERSION } from '../environment/version.js';
import { COMMANDS } from '../options/command-table.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  OPTIONS,
  type OptionSpec,
  optionHelp,
} from '../options/option-table.js';
import { plain, type Row, TOPICS, wrapped } from './topics.js';

const NAMES = Object.keys(COMMANDS) as readonly CommandName[];

/**
 * @param day of the release, `2026-12-24`; or that there was none
 * @returns the page in the language of man(7)
 */
export function manPage(day: string): string {
  return [
    `.TH SOLOD 1 "${day}" "solod ${VERSION}" "User Commands"`,
    '.SH NAME',
    'solod \\- exactly one warm background daemon for a command-line tool',
    '.SH SYNOPSIS',
    '.B solod',
    '.I command',
    '.RI [ options ]',
    '.SH DESCRIPTION',
    line('Calls a service through a daemon that stays loaded, and starts that daemon if there is none.'),
    line('However many callers come at once, one daemon serves a name.'),
    '.SH OPTIONS',
    ...rowLines([
      ['-h, --help', 'print help; of a command, if it stands behind one'],
      ['-V, --version', 'print the version'],
    ]),
    '.SH COMMANDS',
    ...NAMES.flatMap(commandLines),
    ...Object.values(TOPICS).flatMap(({ title, rows }) => [`.SH ${title.toUpperCase()}`, ...rowLines(rows)]),
    '',
  ].join('\n');
}

function commandLines(name: CommandName): string[] {
  const { operand, summary } = COMMANDS[name];
  const options = COMMAND_OPTIONS[name].flatMap((option) => {
    const { short }: OptionSpec = OPTIONS[option];
    const { argument, help } = optionHelp(name, option);
    const flags = `${short === undefined ? '' : `-${short}, `}--${option}`;
    return ['.TP', `.B ${escaped(argument === undefined ? flags : `${flags} ${argument}`)}`, line(help)];
  });
  return [`.SS solod ${escaped(`${name} ${operand}`.trimEnd())}`, line(summary), ...options];
}

const rowLines = (rows: readonly Row[]): string[] =>
  rows.flatMap(([name, meaning]) => ['.TP', `.B ${escaped(name)}`, line(plain(meaning))]);

const escaped = (text: string): string =>
  text.replaceAll('\\', '\\e').replaceAll('-', '\\-').replaceAll('…', '...');

const COLUMNS = 80;

/** Lines of text: one that starts with a dot or a quote would be a request. */
const line = (text: string): string =>
  wrapped(escaped(text), COLUMNS)
    .map((one) => one.replace(/^[.']/, '\\&$&'))
    .join('\n');
