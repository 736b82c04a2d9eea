/** What a broker tells a client's side beside the messages: one JSON object a line, on the call's stderr. */

import { parseJson } from '../../domain/evidence/json.js';

export type SideMessage =
  /** The session ends in good order, and so many of its lines have been taken. */
  | { readonly kind: 'taken'; readonly lines: number }
  /** So much was unread that the session ends. */
  | { readonly kind: 'cut-off'; readonly unreadBytes: number }
  /** For a person. */
  | { readonly kind: 'note'; readonly text: string }
  /** There is no session, and will be none. */
  | { readonly kind: 'refused'; readonly text: string };

export const sideLine = (message: SideMessage): string => `${JSON.stringify(message)}\n`;

/** @returns undefined for what a later broker may say */
export function readSideLine(line: string): SideMessage | undefined {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null || !('kind' in value)) return undefined;
  const { kind, lines, unreadBytes, text } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case 'taken':
      return typeof lines === 'number' ? { kind, lines } : undefined;
    case 'cut-off':
      return typeof unreadBytes === 'number' ? { kind, unreadBytes } : undefined;
    case 'note':
    case 'refused':
      return typeof text === 'string' ? { kind, text } : undefined;
    default:
      return undefined;
  }
}
