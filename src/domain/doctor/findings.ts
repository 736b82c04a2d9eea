/** What a look around can come to, and the one place where each is put into words: what, where, and what to do. */

import type { Cause } from '../../ports/readings.js';
import type { Distrust } from '../place/distrust.js';
import { type Platform, SUN_PATH_BYTES } from '../place/layout.js';
import { causeText } from '../procedure/cause.js';

/** What the trial in a directory got to: each is what a daemon, or its client, has to do there. */
export type TrialStep =
  | 'making'
  | 'binding'
  | 'connecting'
  | 'renaming'
  | 'pointing'
  | 'connecting-renamed'
  | 'removing';

/** Something that was seen. */
export type Symptom =
  // --- around ---
  | { readonly kind: 'runtime'; readonly node: string; readonly platform: Platform; readonly solod: string }
  | { readonly kind: 'platform-unsupported'; readonly platform: string }
  | { readonly kind: 'node-too-old'; readonly node: string; readonly floor: string }
  | { readonly kind: 'relative-ignored'; readonly variable: string; readonly value: string }
  | { readonly kind: 'relative-root'; readonly value: string; readonly path: string }
  | { readonly kind: 'native-client'; readonly path: string }
  | { readonly kind: 'native-client-missing'; readonly package: string }
  // --- the directories ---
  | { readonly kind: 'directory-sound'; readonly path: string }
  | { readonly kind: 'directory-missing'; readonly path: string }
  | { readonly kind: 'directory-distrusted'; readonly path: string; readonly why: Distrust }
  | { readonly kind: 'directory-open'; readonly path: string; readonly mode: number }
  | { readonly kind: 'directory-unreadable'; readonly path: string; readonly cause: Cause }
  | {
      readonly kind: 'parent-writable';
      readonly path: string;
      readonly parent: string;
      readonly mode: number;
    }
  | {
      readonly kind: 'path-too-long';
      readonly path: string;
      readonly instead: string;
      readonly platform: Platform;
    }
  // --- the file system ---
  | { readonly kind: 'file-system'; readonly path: string; readonly name: string }
  | { readonly kind: 'file-system-shared'; readonly path: string; readonly name: string }
  | { readonly kind: 'file-system-foreign'; readonly path: string; readonly name: string }
  | { readonly kind: 'file-system-unknown'; readonly path: string; readonly cause: Cause }
  | { readonly kind: 'no-space'; readonly path: string; readonly freeBytes: number }
  | { readonly kind: 'no-inodes'; readonly path: string }
  | { readonly kind: 'trial-passed'; readonly path: string }
  | {
      readonly kind: 'trial-failed';
      readonly path: string;
      readonly step: TrialStep;
      readonly cause: Cause;
    }
  | { readonly kind: 'sandboxed'; readonly path: string; readonly step: TrialStep; readonly cause: Cause }
  | { readonly kind: 'trial-unsettled'; readonly path: string; readonly step: TrialStep }
  | { readonly kind: 'rename-not-exclusive'; readonly path: string }
  | { readonly kind: 'clock-skew'; readonly path: string; readonly aheadMs: number }
  | { readonly kind: 'from-the-future'; readonly path: string; readonly aheadMs: number }
  | {
      readonly kind: 'tmp-cleaner';
      readonly path: string;
      readonly tool: string;
      readonly age: string;
      readonly sticky: 'all' | 'not-all';
    }
  // --- the daemon ---
  | {
      readonly kind: 'daemon-answers';
      readonly directory: string;
      readonly pid: number;
      readonly state: string;
    }
  | { readonly kind: 'daemon-of-its-own'; readonly directory: string; readonly pid: number | undefined }
  | { readonly kind: 'no-daemon'; readonly directory: string }
  | {
      readonly kind: 'daemon-stopped';
      readonly directory: string;
      readonly pid: number;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'daemon-silent';
      readonly directory: string;
      readonly pid: number | undefined;
      readonly cause: Cause;
    }
  | { readonly kind: 'connect-refused'; readonly directory: string; readonly cause: Cause }
  | {
      readonly kind: 'signal-refused';
      readonly directory: string;
      readonly pid: number;
      readonly cause: Cause;
    }
  | {
      readonly kind: 'environment-differs';
      readonly directory: string;
      readonly variable: string;
      readonly mine: string | undefined;
      readonly theirs: string | undefined;
    }
  | {
      readonly kind: 'root-differs';
      readonly directory: string;
      readonly mine: string;
      readonly theirs: string;
    }
  | { readonly kind: 'environment-unknown'; readonly directory: string; readonly cause: Cause }
  | { readonly kind: 'pid-namespace-differs'; readonly directory: string; readonly pid: number }
  | { readonly kind: 'network-namespace-differs'; readonly directory: string; readonly pid: number }
  | { readonly kind: 'namespace-unknown'; readonly directory: string; readonly cause: Cause }
  | {
      readonly kind: 'version-differs';
      readonly directory: string;
      readonly mine: string;
      readonly theirs: string;
    }
  | { readonly kind: 'several-versions'; readonly root: string; readonly versions: readonly string[] }
  // --- what lies about ---
  | { readonly kind: 'dead-generations'; readonly directory: string; readonly generations: readonly number[] }
  | { readonly kind: 'dead-above'; readonly directory: string; readonly generations: readonly number[] }
  | {
      readonly kind: 'second-daemon';
      readonly directory: string;
      readonly generation: number;
      readonly current: number | undefined;
      readonly pid: number | undefined;
    }
  | { readonly kind: 'current-dangling'; readonly directory: string; readonly target: string }
  | { readonly kind: 'current-missing'; readonly directory: string }
  | { readonly kind: 'current-foreign'; readonly directory: string }
  | { readonly kind: 'lock-left'; readonly path: string; readonly pid: number }
  | { readonly kind: 'lock-old'; readonly path: string; readonly pid: number; readonly ageMs: number }
  | { readonly kind: 'lock-foreign'; readonly path: string }
  | { readonly kind: 'abandoned'; readonly directory: string; readonly names: readonly string[] }
  | { readonly kind: 'trash'; readonly directory: string; readonly names: readonly string[] }
  | { readonly kind: 'foreign-files'; readonly directory: string; readonly names: readonly string[] }
  | { readonly kind: 'unwritable'; readonly path: string; readonly cause: Cause };

export type SymptomKind = Symptom['kind'];

export type Severity =
  /** Something does not work, or is not safe. */
  | 'problem'
  /** It works; somebody may want to know. */
  | 'note'
  | 'ok'
  /** It could not be found out. */
  | 'unknown';

export interface Finding {
  readonly kind: SymptomKind;
  readonly severity: Severity;
  readonly what: string;
  readonly where: string;
  /** Empty where nothing needs to be done. */
  readonly todo: string;
}

type Told = Omit<Finding, 'kind'>;
type Teller<K extends SymptomKind> = (symptom: Extract<Symptom, { readonly kind: K }>) => Told;

const ok = (where: string, what: string): Told => ({ severity: 'ok', what, where, todo: '' });
const unknown = (where: string, what: string): Told => ({ severity: 'unknown', what, where, todo: '' });
const note = (where: string, what: string, todo: string): Told => ({ severity: 'note', what, where, todo });
const problem = (where: string, what: string, todo: string): Told => ({
  severity: 'problem',
  what,
  where,
  todo,
});

const ELSEWHERE = 'name a directory of your own on a local disk with SOLOD_DIR';
const GC = 'nothing; the next daemon clears it away, or "solod gc"';
/** Where the environment is all there is to point at. */
const HERE = 'environment';

const DISTRUST: Readonly<Record<Distrust, readonly [what: string, todo: string]>> = {
  link: ['it is a symbolic link', 'name the directory itself with SOLOD_DIR'],
  'no-directory': ['it is no directory', 'move it away, or name another place with SOLOD_DIR'],
  foreign: ['it belongs to another user', 'name a directory of your own with SOLOD_DIR'],
  'writable-by-others': [
    "others can write to it, and so put a socket of their own in a daemon's place",
    'take that away with "chmod go-w", or name another place with SOLOD_DIR',
  ],
};

const TRIALS: Readonly<Record<TrialStep, string>> = {
  making: 'a directory can not be made in it',
  binding: 'a socket can not be bound in it',
  connecting: 'a socket that listens in it can not be connected to',
  renaming: 'a directory with a socket in it can not be renamed',
  pointing: 'a symbolic link can not be made, and renamed over another, in it',
  'connecting-renamed': 'a socket can not be connected to by its new name, or by way of a link',
  removing: 'the trial directory could not be removed from it',
};

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');
const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;
const shown = (value: string | undefined): string => (value === undefined ? 'not set' : value);
const pidText = (pid: number | undefined): string => (pid === undefined ? '' : ` (pid ${pid})`);

/** Names may hold anything, and there may be many. */
function few(names: readonly (string | number)[]): string {
  const first = names
    .slice(0, 5)
    .map((name) => (typeof name === 'number' ? `${name}` : JSON.stringify(name)));
  return names.length > 5 ? `${first.join(', ')} and ${names.length - 5} more` : first.join(', ');
}

function trialTodo(cause: Cause): string {
  switch (cause.code) {
    case 'EROFS':
      return 'it is mounted read-only: remount it, or name a writable directory with SOLOD_DIR';
    case 'ENOSPC':
    case 'EDQUOT':
      return 'make room there, or name another directory with SOLOD_DIR';
    case 'EACCES':
    case 'EPERM':
      return 'give yourself the right to write there ("chmod u+rwx"), or name a directory of your own with SOLOD_DIR';
    default:
      return ELSEWHERE;
  }
}

const clockTodo =
  'set the clocks right (of this machine, or of the file server); locks are judged by their age';

/** A kind that is missing here does not compile. */
const TELLERS: { readonly [K in SymptomKind]: Teller<K> } = {
  runtime: ({ node, platform, solod }) => ok(HERE, `solod ${solod} on Node ${node}, ${platform}`),
  'platform-unsupported': ({ platform }) =>
    problem(HERE, `solod does not run on ${platform}: it needs Unix sockets`, 'run it on Linux or macOS'),
  'node-too-old': ({ node, floor }) =>
    problem(HERE, `Node ${node} is older than ${floor}`, `run solod with Node ${floor} or newer`),
  'native-client': ({ path }) => ok(path, 'the native client, which calls without starting Node'),
  'native-client-missing': ({ package: name }) =>
    note(
      HERE,
      `the native client (${name}) is not installed; everything works without it, and a call takes longer`,
      'install solod with its optional dependencies, where calls are many',
    ),
  'relative-ignored': ({ variable, value }) =>
    note(
      HERE,
      `${variable} is the relative path ${JSON.stringify(value)}, and so is ignored`,
      `set ${variable} to an absolute path`,
    ),
  'relative-root': ({ value, path }) =>
    note(
      path,
      `SOLOD_DIR is the relative path ${JSON.stringify(value)}: callers in another working directory look elsewhere`,
      'set SOLOD_DIR to an absolute path',
    ),
  'directory-sound': ({ path }) => ok(path, 'the directory is yours, and others are kept out'),
  'directory-missing': ({ path }) => ok(path, 'there is no such directory yet; the first daemon makes it'),
  'directory-distrusted': ({ path, why }) =>
    problem(path, `the directory is not to be trusted: ${DISTRUST[why][0]}`, DISTRUST[why][1]),
  'directory-open': ({ path, mode }) =>
    note(path, `the directory has mode ${octal(mode)}, not 0700`, 'take the rest away with "chmod 700"'),
  'directory-unreadable': ({ path, cause }) =>
    problem(
      path,
      `the directory can't be looked at: ${causeText(cause)}`,
      'give yourself the right to read and enter it and all above it, or name another place with SOLOD_DIR',
    ),
  'parent-writable': ({ path, parent, mode }) =>
    problem(
      parent,
      `others can write to it (mode ${octal(mode)}, no sticky bit), and so put another directory in the place of ${path}`,
      `"chmod go-w" or "chmod +t" it, or name another place with SOLOD_DIR`,
    ),
  'path-too-long': ({ path, instead, platform }) =>
    note(
      path,
      `the path of its socket would be longer than the ${SUN_PATH_BYTES[platform] - 1} bytes that a socket's path holds; ${instead} takes its place`,
      'nothing, or a shorter SOLOD_DIR',
    ),
  'file-system': ({ path, name }) => ok(path, `the file system is ${name}`),
  'file-system-shared': ({ path, name }) =>
    problem(
      path,
      `the file system (${name}) is shared over a network: another machine's daemon looks dead from here, and would be replaced`,
      ELSEWHERE,
    ),
  'file-system-foreign': ({ path, name }) =>
    note(
      path,
      `the file system (${name}) hands on what another system does; sockets there are less sure than on a local disk`,
      `nothing if the trial passes, else ${ELSEWHERE}`,
    ),
  'file-system-unknown': ({ path, cause }) =>
    unknown(path, `the file system could not be asked for its type: ${causeText(cause)}`),
  'no-space': ({ path, freeBytes }) =>
    problem(path, `the file system is full: ${freeBytes} bytes are free`, 'make room there'),
  'no-inodes': ({ path }) =>
    problem(
      path,
      'the file system has no free inodes: no file can be made',
      'remove files there, however small',
    ),
  'trial-passed': ({ path }) =>
    ok(path, 'a trial socket was bound, connected to, renamed and removed as it should be'),
  'trial-failed': ({ path, step, cause }) =>
    problem(path, `${TRIALS[step]}: ${causeText(cause)}`, trialTodo(cause)),
  sandboxed: ({ path, step, cause }) =>
    problem(
      path,
      `${TRIALS[step]}: ${causeText(cause)}; files can be made there, so a sandbox forbids sockets, or the file system has none`,
      `allow Unix sockets under that directory in the sandbox, or ${ELSEWHERE}`,
    ),
  'trial-unsettled': ({ path, step }) =>
    note(
      path,
      `the trial took too long to say anything (${step}): this machine is very busy`,
      'run it again when there is less to do',
    ),
  'rename-not-exclusive': ({ path }) =>
    problem(
      path,
      'one directory could be renamed over another that was not empty: two daemons could both come to serve',
      ELSEWHERE,
    ),
  'clock-skew': ({ path, aheadMs }) =>
    problem(
      path,
      `a file that was made just now is dated ${seconds(Math.abs(aheadMs))} ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine's clock`,
      clockTodo,
    ),
  'from-the-future': ({ path, aheadMs }) =>
    note(path, `its time lies ${seconds(aheadMs)} in the future: a clock has jumped back since`, clockTodo),
  'tmp-cleaner': ({ path, tool, age, sticky }) =>
    note(
      path,
      `${tool} removes what is older than ${age} there${
        sticky === 'all'
          ? '; the sticky bit keeps the sockets, but no link, and so not "current"'
          : ', and a daemon whose files are gone is not found any more'
      }`,
      `exempt it (a line "x ${path}" in /etc/tmpfiles.d/solod.conf), or name a directory outside with SOLOD_DIR`,
    ),
  'daemon-answers': ({ directory, pid, state }) => ok(directory, `the daemon (pid ${pid}) answers: ${state}`),
  'daemon-of-its-own': ({ directory, pid }) =>
    ok(directory, `a daemon${pidText(pid)} is there, with a protocol of its own`),
  'no-daemon': ({ directory }) => ok(directory, 'no daemon is there; the next call starts one'),
  'daemon-stopped': ({ directory, pid, cause }) =>
    problem(
      directory,
      `the daemon (pid ${pid}) is stopped, and does not answer: ${causeText(cause)}`,
      `"kill -CONT ${pid}" lets it go on; "kill -KILL ${pid}" ends it, and its work with it`,
    ),
  'daemon-silent': ({ directory, pid, cause }) =>
    problem(
      directory,
      `the daemon${pidText(pid)} is there and does not answer: ${causeText(cause)}`,
      pid === undefined
        ? 'find out who listens there ("ss -xlp"), and end it'
        : `wait if it is busy; "kill ${pid}" ends it, "kill -KILL ${pid}" if it hangs`,
    ),
  'connect-refused': ({ directory, cause }) =>
    problem(
      directory,
      `the daemon's socket may not be connected to: ${causeText(cause)}`,
      'allow it in the sandbox you are in, or run both in one; check the modes of the directory and the socket',
    ),
  'signal-refused': ({ directory, pid, cause }) =>
    note(
      directory,
      `the daemon (pid ${pid}) may not be signalled from here: ${causeText(cause)}`,
      'nothing, unless it hangs: then end it from outside the sandbox',
    ),
  'environment-differs': ({ directory, variable, mine, theirs }) =>
    note(
      directory,
      `${variable} was ${shown(theirs)} when the daemon was started, and is ${shown(mine)} here`,
      'nothing if the service reads it from each call, else "solod restart"',
    ),
  'root-differs': ({ directory, mine, theirs }) =>
    note(
      directory,
      `the daemon's own environment leads to ${theirs}, yours to ${mine}: callers with its environment ask another daemon`,
      'set SOLOD_DIR to the same directory for all callers',
    ),
  'environment-unknown': ({ directory, cause }) =>
    unknown(directory, `the daemon's environment is not known: ${causeText(cause)}`),
  'pid-namespace-differs': ({ directory, pid }) =>
    note(
      directory,
      `the daemon (pid ${pid} there) lives in another pid namespace: whether it lives can't be seen from here, and paths may mean other files to it`,
      'give each container a SOLOD_DIR of its own',
    ),
  'network-namespace-differs': ({ directory, pid }) =>
    note(
      directory,
      `the daemon (pid ${pid}) lives in another network namespace: its socket can be reached, but it sees another network`,
      'give each container a SOLOD_DIR of its own, or "solod restart" from here',
    ),
  'namespace-unknown': ({ directory, cause }) =>
    unknown(directory, `the daemon's network namespace is not known: ${causeText(cause)}`),
  'version-differs': ({ directory, mine, theirs }) =>
    note(directory, `the daemon runs solod ${theirs}, and this is ${mine}`, '"solod restart" it'),
  'several-versions': ({ root, versions }) =>
    note(
      root,
      `daemons of several releases of solod live there: ${versions.join(', ')}`,
      '"solod restart" the older',
    ),
  'dead-generations': ({ directory, generations }) =>
    note(directory, `dead generations lie below the current one: ${few(generations)}`, GC),
  'dead-above': ({ directory, generations }) =>
    note(
      directory,
      `dead generations lie above the current one: ${few(generations)}; a daemon was killed while it claimed`,
      'nothing: the next daemon takes the number after them',
    ),
  'second-daemon': ({ directory, generation, current, pid }) =>
    problem(
      directory,
      `generation ${generation}${pidText(pid)} still listens, and ${
        current === undefined ? 'nothing is current' : `generation ${current} is the current one`
      }: a second daemon, unless it came up this very moment`,
      pid === undefined
        ? 'look again; then find out who listens there ("ss -xlp")'
        : `look again; then "kill ${pid}"`,
    ),
  'current-dangling': ({ directory, target }) =>
    note(
      directory,
      `"current" names ${JSON.stringify(target)}, which is not there: somebody removed it`,
      'nothing: the next call starts a daemon; if one still runs, "kill" it',
    ),
  'current-missing': ({ directory }) =>
    note(
      directory,
      'there are generations, and no "current": somebody removed it, or a daemon was killed while it claimed',
      'nothing: the next call starts a daemon; if one still runs, "kill" it',
    ),
  'current-foreign': ({ directory }) =>
    note(
      directory,
      '"current" is nothing that solod made',
      'nothing: the next daemon moves it out of the way; move it away yourself to keep it',
    ),
  'lock-left': ({ path, pid }) => note(path, `the caller (pid ${pid}) that held the lock is gone`, GC),
  'lock-old': ({ path, pid, ageMs }) =>
    note(
      path,
      `the lock has been held for ${seconds(ageMs)} by pid ${pid}`,
      'nothing: the next caller takes it over',
    ),
  'lock-foreign': ({ path }) =>
    note(
      path,
      'it is no lock that solod made',
      'nothing: the next caller takes it over; move it away to keep it',
    ),
  abandoned: ({ directory, names }) => note(directory, `killed processes left behind ${few(names)}`, GC),
  trash: ({ directory, names }) => note(directory, `left to be removed: ${few(names)}`, GC),
  'foreign-files': ({ directory, names }) =>
    note(
      directory,
      `solod did not make ${few(names)}`,
      'nothing: solod leaves it alone; move it away if you can',
    ),
  unwritable: ({ path, cause }) =>
    note(
      path,
      `it can't be written to, so what daemons say there is lost: ${causeText(cause)}`,
      'make it a file that you can write to, or remove it',
    ),
};

export function findingOf(symptom: Symptom): Finding {
  const tell = TELLERS[symptom.kind] as (symptom: Symptom) => Told;
  return { kind: symptom.kind, ...tell(symptom) };
}

const ORDER: readonly Severity[] = ['problem', 'note', 'ok', 'unknown'];

/** Problems first; within one severity, in the order of the checks. */
export function sorted(findings: readonly Finding[]): Finding[] {
  return ORDER.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

const MARKS: Readonly<Record<Exclude<Severity, 'unknown'>, string>> = {
  problem: 'problem',
  note: 'note   ',
  ok: 'ok     ',
};

/** For people: a line for each, and what to do below it. What is not known is no news. */
export function report(findings: readonly Finding[]): string {
  return sorted(findings)
    .map(({ severity, where, what, todo }) => {
      if (severity === 'unknown') return '';
      const line = `${MARKS[severity]}  ${where}: ${what}\n`;
      return todo === '' ? line : `${line}         to do: ${todo}\n`;
    })
    .join('');
}
