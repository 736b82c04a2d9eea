/** How a daemon is, and whether it and this process see the same machine. */

import type { ProcessReading } from '../../ports/process-table.js';
import type { Cause } from '../../ports/readings.js';
import { type Identity, vitalityOf } from '../evidence/identity.js';
import type { Owner } from '../evidence/owner.js';
import { DEFAULT_TIMING } from '../lock/timing.js';
import { layout } from '../place/layout.js';
import { causeText, isForbidden } from '../procedure/cause.js';
import type { ClockSymptom } from './clock-checks.js';
import { note, ok, pidText, problem, type SymptomsOf, type Tellers, unknown } from './finding-parts.js';

export interface OwnerReading {
  readonly owner: Owner;
  readonly self: Identity;
  /** What the process table says of the owner's id. */
  readonly process: ProcessReading;
  readonly wallMs: number;
}

/** Compares the owner file of a daemon that is there with this process. */
export function symptomsOfOwner(
  directory: string,
  reading: OwnerReading,
  mine: string,
): (DaemonSymptom | ClockSymptom)[] {
  const { owner, self, wallMs } = reading;
  const symptoms: (DaemonSymptom | ClockSymptom)[] = [];
  if (owner.pidNamespace !== self.pidNamespace && owner.pidNamespace !== '' && self.pidNamespace !== '')
    symptoms.push({ kind: 'pid-namespace-differs', directory, pid: owner.pid });
  if (owner.solod !== '' && owner.solod !== mine)
    symptoms.push({ kind: 'version-differs', directory, mine, theirs: owner.solod });
  const aheadMs = owner.startedMs - wallMs;
  if (aheadMs > DEFAULT_TIMING.futureMs)
    symptoms.push({ kind: 'from-the-future', path: layout.currentOwner(directory), aheadMs });
  return symptoms;
}

/** Whether the owner's process can be looked at from here, and is the one that wrote the owner file. */
export const isSeen = ({ owner, self, process }: OwnerReading): boolean =>
  vitalityOf(owner, self, process) === 'alive';

/** A daemon is there and did not answer. */
export function symptomOfSilence(
  directory: string,
  seen: OwnerReading | undefined,
  cause: Cause,
): DaemonSymptom {
  if (isForbidden(cause)) return { kind: 'connect-refused', directory, cause };
  const pid = seen?.owner.pid;
  const stopped = seen?.process.kind === 'present' && seen.process.activity === 'stopped';
  if (pid !== undefined && stopped && seen !== undefined && isSeen(seen))
    return { kind: 'daemon-stopped', directory, pid, cause };
  return { kind: 'daemon-silent', directory, pid, cause };
}

type Environment = Readonly<Record<string, string | undefined>>;

export type Known<T> =
  | { readonly kind: 'known'; readonly value: T }
  | { readonly kind: 'failed'; readonly cause: Cause };

/** What the system shows of a daemon's process to its own user. */
export interface ProcessSight {
  readonly environment: Known<Environment>;
  readonly networkNamespace: Known<string>;
  /** What kill(2) with signal 0 said. */
  readonly signal:
    | { readonly kind: 'allowed' }
    | { readonly kind: 'gone' }
    | { readonly kind: 'refused'; readonly cause: Cause };
}

export interface Caller {
  readonly env: Environment;
  readonly networkNamespace: Known<string>;
  readonly rootOf: (env: Environment) => string;
}

const COMPARED = ['HOME', 'TMPDIR'] as const;

export function symptomsOfProcess(
  directory: string,
  pid: number,
  sight: ProcessSight,
  caller: Caller,
): DaemonSymptom[] {
  const symptoms: DaemonSymptom[] = [];
  if (sight.signal.kind === 'refused')
    symptoms.push({ kind: 'signal-refused', directory, pid, cause: sight.signal.cause });
  symptoms.push(...symptomsOfEnvironment(directory, sight.environment, caller));
  const [theirs, mine] = [sight.networkNamespace, caller.networkNamespace];
  if (theirs.kind === 'failed') symptoms.push({ kind: 'namespace-unknown', directory, cause: theirs.cause });
  else if (mine.kind === 'known' && mine.value !== theirs.value)
    symptoms.push({ kind: 'network-namespace-differs', directory, pid });
  return symptoms;
}

function symptomsOfEnvironment(
  directory: string,
  theirs: Known<Environment>,
  caller: Caller,
): DaemonSymptom[] {
  if (theirs.kind === 'failed') return [{ kind: 'environment-unknown', directory, cause: theirs.cause }];
  const { env, rootOf } = caller;
  const symptoms = COMPARED.filter((variable) => env[variable] !== theirs.value[variable]).map(
    (variable): DaemonSymptom => ({
      kind: 'environment-differs',
      directory,
      variable,
      mine: env[variable],
      theirs: theirs.value[variable],
    }),
  );
  // A daemon learns its place from its command line, and does not inherit SOLOD_DIR.
  if (env.SOLOD_DIR && !theirs.value.SOLOD_DIR) return symptoms;
  // A relative SOLOD_DIR counts from a working directory that the daemon does not share with its callers.
  if (theirs.value.SOLOD_DIR && !theirs.value.SOLOD_DIR.startsWith('/')) return symptoms;
  const [mine, its] = [rootOf(env), rootOf(theirs.value)];
  if (mine !== its) symptoms.push({ kind: 'root-differs', directory, mine, theirs: its });
  return symptoms;
}

export function symptomsOfVersions(root: string, versions: readonly string[]): DaemonSymptom[] {
  const different = [...new Set(versions.filter((version) => version !== ''))].sort();
  return different.length > 1 ? [{ kind: 'several-versions', root, versions: different }] : [];
}

const shown = (value: string | undefined): string => (value === undefined ? 'not set' : value);

export const DAEMON_TELLERS = {
  'daemon-answers': ({ directory, pid, state }: { directory: string; pid: number; state: string }) =>
    ok(directory, `the daemon (pid ${pid}) answers: ${state}`),
  'daemon-of-its-own': ({ directory, pid }: { directory: string; pid: number | undefined }) =>
    ok(directory, `a daemon${pidText(pid)} is there, with a protocol of its own`),
  'no-daemon': ({ directory }: { directory: string }) =>
    ok(directory, 'no daemon is there; the next call starts one'),
  'daemon-stopped': ({ directory, pid, cause }: { directory: string; pid: number; cause: Cause }) =>
    problem(
      directory,
      `the daemon (pid ${pid}) is stopped and does not answer: ${causeText(cause)}`,
      `"kill -CONT ${pid}" resumes it; "kill -KILL ${pid}" ends it and its work`,
    ),
  'daemon-silent': ({
    directory,
    pid,
    cause,
  }: {
    directory: string;
    pid: number | undefined;
    cause: Cause;
  }) =>
    problem(
      directory,
      `the daemon${pidText(pid)} is there and does not answer: ${causeText(cause)}`,
      pid === undefined
        ? 'find out which process listens there ("ss -xlp"), and end it'
        : `wait if it is busy; "kill ${pid}" ends it, "kill -KILL ${pid}" if it hangs`,
    ),
  'connect-refused': ({ directory, cause }: { directory: string; cause: Cause }) =>
    problem(
      directory,
      `the daemon's socket may not be connected to: ${causeText(cause)}`,
      'allow it in your sandbox, or run both in the same one; check the modes of the directory and the socket',
    ),
  'signal-refused': ({ directory, pid, cause }: { directory: string; pid: number; cause: Cause }) =>
    note(
      directory,
      `the daemon (pid ${pid}) may not be signalled from here: ${causeText(cause)}`,
      'nothing; if it hangs, end it from outside the sandbox',
    ),
  'environment-differs': ({
    directory,
    variable,
    mine,
    theirs,
  }: {
    directory: string;
    variable: string;
    mine: string | undefined;
    theirs: string | undefined;
  }) =>
    note(
      directory,
      `${variable} was ${shown(theirs)} when the daemon was started, and is ${shown(mine)} here`,
      'nothing if the service reads it from each call, else "solod restart"',
    ),
  'root-differs': ({ directory, mine, theirs }: { directory: string; mine: string; theirs: string }) =>
    note(
      directory,
      `the daemon's own environment leads to ${theirs}, yours to ${mine}: callers with its environment use another daemon`,
      'set SOLOD_DIR to the same directory for all callers',
    ),
  'environment-unknown': ({ directory, cause }: { directory: string; cause: Cause }) =>
    unknown(directory, `the daemon's environment is not known: ${causeText(cause)}`),
  'pid-namespace-differs': ({ directory, pid }: { directory: string; pid: number }) =>
    note(
      directory,
      `the daemon (pid ${pid} there) runs in another pid namespace: its process can't be seen from here, and paths may mean other files to it`,
      'give each container a SOLOD_DIR of its own',
    ),
  'network-namespace-differs': ({ directory, pid }: { directory: string; pid: number }) =>
    note(
      directory,
      `the daemon (pid ${pid}) runs in another network namespace: its socket can be reached, but it uses another network`,
      'give each container a SOLOD_DIR of its own, or "solod restart" from here',
    ),
  'namespace-unknown': ({ directory, cause }: { directory: string; cause: Cause }) =>
    unknown(directory, `the daemon's network namespace is not known: ${causeText(cause)}`),
  'version-differs': ({ directory, mine, theirs }: { directory: string; mine: string; theirs: string }) =>
    note(directory, `the daemon runs solod ${theirs}, and this is ${mine}`, '"solod restart" it'),
  'several-versions': ({ root, versions }: { root: string; versions: readonly string[] }) =>
    note(
      root,
      `daemons of several releases of solod live there: ${versions.join(', ')}`,
      '"solod restart" the older',
    ),
} as const satisfies Tellers;

export type DaemonSymptom = SymptomsOf<typeof DAEMON_TELLERS>;
