/** What is told of something that was thrown, which may be anything at all. */

import { inspect } from 'node:util';

/** One line for the caller of a service. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return textOf(thrown);
  return thrown.message === '' ? thrown.name : thrown.message;
}

/** For the log: with the stack. */
export function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
}

/** Some objects can't be made a string. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

/**
 * Error codes of a call's streams and signal after its caller has gone. A service that leaves a promise with
 * such a rejection unhandled must not end the calls of others.
 */
const ENDED = new Set([
  'ECONNRESET',
  'EPIPE',
  'ABORT_ERR',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

export function isOfACallThatEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ENDED.has(String(error.code));
}
