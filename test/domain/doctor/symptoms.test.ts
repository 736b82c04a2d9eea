/** From what was read to the symptoms that there are. */

import { describe, expect, it } from 'vitest';
import type { Symptom } from '../../../src/domain/doctor/findings.js';
import {
  type Caller,
  cleanedAfter,
  foreignLabels,
  type NameReading,
  type OwnerReading,
  type ProcessSight,
  symptomOfSilence,
  symptomsOfDirectory,
  symptomsOfName,
  symptomsOfOwner,
  symptomsOfParents,
  symptomsOfPath,
  symptomsOfProcess,
  symptomsOfRuntime,
  symptomsOfStorage,
  symptomsOfTimes,
  symptomsOfTrial,
  symptomsOfVersions,
} from '../../../src/domain/doctor/symptoms.js';
import { placeOf } from '../../../src/domain/place/layout.js';
import type { Entry, InspectReading } from '../../../src/ports/file-system.js';
import { HOME, identityOf, inHome, ownerOf } from '../../support/plans.js';

const kinds = (symptoms: readonly Symptom[]): string[] => symptoms.map(({ kind }) => kind);
const entry = (changes: Partial<Entry>): InspectReading => ({
  kind: 'entry',
  entry: { type: 'directory', userId: 1, mode: 0o700, modifiedMs: 0, ...changes },
});
const refusal = (code: string) => ({ code, message: '' });

describe('around', () => {
  const reading = {
    platform: 'linux',
    node: '20.19.0',
    solod: '1.0.0',
    env: {},
    root: '/r',
    namedBy: 'environment',
  } as const;

  it.each([
    ['20.19.0', 'runtime'],
    ['20.18.9', 'node-too-old'],
    ['18.99.0', 'node-too-old'],
    ['22.0.0-nightly', 'runtime'],
    ['100.0.0', 'runtime'],
  ])('Node %s: %s', (node, kind) => {
    expect(kinds(symptomsOfRuntime({ ...reading, node }))).toEqual([kind]);
  });

  it('relative directories are ignored, or count from where one is; an option goes before them', () => {
    const env = { XDG_RUNTIME_DIR: 'run', XDG_STATE_HOME: '/s', SOLOD_DIR: '' };
    expect(kinds(symptomsOfRuntime({ ...reading, env }))).toEqual(['runtime', 'relative-ignored']);
    const own = { ...env, SOLOD_DIR: 'd' };
    expect(kinds(symptomsOfRuntime({ ...reading, env: own }))).toEqual(['runtime', 'relative-root']);
    expect(kinds(symptomsOfRuntime({ ...reading, env: own, namedBy: 'option' }))).toEqual(['runtime']);
  });
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

  it('may be replaced by whoever can write to one above it, unless the sticky bit is set there', () => {
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

  it('holds names, names with a project, and what can be neither', () => {
    const names = ['eslint', 'eslint@0123456789abc', '.hidden', 'a b', 'eslint@short'];
    expect(foreignLabels(names)).toEqual(['.hidden', 'a b', 'eslint@short']);
  });
});

describe('storage', () => {
  const storage = { kind: 'storage', freeBytes: 1e9, inodes: 10, freeInodes: 5 } as const;

  it.each([
    [0x6969, 'file-system-shared', 'NFS'],
    // As a signed 32-bit number, which is how some report it.
    [0xff534d42 | 0, 'file-system-shared', 'CIFS'],
    [0x01021997, 'file-system-foreign', '9p'],
    [0x53464846, 'file-system-foreign', 'drvfs of WSL'],
    [0x65735546, 'file-system-foreign', 'FUSE'],
    [0xef53, 'file-system', 'ext4'],
    [0x794c7630, 'file-system', 'overlay'],
    [0x1234, 'file-system', 'of type 0x1234'],
  ])('of type %i is %s (%s)', (type, kind, name) => {
    expect(symptomsOfStorage('/d', { ...storage, type }, 'linux')).toEqual([{ kind, path: '/d', name }]);
  });

  it('that is full, that has no inodes, that has no table of them, that can not be asked', () => {
    const type = 0xef53;
    const look = (changes: object) =>
      kinds(symptomsOfStorage('/d', { ...storage, type, ...changes }, 'darwin'));
    expect(look({ freeBytes: 100 })).toEqual(['no-space']);
    expect(look({ freeInodes: 0 })).toEqual(['no-inodes']);
    expect(look({ inodes: 0, freeInodes: 0 })).toEqual([]);
    const failed = { kind: 'failed', cause: refusal('EPERM') } as const;
    expect(kinds(symptomsOfStorage('/d', failed, 'linux'))).toEqual(['file-system-unknown']);
  });

  it.each([
    [{ kind: 'passed', aheadMs: 900 }, ['trial-passed']],
    [{ kind: 'passed', aheadMs: -5_000 }, ['trial-passed', 'clock-skew']],
    [{ kind: 'not-exclusive' }, ['rename-not-exclusive']],
    [{ kind: 'unsettled', step: 'connecting' }, ['trial-unsettled']],
    [{ kind: 'refused', step: 'binding', cause: refusal('EPERM') }, ['sandboxed']],
    [{ kind: 'refused', step: 'connecting', cause: refusal('EACCES') }, ['sandboxed']],
    [{ kind: 'refused', step: 'binding', cause: refusal('EOPNOTSUPP') }, ['trial-failed']],
    [{ kind: 'refused', step: 'making', cause: refusal('EACCES') }, ['trial-failed']],
  ] as const)('tried out: %j is %j', (reading, expected) => {
    expect(kinds(symptomsOfTrial('/d', reading))).toEqual(expected);
  });
});

describe('systemd-tmpfiles', () => {
  const usual = [
    '# comment\nq /tmp 1777 root root 10d\nq /var/tmp 1777 root root 30d\nD! /tmp/.X11-unix 1777 root root 10d',
  ];

  it.each<[string, readonly string[], string | undefined]>([
    ['/tmp/solod-1', usual, '10d'],
    ['/var/tmp/x', usual, '30d'],
    ['/tmpfoo', usual, undefined],
    ['/home/me', usual, undefined],
    ['/tmp/solod-1', ['q /tmp 1777 root root -'], undefined],
    ['/tmp/solod-1', ['q /tmp'], undefined],
    ['/tmp/solod-1', [...usual, 'x /tmp/solod-1'], undefined],
    ['/tmp/solod-1', [...usual, 'x /tmp/solod-1/*'], undefined],
    ['/tmp/solod-1', [...usual, 'd /tmp/solod-1 0700 me me 1d'], '1d'],
  ])('%s with %j: %s', (path, texts, age) => {
    expect(cleanedAfter(path, texts)).toBe(age);
  });
});

describe('a daemon', () => {
  const process = { pid: 7, startTime: '1' };
  const seen = (changes: Partial<OwnerReading> = {}): OwnerReading => ({
    owner: ownerOf(process),
    self: identityOf({ pid: 8, startTime: '2' }),
    process: { kind: 'present', startTime: '1', activity: 'running' },
    wallMs: 10,
    ...changes,
  });

  it('that is silent: stopped, busy, or out of reach', () => {
    const stopped = seen({ process: { kind: 'present', startTime: '1', activity: 'stopped' } });
    const later = seen({ process: { kind: 'present', startTime: '9', activity: 'stopped' } });
    const silence = (owner: OwnerReading | undefined, code: string) =>
      symptomOfSilence(HOME, owner, refusal(code)).kind;
    expect(silence(stopped, 'ETIMEDOUT')).toBe('daemon-stopped');
    expect(silence(later, 'ETIMEDOUT')).toBe('daemon-silent');
    expect(silence(undefined, 'EAGAIN')).toBe('daemon-silent');
    expect(silence(seen(), 'EPERM')).toBe('connect-refused');
  });

  it('of another release, another pid namespace, another time', () => {
    const owner = { ...ownerOf(process), solod: '1', pidNamespace: 'other', startedMs: 5_000 };
    expect(kinds(symptomsOfOwner(HOME, seen({ owner }), '2'))).toEqual([
      'pid-namespace-differs',
      'version-differs',
      'from-the-future',
    ]);
    expect(symptomsOfOwner(HOME, seen(), '0.0.0')).toEqual([]);
    expect(kinds(symptomsOfVersions('/d', ['2', '1', '', '2']))).toEqual(['several-versions']);
    expect(symptomsOfVersions('/d', ['1', '1', ''])).toEqual([]);
  });

  const known = <T>(value: T) => ({ kind: 'known', value }) as const;
  const failed = { kind: 'failed', cause: refusal('EACCES') } as const;
  const caller: Caller = {
    env: { HOME: '/h', SOLOD_DIR: '/s' },
    networkNamespace: known('net:1'),
    rootOf: (env) => env.SOLOD_DIR ?? '/default',
  };
  const look = (changes: Partial<ProcessSight>): string[] =>
    kinds(
      symptomsOfProcess(
        HOME,
        7,
        {
          environment: known(caller.env),
          networkNamespace: known('net:1'),
          signal: { kind: 'allowed' },
          ...changes,
        },
        caller,
      ),
    );

  it('whose environment, network or sandbox is another', () => {
    expect(look({})).toEqual([]);
    expect(look({ environment: known({ HOME: '/x', TMPDIR: '/t', SOLOD_DIR: '/s' }) })).toEqual([
      'environment-differs',
      'environment-differs',
    ]);
    expect(look({ environment: known({ HOME: '/h' }) })).toEqual(['root-differs']);
    expect(look({ environment: known({ HOME: '/h', SOLOD_DIR: 'relative' }) })).toEqual([]);
    expect(look({ networkNamespace: known('net:2') })).toEqual(['network-namespace-differs']);
    expect(look({ signal: { kind: 'refused', cause: refusal('EPERM') } })).toEqual(['signal-refused']);
    expect(look({ environment: failed, networkNamespace: failed })).toEqual([
      'environment-unknown',
      'namespace-unknown',
    ]);
  });
});

describe('what lies about', () => {
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

  it('is nothing where a daemon has ended as it should', () => {
    expect(look({})).toEqual([]);
  });

  it('dead generations below and above, and one that still listens; of others nothing is said', () => {
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

  it('a "current" that is not there, that names nothing, or that is none', () => {
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
  ] as const)('a lock: %j, %s', (observed, vitality, expected) => {
    expect(kinds(look({ lock: { observed, vitality, wallMs: 100_000 } }))).toEqual(expected);
  });

  it('private names whose maker is gone, trash, and what is not solod’s', () => {
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

  it('times that have not come yet', () => {
    const entries = [
      { path: inHome('3'), modifiedMs: 11_001 },
      { path: inHome('log'), modifiedMs: 11_000 },
    ];
    expect(symptomsOfTimes(entries, 10_000)).toEqual([
      { kind: 'from-the-future', path: inHome('3'), aheadMs: 1_001 },
    ]);
  });
});
