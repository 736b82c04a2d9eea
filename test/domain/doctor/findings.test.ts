/** Every finding says what, where, and what to do. */

import { describe, expect, it } from 'vitest';
import type { Severity } from '../../../src/domain/doctor/finding-parts.js';
import {
  type Finding,
  findingOf,
  report,
  type Symptom,
  type SymptomKind,
  sorted,
} from '../../../src/domain/doctor/findings.js';

const cause = { code: 'ENOSPC', message: 'no space left on device' };
const path = '/d';
const directory = '/d/name';

type Example<K extends SymptomKind> = readonly [
  symptom: Omit<Extract<Symptom, { readonly kind: K }>, 'kind'>,
  severity: Severity,
  says: string,
];

/** A kind that is missing here does not compile. */
const EXAMPLES: { readonly [K in SymptomKind]: Example<K> } = {
  'shared-servers': [{ directory, servers: [7, 8] }, 'ok', 'runs servers 7, 8'],
  'servers-left': [{ directory, servers: [7] }, 'note', 'gone: server 7'],
  'sessions-in-node': [{ directory, package: '@solod/client-linux-x64' }, 'note', '42 MB instead of 1 MB'],
  'sessions-not-native': [{ directory, node: '20.19.0' }, 'note', "Node 20.19.0 can't hand over"],
  runtime: [{ node: '20.19.0', platform: 'linux', solod: '1.0.0' }, 'ok', 'solod 1.0.0 on Node 20.19.0'],
  'platform-unsupported': [{ platform: 'win32' }, 'problem', 'does not run on win32'],
  'node-too-old': [{ node: '18.0.0', floor: '20.19.0' }, 'problem', 'Node 18.0.0 is older than 20.19.0'],
  'native-client': [{ path: '/bin/solod-client' }, 'ok', 'without starting Node'],
  'native-client-missing': [
    { package: '@solod/client-linux-x64' },
    'note',
    '(@solod/client-linux-x64) is not installed',
  ],
  'native-client-unusable': [
    { path: '/bin/solod-client', why: 'SIGSEGV has ended it' },
    'note',
    "the native client can't be used (SIGSEGV has ended it)",
  ],
  'native-client-differs': [
    { path: '/bin/solod-client', version: '0.9.0', solod: '1.0.0' },
    'note',
    'says that it is solod "0.9.0", and this is 1.0.0',
  ],
  'relative-ignored': [{ variable: 'XDG_STATE_HOME', value: 'x' }, 'note', 'XDG_STATE_HOME'],
  'relative-root': [{ value: 'x', path: '/w/x' }, 'note', 'the relative path "x"'],
  'base-ignored': [
    { base: 'session', path: '/run/user/7', why: { kind: 'foreign' } },
    'note',
    'XDG_RUNTIME_DIR leads here, which belongs to another user; it is ignored',
  ],
  'base-of-some': [{ base: 'state-home', asked: path }, 'note', 'callers without it (cron, units, su)'],
  'another-scope': [{ asked: path, root: `${path}/.at-x` }, 'note', `yours lie in ${path}/.at-x`],
  'directory-sound': [{ path }, 'ok', 'yours'],
  'directory-missing': [{ path }, 'ok', 'no such directory yet'],
  'directory-distrusted': [{ path, why: 'writable-by-others' }, 'problem', 'written to by others'],
  'directory-open': [{ path, mode: 0o755 }, 'note', 'mode 0755'],
  'directory-unreadable': [{ path, cause }, 'problem', 'ENOSPC: no space left'],
  'parent-writable': [{ path, parent: '/', mode: 0o777 }, 'problem', 'mode 0777, no sticky bit'],
  'path-too-long': [{ path, instead: '/tmp/solod-1/x', mostBytes: 107 }, 'note', '107 bytes'],
  'file-system': [{ path, name: 'ext4' }, 'ok', 'ext4'],
  'file-system-shared': [{ path, name: 'NFS' }, 'problem', '(NFS) is shared over a network'],
  'file-system-foreign': [{ path, name: '9p' }, 'note', '(9p)'],
  'file-system-unknown': [{ path, cause }, 'unknown', 'ENOSPC'],
  'no-space': [{ path, freeBytes: 12 }, 'problem', '12 bytes are free'],
  'no-inodes': [{ path }, 'problem', 'no free inodes'],
  'trial-passed': [{ path }, 'ok', 'trial socket'],
  'lock-held': [{ path }, 'ok', 'trial pipe'],
  'trial-failed': [{ path, step: 'making', cause }, 'problem', "a directory can't be made in it: ENOSPC"],
  sandboxed: [
    { path, step: 'binding', cause: { code: 'EPERM', message: 'operation not permitted' } },
    'problem',
    'a sandbox forbids sockets',
  ],
  'trial-unsettled': [{ path, step: 'connecting' }, 'note', 'very busy'],
  'rename-not-exclusive': [{ path }, 'problem', 'two daemons'],
  'clock-skew': [{ path, aheadMs: -5_000 }, 'problem', '5 s behind'],
  'from-the-future': [{ path, aheadMs: 7_000 }, 'note', '7 s in the future'],
  'tmp-cleaner': [
    { path, tool: 'systemd-tmpfiles', age: '10d', sticky: 'not-all' },
    'note',
    'older than 10d',
  ],
  'daemon-answers': [{ directory, pid: 7, state: 'ready' }, 'ok', '(pid 7) answers: ready'],
  'daemon-of-its-own': [{ directory, pid: undefined }, 'ok', 'a protocol of its own'],
  'no-daemon': [{ directory }, 'ok', 'the next call starts one'],
  'daemon-stopped': [{ directory, pid: 7, cause }, 'problem', '(pid 7) is stopped'],
  'daemon-silent': [{ directory, pid: undefined, cause }, 'problem', 'does not answer'],
  'connect-refused': [{ directory, cause }, 'problem', 'may not be connected to'],
  'signal-refused': [{ directory, pid: 7, cause }, 'note', 'may not be signalled'],
  'environment-differs': [
    { directory, variable: 'TMPDIR', mine: undefined, theirs: '/t' },
    'note',
    'TMPDIR was /t when the daemon was started, and is not set here',
  ],
  'root-differs': [{ directory, mine: '/a', theirs: '/b' }, 'note', 'leads to /b, yours to /a'],
  'environment-unknown': [{ directory, cause }, 'unknown', 'not known'],
  'pid-namespace-differs': [{ directory, pid: 7 }, 'note', 'another pid namespace'],
  'network-namespace-differs': [{ directory, pid: 7 }, 'note', 'another network namespace'],
  'namespace-unknown': [{ directory, cause }, 'unknown', 'not known'],
  'version-differs': [
    { directory, mine: '2.0.0', theirs: '1.0.0' },
    'note',
    'solod 1.0.0, and this is 2.0.0',
  ],
  'several-versions': [{ root: path, versions: ['1.0.0', '2.0.0'] }, 'note', '1.0.0, 2.0.0'],
  'dead-generations': [{ directory, generations: [1, 2] }, 'note', 'below the current one: 1, 2'],
  'dead-above': [{ directory, generations: [9] }, 'note', 'above the current one: 9'],
  'second-daemon': [
    { directory, generation: 2, current: 3, pid: 7 },
    'problem',
    'generation 2 (pid 7) still listens',
  ],
  'current-dangling': [{ directory, target: '7' }, 'note', '"7", which is not there'],
  'current-missing': [{ directory }, 'note', 'no "current"'],
  'current-foreign': [{ directory }, 'note', 'was not made by solod'],
  'lock-left': [{ path, pid: 7 }, 'note', '(pid 7) that held the lock is gone'],
  'lock-old': [{ path, pid: 7, ageMs: 60_000 }, 'note', 'held for 60 s by pid 7'],
  'lock-foreign': [{ path }, 'note', 'the lock was not made by solod'],
  abandoned: [{ directory, names: ['tmp.7-a'] }, 'note', '"tmp.7-a"'],
  trash: [{ directory, names: ['trash.7-a'] }, 'note', '"trash.7-a"'],
  'foreign-files': [
    { directory, names: ['a\nb', 'b', 'c', 'd', 'e', 'f'] },
    'note',
    '"a\\nb", "b", "c", "d", "e" and 1 more',
  ],
  unwritable: [{ path, cause }, 'note', 'is lost'],
};

const all = Object.entries(EXAMPLES).map(
  ([kind, [symptom, severity, says]]) => [{ kind, ...symptom } as Symptom, severity, says] as const,
);

describe('a finding', () => {
  it.each(all)('$kind', (symptom, severity, says) => {
    const finding = findingOf(symptom);
    expect(finding).toMatchObject({ kind: symptom.kind, severity });
    expect(finding.what).toContain(says);
    expect(finding.where).not.toBe('');
    // A line each, without a full stop, and whole.
    for (const text of [finding.what, finding.todo ?? ''])
      expect(text).not.toMatch(/undefined|NaN|\[object|[.\n]$/);
    expect(finding.what).not.toContain('\n');
    expect(finding.todo === undefined).toBe(severity === 'ok' || severity === 'unknown');
  });

  it('differs for each kind', () => {
    expect(new Set(all.map(([symptom]) => findingOf(symptom).what)).size).toBe(all.length);
  });

  it.each([
    ['EROFS', /remount/],
    ['ENOSPC', /make room/],
    ['EACCES', /chmod u\+rwx/],
    ['EIO', /SOLOD_DIR/],
  ])('of a failed trial says what to do about %s', (code, todo) => {
    const symptom = { kind: 'trial-failed', path, step: 'making', cause: { code, message: '' } } as const;
    expect(findingOf(symptom).todo).toMatch(todo);
  });

  it.each([
    ['link', 'symbolic link'],
    ['no-directory', 'not a directory'],
    ['foreign', 'another user'],
    ['writable-by-others', 'written to by others'],
  ] as const)('of a directory that is not trusted says why: %s', (why, says) => {
    expect(findingOf({ kind: 'directory-distrusted', path, why }).what).toContain(says);
  });
});

describe('a report', () => {
  const findings: Finding[] = [
    {
      kind: 'directory-sound',
      code: 'SOLOD_E_DOCTOR_DIRECTORY_SOUND',
      severity: 'ok',
      what: 'fine',
      where: '/a',
    },
    {
      kind: 'trash',
      code: 'SOLOD_E_DOCTOR_TRASH',
      severity: 'note',
      what: 'so',
      where: '/b',
      todo: 'nothing',
    },
    {
      kind: 'environment-unknown',
      code: 'SOLOD_E_DOCTOR_ENVIRONMENT_UNKNOWN',
      severity: 'unknown',
      what: 'who knows',
      where: '/c',
    },
    {
      kind: 'no-inodes',
      code: 'SOLOD_E_DOCTOR_NO_INODES',
      severity: 'problem',
      what: 'full',
      where: '/d',
      todo: 'tidy',
    },
  ];

  it('has problems first, each with what to do, and leaves out what is unknown', () => {
    expect(report(findings)).toBe(
      'problem  /d: full [SOLOD_E_DOCTOR_NO_INODES]\n         to do: tidy\n' +
        'note     /b: so [SOLOD_E_DOCTOR_TRASH]\n         to do: nothing\nok       /a: fine\n',
    );
    expect(sorted(findings).map(({ severity }) => severity)).toEqual(['problem', 'note', 'ok', 'unknown']);
  });

  it('in colour has nothing but its own colours in it', () => {
    const sly: Finding = {
      kind: 'trash',
      code: 'SOLOD_E_DOCTOR_TRASH',
      severity: 'note',
      what: 'a\x1b[2Jb',
      where: '/b',
      todo: 'c\x07',
    };
    expect(report([sly], 'coloured')).toBe(
      '\x1b[33mnote   \x1b[0m  /b: a\\u001b[2Jb [SOLOD_E_DOCTOR_TRASH]\n         to do: c\\u0007\n',
    );
  });
});
