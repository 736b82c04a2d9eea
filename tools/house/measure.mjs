/** The size of a source tree in numbers. */

import path from 'node:path';
import { cyclesIn, folderGraph, importGraph } from './import-graph.mjs';
import { countLines, functionsIn } from './sources.mjs';

/** @typedef {import('./sources.mjs').Source} Source */

/**
 * @typedef {object} Sized
 * @property {string} what a path, or a path with a line and a function's name
 * @property {number} size
 */

/**
 * @param {readonly Source[]} sources
 * @returns {Sized[]} lines of each file, the longest first
 */
export function fileLengths(sources) {
  return longestFirst(sources.map(({ file, text }) => ({ what: file, size: countLines(text) })));
}

/**
 * @param {readonly Source[]} sources
 * @returns {Sized[]} lines of each function, the longest first
 */
export function functionLengths(sources) {
  return longestFirst(
    sources.flatMap((source) =>
      functionsIn(source).map(({ name, line, lines }) => ({
        what: `${source.file}:${line} ${name}`,
        size: lines,
      })),
    ),
  );
}

/**
 * @param {readonly Source[]} sources
 * @returns {Sized[]} how many files each folder holds itself, the fullest first
 */
export function folderSizes(sources) {
  return longestFirst(
    [...groupBy(sources, ({ file }) => path.posix.dirname(file))].map(([what, files]) => ({
      what,
      size: files.length,
    })),
  );
}

/**
 * @param {readonly Source[]} sources
 * @returns {string[][]} files that have their base name in common
 */
export function sharedBaseNames(sources) {
  const files = sources.map(({ file }) => file);
  return [...groupBy(files, (file) => path.posix.basename(file)).values()].filter(({ length }) => length > 1);
}

/**
 * @param {readonly Source[]} sources
 * @returns {{ of: string, value: string }[]} a line each for the report
 */
export function measure(sources) {
  const files = fileLengths(sources);
  const functions = functionLengths(sources);
  const folders = folderSizes(sources);
  const graph = importGraph(sources);
  const cycles = cyclesIn(graph);
  const folderCycles = cyclesIn(folderGraph(graph));
  return [
    { of: 'lines', value: `${files.reduce((sum, { size }) => sum + size, 0)}` },
    { of: 'files', value: `${files.length}` },
    { of: 'folders', value: `${folders.length}` },
    { of: 'files in the fullest folder', value: shown(folders[0]) },
    { of: 'longest file', value: shown(files[0]) },
    { of: 'files over 400 lines', value: `${over(files, 400)}` },
    { of: 'longest function', value: shown(functions[0]) },
    { of: 'functions over 60 lines', value: `${over(functions, 60)}` },
    { of: 'functions over 25 lines', value: `${over(functions, 25)}` },
    { of: 'import cycles of files', value: sizes(cycles) },
    { of: 'import cycles of folders', value: sizes(folderCycles) },
    { of: 'base names used twice', value: `${sharedBaseNames(sources).length}` },
    { of: 'lines over 110 characters', value: `${sources.reduce((sum, s) => sum + longLines(s), 0)}` },
  ];
}

/** @param {Source} source */
const longLines = ({ text }) => text.split('\n').filter((line) => line.length > 110).length;

/** @param {readonly string[][]} cycles */
const sizes = (cycles) =>
  cycles.length === 0 ? '0' : `${cycles.length} (of ${cycles.map(({ length }) => length).join(', ')})`;

/** @param {Sized | undefined} sized */
const shown = (sized) => (sized === undefined ? '–' : `${sized.size} (${sized.what})`);

/** @param {readonly Sized[]} sized @param {number} limit */
const over = (sized, limit) => sized.filter(({ size }) => size > limit).length;

/** @param {Sized[]} sized */
const longestFirst = (sized) => sized.sort((a, b) => b.size - a.size);

/**
 * @template T
 * @param {readonly T[]} values @param {(value: T) => string} keyOf
 * @returns {Map<string, T[]>}
 */
function groupBy(values, keyOf) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}
