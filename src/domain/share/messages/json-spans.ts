/**
 * Where in a JSON text its parts stand, so that one of them can be replaced and every other byte stays.
 *
 * A text here holds one character per byte (latin1 of the bytes): positions are byte offsets, and a text that
 * goes through unchanged is the same bytes again. All that JSON's syntax is made of is ASCII, so UTF-8 inside
 * strings needs no care.
 */

import { parseJson } from '../../evidence/json.js';

/** From the first byte of a value to the one behind its last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface Member {
  readonly name: string;
  readonly value: Span;
}

export interface Members {
  readonly list: readonly Member[];
  /** `cut`: the text ends, or stops being JSON, before the object does. */
  readonly state: 'whole' | 'cut';
  /** Behind the closing brace. */
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

export const sliceOf = (text: string, { from, to }: Span): string => text.slice(from, to);

/**
 * The members of an object, in the text's order, doubles among them.
 * @param at where its opening brace is, or white space before it
 * @returns undefined where no object begins
 */
export function membersOf(text: string, at = 0): Members | undefined {
  let position = skipSpace(text, at);
  if (text.charCodeAt(position) !== OPEN_OBJECT) return undefined;
  const list: Member[] = [];
  const cut = (): Members => ({ list, state: 'cut', end: text.length });
  position = skipSpace(text, position + 1);
  if (text.charCodeAt(position) === CLOSE_OBJECT) return { list, state: 'whole', end: position + 1 };
  for (;;) {
    if (text.charCodeAt(position) !== QUOTE) return cut();
    const nameEnd = endOfString(text, position);
    if (nameEnd === undefined) return cut();
    const name = textOfString(text.slice(position, nameEnd));
    position = skipSpace(text, nameEnd);
    if (name === undefined || text.charCodeAt(position) !== COLON) return cut();
    const value = valueAt(text, position + 1);
    if (value === undefined) return cut();
    list.push({ name, value });
    position = skipSpace(text, value.to);
    const next = text.charCodeAt(position);
    if (next === CLOSE_OBJECT) return { list, state: 'whole', end: position + 1 };
    if (next !== COMMA) return cut();
    position = skipSpace(text, position + 1);
  }
}

/** @returns undefined where no list begins, or it does not end */
export function itemsOf(text: string, at = 0): readonly Span[] | undefined {
  let position = skipSpace(text, at);
  if (text.charCodeAt(position) !== OPEN_LIST) return undefined;
  const items: Span[] = [];
  position = skipSpace(text, position + 1);
  if (text.charCodeAt(position) === CLOSE_LIST) return items;
  for (;;) {
    const value = valueAt(text, position);
    if (value === undefined) return undefined;
    items.push(value);
    position = skipSpace(text, value.to);
    const next = text.charCodeAt(position);
    if (next === CLOSE_LIST) return items;
    if (next !== COMMA) return undefined;
    position = skipSpace(text, position + 1);
  }
}

/** Readers take the last of two members of one name. */
export function lastOf(members: Members | undefined, name: string): Span | undefined {
  return members?.list.findLast((member) => member.name === name)?.value;
}

/** The value that a path of names leads to. */
export function spanAt(text: string, at: Span, path: readonly string[]): Span | undefined {
  let span: Span | undefined = at;
  for (const name of path) {
    if (span === undefined) return undefined;
    span = lastOf(membersOf(text, span.from), name);
  }
  return span;
}

export interface Replacement {
  readonly at: Span;
  readonly by: string;
}

/** @param replacements none overlaps another; in any order */
export function replaceIn(text: string, replacements: readonly Replacement[]): string {
  let replaced = '';
  let from = 0;
  for (const { at, by } of [...replacements].sort((a, b) => a.at.from - b.at.from)) {
    replaced += text.slice(from, at.from) + by;
    from = at.to;
  }
  return replaced + text.slice(from);
}

/** @returns the text of a JSON string, quotation marks and all; undefined where it is something else */
export function textOfString(token: string): string | undefined {
  if (token.charCodeAt(0) !== QUOTE) return undefined;
  const plain = token.slice(1, -1);
  if (!/[\\\x80-\xff]/.test(plain)) return plain;
  const value = parseJson(token);
  return typeof value === 'string' ? decodeUtf8(value) : undefined;
}

/** Bytes as characters to what they mean; anything but UTF-8 stays as it is. */
export function decodeUtf8(bytes: string): string {
  if (!/[\x80-\xff]/.test(bytes)) return bytes;
  try {
    return decodeURIComponent(
      bytes.replace(/[%\x80-\xff]/g, (byte) => `%${byte.charCodeAt(0).toString(16).padStart(2, '0')}`),
    );
  } catch {
    return bytes;
  }
}

/** JSON in ASCII alone, so that it is the same in bytes and in characters. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\x7f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function skipSpace(text: string, at: number): number {
  let position = at;
  for (;;) {
    const code = text.charCodeAt(position);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return position;
    position += 1;
  }
}

/**
 * The value that begins there, behind white space. What is inside it is not looked at more than finding its
 * end needs.
 */
function valueAt(text: string, at: number): Span | undefined {
  const from = skipSpace(text, at);
  const to = endOfValue(text, from);
  return to === undefined || to === from ? undefined : { from, to };
}

function endOfValue(text: string, from: number): number | undefined {
  const code = text.charCodeAt(from);
  if (code === QUOTE) return endOfString(text, from);
  if (code === OPEN_OBJECT || code === OPEN_LIST) return endOfNested(text, from);
  let position = from;
  while (isOfWord(text.charCodeAt(position))) position += 1;
  // A number or a word that the text ends in may go on.
  return position === text.length ? undefined : position;
}

/** Of a number, `true`, `false` or `null`. */
const isOfWord = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2d ||
  code === 0x2b ||
  code === 0x2e ||
  code === 0x45;

function endOfString(text: string, from: number): number | undefined {
  let position = from + 1;
  for (;;) {
    const quote = text.indexOf('"', position);
    if (quote < 0) return undefined;
    let backslashes = 0;
    while (text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return quote + 1;
    position = quote + 1;
  }
}

function endOfNested(text: string, from: number): number | undefined {
  let depth = 0;
  for (let position = from; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) {
      const end = endOfString(text, position);
      if (end === undefined) return undefined;
      position = end - 1;
    } else if (code === OPEN_OBJECT || code === OPEN_LIST) depth += 1;
    else if (code === CLOSE_OBJECT || code === CLOSE_LIST) {
      depth -= 1;
      if (depth === 0) return position + 1;
    }
  }
  return undefined;
}
