/**
 * Everything that solod says when something fails: what happened and where, what to do about it, and, where there is one, the
 * other side's own words last. What `doctor` finds is told in `domain/diagnosis.ts`.
 */

import type { Failure } from '../../domain/failure.js';
import type { Unproven } from '../../domain/lifecycle/end-hung-daemon.js';
import type { KickWarning } from '../../domain/obtain/kick.js';
import { NAMES } from '../../domain/place/layout.js';
import type { Distrust } from '../../domain/place/state-directory.js';
import { causeText } from '../../domain/procedure/cause.js';
import type { Cause } from '../../ports/readings.js';

/** Why a text can't be edited, and where it says so; lines and columns count from 1, columns in UTF-16 units. */
export interface SettingsRefusal {
  readonly why: 'no-json' | 'no-object' | 'key-twice' | 'too-deep';
  /** The key that stands twice, or whose value is no object; empty for the whole. */
  readonly key: string;
  readonly line: number;
  readonly column: number;
}

export interface Complaint {
  /** What happened, and where. */
  readonly what: string;
  readonly todo: string;
  /** What the other side said of it, which may take several lines. */
  readonly quote?: string | undefined;
}

/** One sentence; a quotation comes after it. */
export function textOf({ what, todo, quote }: Complaint): string {
  return quote === undefined ? `${what}; ${todo}` : `${what}; ${todo}: ${quote}`;
}

/** The sentence for a failure, as the results of the library carry it. */
export function sentence(failure: Failure): string {
  if (failure.kind === 'invalid-request' || failure.kind === 'outdated') return failure.message;
  return textOf(complaintOf(failure));
}

/** The failures whose sentence another part of solod has written, with the functions below. */
type Told = 'invalid-request' | 'outdated';

const ELSEWHERE = 'name another place with SOLOD_DIR';
const LOOK = '"solod doctor" looks for the reason';
const TRY_LONGER = 'try again, or wait longer with --timeout';

export function complaintOf(failure: Exclude<Failure, { readonly kind: Told }>): Complaint {
  switch (failure.kind) {
    case 'service-missing':
      return {
        what: `there is no service file ${failure.path}, or it can't be read`,
        todo: 'give the path of one that you may read',
      };
    case 'service-unknown':
      return {
        what: `${JSON.stringify(failure.asked)} is no service that comes with solod`,
        todo: `write ${failure.known}, or give the path of a file`,
      };
    case 'no-home':
      return {
        what: 'there is no home directory for daemons to live in',
        todo: 'set HOME, or SOLOD_DIR to the directory of the daemons',
      };
    case 'no-daemon-program':
      return {
        what: "the program of solod's daemon is neither beside this program nor in a package solod that it finds",
        todo: 'install the package solod where this program is',
      };
    case 'state-directory-distrusted':
      return {
        ...DISTRUST[failure.why],
        what: `the state directory ${failure.path} ${DISTRUST[failure.why].what}`,
      };
    case 'state-directory-unusable':
      return {
        what: `the state directory ${failure.path} can't be used: ${causeText(failure.cause)}`,
        todo: `mend that, or ${ELSEWHERE}`,
      };
    case 'not-removed':
      return notRemoved(failure.path, failure.cause);
    case 'lock-error':
      return {
        what: `the spawn lock ${failure.path} can't be taken: ${causeText(failure.cause)}`,
        todo: `mend that, or ${ELSEWHERE}`,
      };
    case 'spawn-refused':
      return {
        what: `the daemon of ${failure.directory} can't be started: ${causeText(failure.cause)}`,
        todo: afterRefusal(failure.cause),
      };
    case 'spawn-threw':
      return {
        what: `the daemon of ${failure.directory} can't be started, the call itself failed: ${causeText(failure.cause)}`,
        todo: 'give it fewer or other arguments, or a smaller environment',
      };
    case 'died-at-start':
      return died(failure);
    case 'crash-loop':
      return {
        what: `the daemon of ${failure.directory} failed at its start ${failure.failures} times in a row`,
        todo: `mend the service, which is then tried at once, or say "solod restart"; the next try comes in ${seconds(failure.waitMs)}; the last one failed with`,
        quote: failure.message,
      };
    case 'timed-out':
      return timedOut(failure);
    case 'not-answering':
      return notAnswering(failure);
    case 'declined':
      return {
        what: "the daemon can't serve",
        todo: 'mend what it says, and the next call tries anew',
        quote: failure.message,
      };
    case 'vacant':
      return {
        what: `no daemon of ${failure.directory} took the call at the first look`,
        todo: 'one is started for the next time',
      };
    case 'switched-off':
      return {
        what: `no daemon is used here: ${failure.why}`,
        todo: 'ask for one with --daemon or SOLOD=on',
      };
    case 'not-ended':
      return notEnded(failure);
    case 'still-loading':
      return {
        what: `the daemon of ${failure.directory} (pid ${failure.pid}) has been loading its service for ${seconds(failure.forMs)} and has not answered yet`,
        todo: 'wait longer with --timeout',
      };
    case 'claim-failed':
      return {
        what: `the name can't be claimed: ${failure.act} ${failure.path} failed: ${causeText(failure.cause)}`,
        todo: LOOK,
      };
    case 'claim-unsettled':
      return {
        what: `the name can't be claimed: ${failure.path} kept changing through ${failure.rounds} rounds`,
        todo: 'find out who else writes there, then try again',
      };
  }
}

const DISTRUST: Readonly<Record<Distrust, Complaint>> = {
  link: { what: 'is a symbolic link', todo: 'name the directory itself' },
  'no-directory': { what: 'is no directory', todo: `move it away, or ${ELSEWHERE}` },
  foreign: { what: 'belongs to another user', todo: 'name a directory of your own with SOLOD_DIR' },
  'writable-by-others': {
    what: 'can be written to by others',
    todo: `take that away (chmod go-w), or ${ELSEWHERE}`,
  },
};

const UNPROVEN: Readonly<Record<Unproven, Complaint>> = {
  'no-owner': { what: 'its owner file says nothing of its process', todo: 'end it by hand' },
  'not-visible': {
    what: "its process can't be told for sure from here (another pid namespace?)",
    todo: 'end it where it runs',
  },
  ancestor: {
    what: 'it is what this very process was started from, and is not ended',
    todo: 'end it from somewhere else',
  },
};

const WHY_NOT_EDITED: Readonly<Record<SettingsRefusal['why'], (key: string) => string>> = {
  'no-json': () => 'it is not valid JSON',
  'no-object': (key) => (key === '""' ? 'it holds no object' : `${key} holds no object`),
  'key-twice': (key) => `${key} stands there twice`,
  'too-deep': () => 'it is nested too deeply',
};

function afterRefusal({ code }: Cause): string {
  switch (code) {
    case 'ENOENT':
    case 'EACCES':
    case 'ENOEXEC':
      return 'check the program that runs it (--node, or the command)';
    case 'EAGAIN':
    case 'ENOMEM':
      return 'end other processes, or raise their limit (ulimit -u)';
    case 'EMFILE':
    case 'ENFILE':
      return 'close files, or raise their limit (ulimit -n)';
    default:
      return LOOK;
  }
}

function died(failure: Extract<Failure, { kind: 'died-at-start' }>): Complaint {
  const { directory, pid, signal, code, word } = failure;
  const how = signal === undefined ? `with exit code ${code ?? '?'}` : `by ${signal}`;
  const stage = word?.kind === 'failed' ? ` while ${word.stage}` : '';
  // Of several that end at once one may empty the log that another has just written to: its own word is another way.
  const output = failure.lastOutput.trim() || (word?.kind === 'failed' ? word.message.trim() : '');
  return {
    what: `the daemon of ${directory} (pid ${pid}) ended ${how}${stage} before it served`,
    todo: `mend the reason and call again; its log is ${directory}/${NAMES.log}, and ${output === '' ? 'it wrote nothing' : 'it wrote last'}`,
    quote: output === '' ? undefined : `\n${output}`,
  };
}

function timedOut({ directory, phase, afterMs, pid }: Extract<Failure, { kind: 'timed-out' }>): Complaint {
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
        what: `the daemon of ${directory} kept ending its connections and did not answer ${time}`,
        todo: TRY_LONGER,
      };
  }
}

function notAnswering(failure: Extract<Failure, { kind: 'not-answering' }>): Complaint {
  const { owner, cause, directory } = failure;
  const who = owner === undefined ? `of ${directory}` : `"${owner.name}" (pid ${owner.pid}) of ${directory}`;
  const why = cause === undefined ? '' : ` (${causeText(cause)})`;
  const end =
    owner === undefined ? '"solod restart --force"' : `"solod restart --force" or "kill ${owner.pid}"`;
  return {
    what: `the daemon ${who} is there and did not answer within ${Math.round(failure.afterMs)} ms${why}`,
    todo: `try again, or end it with ${end}`,
  };
}

function notEnded({ directory, outcome }: Extract<Failure, { kind: 'not-ended' }>): Complaint {
  const what = `the daemon of ${directory} does not answer, and`;
  switch (outcome.kind) {
    case 'still-there':
      return {
        what: `${what} its process ${outcome.pid} is still there after SIGKILL`,
        todo: 'it hangs in the kernel: wait for the disk or network that it waits for, or use another --name',
      };
    case 'refused':
      return {
        what: `${what} ending its process ${outcome.pid} was refused: ${causeText(outcome.cause)}`,
        todo: 'end it as the user that it belongs to',
      };
    case 'unproven':
      return { ...UNPROVEN[outcome.why], what: `${what} ${UNPROVEN[outcome.why].what}` };
  }
}

export function notRemoved(path: string, cause: Cause): Complaint {
  return {
    what: `${path} can't be removed: ${causeText(cause)}`,
    todo: 'remove it by hand, as the user that it belongs to',
  };
}

export function systemRefused(message: string): Complaint {
  return { what: `the system refused a call: ${message}`, todo: 'see what it names' };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** What a kick says although it has started a daemon. */
export function kickWarning(warning: KickWarning): string {
  if (warning.kind === 'lock-error')
    return textOf({
      what: `the daemon was started without the spawn lock ${warning.path}, which can't be taken: ${causeText(warning.cause)}`,
      todo: LOOK,
    });
  return textOf({
    what: `the daemon was started although another start has been under way for ${seconds(warning.ageMs)}`,
    todo: 'if that happens again, "solod logs" may say why it takes so long',
  });
}

/** What is wrong with what was asked for. Nothing has been tried. */
export const USAGE = {
  noService: (): Complaint => ({ what: 'no service is named', todo: 'give its file' }),
  noDaemon: (): Complaint => ({ what: 'no daemon is named', todo: 'give a service file, or --name' }),
  name: (name: string): Complaint => ({
    what: `${JSON.stringify(name)} is no daemon name`,
    todo: 'write 1 to 64 letters, digits, ".", "_" or "-", the first a letter or a digit',
  }),
  allAndOne: (): Complaint => ({ what: '--all means every daemon', todo: 'name none beside it' }),
  dashValue: (): Complaint => ({
    what: 'an option is followed by another option instead of its value',
    todo: 'write a value that begins with "-" as --option=value',
  }),
  duration: (option: string, text: string): Complaint => ({
    what: `--${option} ${text} is no duration`,
    todo: 'write 500ms, 10s, 15m or 1h (without a unit: seconds)',
  }),
  size: (option: string, text: string): Complaint => ({
    what: `--${option} ${text} is no size`,
    todo: 'write 512M or 2G (without a unit: bytes)',
  }),
  pid: (option: string, text: string): Complaint => ({
    what: `--${option} ${text} is no process id`,
    todo: 'write the number that ps shows',
  }),
  count: (option: string, text: string): Complaint => ({
    what: `--${option} ${text} is no number of ${option}`,
    todo: 'write one from 0 to 999999999',
  }),
  word: (option: string, text: string, known: readonly string[]): Complaint => ({
    what: `--${option} ${text} is none of its values`,
    todo: `write ${known.join(' or ')}`,
  }),
  switch: (text: string): Complaint => ({
    what: `SOLOD=${text} is none of its values`,
    todo: 'write on or off, or unset it',
  }),
  apart: (one: string, other: string): Complaint => ({
    what: `${one} and ${other} don't go together`,
    todo: 'give one of them',
  }),
  noDirectory: (): Complaint => ({
    what: 'the working directory of this process does not exist any more',
    todo: 'change to another one',
  }),
  platform: (platform: string): Complaint => ({
    what: `solod does not run on ${platform}, for want of Unix sockets`,
    todo: 'use Linux or macOS (on Windows: WSL)',
  }),
  project: (directory: string): Complaint => ({
    what: `the project directory ${directory} does not exist`,
    todo: 'give the root of the project',
  }),
  needs: (one: string, other: string): Complaint => ({
    what: `${one} says nothing without ${other}`,
    todo: `give ${other} as well`,
  }),
  command: (name: string): Complaint => ({
    what: `${JSON.stringify(name)} can't be typed as a command`,
    todo: 'give another with --as: 1 to 64 letters, digits, ".", "_" or "-", the first a letter or a digit',
  }),
  relative: (option: string, directory: string): Complaint => ({
    what: `--${option} ${directory} is no absolute path`,
    todo: 'write one that begins with "/"',
  }),
  noHome: (): Complaint => ({
    what: 'there is no home directory to install in',
    todo: 'set HOME',
  }),
  entry: (text: string): Complaint => ({
    what: `--entry ${text} is no path of keys`,
    todo: 'write keys with a "." between them, as in statusLine or editor.formatter',
  }),
  value: (text: string): Complaint => ({
    what: `--value ${text} is no JSON`,
    todo: 'write JSON, in which "{command}" stands for the path of the installed command',
  }),
  severalInstalled: (asked: string, commands: readonly string[]): Complaint => ({
    what: `${asked} is installed as ${commands.join(', ')}`,
    todo: 'say which with --as and --bin-dir',
  }),
} as const satisfies Readonly<Record<string, (...args: never[]) => Complaint>>;

/** What goes wrong in a command that has begun its work. */
export const TROUBLE = {
  lost: (cause: Cause): Complaint => ({
    what: `the connection to the daemon was lost after the call had begun: ${cause.message}`,
    todo: 'see whether the call was carried out before you repeat it',
  }),
  stream: (stream: string, cause: Cause): Complaint => ({
    what: `${stream} of this process failed: ${cause.message}`,
    todo: 'see where it leads to',
  }),
  notAsked: (status: string): Complaint => ({
    what: `can't be asked to stop: ${status}`,
    todo: 'try again; "solod restart --force" ends one that does not answer',
  }),
  stillThere: (label: string, pid: number, inFlight: number): Complaint => ({
    what: `${label} (pid ${pid}) was asked to stop and still finishes its work (calls in flight: ${inFlight})`,
    todo: 'wait longer with --timeout',
  }),
  noLog: (label: string, file: string): Complaint => ({
    what: `${label} has no log ${file}: nothing has been started for that name, or a service manager keeps what it prints`,
    todo: 'look there, or start it',
  }),
  noLogYet: (label: string, file: string): Complaint => ({
    what: `${label} has no log ${file} yet`,
    todo: 'it is waited for; Ctrl-C ends that',
  }),
  noStarts: (label: string, file: string): Complaint => ({
    what: `no start of ${label} is written down in ${file}`,
    todo: '"solod ls" tells which daemons there are',
  }),
  noLanes: (label: string): Complaint => ({
    what: `no process was ever started for ${label}, so that there is nothing to draw`,
    todo: '"solod spawns" without --svg tells what was refused',
  }),
  notDrawn: (file: string, cause: Cause): Complaint => ({
    what: `${file} can't be written: ${causeText(cause)}`,
    todo: 'name another file with --svg',
  }),
  notInstalled: (label: string, manager: string): Complaint => ({
    what: `${label} is not installed for ${manager}`,
    todo: 'see "solod install"',
  }),
  notOurs: (path: string, directory: string): Complaint => ({
    what: `${path} was not written by "solod install" for ${directory}, and is left as it is`,
    todo: 'move it away',
  }),
  notForUnits: (text: string): Complaint => ({
    what: `${JSON.stringify(text)} can't be written into a unit, for it holds a control character, or begins or ends with a space`,
    todo: 'rename it',
  }),
  notWritten: (path: string, cause: Cause): Complaint => ({
    what: `${path} can't be written: ${causeText(cause)}`,
    todo: 'mend that, then install again',
  }),
  notRead: (path: string, cause: Cause): Complaint => ({
    what: `${path} can't be read: ${causeText(cause)}`,
    todo: 'mend that, then try again',
  }),
  noFile: (path: string): Complaint => ({
    what: `${path} is no plain file`,
    todo: 'move it away, or name another',
  }),
  readOnly: (path: string): Complaint => ({
    what: `${path} may not be written to`,
    todo: 'allow it (chmod u+w), or name another file',
  }),
  settings: (path: string, { why, key, line, column }: SettingsRefusal): Complaint => ({
    what: `${path} is left as it is: ${WHY_NOT_EDITED[why](JSON.stringify(key))} (line ${line}, column ${column})`,
    todo: 'mend that, then try again',
  }),
  keptChanging: (path: string): Complaint => ({
    what: `${path} is left as it is, for somebody else keeps writing to it`,
    todo: 'find out who, then try again',
  }),
  notShim: (path: string): Complaint => ({
    what: `${path} is there already, and is not what "solod install" wrote`,
    todo: 'move it away, or give another name with --as',
  }),
  taken: (command: string, service: string): Complaint => ({
    what: `${command} is already installed for ${service}`,
    todo: 'uninstall that first, or give another name with --as',
  }),
  busy: (command: string, pid: number): Complaint => ({
    what: `${command} is being installed just now, by process ${pid}`,
    todo: 'wait for that, then try again',
  }),
  notForShim: (text: string): Complaint => ({
    what: `${JSON.stringify(text)} can't be written into a shell script, for it holds a line break`,
    todo: 'rename it',
  }),
  noRecord: (file: string): Complaint => ({
    what: `${file} does not say what was installed`,
    todo: 'see what it is, and move it away',
  }),
  noInstall: (asked: string): Complaint => ({
    what: `${asked} is not installed`,
    todo: 'see "solod install"',
  }),
  offPath: (directory: string): Complaint => ({
    what: `${directory} is not on the PATH`,
    todo: 'add it there, or give the whole path of the command',
  }),
  entryChanged: (path: string, entry: string): Complaint => ({
    what: `${entry} in ${path} was changed since, and is left as it is`,
    todo: 'remove it by hand if it is not wanted',
  }),
  backupKept: (path: string): Complaint => ({
    what: `what stood in the settings before is in ${path}`,
    todo: 'remove that file when it is not needed any more',
  }),
  shimChanged: (path: string): Complaint => ({
    what: `${path} was changed since, and is left as it is`,
    todo: 'remove it by hand if it is not wanted',
  }),
  outdated: (label: string, wire: number): Complaint => ({
    what: `the daemon of ${label} is newer than this solod, and speaks wire ${wire}`,
    todo: 'update this one, or use another --name',
  }),
  noService: (file: string, reason: string): Complaint => ({
    what: `${file} exports no service: ${reason}`,
    todo: 'export an async function, or what defineService returns, as the default export',
  }),
  hiddenName: (file: string, name: string): Complaint => ({
    what: `${file} has its name ${name} where callers can't read it`,
    todo: "write it as a literal, first in defineService({ name: '…' })",
  }),
  hiddenVariable: (file: string, variable: string): Complaint => ({
    what: `${file} names the variable ${variable} of its environment where callers can't read it`,
    todo: "write environment: ['…'] with literals, before run, in defineService",
  }),
  notLoaded: (file: string, error: string): Complaint => ({
    what: `${file} does not load`,
    todo: 'mend what this says',
    quote: error,
  }),
} as const satisfies Readonly<Record<string, (...args: never[]) => Complaint>>;

/** What the status line says at its end. There is room for a few words. */
export const LINE_TROUBLE = {
  argument: (text: string): Complaint => ({
    what: `${text} is no argument of the status line`,
    todo: 'give --no-color, --timeout=2s or none',
  }),
  noObject: (): Complaint => ({ what: 'stdin holds no JSON object', todo: 'give one, or nothing' }),
  keys: (keys: readonly string[]): Complaint => ({
    what: `stdin: wrong type of ${keys.join(', ')}`,
    todo: 'left out',
  }),
  endless: (ms: number): Complaint => ({ what: `stdin did not end within ${ms} ms`, todo: 'close it' }),
  tooLong: (bytes: number): Complaint => ({
    what: `stdin has more than ${bytes} bytes`,
    todo: 'give less',
  }),
  unread: (cause: Cause): Complaint => ({
    what: `stdin can't be read: ${causeText(cause)}`,
    todo: 'see where it comes from',
  }),
  directory: (cause: Cause): Complaint => ({
    what: `the directory can't be read: ${causeText(cause)}`,
    todo: 'go elsewhere',
  }),
  noGit: (cause: Cause): Complaint => ({
    what: `git can't be started: ${causeText(cause)}`,
    todo: 'see whether it is on the PATH',
  }),
  slowGit: (ms: number): Complaint => ({
    what: `git did not answer within ${ms} ms`,
    todo: 'try "git status"',
  }),
  git: (said: string): Complaint => ({ what: 'git failed', todo: 'it says', quote: said }),
  broken: (cause: Cause): Complaint => ({
    what: `the status line failed: ${cause.message}`,
    todo: 'report it',
  }),
} as const satisfies Readonly<Record<string, (...args: never[]) => Complaint>>;
