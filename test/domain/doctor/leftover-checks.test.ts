/** What lies in the directory of a name. */

import { describe, expect, it } from 'vitest';
import type { Symptom } from '../../../src/domain/doctor/findings.js';
import {
  foreignLabels,
  type NameReading,
  symptomsOfName,
} from '../../../src/domain/doctor/leftover-checks.js';
import { HOME, identityOf, ownerOf } from '../../support/plans.js';
import { kinds, refusal } from './kinds.js';

describe('leftovers', () => {
  const reading = (changes: Partial<NameReading> = {}): NameReading => ({
    directory: HOME,
    names: ['3', 'current', 'log', 'log.1', 'spawns.jsonl', 'spawns.jsonl.1', 'spawn.lock'],
    current: { kind: 'target', target: '3' },
    generations: [{ generation: 3, verdict: 'dead', owner: undefined }],
    privates: [],
    lock: { observed: { kind: 'free' }, vitality: 'unknown', wallMs: 100_000 },
    ...changes,
  });
  const look = (changes: Partial<NameReading>): Symptom[] => symptomsOfName(reading(changes));

  it('do not exist after a daemon has ended properly', () => {
    expect(look({})).toEqual([]);
  });

  it('include dead generations below and above, and one that still listens, but not unknown ones', () => {
    const generations = (['dead', 'absent', 'alive', 'dead', 'unknown', 'closed-or-full'] as const).map(
      (verdict, index) => ({ generation: index + 1, verdict, owner: ownerOf({ pid: 9, startTime: '' }) }),
    );
    const names = ['1', '2', '3', '4', '5', '6', 'current'];
    expect(look({ names, generations, current: { kind: 'target', target: '2' } })).toEqual([
      { kind: 'second-daemon', directory: HOME, generation: 3, current: 2, pid: 9 },
      { kind: 'dead-generations', directory: HOME, generations: [1] },
      { kind: 'dead-above', directory: HOME, generations: [4] },
    ]);
  });

  it('include a "current" that is missing, that dangles, or that solod did not make', () => {
    expect(kinds(look({ current: { kind: 'target', target: '9' } }))).toContain('current-dangling');
    expect(kinds(look({ current: { kind: 'target', target: '/x' } }))).toEqual(['current-foreign']);
    expect(kinds(look({ current: { kind: 'wrong-type' } }))).toEqual(['current-foreign']);
    expect(kinds(look({ current: { kind: 'absent' } }))).toEqual(['current-missing']);
    expect(look({ current: { kind: 'absent' }, generations: [] })).toEqual([]);
    const failed = { kind: 'failed', cause: refusal('EACCES') } as const;
    expect(kinds(look({ current: failed }))).toEqual(['directory-unreadable']);
  });

  const record = (wallMs: number) =>
    ({
      kind: 'record',
      record: {
        nonce: '7-a',
        holder: identityOf({ pid: 7, startTime: '1' }),
        wallMs,
        readyMs: 1,
        child: undefined,
      },
    }) as const;

  it.each([
    [record(99_000), 'dead', ['lock-left']],
    [record(99_000), 'alive', []],
    [record(80_000), 'alive', ['lock-old']],
    [record(80_000), 'unknown', ['lock-old']],
    [record(200_000), 'alive', ['from-the-future']],
    [{ kind: 'foreign', type: 'other', modifiedMs: 0 }, 'unknown', ['lock-foreign']],
  ] as const)('include a lock: %j, %s', (observed, vitality, expected) => {
    expect(kinds(look({ lock: { observed, vitality, wallMs: 100_000 } }))).toEqual(expected);
  });

  it('include private names whose maker is gone, trash, and foreign files', () => {
    const symptoms = look({
      names: ['3', 'current', 'trash.1', 'notes.txt', '007', 'sock'],
      privates: [
        { name: 'tmp.7-old', ageMs: 60_000, maker: { kind: 'gone' } },
        { name: 'tmp.7-young', ageMs: 59_999, maker: { kind: 'gone' } },
        { name: 'tmp.8-used', ageMs: 60_000, maker: { kind: 'present', startTime: '', activity: 'running' } },
      ],
    });
    expect(symptoms).toEqual([
      { kind: 'abandoned', directory: HOME, names: ['tmp.7-old'] },
      { kind: 'trash', directory: HOME, names: ['trash.1'] },
      { kind: 'foreign-files', directory: HOME, names: ['007', 'notes.txt', 'sock'] },
    ]);
  });
});

it('a state directory holds names, names with a project, and other files', () => {
  const names = ['eslint', 'eslint@0123456789abc', '.hidden', 'a b', 'eslint@short'];
  expect(foreignLabels(names, 'linux')).toEqual(['.hidden', 'a b', 'eslint@short']);
});
