/** What the command says of itself on stderr, beside the sentences of failures. */

import { writeSync } from 'node:fs';
import { sentence } from '../domain/failure.js';
import type { KickOutcome, KickWarning } from '../domain/kick.js';
import type { Cause } from '../domain/ports.js';

/** What every line of the command's own begins with. */
export const SPEAKER = 'solod: ';

/** In one write, and done when it returns; a stderr that is closed is no reason to fail: the exit code tells. */
export function say(line: string): void {
  try {
    writeSync(2, `${SPEAKER}${line}\n`);
  } catch {
    // Nobody is there to be told.
  }
}

export const lostText = (cause: Cause): string =>
  `the connection to the daemon was lost after the call had begun: ${cause.message}`;

/** @param stream of the caller's own */
export const brokenText = (stream: string, cause: Cause): string => `${stream} failed: ${cause.message}`;

export function warningText(warning: KickWarning): string {
  if (warning.kind === 'lock-error') return `${sentence(warning)}; the daemon was started without it`;
  const ageS = (warning.ageMs / 1_000).toFixed(1);
  return `another start has been under way for ${ageS} s; the daemon was started all the same`;
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
      return outcome.warning === undefined ? undefined : inOneLine(warningText(outcome.warning));
  }
}

const inOneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
