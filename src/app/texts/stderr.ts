/** The one place where solod writes a line of its own to stderr. */

import { writeSync } from 'node:fs';
import type { KickOutcome, KickWarning } from '../../domain/obtain/kick.js';
import { codeSuffix } from '../../domain/text/error-code.js';
import { type Colour, diagnosticLine } from '../../domain/text/one-line.js';
import { printable } from '../../domain/text/printable.js';
import { SPEAKER } from '../../domain/text/speaker.js';
import { codeOf, kickWarning, sentence, warningCode } from './failure-sentence.js';

/** Writes the line at once, to the terminal or to a daemon's log. A closed or full stderr is ignored. */
export function say(line: string): void {
  try {
    writeSync(2, `${SPEAKER}${printable(line)}\n`);
  } catch {
    // The exit code still tells, and a daemon keeps serving.
  }
}

/**
 * Writes the line to stdout, as a status line shows it. In colour also into a pipe, from which programs read
 * status lines.
 * @param code stands at its end; the text is cut to leave room for it
 * @returns false if that failed
 */
export function sayAsLine(line: string, code: string | undefined, colour: Colour): boolean {
  try {
    writeSync(1, `${diagnosticLine(`${SPEAKER}${line}`, colour, codeSuffix(code))}\n`);
    return true;
  } catch {
    return false;
  }
}

/** @returns the line that a kick prints; none if all is well, or if another caller starts the daemon */
export function kickLine(outcome: KickOutcome): string | undefined {
  switch (outcome.kind) {
    case 'running':
    case 'contended':
    case 'no-directory':
      return undefined;
    case 'failed':
      return inOneLine(sentence(outcome.failure)) + codeSuffix(codeOf(outcome.failure));
    case 'started':
      return outcome.warning === undefined ? undefined : warningLine(outcome.warning);
  }
}

const warningLine = (warning: KickWarning): string =>
  inOneLine(kickWarning(warning)) + codeSuffix(warningCode(warning));

const inOneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
