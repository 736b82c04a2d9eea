/** Reads a caller's stdin to its end, within limits. */

import type { Cause } from '../../ports/readings.js';
import type { ServiceInput } from '../service/define-service.js';
import { shortCauseOf } from './stream-cause.js';

export interface InputLimits {
  readonly waitMs: number;
  readonly bytes: number;
}

export type StdinReading =
  /** `text` is empty if stdin is a terminal: nobody is asked to type. */
  | { readonly kind: 'read'; readonly text: string }
  /** The end did not come in time; `text` is what came. */
  | { readonly kind: 'endless'; readonly text: string }
  | { readonly kind: 'too-long' }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** Never rejects. Asks for no more input than it reads. */
export function readStdin(stdin: ServiceInput, limits: InputLimits): Promise<StdinReading> {
  if (stdin.isTTY) return Promise.resolve({ kind: 'read', text: '' });
  const chunks: Buffer[] = [];
  let bytes = 0;
  const text = (): string =>
    Buffer.concat(chunks)
      .toString('utf8')
      .replace(/^\ufeff/, '');
  return new Promise((resolve) => {
    const finish = (reading: StdinReading): void => {
      clearTimeout(timer);
      resolve(reading);
      // The error listener stays, so that a later error does not crash the daemon.
      stdin.destroy();
    };
    const timer = setTimeout(() => finish({ kind: 'endless', text: text() }), limits.waitMs);
    stdin.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > limits.bytes) finish({ kind: 'too-long' });
    });
    stdin.once('end', () => finish({ kind: 'read', text: text() }));
    stdin.on('error', (error) => finish({ kind: 'failed', cause: shortCauseOf(error) }));
    stdin.once('close', () => finish({ kind: 'read', text: text() }));
  });
}
