/** Which of two versions is the later one. */

import fc from 'fast-check';
import semver from 'semver';
import { describe, expect, it } from 'vitest';
import { compareVersions } from '../../../src/domain/evidence/version-order.js';

describe('a version', () => {
  // Semantic Versioning 2.0.0, section 11, gives the middle of this list.
  const ORDER = [
    '',
    '0.9',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0-rc.1',
    '1.0.0',
    '1.0.1',
    '1.2.0',
    '1.10.0',
    '2.0.0',
    '10.0.0',
  ];

  it.each(ORDER.map((version, index) => [version, index] as const))(
    '%j is in the right place of the order',
    (version, index) => {
      for (const [other, text] of ORDER.entries())
        expect(Math.sign(compareVersions(version, text)), `${version} and ${text}`).toBe(
          Math.sign(index - other),
        );
    },
  );

  it.each([
    ['v1.2.3', '1.2.3+build.7'],
    [' 1.2.3\n', '1.2.3'],
    ['1..2', '1.2'],
    ['-rc', '-rc'],
  ])('%j is the same as %j', (a, b) => {
    expect(compareVersions(a, b)).toBe(0);
  });

  it.each([
    // Not numbers, though they begin or end with one: words, by their characters.
    ['1.0.0-1a', '1.0.0-1b'],
    ['1.0.0-10a', '1.0.0-9a'],
    ['1.0.0-a10', '1.0.0-a9'],
    ['1.0.0-9', '1.0.0-10'],
    ['1.0.0-99', '1.0.0-a'],
    ['1.0.0-x.v1', '1.0.0-x.v2'],
    ['1.0.0-rc', '1.0.0-rc-1'],
    ['1.0.0-v2', '1.0.0-w'],
    ['-rc', ''],
  ])('%j is earlier than %j', (a, b) => {
    expect(compareVersions(a, b)).toBeLessThan(0);
    expect(compareVersions(b, a)).toBeGreaterThan(0);
  });
});

describe('by Semantic Versioning', () => {
  const number = fc.integer({ min: 0, max: 12 }).map(String);
  const word = fc.constantFrom('alpha', 'beta', 'rc', 'x-y', '0a', '-', 'A');
  const identifiers = fc.array(fc.oneof(number, word), { minLength: 1, maxLength: 3 });
  const version = fc
    .tuple(fc.tuple(number, number, number), fc.option(identifiers), fc.option(identifiers))
    .map(
      ([release, prerelease, build]) =>
        release.join('.') +
        (prerelease === null ? '' : `-${prerelease.join('.')}`) +
        (build === null ? '' : `+${build.join('.')}`),
    );

  it('two versions are in the order of the package semver', () => {
    fc.assert(
      fc.property(version, version, (a, b) => {
        expect(Math.sign(compareVersions(a, b)), `${a} and ${b}`).toBe(semver.compare(a, b));
      }),
      { numRuns: 5_000 },
    );
  });
});
