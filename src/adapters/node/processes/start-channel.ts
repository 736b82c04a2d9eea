/**
 * The start-up channel: a pipe from a started process to its starter, on which it says in a line each what it has come to. The
 * starter need not be there any more, and there is none where nobody waits (kick).
 */

import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseWord } from '../../../domain/lifecycle/start-ledger.js';
import type { Word } from '../../../ports/start-word.js';

/** Tells a started process the descriptor that it speaks on. */
export const CHANNEL_VARIABLE = 'SOLOD_START_CHANNEL';
/** The first after stdin, stdout and stderr. */
export const CHANNEL_DESCRIPTOR = 3;

/** Nobody says more than a few lines of a few kilobytes. */
export const SAID_BYTES_MAX = 64 * 1024;

/** The started process's end. */
export class StartChannel {
  #descriptor: number | undefined;

  /** Takes the channel out of the environment: it is this process's, and no descendant's. */
  constructor(env: Record<string, string | undefined>) {
    this.#descriptor = env[CHANNEL_VARIABLE] === String(CHANNEL_DESCRIPTOR) ? CHANNEL_DESCRIPTOR : undefined;
    delete env[CHANNEL_VARIABLE];
  }

  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  say(word: Word): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, `${JSON.stringify(word)}\n`);
    } catch {
      // The starter has gone (EPIPE), or does not read: the ledger has it too.
    }
    if (word.kind !== 'claimed') this.#close(this.#descriptor);
  }

  #close(descriptor: number): void {
    this.#descriptor = undefined;
    try {
      closeSync(descriptor);
    } catch {
      // It was none.
    }
  }
}

/** The starter's end: calls `onWord` with every word that comes. */
export function listenToStart(pipe: Readable, onWord: (word: Word) => void): void {
  let said = '';
  pipe.on('error', () => {});
  pipe.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8');
    const lines = said.split('\n');
    said = (lines.pop() ?? '').slice(-SAID_BYTES_MAX);
    for (const line of lines) {
      const word = parseWord(line);
      if (word !== undefined) onWord(word);
    }
  });
}
