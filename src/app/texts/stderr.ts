/** How the command says its sentences on stderr. The sentences themselves: `sentences.ts`. */

import { writeSync } from 'node:fs';
import type { KickOutcome } from '../../domain/obtain/kick.js';
import { colourWanted, diagnosticLine } from '../../domain/text/one-line.js';
import { printable } from '../../domain/text/printable.js';
import { kickWarning, sentence } from './failure-text.js';

/** What every line of the command's own begins with. */
export const SPEAKER = 'solod: ';

/** In one write, and done when it returns; a stderr that is closed is no reason to fail: the exit code tells. */
export function say(line: string): void {
  try {
    writeSync(2, `${SPEAKER}${printable(line)}\n`);
  } catch {
    // Nobody is there to be told.
  }
}

/**
 * The same as the one line of a status line, on stdout. In colour also into a pipe: whoever shows status lines reads one.
 * @returns false where nobody can be told that way
 */
export function sayAsLine(line: string): boolean {
  try {
    writeSync(1, `${diagnosticLine(`${SPEAKER}${line}`, colourWanted(process.env.NO_COLOR))}\n`);
    return true;
  } catch {
    return false;
  }
}

/** @returns what deserves a line on stderr; a kick is silent when all is well, and when another caller is starting a daemon */
export function kickLine(outcome: KickOutcome): string | undefined {
  switch (outcome.kind) {
    case 'running':
    case 'contended':
    case 'no-directory':
      return undefined;
    case 'failed':
      return inOneLine(sentence(outcome.failure));
    case 'started':
      return outcome.warning === undefined ? undefined : inOneLine(kickWarning(outcome.warning));
  }
}

const inOneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
