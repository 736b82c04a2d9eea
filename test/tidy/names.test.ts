/** A file's name says what is different about it. */

import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { NAMES_USED_TWICE } from './exceptions.js';
import { expectOnly, planted, type Source, sharedBaseNames, sourcesIn } from './repository.js';

/** An adapter may have the name of its port, also one adapter for each platform. */
const isOfAPort = (names: readonly string[]): boolean =>
  names.filter((file) => !file.startsWith('src/ports/')).every((file) => file.startsWith('src/adapters/')) &&
  names.some((file) => file.startsWith('src/ports/'));

const usedTwice = (sources: readonly Source[]): string[] =>
  sharedBaseNames(sources)
    .filter((files) => !isOfAPort(files))
    .map(([file = '']) => path.posix.basename(file));

describe('no base name stands twice in src', () => {
  it('but for adapters, which may have the name of their port', () => {
    expectOnly(usedTwice(sourcesIn('src')), NAMES_USED_TWICE);
  });

  it('and a second one is found', () => {
    const files = (...names: readonly string[]) => names.map((file) => planted(file, ''));
    expect(usedTwice(files('src/domain/a/kick.ts', 'src/app/b/kick.ts'))).toEqual(['kick.ts']);
    expect(usedTwice(files('src/adapters/node/a.ts', 'src/adapters/memory/a.ts'))).toEqual(['a.ts']);
    expect(usedTwice(files('src/ports/clock.ts', 'src/domain/clock.ts'))).toEqual(['clock.ts']);
    expect(
      usedTwice(files('src/ports/clock.ts', 'src/adapters/node/clock.ts', 'src/adapters/memory/clock.ts')),
    ).toEqual([]);
  });
});

describe('a file name', () => {
  const SPELLING = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.test|\.config)?\.(?:ts|mjs|cjs)$/;

  it('is in lower case with hyphens', () => {
    const names = sourcesIn('src', 'test', 'scripts', 'tools').map(({ file }) => path.posix.basename(file));
    expectOnly(
      names.filter((name) => !SPELLING.test(name)),
      [],
    );
  });

  it('is not, and that is found', () => {
    for (const name of ['camelCase.ts', 'snake_case.ts', 'Upper.mjs', 'a--b.ts', 'a.spec.ts'])
      expect(name).not.toMatch(SPELLING);
  });
});
