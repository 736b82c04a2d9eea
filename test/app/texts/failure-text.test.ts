/** The sentence for each failure: what happened, where, and what to do. */

import { describe, expect, it } from 'vitest';
import { complaintOf, kickWarning, sentence } from '../../../src/app/texts/failure-text.js';
import type { Failure, Phase } from '../../../src/domain/failure.js';
import type { Distrust } from '../../../src/domain/place/distrust.js';
import { ownerOf } from '../../support/plans.js';

const cause = { code: 'ENOSPC', message: 'no space left on device' };
const spoken = { code: 'EROFS', message: "EROFS: read-only file system, mkdir '/d'" };
const owner = ownerOf({ pid: 42, startTime: '1' });
const directory = '/d';
const died = {
  kind: 'died-at-start',
  directory,
  pid: 7,
  code: 3,
  signal: undefined,
  lastOutput: '',
} as const;
const coded = (code: string) => ({ code, message: 'as the system says' });

type Kind = Failure['kind'];
type Example<K extends Kind> = { readonly failure: Extract<Failure, { kind: K }>; readonly says: string };

/** A kind that is missing here does not compile. */
const FAILURES: { readonly [K in Kind]: readonly [Example<K>, ...Example<K>[]] } = {
  'invalid-request': [{ failure: { kind: 'invalid-request', message: 'a; b' }, says: 'a; b' }],
  'no-home': [
    {
      failure: { kind: 'no-home' },
      says: 'there is no home directory for daemons to live in; set HOME, or SOLOD_DIR to the directory of the daemons',
    },
  ],
  'no-daemon-program': [
    {
      failure: { kind: 'no-daemon-program' },
      says: "the program of solod's daemon is neither beside this program nor in a package solod that it finds; install the package solod where this program is",
    },
  ],
  'service-missing': [
    {
      failure: { kind: 'service-missing', path: '/s.mjs' },
      says: "there is no service file /s.mjs, or it can't be read; give the path of a file that you can read",
    },
  ],
  'service-unknown': [
    {
      failure: { kind: 'service-unknown', asked: 'solod:x', known: 'solod:status-line' },
      says: 'solod comes with no service called "solod:x"; write solod:status-line, or give the path of a file',
    },
  ],
  'state-directory-distrusted': [
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'link' },
      says: 'the state directory /d is a symbolic link; set SOLOD_DIR to the directory itself',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'no-directory' },
      says: 'the state directory /d is not a directory; move it away, or set SOLOD_DIR to another directory',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'foreign' },
      says: 'the state directory /d belongs to another user; set SOLOD_DIR to a directory of your own',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'writable-by-others' },
      says: 'the state directory /d can be written to by others, who could put a socket of their own there; take that right away (chmod go-w), or set SOLOD_DIR to another directory',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'above-foreign' },
      says: 'the directory /d is above the state directory and belongs to another user, who could replace it; set SOLOD_DIR to a directory below directories of your own or of root',
    },
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'above-writable' },
      says: 'the directory /d is above the state directory, and others can write to it and replace what is in it; run "chmod go-w" or "chmod +t" on it, or set SOLOD_DIR to another directory',
    },
  ],
  'sockets-forbidden': [
    {
      failure: { kind: 'sockets-forbidden', directory: '/d', cause: spoken },
      says: "a sandbox forbids Unix sockets, so the daemon of /d can't be reached: EROFS: read-only file system, mkdir '/d'; allow socket, bind and connect for Unix sockets below that directory; \"solod doctor\" says which is refused",
    },
  ],
  'state-directory-unusable': [
    {
      failure: { kind: 'state-directory-unusable', path: '/d', cause: spoken },
      says: "the state directory /d can't be used: EROFS: read-only file system, mkdir '/d'; fix that, or set SOLOD_DIR to another directory",
    },
  ],
  'not-removed': [
    {
      failure: { kind: 'not-removed', path: '/d/3', cause },
      says: "/d/3 can't be removed: ENOSPC: no space left on device; remove it by hand, as the user who owns it",
    },
  ],
  'lock-error': [
    {
      failure: { kind: 'lock-error', path: '/d/spawn.lock', cause },
      says: "the spawn lock /d/spawn.lock can't be taken: ENOSPC: no space left on device; fix that, or set SOLOD_DIR to another directory",
    },
  ],
  'spawn-refused': [
    {
      failure: { kind: 'spawn-refused', directory, cause },
      says: 'the daemon of /d can\'t be started: ENOSPC: no space left on device; run "solod doctor" to find the reason',
    },
    ...['ENOENT', 'EACCES', 'ENOEXEC'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; check the program that runs it (--node, or the command)`,
    })),
    ...['EAGAIN', 'ENOMEM'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; end other processes, or raise their limit (ulimit -u)`,
    })),
    ...['EMFILE', 'ENFILE'].map((code) => ({
      failure: { kind: 'spawn-refused' as const, directory, cause: coded(code) },
      says: `the daemon of /d can't be started: ${code}: as the system says; close files, or raise their limit (ulimit -n)`,
    })),
  ],
  'spawn-threw': [
    {
      failure: { kind: 'spawn-threw', directory, cause: coded('E2BIG') },
      says: "the daemon of /d can't be started, the call itself failed: E2BIG: as the system says; use fewer or other arguments, or a smaller environment",
    },
  ],
  'died-at-start': [
    {
      failure: died,
      says: 'the daemon of /d (pid 7) ended with exit code 3 before it served; fix the cause and call again; its log is /d/log, and it wrote nothing',
    },
    {
      failure: { ...died, code: undefined, signal: 'SIGSEGV', lastOutput: ' \n' },
      says: 'the daemon of /d (pid 7) ended by SIGSEGV before it served; fix the cause and call again; its log is /d/log, and it wrote nothing',
    },
    {
      failure: {
        ...died,
        code: undefined,
        lastOutput: '\nSyntaxError: x\n',
        word: { kind: 'failed', stage: 'loading', message: 'x' },
      },
      says: 'the daemon of /d (pid 7) ended with exit code ? while loading before it served; fix the cause and call again; its log is /d/log, and it wrote last: \nSyntaxError: x',
    },
    {
      failure: { ...died, word: { kind: 'failed', stage: 'loading', message: 'Error: y' } },
      says: 'the daemon of /d (pid 7) ended with exit code 3 while loading before it served; fix the cause and call again; its log is /d/log, and it wrote last: \nError: y',
    },
  ],
  'crash-loop': [
    {
      failure: {
        kind: 'crash-loop',
        directory,
        failures: 3,
        untilMs: 9_000,
        waitMs: 4_200,
        message: 'Error: no',
      },
      says: 'the daemon of /d failed at its start 3 times in a row; fix the service (it is retried at once) or run "solod restart"; the next retry is in 4.2 s; the last start failed with: Error: no',
    },
  ],
  outdated: [{ failure: { kind: 'outdated', message: 'too old; update' }, says: 'too old; update' }],
  vacant: [
    {
      failure: { kind: 'vacant', directory },
      says: 'no daemon of /d took the call at once; one is started for the next call',
    },
  ],
  'switched-off': [
    {
      failure: { kind: 'switched-off', why: 'SOLOD=off' },
      says: 'no daemon is used here: SOLOD=off; ask for one with --daemon or SOLOD=on',
    },
  ],
  'still-loading': [
    {
      failure: { kind: 'still-loading', directory, pid: 7, forMs: 2_340 },
      says: 'the daemon of /d (pid 7) has been loading its service for 2.3 s and has not answered yet; wait longer with --timeout',
    },
  ],
  'not-ended': [
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'still-there', pid: 7 } },
      says: 'the daemon of /d does not answer, and its process 7 is still there after SIGKILL; it hangs in the kernel: wait for the disk or network that blocks it, or use another --name',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'refused', pid: 7, cause } },
      says: 'the daemon of /d does not answer, and ending its process 7 was refused: ENOSPC: no space left on device; end it as the user who owns it',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'unproven', pid: 7, why: 'ancestor' } },
      says: 'the daemon of /d does not answer, and it is an ancestor of this process, so it is not ended; end it from somewhere else',
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: 7, why: 'not-visible' },
      },
      says: "the daemon of /d does not answer, and its process can't be identified from here (another pid namespace?); end it where it runs",
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: undefined, why: 'no-owner' },
      },
      says: 'the daemon of /d does not answer, and its owner file does not name its process; end it by hand',
    },
  ],
  'timed-out': [
    {
      failure: { kind: 'timed-out', directory, phase: 'lock', afterMs: 2_000.4, pid: undefined },
      says: 'another caller is starting the daemon of /d, and it did not appear within 2000 ms; try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'ready', afterMs: 1_499.6, pid: 7 },
      says: 'the daemon of /d was started (pid 7) and did not answer within 1500 ms; it may still come up: try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'ready', afterMs: 1_500, pid: undefined },
      says: 'the daemon of /d was started (pid ?) and did not answer within 1500 ms; it may still come up: try again, or wait longer with --timeout',
    },
    {
      failure: { kind: 'timed-out', directory, phase: 'answer', afterMs: 2_000, pid: undefined },
      says: 'the daemon of /d kept closing its connections and did not answer within 2000 ms; try again, or wait longer with --timeout',
    },
  ],
  'not-answering': [
    {
      failure: {
        kind: 'not-answering',
        directory: '/d',
        owner,
        afterMs: 2_000,
        cause: { code: 'EORPHANED', message: 'its process has ended' },
      },
      says: 'the daemon "name" (pid 42) of /d can\'t be replaced: its process has ended; end that process, and let the program stay in the foreground',
    },
    {
      failure: { kind: 'not-answering', directory: '/d', owner, afterMs: 2_000, cause: undefined },
      says: 'the daemon "name" (pid 42) of /d is there and did not answer within 2000 ms; try again, or end it with "solod restart --force" or "kill 42"',
    },
    {
      failure: { kind: 'not-answering', directory: '/d', owner: undefined, afterMs: 2_000, cause },
      says: 'the daemon of /d is there and did not answer within 2000 ms (ENOSPC: no space left on device); try again, or end it with "solod restart --force"',
    },
  ],
  declined: [
    {
      failure: { kind: 'declined', message: '/s.mjs does not load', exitCode: 70 },
      says: "the daemon can't serve; fix this error, and the next call tries again: /s.mjs does not load",
    },
  ],
  'claim-failed': [
    {
      failure: { kind: 'claim-failed', act: 'listening in', path: '/d/tmp.7-a', cause },
      says: 'the name can\'t be claimed: listening in /d/tmp.7-a failed: ENOSPC: no space left on device; run "solod doctor" to find the reason',
    },
  ],
  'claim-unsettled': [
    {
      failure: { kind: 'claim-unsettled', path: '/d', rounds: 64 },
      says: "the name can't be claimed: /d kept changing through 64 rounds; find out who else writes there, then try again",
    },
  ],
};

describe('a sentence for each failure', () => {
  const all: readonly { readonly failure: Failure; readonly says: string }[] = Object.values(FAILURES).flat();

  it.each(all)('$says', ({ failure, says }) => {
    expect(sentence(failure)).toBe(says);
  });

  it('names where it happened, and what to do', () => {
    for (const { failure } of all) {
      if (failure.kind === 'invalid-request' || failure.kind === 'outdated') continue;
      const { what, todo } = complaintOf(failure);
      const where = 'directory' in failure ? failure.directory : 'path' in failure ? failure.path : undefined;
      if (where !== undefined) expect(what).toContain(where);
      expect(todo).not.toBe('');
    }
  });

  it('is another one for each kind, each phase, and each reason not to trust a directory', () => {
    const reasons: Readonly<Record<Distrust, true>> = {
      link: true,
      'no-directory': true,
      foreign: true,
      'writable-by-others': true,
      'above-foreign': true,
      'above-writable': true,
    };
    const phases: Readonly<Record<Phase, true>> = { lock: true, ready: true, answer: true };
    const failures: Failure[] = [
      ...Object.values(FAILURES).map(([{ failure }]) => failure),
      ...Object.keys(reasons).map(
        (why) => ({ kind: 'state-directory-distrusted', path: '/e', why }) as Failure,
      ),
      ...Object.keys(phases).map(
        (phase) => ({ kind: 'timed-out', directory: '/e', phase, afterMs: 1, pid: 1 }) as Failure,
      ),
    ];
    const sentences = failures.map(sentence);
    expect(new Set(sentences).size).toBe(failures.length);
    for (const text of sentences) expect(text).not.toMatch(/undefined|NaN|\[object|[.\s]$/);
  });
});

it('a kick that started a daemon, but not as planned, says so', () => {
  expect(kickWarning({ kind: 'lock-error', path: '/d/spawn.lock', cause })).toBe(
    'the daemon was started without the spawn lock /d/spawn.lock, which can\'t be taken: ENOSPC: no space left on device; run "solod doctor" to find the reason',
  );
  expect(kickWarning({ kind: 'overrode-lock', ageMs: 2_340 })).toBe(
    'the daemon was started although another start has been running for 2.3 s; if that happens again, "solod logs" may show why it takes so long',
  );
});
