/**
 * Edits a settings file as text: puts an entry in or takes it out again, and keeps every other byte.
 * jsonc-parser says where the entry goes. Its layout is made here to fit the surroundings, because that
 * library's own formatting rewrites whole lines.
 */

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import jsonc, { type Edit, type Node } from 'jsonc-parser';
import type { SettingsRefusal } from '../../texts/install-text.js';

interface Refused {
  readonly kind: 'refused';
  readonly refusal: SettingsRefusal;
}

export type Merge =
  | {
      readonly kind: 'merged';
      readonly text: string;
      /** The previous value as it was written; undefined if there was none. */
      readonly previous: string | undefined;
      /** How many of the entry's keys were there before. */
      readonly depth: number;
    }
  | Refused;

/** What an installation knows of the settings that it changed. */
export interface SettingsTrace {
  readonly entry: readonly string[];
  readonly depth: number;
  /** What it wrote there, as JSON. */
  readonly value: string;
  readonly previous?: string | undefined;
  /** The hash of the whole text; null if there was no file. */
  readonly before: string | null;
  readonly after: string;
}

export type SettingsUndo =
  /** Nothing in it is from install. */
  | { readonly kind: 'untouched' }
  | { readonly kind: 'rewritten'; readonly text: string }
  /** Install made the file, and it was not changed since. */
  | { readonly kind: 'deleted' }
  /** The entry itself was changed since. */
  | { readonly kind: 'left' }
  | Refused;

export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Stands for a settings file that does not exist yet. */
export const EMPTY_SETTINGS = '{}\n';

/** @param entry the keys that lead to it, at least one */
export function merge(text: string, entry: readonly string[], value: unknown): Merge {
  const walk = walkTo(text, entry);
  if (walk.kind === 'refused') return walk;
  const { depth } = walk;
  const previous = walk.kind === 'there' ? slice(text, walk.node) : undefined;
  const isThere = previous !== undefined && saysTheSame(previous, JSON.stringify(value));
  const [edit] = isThere ? [] : jsonc.modify(text, [...entry], value, {});
  if (edit === undefined) return { kind: 'merged', text, previous, depth };
  const content = contentOf(text, walk, edit, entry, value);
  return { kind: 'merged', text: apply(text, { ...edit, content }), previous, depth };
}

/**
 * @param current the file's text; undefined if there is no file
 * @param original the backup that install made, if it is still there
 */
export function undo(
  trace: SettingsTrace,
  current: string | undefined,
  original: string | undefined,
): SettingsUndo {
  if (current === undefined) return { kind: 'untouched' };
  const hash = hashOf(current);
  if (hash === trace.before) return { kind: 'untouched' };
  if (hash === trace.after) {
    if (trace.before === null) return { kind: 'deleted' };
    if (original !== undefined && hashOf(original) === trace.before)
      return { kind: 'rewritten', text: original };
  }
  return takeOut(trace, current);
}

/** Whether the entry has the value that install wrote, in whatever layout. */
export function holdsEntry(text: string, entry: readonly string[], value: string): boolean {
  const walk = walkTo(text, entry);
  return walk.kind === 'there' && saysTheSame(slice(text, walk.node), value);
}

/** The file was changed since, so putting the backup in its place would undo that change too. */
function takeOut(trace: SettingsTrace, text: string): SettingsUndo {
  const walk = walkTo(text, trace.entry);
  if (walk.kind === 'refused') return walk.refusal.why === 'no-object' ? { kind: 'untouched' } : walk;
  if (walk.kind === 'open') return { kind: 'untouched' };
  const found = slice(text, walk.node);
  if (saysTheSame(found, trace.value)) return { kind: 'rewritten', text: withoutEntry(trace, text, walk) };
  const isUndone = trace.previous !== undefined && saysTheSame(found, trace.previous);
  return { kind: isUndone ? 'untouched' : 'left' };
}

function withoutEntry(
  { entry, depth, previous }: SettingsTrace,
  text: string,
  { node, root }: There,
): string {
  if (previous !== undefined)
    return apply(text, { offset: node.offset, length: node.length, content: previous });
  let length = entry.length;
  // Objects that install made around the entry go with it, unless they hold something else by now.
  while (length - 1 > depth && childrenAt(root, entry.slice(0, length - 1)).length === 1) length -= 1;
  const [edit] = jsonc.modify(text, entry.slice(0, length), undefined, {});
  return edit === undefined ? text : apply(text, keepingIndent(text, edit));
}

/** For the first of several keys the library also removes the indentation, which the next key then needs. */
function keepingIndent(text: string, edit: Edit): Edit {
  const isBeforeKey = text[edit.offset + edit.length] === '"';
  const skipped = isBeforeKey ? (/^\s*/.exec(text.slice(edit.offset))?.[0].length ?? 0) : 0;
  return { ...edit, offset: edit.offset + skipped, length: edit.length - skipped };
}

interface There {
  readonly kind: 'there';
  readonly depth: number;
  readonly root: Node;
  /** The entry's value. */
  readonly node: Node;
}

interface Open {
  readonly kind: 'open';
  readonly depth: number;
  /** The object that gets a new key. */
  readonly object: Node;
}

function walkTo(text: string, entry: readonly string[]): There | Open | Refused {
  const root = treeOf(text);
  if ('refusal' in root) return root;
  let node: Node = root;
  for (const [depth, key] of entry.entries()) {
    if (node.type !== 'object') return refused(text, node.offset, 'no-object', entry[depth - 1]);
    const [found, twice] = propertiesOf(node).filter((property) => property.children?.[0]?.value === key);
    if (twice !== undefined) return refused(text, twice.offset, 'key-twice', key);
    const value = found?.children?.[1];
    if (value === undefined) return { kind: 'open', depth, object: node };
    node = value;
  }
  return { kind: 'there', depth: entry.length, root, node };
}

/** The parser accepts more than JSON, but tells where a mistake is. */
function treeOf(text: string): Node | Refused {
  const tooDeep = offsetBelow(text, DEPTH_MAX);
  if (tooDeep !== undefined) return refused(text, tooDeep, 'too-deep');
  const errors: jsonc.ParseError[] = [];
  const root = jsonc.parseTree(text, errors, { disallowComments: true, allowTrailingComma: false });
  try {
    JSON.parse(text);
  } catch {
    return refused(text, errors[0]?.offset ?? 0, 'no-json');
  }
  return root ?? refused(text, 0, 'no-json');
}

/** The parser is recursive, and the stack is limited. Real settings are far less deep. */
const DEPTH_MAX = 500;

function offsetBelow(text: string, depthMax: number): number | undefined {
  const scanner = jsonc.createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()];
    if (first === '{' || first === '[') depth += 1;
    else if (first === '}' || first === ']') depth -= 1;
    if (depth > depthMax) return scanner.getTokenOffset();
  }
  return undefined;
}

function refused(text: string, offset: number, why: SettingsRefusal['why'], key?: string): Refused {
  const lines = text.slice(0, offset).split(/\r\n|\r|\n/);
  const column = (lines.at(-1)?.length ?? 0) + 1;
  return { kind: 'refused', refusal: { why, key, line: lines.length, column } };
}

const propertiesOf = (object: Node): readonly Node[] => object.children ?? [];

function childrenAt(root: Node, path: readonly string[]): readonly Node[] {
  const node = jsonc.findNodeAtLocation(root, [...path]);
  return node === undefined ? [] : propertiesOf(node);
}

const slice = (text: string, { offset, length }: Node): string => text.slice(offset, offset + length);

const apply = (text: string, edit: Edit): string => jsonc.applyEdits(text, [edit]);

/** @param one JSON. @param other JSON */
const saysTheSame = (one: string, other: string): boolean =>
  isDeepStrictEqual(JSON.parse(one), JSON.parse(other));

/** How the text is laid out. */
interface Style {
  readonly eol: string;
  /** One level of indentation. */
  readonly unit: string;
}

function styleOf(text: string): Style {
  const eol = /\r?\n/.exec(text)?.[0] ?? '\n';
  const unit = /^\s*\{[^\S\n]*\n([ \t]+)"/.exec(text.replaceAll('\r', ''))?.[1] ?? '  ';
  return { eol, unit };
}

function contentOf(
  text: string,
  walk: There | Open,
  { content }: Edit,
  entry: readonly string[],
  value: unknown,
): string {
  const style = styleOf(text);
  if (walk.kind === 'there')
    return isOfLines(text.trim())
      ? print(value, style, indentAt(text, walk.node.offset))
      : JSON.stringify(value);
  const { object, depth } = walk;
  const around = entry.slice(depth + 1).reduceRight<unknown>((inner, key) => ({ [key]: inner }), value);
  const property = { key: JSON.stringify(entry[depth]), value: around };
  const comma = content.startsWith(',') ? ',' : '';
  const [first] = propertiesOf(object);
  if (first === undefined) return inEmpty(text, style, object, property);
  if (!isOfLines(text.slice(object.offset, first.offset))) return comma + inLine(text, first, property);
  const indent = indentAt(text, first.offset);
  return `${comma}${style.eol}${indent}${property.key}: ${print(around, style, indent)}`;
}

interface Property {
  /** With its quotation marks. */
  readonly key: string;
  readonly value: unknown;
}

function inEmpty(text: string, style: Style, object: Node, { key, value }: Property): string {
  const whole = text.trim();
  if (!isOfLines(whole) && object.length < whole.length) return `${key}: ${JSON.stringify(value)}`;
  const outer = indentAt(text, object.offset);
  const indent = outer + style.unit;
  // Whatever is between the braces stays; the closing brace may already be on a line of its own.
  const end = isOfLines(slice(text, object)) ? '' : style.eol + outer;
  return `${style.eol}${indent}${key}: ${print(value, style, indent)}${end}`;
}

/** After other properties on the same line, spaced as they are. */
function inLine(text: string, { children: [name, neighbour] = [] }: Node, { key, value }: Property): string {
  const colon = name && neighbour ? text.slice(name.offset + name.length, neighbour.offset) : '';
  const space = colon === ':' ? '' : ' ';
  return `${space}${key}:${space}${JSON.stringify(value)}`;
}

const isOfLines = (text: string): boolean => /[\r\n]/.test(text);

function print(value: unknown, { eol, unit }: Style, indent: string): string {
  return JSON.stringify(value, null, unit).replaceAll('\n', eol + indent);
}

/** The white space that the line begins with. */
function indentAt(text: string, offset: number): string {
  const line = /[^\r\n]*$/.exec(text.slice(0, offset))?.[0] ?? '';
  return /^[ \t]*/.exec(line)?.[0] ?? '';
}
