import { PassThrough } from 'node:stream';
import type { CallConnection } from '../wire/client.js';

/** What a daemon has said to a question that has no input, and how the call has ended. */
interface CollectedAnswer {
  readonly ended: Awaited<ReturnType<CallConnection['complete']>>;
  readonly text: string;
}

/**
 * Reads the answer to its end.
 * @param connection to a daemon that has accepted the call
 * @param withinMs how long it may take, in milliseconds
 */
export async function collectAnswer(connection: CallConnection, withinMs: number): Promise<CollectedAnswer> {
  const stdout = new PassThrough();
  const chunks: Buffer[] = [];
  stdout.on('data', (bytes: Buffer) => chunks.push(bytes));
  const stderr = new PassThrough().resume();
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(withinMs)));
  const ended = await connection.complete({ stdin: undefined, stdout, stderr, signal });
  return { ended, text: Buffer.concat(chunks).toString('utf8') };
}
