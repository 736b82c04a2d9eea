/** What came of the trial: all that a daemon and its client do in a directory, done once. */

import type { Cause } from '../../ports/readings.js';
import { DEFAULT_TIMING } from '../lock/timing.js';
import { causeText, isForbidden } from '../procedure/cause.js';
import type { ClockSymptom } from './clock-checks.js';
import { ELSEWHERE, note, ok, problem, type SymptomsOf, type Tellers } from './finding-parts.js';

/** The steps of the trial. */
export type TrialStep =
  | 'making'
  | 'binding'
  | 'connecting'
  | 'renaming'
  | 'pointing'
  | 'connecting-renamed'
  | 'holding'
  | 'removing';

export type TrialReading =
  | { readonly kind: 'passed'; readonly aheadMs: number }
  /** A rename that must be refused went through. */
  | { readonly kind: 'not-exclusive' }
  /** Where a daemon claims by a file that it holds. */
  | { readonly kind: 'held'; readonly aheadMs: number }
  | { readonly kind: 'refused'; readonly step: TrialStep; readonly cause: Cause }
  /** The kernel takes or refuses a local connection at once: this process had no time to notice. */
  | { readonly kind: 'unsettled'; readonly step: TrialStep };

export function symptomsOfTrial(path: string, reading: TrialReading): (TrialSymptom | ClockSymptom)[] {
  switch (reading.kind) {
    case 'unsettled':
      return [{ kind: 'trial-unsettled', path, step: reading.step }];
    case 'not-exclusive':
      return [{ kind: 'rename-not-exclusive', path }];
    case 'refused': {
      const { step, cause } = reading;
      const sockets = step === 'binding' || step === 'connecting' || step === 'connecting-renamed';
      if (sockets && isForbidden(cause)) return [{ kind: 'sandboxed', path, step, cause }];
      return [{ kind: 'trial-failed', path, step, cause }];
    }
    case 'passed':
      return [{ kind: 'trial-passed', path }, ...symptomsOfSkew(path, reading.aheadMs)];
    case 'held':
      return [{ kind: 'lock-held', path }, ...symptomsOfSkew(path, reading.aheadMs)];
  }
}

const symptomsOfSkew = (path: string, aheadMs: number): ClockSymptom[] =>
  Math.abs(aheadMs) > DEFAULT_TIMING.futureMs ? [{ kind: 'clock-skew', path, aheadMs }] : [];

const TRIALS: Readonly<Record<TrialStep, string>> = {
  making: "a directory can't be made in it",
  binding: "a socket can't be bound in it",
  connecting: "a listening socket in it can't be connected to",
  renaming: "a directory with a socket in it can't be renamed",
  pointing: "a symbolic link can't be made in it, or renamed over another",
  'connecting-renamed': "a socket can't be connected to under its new name, or through a link",
  holding: "a file in it can't be held by one process alone",
  removing: "the trial directory can't be removed from it",
};

function trialTodo(cause: Cause): string {
  switch (cause.code) {
    case 'EROFS':
      return 'it is mounted read-only: remount it, or set SOLOD_DIR to a writable directory';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room there, or set SOLOD_DIR to another directory';
    case 'EACCES':
    case 'EPERM':
      return 'allow yourself to write there ("chmod u+rwx"), or set SOLOD_DIR to a directory of your own';
    default:
      return ELSEWHERE;
  }
}

export const TRIAL_TELLERS = {
  'trial-passed': ({ path }: { path: string }) =>
    ok(path, 'a trial socket was bound, connected to, renamed and removed as it should be'),
  'lock-held': ({ path }: { path: string }) =>
    ok(path, 'a trial pipe was listened on and connected to, and a file held and freed, as it should be'),
  'trial-failed': ({ path, step, cause }: { path: string; step: TrialStep; cause: Cause }) =>
    problem(path, `${TRIALS[step]}: ${causeText(cause)}`, trialTodo(cause)),
  sandboxed: ({ path, step, cause }: { path: string; step: TrialStep; cause: Cause }) =>
    problem(
      path,
      `${TRIALS[step]}: ${causeText(cause)}; files can be made there, so a sandbox forbids sockets, or the file system does not support them`,
      `allow Unix sockets under that directory in the sandbox, or ${ELSEWHERE}`,
    ),
  'trial-unsettled': ({ path, step }: { path: string; step: TrialStep }) =>
    note(
      path,
      `the trial did not end in time (${step}): this machine is very busy`,
      'run it again when the machine is less busy',
    ),
  'rename-not-exclusive': ({ path }: { path: string }) =>
    problem(
      path,
      'a directory could be renamed over another that was not empty: two daemons could serve at the same time',
      ELSEWHERE,
    ),
} as const satisfies Tellers;

export type TrialSymptom = SymptomsOf<typeof TRIAL_TELLERS>;
