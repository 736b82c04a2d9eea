/** Who may import whom, beyond what the compiler keeps: layers, cycles, and packages that have one place. */

import { describe, expect, it } from 'vitest';
import {
  cyclesIn,
  expectOnly,
  folderGraph,
  importGraph,
  importsOf,
  planted,
  type Source,
  sourceFileOf,
  sourcesIn,
} from './repository.js';

/** A layer imports itself and those before it. */
const LAYERS = ['ports', 'domain', 'adapters', 'app'];
/** Layers that import no package, and nothing of Node. */
const WITHOUT_PACKAGES = ['ports', 'domain'];

const layerOf = (file: string): string => file.split('/')[1] ?? '';

function upwardImports(sources: readonly Source[]): string[] {
  return sources.flatMap((source) =>
    importsOf(source)
      .filter((specifier) => isUpward(source.file, specifier))
      .map((specifier) => `${source.file} imports ${specifier}`),
  );
}

function isUpward(file: string, specifier: string): boolean {
  const layer = layerOf(file);
  if (!specifier.startsWith('.')) return WITHOUT_PACKAGES.includes(layer);
  const target = sourceFileOf(file, specifier);
  return !target.startsWith('src/') || LAYERS.indexOf(layerOf(target)) > LAYERS.indexOf(layer);
}

describe('a layer imports only those below it', () => {
  it('in all of src', () => {
    const sources = sourcesIn('src');
    expect(new Set(sources.map(({ file }) => layerOf(file)))).toEqual(new Set(LAYERS));
    expectOnly(upwardImports(sources), []);
  });

  it.each([
    ['src/ports/a.ts', "import { b } from '../domain/b.js';"],
    ['src/ports/a.ts', "import type { Stats } from 'node:fs';"],
    ['src/domain/a/a.ts', "export { b } from '../../adapters/b.js';"],
    ['src/domain/a/a.ts', "import { z } from 'zod';"],
    ['src/domain/a/a.ts', "const b = await import('../../app/b.js');"],
    ['src/adapters/a.ts', "export * from '../app/b.js';"],
    ['src/adapters/a.ts', "type B = import('../app/b.js').B;"],
    ['src/app/a.ts', "import { b } from '../../test/b.js';"],
  ])('and a forbidden import is found: %s, %s', (file, text) => {
    expect(upwardImports([planted(file, text)])).toHaveLength(1);
  });

  it.each([
    ['src/ports/a.ts', "import type { B } from './b.js';"],
    ['src/domain/a/a.ts', "import { b } from '../../ports/b.js'; import { c } from '../c/c.js';"],
    ['src/app/a.ts', "import { b } from '../adapters/b.js'; import fs from 'node:fs';"],
  ])('and an allowed one is not: %s, %s', (file, text) => {
    expect(upwardImports([planted(file, text)])).toEqual([]);
  });
});

describe('nothing is imported in a circle', () => {
  const graph = importGraph(sourcesIn('src'));

  it('by files', () => {
    expect([...graph.values()].some((targets) => targets.size > 0)).toBe(true);
    expect(cyclesIn(graph)).toEqual([]);
  });

  it('by folders', () => {
    expect(folderGraph(graph).size).toBeGreaterThan(LAYERS.length);
    expect(cyclesIn(folderGraph(graph))).toEqual([]);
  });

  it.each([
    ["import { c } from '../b/c.js';", "import { a } from '../a/a.js';"],
    ["import { c } from '../b/c.js';", "import type { A } from '../a/a.js';"],
    ["export * from '../b/c.js';", "const a = import('../a/a.js');"],
    ["import '../b/c.js';", "export const load = (): Promise<typeof import('../a/a.js')> => x;"],
  ])('and a circle is found: %s, %s', (a, c) => {
    const circle = importGraph([
      planted('src/a/a.ts', a),
      planted('src/b/c.ts', c),
      planted('src/b/d.ts', "import '../a/a.js'; import './c.js';"),
    ]);
    expect(cyclesIn(circle)).toEqual([['src/a/a.ts', 'src/b/c.ts']]);
    expect(cyclesIn(folderGraph(circle))).toEqual([['src/a', 'src/b']]);
  });

  it('and folders can be in a circle where files are not', () => {
    const graph = importGraph([
      planted('src/a/a.ts', "import '../b/b.js';"),
      planted('src/b/b.ts', ''),
      planted('src/b/c.ts', "import '../a/d.js';"),
      planted('src/a/d.ts', ''),
    ]);
    expect(cyclesIn(graph)).toEqual([]);
    expect(cyclesIn(folderGraph(graph))).toEqual([['src/a', 'src/b']]);
  });
});

interface Place {
  readonly rule: string;
  readonly imported: RegExp;
  /** Files, or folders with a slash at the end, that may import it: each must still do so. */
  readonly allowed: readonly string[];
  readonly violation: string;
}

const PLACES: readonly Place[] = [
  {
    rule: 'the container is built in one place',
    imported: /^(?:inversify|reflect-metadata)$/,
    allowed: ['src/app/entry/composition.ts'],
    violation: "import { Container } from 'inversify';",
  },
  {
    rule: 'an adapter each starts daemons, their workers and shared servers; the status line, a service, runs git; a call gets its own child_process',
    imported: /^(?:node:)?(?:child_process|cluster)$/,
    allowed: [
      'src/adapters/node/processes/spawner.ts',
      'src/adapters/node/processes/upstream-process.ts',
      'src/adapters/node/processes/worker-process.ts',
      'src/app/service/call-process/child-processes.ts',
      'src/app/status-line/git.ts',
    ],
    violation: "import { fork } from 'node:child_process';",
  },
  {
    rule: 'memfs stays with the memory adapters',
    imported: /^memfs$/,
    allowed: ['src/adapters/memory/'],
    violation: "import { vol } from 'memfs';",
  },
  {
    rule: 'the memory adapters come with solod/testing alone',
    imported: /\/memory\//,
    allowed: [
      'src/app/library/memory-daemon.ts',
      'src/app/entry/testing.ts',
      'src/app/platforms/memory-platform.ts',
    ],
    violation: "import { MemoryClock } from '../../adapters/memory/clock.js';",
  },
  {
    rule: 'the hot path does not load the memory platform',
    imported: /memory-platform/,
    allowed: ['src/app/library/memory-daemon.ts', 'src/app/entry/testing.ts'],
    violation: "import { memoryHost } from '../platforms/memory-platform.js';",
  },
  {
    rule: "the application makes Node's adapters in one file",
    imported: /adapters\/node\//,
    allowed: ['src/app/platforms/node-platform.ts'],
    violation: "import { NodeProcessTable } from '../../adapters/node/processes/process-table.js';",
  },
];

const importersOf = ({ imported }: Place, sources: readonly Source[]): string[] =>
  sources
    .filter((source) => importsOf(source).some((specifier) => imported.test(specifier)))
    .map(({ file }) => file);

describe('a package has one place', () => {
  it.each(PLACES)('$rule', (place) => {
    const placeOf = (file: string) => place.allowed.find((allowed) => file.startsWith(allowed)) ?? file;
    expectOnly(importersOf(place, sourcesIn('src')).map(placeOf), place.allowed);
    expect(importersOf(place, [planted('src/app/texts/a.ts', place.violation)])).toHaveLength(1);
  });
});
