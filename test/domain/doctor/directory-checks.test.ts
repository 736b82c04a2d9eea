/** Directories that are sound, open, missing, or not trusted. */

import { describe, expect, it } from 'vitest';
import {
  symptomsOfDirectory,
  symptomsOfParents,
  symptomsOfPath,
} from '../../../src/domain/doctor/directory-checks.js';
import { placeOf } from '../../../src/domain/place/layout.js';
import type { Entry, InspectReading } from '../../../src/ports/file-system.js';
import { kinds, refusal } from './kinds.js';

const entry = (changes: Partial<Entry>): InspectReading => ({
  kind: 'entry',
  entry: { type: 'directory', userId: 1, mode: 0o700, modifiedMs: 0, ...changes },
});

describe('a directory', () => {
  it.each<[string, InspectReading]>([
    ['directory-sound', entry({})],
    ['directory-open', entry({ mode: 0o750 })],
    ['directory-open', entry({ mode: 0o500 })],
    ['directory-distrusted', entry({ mode: 0o770 })],
    ['directory-distrusted', entry({ userId: 2 })],
    ['directory-distrusted', entry({ type: 'link' })],
    ['directory-distrusted', { kind: 'wrong-type' }],
    ['directory-missing', { kind: 'absent' }],
    ['directory-unreadable', { kind: 'failed', cause: refusal('EACCES') }],
  ])('%s: %j', (kind, reading) => {
    expect(kinds(symptomsOfDirectory('/d', reading, 1))).toEqual([kind]);
  });

  it('can be replaced by a user who can write above it, unless the sticky bit is set there', () => {
    const parents = [
      { path: '/sticky', reading: entry({ mode: 0o1777 }) },
      { path: '/open', reading: entry({ mode: 0o775 }) },
      { path: '/', reading: entry({ mode: 0o755 }) },
      { path: '/gone', reading: { kind: 'absent' as const } },
    ];
    expect(symptomsOfParents('/d', parents)).toEqual([
      { kind: 'parent-writable', path: '/d', parent: '/open', mode: 0o775 },
    ]);
  });

  it('with too long a path has a short place', () => {
    const root = `/${'r'.repeat(100)}`;
    const place = placeOf(root, 'n', 1, 'linux');
    expect(kinds(symptomsOfPath(root, 'n', place, 'linux'))).toEqual(['path-too-long']);
    expect(symptomsOfPath('/r', 'n', placeOf('/r', 'n', 1, 'linux'), 'linux')).toEqual([]);
  });
});
