/** A line on the terminal while a daemon starts and takes its time. */

import { writeSync } from 'node:fs';
import { printable } from '../../domain/text/printable.js';
import { SPEAKER } from '../../domain/text/speaker.js';
import { isContinuousIntegration } from '../environment/daemon-switch.js';
import { isTerminal } from '../environment/terminals.js';

/** From then on a person wonders what is going on. In milliseconds. */
export const PROGRESS_AFTER_MS = 1_000;

/** ECMA-48: to the first column, and erase in line. */
export const PROGRESS_ERASE = '\r\x1b[K';

/**
 * Shows the line if the wait is long, and stderr is a terminal that can erase it.
 * A log of CI keeps what was erased.
 * @returns ends the wait, and erases the line
 */
export function showWait(service: string, env = process.env): () => void {
  let erase = '';
  const timer = setTimeout(() => {
    if (!isTerminal(2) || env.TERM === 'dumb' || isContinuousIntegration(env)) return;
    erase = PROGRESS_ERASE;
    write(`${SPEAKER}${progressText(printable(service))}`);
  }, PROGRESS_AFTER_MS);
  return () => {
    clearTimeout(timer);
    if (erase !== '') write(erase);
  };
}

export const progressText = (service: string): string => `waiting for the daemon of ${service} …`;

function write(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // The call goes on without the line.
  }
}
