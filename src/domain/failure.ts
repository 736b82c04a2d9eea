/** Every way in which a caller can be left without a daemon. Its sentences: `app/texts/failure-text.ts`. */

import type { Cause } from '../ports/readings.js';
import type { SpawnReading } from '../ports/spawner.js';
import type { Word } from '../ports/start-word.js';
import type { Owner } from './evidence/owner.js';
import type { TerminationOutcome } from './lifecycle/end-hung-daemon.js';
import type { Distrust } from './place/distrust.js';
import type { PrepareOutcome } from './place/state-directory.js';

export type Phase =
  /** Nobody served the name, and another caller held the spawn lock all the while. */
  | 'lock'
  /** The daemon was started and did not answer in time. */
  | 'ready'
  /** The daemon that was there kept ending before it answered, or was on its way out. */
  | 'answer';

export type Failure =
  /** What was asked for makes no sense; nothing was tried. */
  | {
      readonly kind: 'invalid-request';
      readonly message: string;
      /** Of the message, where it is one of solod's own. */
      readonly code?: string | undefined;
    }
  | { readonly kind: 'service-missing'; readonly path: string }
  /** No service of that name comes with solod. */
  | { readonly kind: 'service-unknown'; readonly asked: string; readonly known: string }
  /** No directory is named for daemons to live in, and there is no home to put it in. */
  | { readonly kind: 'no-home' }
  /** The library is part of another program's bundle, and the package is not installed beside that. */
  | { readonly kind: 'no-daemon-program' }
  | { readonly kind: 'state-directory-distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'state-directory-unusable'; readonly path: string; readonly cause: Cause }
  /** What runs this process (seccomp, Landlock, a sandbox) refuses Unix sockets. */
  | { readonly kind: 'sockets-forbidden'; readonly directory: string; readonly cause: Cause }
  | { readonly kind: 'not-removed'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'lock-error'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'spawn-refused'; readonly directory: string; readonly cause: Cause }
  | { readonly kind: 'spawn-threw'; readonly directory: string; readonly cause: Cause }
  | {
      readonly kind: 'died-at-start';
      readonly directory: string;
      readonly pid: number;
      readonly code: number | undefined;
      readonly signal: string | undefined;
      /** What it said of its end itself. */
      readonly word?: Word | undefined;
      readonly lastOutput: string;
    }
  /**
   * Daemon after daemon died at its start: no further one is started for `waitMs`, until `untilMs` by the
   * wall clock.
   */
  | {
      readonly kind: 'crash-loop';
      readonly directory: string;
      readonly failures: number;
      readonly untilMs: number;
      readonly waitMs: number;
      /** What the last one failed with. */
      readonly message: string;
    }
  | {
      readonly kind: 'timed-out';
      readonly directory: string;
      readonly phase: Phase;
      readonly afterMs: number;
      readonly pid: number | undefined;
    }
  | {
      readonly kind: 'not-answering';
      readonly directory: string;
      readonly owner: Owner | undefined;
      readonly afterMs: number;
      readonly cause: Cause | undefined;
    }
  /** The service can't be run: `message` says what is wrong with it. */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  /** The daemon is newer than this caller, and they don't speak the same wire. */
  | { readonly kind: 'outdated'; readonly message: string }
  /** No daemon took the call at the first look, and its caller was not to wait for one. */
  | { readonly kind: 'vacant'; readonly directory: string }
  /** No daemon is wanted here. */
  | { readonly kind: 'switched-off'; readonly why: string }
  /** The daemon does not answer, and was to be ended, which did not succeed. */
  | {
      readonly kind: 'not-ended';
      readonly directory: string;
      readonly outcome: Exclude<TerminationOutcome, { readonly kind: 'ended' | 'gone' }>;
    }
  /** The daemon has claimed its name and loads what it serves. */
  | {
      readonly kind: 'still-loading';
      readonly directory: string;
      readonly pid: number;
      readonly forMs: number;
    }
  | { readonly kind: 'claim-failed'; readonly act: string; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'claim-unsettled'; readonly path: string; readonly rounds: number };

/** Why there is no directory to work in. */
export function unpreparedFailure(outcome: Exclude<PrepareOutcome, { readonly kind: 'prepared' }>): Failure {
  const { path } = outcome;
  return outcome.kind === 'distrusted'
    ? { kind: 'state-directory-distrusted', path, why: outcome.why }
    : { kind: 'state-directory-unusable', path, cause: outcome.cause };
}

/** What a start comes to that no process came of. */
export function notStarted(
  reading: Exclude<SpawnReading, { readonly kind: 'spawned' }>,
  directory: string,
): Failure {
  switch (reading.kind) {
    case 'refused':
      return { kind: 'spawn-refused', directory, cause: reading.cause };
    case 'threw':
      return { kind: 'spawn-threw', directory, cause: reading.cause };
    case 'held-back':
      return { ...reading, kind: 'crash-loop', directory };
  }
}
