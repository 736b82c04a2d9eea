/**
 * What solod says of each failure, and of a kick that started a daemon but not as planned. The native client
 * fills in the same texts: `npm run protocol` carries them over. What `doctor` says stands in
 * `domain/doctor`.
 */

import type { Failure } from '../../domain/failure.js';
import type { Unproven } from '../../domain/lifecycle/end-hung-daemon.js';
import type { KickWarning } from '../../domain/obtain/kick.js';
import { NAMES } from '../../domain/place/layout.js';
import { causeText } from '../../domain/procedure/cause.js';
import { DISTRUST } from '../../domain/text/distrust-text.js';
import { codeFor, codeSuffix } from '../../domain/text/error-code.js';
import type { Cause } from '../../ports/readings.js';
import { type Complaint, textOf } from './complaint.js';

/** The sentence for a failure, as the results of the library carry it. */
export function sentence(failure: Failure): string {
  if (failure.kind === 'invalid-request' || failure.kind === 'outdated') return failure.message;
  return textOf(complaintOf(failure));
}

/** Stable: `solod explain <code>` tells more. */
export const codeOf = (failure: Failure): string =>
  failure.kind === 'invalid-request' && failure.code !== undefined ? failure.code : codeFor(failure.kind);

/** The sentence with its code at the end, as people see it. */
export const failureMessage = (failure: Failure): string => sentence(failure) + codeSuffix(codeOf(failure));

/** These failures carry a sentence that was made where they were found. */
type Told = 'invalid-request' | 'outdated';
type Untold = Exclude<Failure, { readonly kind: Told }>;
type Of<K extends Failure['kind']> = Extract<Failure, { readonly kind: K }>;

export function complaintOf(failure: Untold): Complaint {
  const complain = COMPLAINTS[failure.kind] as (failure: Untold) => Complaint;
  return complain(failure);
}

const ELSEWHERE = 'set SOLOD_DIR to another directory';
const LOOK = 'run "solod doctor" to find the reason';
const TRY_LONGER = 'try again, or wait longer with --timeout';

const COMPLAINTS: { readonly [K in Untold['kind']]: (failure: Of<K>) => Complaint } = {
  'service-missing': ({ path }) => ({
    what: `there is no service file ${path}, or it can't be read`,
    todo: 'give the path of a file that you can read',
  }),
  'service-unknown': ({ asked, known }) => ({
    what: `solod comes with no service called ${JSON.stringify(asked)}`,
    todo: `write ${known}, or give the path of a file`,
  }),
  'no-home': () => ({
    what: 'there is no home directory for daemons to live in',
    todo: 'set HOME, or SOLOD_DIR to the directory of the daemons',
  }),
  'no-daemon-program': () => ({
    what: "the program of solod's daemon is neither beside this program nor in a package solod that it finds",
    todo: 'install the package solod where this program is',
  }),
  'state-directory-distrusted': ({ path, why }) => ({
    what: `the ${why.startsWith('above') ? '' : 'state '}directory ${path} ${DISTRUST[why].what}`,
    todo: DISTRUST[why].todo,
  }),
  'state-directory-unusable': ({ path, cause }) => ({
    what: `the state directory ${path} can't be used: ${causeText(cause)}`,
    todo: `fix that, or ${ELSEWHERE}`,
  }),
  'lock-error': ({ path, cause }) => ({
    what: `the spawn lock ${path} can't be taken: ${causeText(cause)}`,
    todo: `fix that, or ${ELSEWHERE}`,
  }),
  'not-removed': ({ path, cause }) => notRemoved(path, cause),
  'sockets-forbidden': ({ directory, cause }) => ({
    what: `a sandbox forbids Unix sockets, so the daemon of ${directory} can't be reached: ${causeText(cause)}`,
    todo: 'allow socket, bind and connect for Unix sockets below that directory; "solod doctor" says which is refused',
  }),
  'spawn-refused': ({ directory, cause }) => ({
    what: `the daemon of ${directory} can't be started: ${causeText(cause)}`,
    todo: REFUSED[cause.code] ?? LOOK,
  }),
  'spawn-threw': ({ directory, cause }) => ({
    what: `the daemon of ${directory} can't be started, the call itself failed: ${causeText(cause)}`,
    todo: 'use fewer or other arguments, or a smaller environment',
  }),
  'died-at-start': died,
  'crash-loop': ({ directory, failures, waitMs, message }) => ({
    what: `the daemon of ${directory} failed at its start ${failures} times in a row`,
    todo: `fix the service (it is retried at once) or run "solod restart"; the next retry is in ${seconds(waitMs)}; the last start failed with`,
    quote: message,
  }),
  'timed-out': timedOut,
  'not-answering': notAnswering,
  declined: ({ message }) => ({
    what: "the daemon can't serve",
    todo: 'fix this error, and the next call tries again',
    quote: message,
  }),
  vacant: ({ directory }) => ({
    what: `no daemon of ${directory} took the call at once`,
    todo: 'one is started for the next call',
  }),
  'switched-off': ({ why }) => ({
    what: `no daemon is used here: ${why}`,
    todo: 'ask for one with --daemon or SOLOD=on',
  }),
  'not-ended': notEnded,
  'still-loading': ({ directory, pid, forMs }) => ({
    what: `the daemon of ${directory} (pid ${pid}) has been loading its service for ${seconds(forMs)} and has not answered yet`,
    todo: 'wait longer with --timeout',
  }),
  'claim-failed': ({ act, path, cause }) => ({
    what: `the name can't be claimed: ${act} ${path} failed: ${causeText(cause)}`,
    todo: LOOK,
  }),
  'claim-unsettled': ({ path, rounds }) => ({
    what: `the name can't be claimed: ${path} kept changing through ${rounds} rounds`,
    todo: 'find out who else writes there, then try again',
  }),
};

const PROGRAM = 'check the program that runs it (--node, or the command)';
const PROCESSES = 'end other processes, or raise their limit (ulimit -u)';
const FILES = 'close files, or raise their limit (ulimit -n)';

/** What to do if the system refuses to start a process, by its errno. */
const REFUSED: Readonly<Record<string, string>> = {
  ENOENT: PROGRAM,
  EACCES: PROGRAM,
  ENOEXEC: PROGRAM,
  EAGAIN: PROCESSES,
  ENOMEM: PROCESSES,
  EMFILE: FILES,
  ENFILE: FILES,
};

function died({ directory, pid, signal, code, word, lastOutput }: Of<'died-at-start'>): Complaint {
  const how = signal === undefined ? `with exit code ${code ?? '?'}` : `by ${signal}`;
  const stage = word?.kind === 'failed' ? ` while ${word.stage}` : '';
  // Another daemon that ends at the same time may have emptied the log: then this one's own report tells.
  const output = lastOutput.trim() || (word?.kind === 'failed' ? word.message.trim() : '');
  return {
    what: `the daemon of ${directory} (pid ${pid}) ended ${how}${stage} before it served`,
    todo: `fix the cause and call again; its log is ${directory}/${NAMES.log}, and ${output === '' ? 'it wrote nothing' : 'it wrote last'}`,
    quote: output === '' ? undefined : `\n${output}`,
  };
}

function timedOut({ directory, phase, afterMs, pid }: Of<'timed-out'>): Complaint {
  const time = `within ${Math.round(afterMs)} ms`;
  switch (phase) {
    case 'lock':
      return {
        what: `another caller is starting the daemon of ${directory}, and it did not appear ${time}`,
        todo: TRY_LONGER,
      };
    case 'ready':
      return {
        what: `the daemon of ${directory} was started (pid ${pid ?? '?'}) and did not answer ${time}`,
        todo: `it may still come up: ${TRY_LONGER}`,
      };
    case 'answer':
      return {
        what: `the daemon of ${directory} kept closing its connections and did not answer ${time}`,
        todo: TRY_LONGER,
      };
  }
}

function notAnswering({ owner, cause, directory, afterMs }: Of<'not-answering'>): Complaint {
  const who = owner === undefined ? `of ${directory}` : `"${owner.name}" (pid ${owner.pid}) of ${directory}`;
  if (cause?.code === 'EORPHANED')
    return {
      what: `the daemon ${who} can't be replaced: ${cause.message}`,
      todo: 'end that process, and let the program stay in the foreground',
    };
  const why = cause === undefined ? '' : ` (${causeText(cause)})`;
  const kill = owner === undefined ? '' : ` or "kill ${owner.pid}"`;
  return {
    what: `the daemon ${who} is there and did not answer within ${Math.round(afterMs)} ms${why}`,
    todo: `try again, or end it with "solod restart --force"${kill}`,
  };
}

const UNPROVEN: Readonly<Record<Unproven, Complaint>> = {
  'no-owner': { what: 'its owner file does not name its process', todo: 'end it by hand' },
  'not-visible': {
    what: "its process can't be identified from here (another pid namespace?)",
    todo: 'end it where it runs',
  },
  ancestor: {
    what: 'it is an ancestor of this process, so it is not ended',
    todo: 'end it from somewhere else',
  },
};

function notEnded({ directory, outcome }: Of<'not-ended'>): Complaint {
  const what = `the daemon of ${directory} does not answer, and`;
  switch (outcome.kind) {
    case 'still-there':
      return {
        what: `${what} its process ${outcome.pid} is still there after SIGKILL`,
        todo: 'it hangs in the kernel: wait for the disk or network that blocks it, or use another --name',
      };
    case 'refused':
      return {
        what: `${what} ending its process ${outcome.pid} was refused: ${causeText(outcome.cause)}`,
        todo: 'end it as the user who owns it',
      };
    case 'unproven':
      return { ...UNPROVEN[outcome.why], what: `${what} ${UNPROVEN[outcome.why].what}` };
  }
}

export function notRemoved(path: string, cause: Cause): Complaint {
  return {
    what: `${path} can't be removed: ${causeText(cause)}`,
    todo: 'remove it by hand, as the user who owns it',
  };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

export const warningCode = (warning: KickWarning): string => codeFor(`kick-${warning.kind}`);

/** What a kick says although it has started a daemon. */
export function kickWarning(warning: KickWarning): string {
  switch (warning.kind) {
    case 'lock-error':
      return textOf({
        what: `the daemon was started without the spawn lock ${warning.path}, which can't be taken: ${causeText(warning.cause)}`,
        todo: LOOK,
      });
    case 'overrode-lock':
      return textOf({
        what: `the daemon was started although another start has been running for ${seconds(warning.ageMs)}`,
        todo: 'if that happens again, "solod logs" may show why it takes so long',
      });
  }
}
