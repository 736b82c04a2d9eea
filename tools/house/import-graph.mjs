/** Who imports whom, and where that goes in a circle. */

import path from 'node:path';
import { importsOf } from './sources.mjs';

/** @typedef {import('./sources.mjs').Source} Source */
/** @typedef {Map<string, Set<string>>} Graph from each node to those that it leads to */

/**
 * @param {readonly Source[]} sources
 * @returns {Graph} files by path; imports of packages, and of files that are not among the sources, are left
 * out
 */
export function importGraph(sources) {
  const files = new Set(sources.map(({ file }) => file));
  return new Map(
    sources.map((source) => {
      const targets = importsOf(source)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => sourceFileOf(source.file, specifier))
        .filter((target) => files.has(target));
      return [source.file, new Set(targets)];
    }),
  );
}

/**
 * The compiler is given `x.js` for what stands in `x.ts`.
 * @param {string} importer @param {string} specifier
 */
export function sourceFileOf(importer, specifier) {
  return path.posix.join(path.posix.dirname(importer), specifier).replace(/\.js$/, '.ts');
}

/** @param {Graph} graph of files @returns {Graph} of the folders that they lie in */
export function folderGraph(graph) {
  /** @type {Graph} */
  const folders = new Map();
  for (const [file, targets] of graph) {
    const folder = path.posix.dirname(file);
    const reached = folders.get(folder) ?? new Set();
    for (const target of targets)
      if (path.posix.dirname(target) !== folder) reached.add(path.posix.dirname(target));
    folders.set(folder, reached);
  }
  return folders;
}

/**
 * @param {Graph} graph
 * @returns {string[][]} each set of nodes that all reach each other, sorted
 */
export function cyclesIn(graph) {
  const reachable = new Map([...graph.keys()].map((node) => [node, reachableFrom(graph, node)]));
  const done = new Set();
  return [...graph.keys()].flatMap((node) => {
    if (done.has(node) || !reachable.get(node)?.has(node)) return [];
    const cycle = [...graph.keys()].filter(
      (other) => reachable.get(node)?.has(other) && reachable.get(other)?.has(node),
    );
    for (const member of cycle) done.add(member);
    return [cycle.sort()];
  });
}

/**
 * @param {Graph} graph @param {string} from @returns {Set<string>} with `from` itself only where a cycle
 * leads back to it
 */
function reachableFrom(graph, from) {
  /** @type {Set<string>} */
  const seen = new Set();
  const next = [...(graph.get(from) ?? [])];
  for (let node = next.pop(); node !== undefined; node = next.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    next.push(...(graph.get(node) ?? []));
  }
  return seen;
}
