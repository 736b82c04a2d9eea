/**
 * The start channel: a pipe on which a started process tells its starter what it has come to, one JSON object
 * for each line. The starter may have ended, and a starter that does not wait (kick) opens no channel.
 */

import { closeSync, writeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { parseWord } from '../../../domain/lifecycle/start-ledger.js';
import type { Word } from '../../../ports/start-word.js';

/** Environment variable that tells a started process the descriptor of its channel. */
export const CHANNEL_VARIABLE = 'SOLOD_START_CHANNEL';
/** The first descriptor after stdin, stdout and stderr. */
export const CHANNEL_DESCRIPTOR = 3;
/** The native client hands over a listener there, and has the channel after it. */
export const NATIVE_CHANNEL_DESCRIPTOR = 4;

/** An incomplete line is cut to its last so many bytes: words are a few lines of a few kilobytes. */
export const SAID_BYTES_MAX = 64 * 1024;

/** The end of the started process. */
export class NodeStartChannel {
  #descriptor: number | undefined;

  /** Takes the channel out of the environment: children of this process must not speak on it. */
  constructor(env: Record<string, string | undefined>) {
    const named = env[CHANNEL_VARIABLE];
    this.#descriptor = [CHANNEL_DESCRIPTOR, NATIVE_CHANNEL_DESCRIPTOR].find((fd) => named === String(fd));
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
      // The starter has ended (EPIPE), or does not read: the ledger has the word too.
    }
    if (word.kind !== 'claimed') this.#close(this.#descriptor);
  }

  #close(descriptor: number): void {
    this.#descriptor = undefined;
    try {
      closeSync(descriptor);
    } catch {
      // The descriptor was not open.
    }
  }
}

/** The end of the starter: calls `onWord` with each word. */
export function listenToStart(pipe: Readable, onWord: (word: Word) => void): void {
  let said = '';
  pipe.on('error', () => {});
  // A character may come in two pieces.
  pipe.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    const lines = said.split('\n');
    said = (lines.pop() ?? '').slice(-SAID_BYTES_MAX);
    for (const line of lines) {
      const word = parseWord(line);
      if (word !== undefined) onWord(word);
    }
  });
}
