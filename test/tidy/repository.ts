/**
 * What the tidy tests share: the files of the repository, how they are measured, and exceptions that can only
 * shrink.
 */

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ParseResult } from 'oxc-parser';
import { expect } from 'vitest';

export const ROOT = path.resolve(import.meta.dirname, '../..');

export interface Source {
  /** From the root of the repository, with forward slashes. */
  readonly file: string;
  readonly text: string;
}

export interface Sized {
  readonly what: string;
  readonly size: number;
}

type Graph = ReadonlyMap<string, ReadonlySet<string>>;

interface Sources {
  readSources(root: string, folder: string, wanted?: RegExp): Source[];
  parse(source: Source): Pick<ParseResult, 'program' | 'comments'>;
  importsOf(source: Source): string[];
  lineAt(text: string, offset: number): number;
}

interface ImportGraph {
  importGraph(sources: readonly Source[]): Graph;
  folderGraph(graph: Graph): Graph;
  cyclesIn(graph: Graph): string[][];
  sourceFileOf(importer: string, specifier: string): string;
}

interface Measure {
  fileLengths(sources: readonly Source[]): Sized[];
  functionLengths(sources: readonly Source[]): Sized[];
  folderSizes(sources: readonly Source[]): Sized[];
  sharedBaseNames(sources: readonly Source[]): string[][];
  measure(sources: readonly Source[]): { readonly of: string; readonly value: string }[];
}

const load = (name: string) => import(pathToFileURL(path.join(ROOT, 'tools/house', name)).href);

export const { readSources, parse, importsOf, lineAt }: Sources = await load('sources.mjs');
export const { importGraph, folderGraph, cyclesIn, sourceFileOf }: ImportGraph =
  await load('import-graph.mjs');
export const { fileLengths, functionLengths, folderSizes, sharedBaseNames, measure }: Measure =
  await load('measure.mjs');

/** A rule that has read next to nothing proves nothing. */
const FEWEST_FILES = 3;

const read = new Map<string, Source[]>();

/** TypeScript and JavaScript below some folders of the repository. */
export function sourcesIn(...folders: readonly string[]): Source[] {
  return folders.flatMap((folder) => {
    const sources = read.get(folder) ?? readSources(ROOT, folder);
    read.set(folder, sources);
    expect(sources.length, folder).toBeGreaterThanOrEqual(FEWEST_FILES);
    return sources;
  });
}

/** The files that stand at the root of the repository itself. */
export function filesAtRoot(wanted: RegExp): Source[] {
  return readdirSync(ROOT)
    .filter((name) => wanted.test(name))
    .map((file) => ({ file, text: readFileSync(path.join(ROOT, file), 'utf8') }));
}

export const planted = (file: string, text: string): Source => ({ file, text });

/**
 * Every violation must be an exception, and every exception must still be a violation: so the list only ever
 * shrinks.
 * @param violations what a rule has found, as the exceptions name it
 */
export function expectOnly(violations: readonly string[], exceptions: readonly string[]): void {
  const found = [...new Set(violations)].sort();
  expect({
    violations: found.filter((violation) => !exceptions.includes(violation)),
    exceptionsNoLongerNeeded: exceptions.filter((exception) => !found.includes(exception)),
  }).toEqual({ violations: [], exceptionsNoLongerNeeded: [] });
}
