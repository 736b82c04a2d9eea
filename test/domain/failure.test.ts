/** Every failure says in one sentence what happened and where. */

import { describe, expect, it } from 'vitest';
import { type Failure, type Phase, sentence } from '../../src/domain/failure.js';
import type { Distrust } from '../../src/domain/state-directory.js';
import { ownerOf } from '../support/plans.js';

const cause = { code: 'ENOSPC', message: 'no space left on device' };
const spoken = { code: 'EROFS', message: "EROFS: read-only file system, mkdir '/d'" };
const owner = ownerOf({ pid: 42, startTime: '1' });
const died = { kind: 'died-at-start', pid: 7, code: 3, signal: undefined, lastOutput: '' } as const;

type Kind = Failure['kind'];
type Example<K extends Kind> = { readonly failure: Extract<Failure, { kind: K }>; readonly says: string };

/** A kind that is missing here does not compile. */
const EXAMPLES: { readonly [K in Kind]: readonly [Example<K>, ...Example<K>[]] } = {
  'invalid-request': [
    {
      failure: { kind: 'invalid-request', message: '"x y" is no daemon name' },
      says: '"x y" is no daemon name',
    },
  ],
  'service-missing': [
    {
      failure: { kind: 'service-missing', path: '/s.mjs' },
      says: "there is no service file /s.mjs, or it can't be read",
    },
  ],
  'state-directory-distrusted': [
    {
      failure: { kind: 'state-directory-distrusted', path: '/d', why: 'link' },
      says: 'the state directory /d is a symbolic link; name the directory itself',
    },
  ],
  'state-directory-unusable': [
    {
      failure: { kind: 'state-directory-unusable', path: '/d', cause: spoken },
      says: "the state directory /d can't be used: EROFS: read-only file system, mkdir '/d'",
    },
  ],
  'not-removed': [
    {
      failure: { kind: 'not-removed', path: '/d/3', cause },
      says: "/d/3 can't be removed: ENOSPC: no space left on device",
    },
  ],
  'lock-error': [
    {
      failure: { kind: 'lock-error', path: '/d/spawn.lock', cause },
      says: "the spawn lock /d/spawn.lock can't be taken: ENOSPC: no space left on device",
    },
  ],
  'spawn-refused': [
    {
      failure: { kind: 'spawn-refused', cause },
      says: "the daemon can't be started: ENOSPC: no space left on device",
    },
  ],
  'spawn-threw': [
    {
      failure: { kind: 'spawn-threw', cause },
      says: "the daemon can't be started, the call itself failed: ENOSPC: no space left on device",
    },
  ],
  'died-at-start': [
    { failure: died, says: 'the daemon (pid 7) ended with exit code 3 before it served; it wrote nothing' },
    {
      failure: { ...died, code: undefined, signal: 'SIGSEGV', lastOutput: ' \n' },
      says: 'the daemon (pid 7) ended by SIGSEGV before it served; it wrote nothing',
    },
    {
      failure: { ...died, code: undefined, lastOutput: '\nSyntaxError: x\n' },
      says: 'the daemon (pid 7) ended with exit code ? before it served; it wrote last:\nSyntaxError: x',
    },
  ],
  'crash-loop': [
    {
      failure: { kind: 'crash-loop', failures: 3, untilMs: 9_000, waitMs: 4_200, message: 'Error: no' },
      says: 'the daemon failed at its start 3 times in a row; the next try is made in 4.2 s, when the service file changes, or with "solod restart"; the last one failed with: Error: no',
    },
  ],
  outdated: [{ failure: { kind: 'outdated', message: 'too old' }, says: 'too old' }],
  'switched-off': [
    { failure: { kind: 'switched-off', why: 'SOLOD=off' }, says: 'no daemon is used here: SOLOD=off' },
  ],
  'still-loading': [
    {
      failure: { kind: 'still-loading', pid: 7, forMs: 2_340 },
      says: 'the daemon (pid 7) has been loading its service for 2.3 s and has not answered yet; wait longer with --timeout',
    },
  ],
  'not-ended': [
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'still-there', pid: 7 } },
      says: 'the daemon of /d does not answer, and its process 7 is still there after SIGKILL; it hangs in the kernel',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'refused', pid: 7, cause } },
      says: 'the daemon of /d does not answer, and ending its process 7 was refused: ENOSPC: no space left on device',
    },
    {
      failure: { kind: 'not-ended', directory: '/d', outcome: { kind: 'unproven', pid: 7, why: 'ancestor' } },
      says: 'the daemon of /d does not answer, and it is what this very process was started from; it is not ended',
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: 7, why: 'not-visible' },
      },
      says: "the daemon of /d does not answer, and its process can't be told for sure from here (another pid namespace?); end it where it runs",
    },
    {
      failure: {
        kind: 'not-ended',
        directory: '/d',
        outcome: { kind: 'unproven', pid: undefined, why: 'no-owner' },
      },
      says: 'the daemon of /d does not answer, and its owner file says nothing of its process; end it by hand',
    },
  ],
  'timed-out': [
    {
      failure: { kind: 'timed-out', phase: 'lock', afterMs: 2_000.4, pid: undefined },
      says: 'another caller is starting the daemon, and it did not appear within 2000 ms',
    },
    {
      failure: { kind: 'timed-out', phase: 'ready', afterMs: 1_499.6, pid: 7 },
      says: 'the daemon was started (pid 7) and did not answer within 1500 ms; it may still come up',
    },
    {
      failure: { kind: 'timed-out', phase: 'ready', afterMs: 1_500, pid: undefined },
      says: 'the daemon was started (pid ?) and did not answer within 1500 ms; it may still come up',
    },
    {
      failure: { kind: 'timed-out', phase: 'answer', afterMs: 2_000, pid: undefined },
      says: 'the daemon kept ending its connections and did not answer within 2000 ms',
    },
  ],
  'not-answering': [
    {
      failure: { kind: 'not-answering', directory: '/d', owner, afterMs: 2_000, cause: undefined },
      says: 'the daemon "name" (pid 42) is there and did not answer within 2000 ms; "kill 42" would end it',
    },
    {
      failure: { kind: 'not-answering', directory: '/d', owner: undefined, afterMs: 2_000, cause },
      says: 'the daemon of /d is there and did not answer within 2000 ms (ENOSPC: no space left on device)',
    },
  ],
  declined: [
    {
      failure: { kind: 'declined', message: 'the service does not load', exitCode: 70 },
      says: "the daemon can't serve: the service does not load",
    },
  ],
  'claim-failed': [
    {
      failure: { kind: 'claim-failed', act: 'listening in', path: '/d/tmp.7-a', cause },
      says: "the name can't be claimed: listening in /d/tmp.7-a failed: ENOSPC: no space left on device",
    },
  ],
  'claim-unsettled': [
    {
      failure: { kind: 'claim-unsettled', path: '/d', rounds: 64 },
      says: "the name can't be claimed: /d kept changing through 64 rounds",
    },
  ],
};

describe('a sentence for each failure', () => {
  const all: readonly { readonly failure: Failure; readonly says: string }[] = Object.values(EXAMPLES).flat();

  it.each(all)('$says', ({ failure, says }) => {
    expect(sentence(failure)).toBe(says);
  });

  it('is another one for each kind, each phase, and each reason not to trust a directory', () => {
    const reasons: Readonly<Record<Distrust, true>> = {
      link: true,
      'no-directory': true,
      foreign: true,
      'writable-by-others': true,
    };
    const phases: Readonly<Record<Phase, true>> = { lock: true, ready: true, answer: true };
    const failures: Failure[] = [
      ...Object.values(EXAMPLES).map(([{ failure }]) => failure),
      ...Object.keys(reasons).map(
        (why) => ({ kind: 'state-directory-distrusted', path: '/e', why }) as Failure,
      ),
      ...Object.keys(phases).map((phase) => ({ kind: 'timed-out', phase, afterMs: 1, pid: 1 }) as Failure),
    ];
    const sentences = failures.map(sentence);
    expect(new Set(sentences).size).toBe(failures.length);
    for (const text of sentences) expect(text).not.toMatch(/undefined|NaN|\[object|[.\s]$/);
  });
});
