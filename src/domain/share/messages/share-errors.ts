/** What solod itself tells the two sides of a shared MCP server: a sentence with a stable code at its end. */

import { codeFor, codeSuffix } from '../../text/error-code.js';
import type { ShareLimits } from './share-limits.js';

/** What follows the name of the speaker. */
export const MCP_TROUBLE = {
  brokerLost: (words: string) =>
    `the broker ended before it answered, and the request is not sent again: ${words}`,
  noBroker: (words: string) => `there is no broker: ${words}`,
  serverLost: (words: string) =>
    `the server ended before it answered, and the request is not sent again: ${words}`,
  serverFails: (failures: number, seconds: number, words: string) =>
    `the server ended ${failures} times in a row, the next start is in ${seconds} s: ${words}`,
  noGreeting: (why: string) => why,
  overLimit: (what: string, limit: keyof ShareLimits, allowed: number | string) =>
    `${what}, and at most ${allowed} are allowed (limit ${limit})`,
  cannotAnswer: () => 'no client that this concerns can answer that',
  notTold: () => 'several clients share this server, and it is not certain which one this concerns',
  clientGone: () => 'the client that was asked has gone',
  notJson: () => 'that is not JSON',
  noMessage: () => 'that is not a JSON-RPC message',
  emptyBatch: () => 'an empty array',
  foreignTask: () => 'this client has no such task',
  cutOff: (bytes: number | string) =>
    `${bytes} bytes were not read, and the session began anew (limit unreadBytes)`,
} as const satisfies Readonly<Record<string, (...parts: never[]) => string>>;

type Trouble = keyof typeof MCP_TROUBLE;

/** As the client's side says it on stderr, where a line names its speaker anyway. */
export function shareWarning<T extends Trouble>(
  trouble: T,
  ...parts: Parameters<(typeof MCP_TROUBLE)[T]>
): string {
  const tell = MCP_TROUBLE[trouble] as (...parts: readonly unknown[]) => string;
  return `${tell(...parts)}${codeSuffix(codeFor(`mcp-${trouble}`))}`;
}

/** The message of a JSON-RPC error, as people see it in their host. */
export const shareError = <T extends Trouble>(
  trouble: T,
  ...parts: Parameters<(typeof MCP_TROUBLE)[T]>
): string => `solod share: ${shareWarning(trouble, ...parts)}`;

/** What the sender of a message is told that is too long. */
export const tooLongText = (bytes: number | string, limit: number | string): string =>
  shareError('overLimit', `a message of ${bytes} bytes`, 'messageBytes', limit);
