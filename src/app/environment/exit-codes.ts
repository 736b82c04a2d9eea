/**
 * Exit codes that are solod's own, after sysexits.h where it has one: the command's, and a daemon's where it
 * declines a call. A service's exit code goes through unchanged; when solod itself fails, one of these tells
 * how, with a line on stderr.
 */

import type { Failure } from '../../domain/failure.js';

export const EXIT = {
  ok: 0,
  problems: 1,
  /** EX_USAGE */
  usage: 64,
  /** EX_DATAERR. A daemon's: what the client sent is not a request. */
  noRequest: 65,
  /** EX_DATAERR */
  unusableData: 65,
  /** EX_NOINPUT */
  noInput: 66,
  /** EX_UNAVAILABLE */
  unavailable: 69,
  /** EX_SOFTWARE */
  software: 70,
  /** EX_OSERR */
  osError: 71,
  /** EX_CANTCREAT */
  cantCreate: 73,
  /** EX_IOERR */
  ioError: 74,
  /** EX_TEMPFAIL */
  tempFail: 75,
  /** EX_PROTOCOL */
  lost: 76,
  /** EX_NOPERM */
  noPermission: 77,
  /** EX_CONFIG */
  outdated: 78,
  /** A daemon's: it retires for the caller's newer version. Nothing was begun; the caller starts the next. */
  upgrading: 79,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

type ExitName = keyof typeof EXIT;

/** What the command means by its codes. The other two are a daemon's, and no caller exits with them. */
export const EXIT_MEANINGS = {
  problems: '`doctor` found a problem',
  usage: 'the command line is wrong',
  unusableData: "`install`, `uninstall`: the settings file can't be edited because of what is in it",
  noInput: 'there is no such service file, and no daemon of that name',
  unavailable:
    'the daemon does not answer, or has no worker for the call; or there is no daemon (`status`, `stop`, `stats`), or nothing is recorded (`logs`, `spawns`)',
  software:
    'the daemon died at its start, its service does not load, or the worker that ran the call has ended',
  osError: 'no process could be started',
  cantCreate: "the state directory can't be used, or a file can't be written",
  ioError: "the caller's own stdin, stdout or stderr failed",
  tempFail: 'timed out',
  lost: 'the connection was lost after the call had begun: it may have been carried out, and is not retried',
  noPermission: 'the state directory is not trusted, or Unix sockets are forbidden',
  outdated: 'the daemon is newer than this solod and speaks another wire',
  interrupted: 'interrupted',
} as const satisfies Record<Exclude<ExitName, 'ok' | 'noRequest' | 'upgrading'>, string>;

/** A service that is declined says itself with which code. */
export const FAILURE_EXITS: Readonly<Record<Exclude<Failure['kind'], 'declined'>, ExitName>> = {
  'invalid-request': 'usage',
  'service-missing': 'noInput',
  'service-unknown': 'noInput',
  'state-directory-distrusted': 'noPermission',
  'state-directory-unusable': 'cantCreate',
  'lock-error': 'cantCreate',
  'not-removed': 'cantCreate',
  'no-home': 'cantCreate',
  'no-daemon-program': 'osError',
  'sockets-forbidden': 'noPermission',
  'claim-failed': 'cantCreate',
  'spawn-refused': 'osError',
  'spawn-threw': 'osError',
  'died-at-start': 'software',
  'crash-loop': 'software',
  'timed-out': 'tempFail',
  'still-loading': 'tempFail',
  'claim-unsettled': 'tempFail',
  'not-answering': 'unavailable',
  'not-ended': 'unavailable',
  vacant: 'unavailable',
  'switched-off': 'unavailable',
  outdated: 'outdated',
};

export function exitCodeOf(failure: Failure): number {
  return failure.kind === 'declined' ? failure.exitCode : EXIT[FAILURE_EXITS[failure.kind]];
}

/** signal(7). Not from `node:os`, which is one more module to load at every start. */
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGPIPE: 13, SIGTERM: 15 } as const;

/** 128 and the signal's number, as shells have it. */
export const exitCodeOfSignal = (signal: keyof typeof SIGNAL_NUMBERS): number => 128 + SIGNAL_NUMBERS[signal];

/** A reader that has gone away, as `head` does, need not be told; anything else is a failure. */
export function exitCodeOfOutput({ code }: { readonly code?: string | undefined }): number {
  return code === 'EPIPE' ? exitCodeOfSignal('SIGPIPE') : EXIT.ioError;
}
