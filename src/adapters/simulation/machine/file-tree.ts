/**
 * A file system as plain data: what Linux does with names, without memory of how it came about. A change
 * gives a new tree that shares what it did not touch, so that a search can keep thousands of them.
 */

import type { EntryType, InspectReading, LinkReading, ListReading } from '../../../ports/file-system.js';
import type { Absent, ChangeReading, Occupied, TextReading, WrongType } from '../../../ports/readings.js';

export interface Directory {
  readonly type: 'directory';
  readonly entries: Readonly<Record<string, Node>>;
  readonly at: number;
}

export type Node =
  | Directory
  | { readonly type: 'file'; readonly text: string; readonly at: number }
  | { readonly type: 'link'; readonly target: string; readonly at: number }
  /** `listener` names who bound it: one socket of one process. */
  | { readonly type: 'socket'; readonly listener: string; readonly at: number };

export const emptyDirectory = (at: number): Directory => ({ type: 'directory', entries: {}, at });

const DONE: ChangeReading = { kind: 'done' };
const ABSENT: Absent = { kind: 'absent' };
const OCCUPIED: Occupied = { kind: 'occupied' };
const WRONG_TYPE: WrongType = { kind: 'wrong-type' };

/** Enough for `current/sock`; a link that leads to a link that leads … is a loop (ELOOP). */
const LINKS_MAX = 4;

type Found = { readonly kind: 'node'; readonly node: Node } | Absent | WrongType;

const paths = new Map<string, readonly string[]>();

/** A search asks for few different paths, and for each of them very often. */
function split(path: string): readonly string[] {
  const known = paths.get(path);
  if (known !== undefined) return known;
  const parts = path.split('/').filter((part) => part !== '');
  paths.set(path, parts);
  return parts;
}

/**
 * Follows links everywhere but, unless told so, at the end. Link targets are relative to the link's
 * directory.
 */
function walk(root: Directory, parts: readonly string[], last: 'keep' | 'follow', links = 0): Found {
  let node: Node = root;
  const path: string[] = [];
  for (const [index, part] of parts.entries()) {
    if (node.type !== 'directory') return WRONG_TYPE;
    const next: Node | undefined = node.entries[part];
    if (next === undefined) return ABSENT;
    if (next.type === 'link' && (last === 'follow' || index < parts.length - 1)) {
      if (links >= LINKS_MAX) return WRONG_TYPE;
      const base = next.target.startsWith('/') ? [] : path;
      return walk(root, [...base, ...split(next.target), ...parts.slice(index + 1)], last, links + 1);
    }
    path.push(part);
    node = next;
  }
  return { kind: 'node', node };
}

export const find = (root: Directory, path: string, last: 'keep' | 'follow' = 'keep'): Found =>
  walk(root, split(path), last);

/**
 * Puts a node at a name, or takes the name away. Parents are real directories: solod never changes anything
 * through a link.
 */
function put(
  directory: Directory,
  parts: readonly string[],
  node: Node | undefined,
  at: number,
  depth = 0,
): Directory | undefined {
  const part = parts[depth];
  if (part === undefined) return undefined;
  if (depth === parts.length - 1)
    return { type: 'directory', entries: withEntry(directory.entries, part, node), at };
  const child = directory.entries[part];
  const changed = child?.type === 'directory' ? put(child, parts, node, at, depth + 1) : undefined;
  if (changed === undefined) return undefined;
  return { type: 'directory', entries: { ...directory.entries, [part]: changed }, at: directory.at };
}

function withEntry(
  entries: Readonly<Record<string, Node>>,
  name: string,
  node: Node | undefined,
): Readonly<Record<string, Node>> {
  if (node !== undefined) return { ...entries, [name]: node };
  const { [name]: _, ...others } = entries;
  return others;
}

export interface Changed {
  readonly root: Directory;
  readonly reading: ChangeReading;
}

export const plant = (root: Directory, path: string, node: Node): Directory =>
  put(root, split(path), node, node.at) ?? root;

const refused = (root: Directory, reading: ChangeReading): Changed => ({ root, reading });

function change(root: Directory, path: string, node: Node | undefined, at: number): Changed {
  const changed = put(root, split(path), node, at);
  return changed === undefined ? refused(root, ABSENT) : { root: changed, reading: DONE };
}

export function create(root: Directory, path: string, node: Node): Changed {
  const there = find(root, path);
  if (there.kind === 'node') return refused(root, OCCUPIED);
  if (there.kind === 'wrong-type') return refused(root, WRONG_TYPE);
  return change(root, path, node, node.at);
}

export function append(root: Directory, path: string, text: string, at: number): Changed {
  const there = find(root, path);
  if (there.kind !== 'node') return refused(root, there);
  if (there.node.type !== 'file') return refused(root, WRONG_TYPE);
  return change(root, path, { type: 'file', text: there.node.text + text, at }, at);
}

/**
 * rename(2): an empty directory gives way to a directory, a full one to nothing; other types only to their
 * like.
 */
export function rename(root: Directory, from: string, to: string, at: number): Changed {
  const source = find(root, from);
  if (source.kind !== 'node') return refused(root, source);
  const target = find(root, to);
  if (target.kind === 'node') {
    const isDirectory = target.node.type === 'directory';
    if ((source.node.type === 'directory') !== isDirectory) return refused(root, WRONG_TYPE);
    if (target.node.type === 'directory' && Object.keys(target.node.entries).length > 0)
      return refused(root, OCCUPIED);
  }
  const without = put(root, split(from), undefined, at) ?? root;
  return change(without, to, source.node, at);
}

export function removeFile(root: Directory, path: string, at: number): Changed {
  const there = find(root, path);
  if (there.kind !== 'node') return refused(root, there);
  if (there.node.type === 'directory') return refused(root, WRONG_TYPE);
  return change(root, path, undefined, at);
}

export function removeDirectory(root: Directory, path: string, at: number): Changed {
  const there = find(root, path);
  if (there.kind !== 'node') return refused(root, there);
  if (there.node.type !== 'directory') return refused(root, WRONG_TYPE);
  if (Object.keys(there.node.entries).length > 0) return refused(root, OCCUPIED);
  return change(root, path, undefined, at);
}

export function removeTree(root: Directory, path: string, at: number): Changed {
  const there = find(root, path);
  return there.kind === 'node' ? change(root, path, undefined, at) : { root, reading: DONE };
}

export function inspect(root: Directory, path: string, userId: number): InspectReading {
  const there = find(root, path);
  if (there.kind !== 'node') return there;
  const type: EntryType = there.node.type;
  const mode = type === 'directory' ? 0o700 : type === 'link' ? 0o777 : 0o600;
  return { kind: 'entry', entry: { type, userId, mode, modifiedMs: there.node.at } };
}

export function list(root: Directory, path: string): ListReading {
  const there = find(root, path, 'follow');
  if (there.kind !== 'node') return there;
  return there.node.type === 'directory'
    ? { kind: 'names', names: Object.keys(there.node.entries).sort() }
    : WRONG_TYPE;
}

export function readLink(root: Directory, path: string): LinkReading {
  const there = find(root, path);
  if (there.kind !== 'node') return there;
  return there.node.type === 'link' ? { kind: 'target', target: there.node.target } : WRONG_TYPE;
}

export function readText(root: Directory, path: string): TextReading {
  const there = find(root, path);
  if (there.kind !== 'node') return there;
  return there.node.type === 'file' ? { kind: 'text', text: there.node.text } : WRONG_TYPE;
}
