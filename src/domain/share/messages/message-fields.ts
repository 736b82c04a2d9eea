/** What a message says in members of its parameters or its result. */

import { lastOf, membersOf, type Span, sliceOf, textOfString } from './json-spans.js';

/**
 * @param at an object in the line
 * @returns the text of its member; undefined if there is no such member, or it is not a text
 */
export function textIn(line: string, at: Span | undefined, name: string): string | undefined {
  const span = at && lastOf(membersOf(line, at.from), name);
  return span && textOfString(sliceOf(line, span));
}

/** The protocol version that a client asks for, or a server answers with; empty if it names none. */
export const versionIn = (line: string, at: Span | undefined): string =>
  textIn(line, at, 'protocolVersion') ?? '';

/** The names of the capabilities in a message's parameters or its result. */
export function capabilitiesIn(line: string, at: Span | undefined): readonly string[] {
  const span = at && lastOf(membersOf(line, at.from), 'capabilities');
  return span === undefined ? [] : namesIn(line, span);
}

/** The names of an object's members; none where it is not an object. */
export const namesIn = (line: string, at: Span): readonly string[] =>
  membersOf(line, at.from)?.list.map(({ name }) => name) ?? [];

/** The resource that a message is about. */
export const uriIn = (line: string, { params }: { readonly params: Span | undefined }): string | undefined =>
  textIn(line, params, 'uri');
