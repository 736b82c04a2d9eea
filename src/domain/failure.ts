/** Every way in which a caller can be left without a daemon, and the one sentence that says so. */

import type { Word } from './ledger.js';
import type { Owner } from './owner.js';
import type { Cause } from './ports.js';
import type { Distrust } from './state-directory.js';
import type { TerminationOutcome, Unproven } from './termination.js';

export type Phase =
  /** Nobody served the name, and another caller held the spawn lock all the while. */
  | 'lock'
  /** The daemon was started and did not answer in time. */
  | 'ready'
  /** The daemon that was there kept ending before it answered, or was on its way out. */
  | 'answer';

export type Failure =
  /** What was asked for makes no sense; nothing was tried. */
  | { readonly kind: 'invalid-request'; readonly message: string }
  | { readonly kind: 'service-missing'; readonly path: string }
  | { readonly kind: 'state-directory-distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'state-directory-unusable'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'not-removed'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'lock-error'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'spawn-refused'; readonly cause: Cause }
  | { readonly kind: 'spawn-threw'; readonly cause: Cause }
  | {
      readonly kind: 'died-at-start';
      readonly pid: number;
      readonly code: number | undefined;
      readonly signal: string | undefined;
      /** What it said of its end itself. */
      readonly word?: Word | undefined;
      readonly lastOutput: string;
    }
  /** Daemon after daemon died at its start: no further one is started for `waitMs`, until `untilMs` by the wall clock. */
  | {
      readonly kind: 'crash-loop';
      readonly failures: number;
      readonly untilMs: number;
      readonly waitMs: number;
      /** What the last one failed with. */
      readonly message: string;
    }
  | {
      readonly kind: 'timed-out';
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
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number }
  /** The daemon is newer than this caller, and they don't speak the same wire. */
  | { readonly kind: 'outdated'; readonly message: string }
  /** No daemon is wanted here. */
  | { readonly kind: 'switched-off'; readonly why: string }
  /** The daemon does not answer, and was to be ended, which did not succeed. */
  | {
      readonly kind: 'not-ended';
      readonly directory: string;
      readonly outcome: Exclude<TerminationOutcome, { readonly kind: 'ended' | 'gone' }>;
    }
  /** The daemon has claimed its name and loads what it serves. */
  | { readonly kind: 'still-loading'; readonly pid: number; readonly forMs: number }
  | { readonly kind: 'claim-failed'; readonly act: string; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'claim-unsettled'; readonly path: string; readonly rounds: number };

export const DISTRUST: Readonly<Record<Distrust, string>> = {
  link: 'is a symbolic link; name the directory itself',
  'no-directory': 'is no directory; move it away or name another place with SOLOD_DIR',
  foreign: 'belongs to another user; name a directory of your own with SOLOD_DIR',
  'writable-by-others':
    'can be written to by others; take that away (chmod go-w) or name another place with SOLOD_DIR',
};

/** One sentence: what happened, where, and, where there is something to do, what to do. */
export function sentence(failure: Failure): string {
  switch (failure.kind) {
    case 'invalid-request':
      return failure.message;
    case 'service-missing':
      return `there is no service file ${failure.path}, or it can't be read`;
    case 'state-directory-distrusted':
      return `the state directory ${failure.path} ${DISTRUST[failure.why]}`;
    case 'state-directory-unusable':
      return `the state directory ${failure.path} can't be used: ${causeText(failure.cause)}`;
    case 'not-removed':
      return `${failure.path} can't be removed: ${causeText(failure.cause)}`;
    case 'lock-error':
      return `the spawn lock ${failure.path} can't be taken: ${causeText(failure.cause)}`;
    case 'spawn-refused':
      return `the daemon can't be started: ${causeText(failure.cause)}`;
    case 'spawn-threw':
      return `the daemon can't be started, the call itself failed: ${causeText(failure.cause)}`;
    case 'died-at-start':
      return diedSentence(failure);
    case 'crash-loop':
      return crashLoopSentence(failure);
    case 'timed-out':
      return timedOutSentence(failure);
    case 'not-answering':
      return notAnsweringSentence(failure);
    case 'declined':
      return `the daemon can't serve: ${failure.message}`;
    case 'outdated':
      return failure.message;
    case 'switched-off':
      return `no daemon is used here: ${failure.why}`;
    case 'not-ended':
      return `the daemon of ${failure.directory} does not answer, and ${notEndedText(failure.outcome)}`;
    case 'still-loading':
      return `the daemon (pid ${failure.pid}) has been loading its service for ${seconds(failure.forMs)} and has not answered yet; wait longer with --timeout`;
    case 'claim-failed':
      return `the name can't be claimed: ${failure.act} ${failure.path} failed: ${causeText(failure.cause)}`;
    case 'claim-unsettled':
      return `the name can't be claimed: ${failure.path} kept changing through ${failure.rounds} rounds`;
  }
}

function causeText({ code, message }: Cause): string {
  return message.includes(code) ? message : `${code}: ${message}`;
}

function diedSentence(failure: Extract<Failure, { kind: 'died-at-start' }>): string {
  const how = failure.signal === undefined ? `with exit code ${failure.code ?? '?'}` : `by ${failure.signal}`;
  const output = failure.lastOutput.trim();
  const said = output === '' ? 'it wrote nothing' : `it wrote last:\n${output}`;
  const stage = failure.word?.kind === 'failed' ? ` while ${failure.word.stage}` : '';
  return `the daemon (pid ${failure.pid}) ended ${how}${stage} before it served; ${said}`;
}

function crashLoopSentence(failure: Extract<Failure, { kind: 'crash-loop' }>): string {
  const { failures, waitMs, message } = failure;
  const next = `the next try is made in ${seconds(waitMs)}, when the service file changes, or with "solod restart"`;
  return `the daemon failed at its start ${failures} times in a row; ${next}; the last one failed with: ${message}`;
}

function notEndedText(outcome: Extract<Failure, { kind: 'not-ended' }>['outcome']): string {
  switch (outcome.kind) {
    case 'still-there':
      return `its process ${outcome.pid} is still there after SIGKILL; it hangs in the kernel`;
    case 'refused':
      return `ending its process ${outcome.pid} was refused: ${causeText(outcome.cause)}`;
    case 'unproven':
      return UNPROVEN[outcome.why];
  }
}

const UNPROVEN: Readonly<Record<Unproven, string>> = {
  'no-owner': 'its owner file says nothing of its process; end it by hand',
  'not-visible':
    "its process can't be told for sure from here (another pid namespace?); end it where it runs",
  ancestor: 'it is what this very process was started from; it is not ended',
};

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

function timedOutSentence({ phase, afterMs, pid }: Extract<Failure, { kind: 'timed-out' }>): string {
  const time = `within ${Math.round(afterMs)} ms`;
  switch (phase) {
    case 'lock':
      return `another caller is starting the daemon, and it did not appear ${time}`;
    case 'ready':
      return `the daemon was started (pid ${pid ?? '?'}) and did not answer ${time}; it may still come up`;
    case 'answer':
      return `the daemon kept ending its connections and did not answer ${time}`;
  }
}

function notAnsweringSentence(failure: Extract<Failure, { kind: 'not-answering' }>): string {
  const { owner, cause } = failure;
  const who = owner === undefined ? `of ${failure.directory}` : `"${owner.name}" (pid ${owner.pid})`;
  const why = cause === undefined ? '' : ` (${causeText(cause)})`;
  const what = owner === undefined ? '' : `; "kill ${owner.pid}" would end it`;
  return `the daemon ${who} is there and did not answer within ${Math.round(failure.afterMs)} ms${why}${what}`;
}
