/** What the package says of itself, and how it is checked. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { VERSION } from '../../src/app/environment/version.js';
import { expectOnly, planted, ROOT, type Source, sourcesIn } from './repository.js';

const manifest = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

it('the version that is printed is the one that is published, changed and built natively', () => {
  expect(VERSION).toBe(manifest.version);
  const first = (file: string, pattern: RegExp) =>
    pattern.exec(readFileSync(path.join(ROOT, file), 'utf8'))?.[1];
  expect(first('CHANGELOG.md', /^## (\S+) \((?:unreleased|\d{4}-\d\d-\d\d)\)$/m)).toBe(VERSION);
  expect(first('native/Cargo.toml', /^version = "(.*)"$/m)).toBe(VERSION);
});

describe('every version of a development dependency is exact', () => {
  const ranges = (dependencies: Record<string, string>) =>
    Object.entries(dependencies).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));

  it('in package.json', () => {
    expect(Object.keys(manifest.devDependencies).length).toBeGreaterThan(3);
    expect(ranges(manifest.devDependencies)).toEqual([]);
  });

  it('and a range is found', () => {
    expect(ranges({ a: '1.2.3', b: '^1.2.3', c: 'latest' }).map(([name]) => name)).toEqual(['b', 'c']);
  });
});

describe('no directive switches the compiler off', () => {
  const DIRECTIVE = /@ts-(?:ignore|nocheck|expect-error)/;
  const silenced = (sources: readonly Source[]) =>
    sources.filter(({ text }) => DIRECTIVE.test(text)).map(({ file }) => file);

  it('in src and tools', () => {
    expectOnly(silenced(sourcesIn('src', 'tools')), []);
  });

  it('and one is found', () => {
    expect(silenced([planted('src/a.ts', '// @ts-expect-error\na();')])).toEqual(['src/a.ts']);
  });
});
