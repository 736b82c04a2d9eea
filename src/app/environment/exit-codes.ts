/**
 * Exit codes that are solod's own, after sysexits.h where it has one: the command's, and a daemon's where it takes a call not on.
 * A service's exit code goes through unchanged; when solod itself fails, one of these tells how, with a line on stderr.
 */

import type { Failure } from '../../domain/failure.js';

export const EXIT = {
  ok: 0,
  /** `doctor` found a problem. */
  problems: 1,
  /** EX_USAGE */
  usage: 64,
  /** EX_DATAERR, a daemon's: what the client sent is no request. */
  noRequest: 65,
  /** EX_DATAERR: a settings file can't be edited, because of what is in it. */
  unusableData: 65,
  /** EX_NOINPUT: there is no such service file. */
  noInput: 66,
  /** EX_UNAVAILABLE: a daemon is there and does not answer, or none is (stop, status, stats), or nothing is written down (logs, spawns). */
  unavailable: 69,
  /** EX_SOFTWARE: the daemon died at its start, or its service does not load. */
  software: 70,
  /** EX_OSERR: no process could be started. */
  osError: 71,
  /** EX_CANTCREAT: the state directory, or something in it, could not be made. */
  cantCreate: 73,
  /** EX_IOERR: the caller's own stdin, stdout or stderr failed. */
  ioError: 74,
  /** EX_TEMPFAIL: not within the time. */
  tempFail: 75,
  /** EX_PROTOCOL: the connection was lost after the call had begun. It may have been carried out; it is not tried again. */
  lost: 76,
  /** EX_NOPERM: the state directory is not to be trusted. */
  noPermission: 77,
  /** EX_CONFIG: the daemon is newer than this caller, and they don't speak the same wire. */
  outdated: 78,
  /** A daemon's: it retires in favour of the caller's newer version, nothing was begun, and the next daemon is the caller's to start. */
  upgrading: 79,
  /** 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** signal(7). Not from `node:os`, which is one more module to load at every start. */
const SIGPIPE = 13;

/** Whoever read what is printed has gone away, as `head` does, and need not be told; anything else is a failure. */
export function exitCodeOfOutput({ code }: { readonly code?: string | undefined }): number {
  return code === 'EPIPE' ? 128 + SIGPIPE : EXIT.ioError;
}

export function exitCodeOf(failure: Failure): number {
  switch (failure.kind) {
    case 'invalid-request':
      return EXIT.usage;
    case 'service-missing':
    case 'service-unknown':
      return EXIT.noInput;
    case 'state-directory-distrusted':
      return EXIT.noPermission;
    case 'no-home':
    case 'state-directory-unusable':
    case 'lock-error':
    case 'not-removed':
    case 'claim-failed':
      return EXIT.cantCreate;
    case 'no-daemon-program':
    case 'spawn-refused':
    case 'spawn-threw':
      return EXIT.osError;
    case 'died-at-start':
    case 'crash-loop':
      return EXIT.software;
    case 'declined':
      return failure.exitCode;
    case 'timed-out':
    case 'still-loading':
    case 'claim-unsettled':
      return EXIT.tempFail;
    case 'not-answering':
    case 'not-ended':
    case 'vacant':
    case 'switched-off':
      return EXIT.unavailable;
    case 'outdated':
      return EXIT.outdated;
  }
}
