/** Pages of failures, of calls that had begun, of workers, and of programs that take over. */

import type { Failure } from '../../domain/failure.js';
import type { KickWarning } from '../../domain/obtain/kick.js';
import type { CodeOf } from '../../domain/text/error-code.js';
import type { CodesOf } from '../texts/complaint.js';
import type { PROGRAM_TROUBLE } from '../texts/program-text.js';
import type { TROUBLE } from '../texts/runtime-text.js';
import type { WORKER_TROUBLE } from '../texts/worker-text.js';
import { COMMAND_LINE, type ErrorPages } from './error-page.js';

export type CallCode =
  | CodeOf<Failure['kind']>
  | CodeOf<`kick-${KickWarning['kind']}`>
  | CodesOf<'', typeof TROUBLE>
  | CodesOf<'worker-', typeof WORKER_TROUBLE>
  | CodesOf<'program-', typeof PROGRAM_TROUBLE>
  | CodeOf<'notExecuted'>;

const DIRECTORY = 'The message names the directory of this daemon: its name below the state directory.';
const SERVICE_FILE = 'The message names the service file.';

export const CALL_PAGES: ErrorPages<CallCode> = {
  SOLOD_E_INVALID_REQUEST: {
    happened: 'What was asked for makes no sense, or the system refused to read it.',
    where: COMMAND_LINE,
    todo: 'Correct what the message names.',
  },
  SOLOD_E_SERVICE_MISSING: {
    happened:
      'The service file does not exist, or this user can not read it. No daemon has that word as its name, either.',
    where: 'The message has the absolute path. A relative path starts at the working directory.',
    todo: 'Check the path with `ls -l <path>`. If you meant a daemon by its name, `solod ls` shows the names.',
  },
  SOLOD_E_SERVICE_UNKNOWN: {
    happened:
      'A name with "solod:" in front stands for a service that comes with solod. There is none of that name.',
    where: 'The first argument after `call`, `kick` or another command.',
    todo: 'Write one of the names in the message. For a file of your own, write `./solod:x.mjs`.',
  },
  SOLOD_E_NO_HOME: {
    happened: 'Daemons live in a directory below the home directory, and there is no home directory.',
    where:
      'The environment: `SOLOD_DIR`, `XDG_STATE_HOME` and `HOME` lead to no usable place. `solod doctor --explain-place` says why.',
    todo: 'Set `HOME`. Or set `SOLOD_DIR` to an absolute path that only this user can write to.',
  },
  SOLOD_E_NO_DAEMON_PROGRAM: {
    happened:
      'The library is part of another program. The program of the daemon, `daemon.cjs`, is not with it.',
    where: 'Beside the program that bundles the library, and in the packages that it can load.',
    todo: 'Install the package solod where the program is, or keep solod out of the bundle.',
  },
  SOLOD_E_STATE_DIRECTORY_DISTRUSTED: {
    happened:
      'Other users could write to the state directory, or could have put it there. A daemon in it could be an impostor.',
    where: 'The message names the directory and the reason: a link, another owner, or its mode.',
    todo: 'Do what the message says. Often `chmod go-w <directory>` is enough. Else set `SOLOD_DIR` to a new directory.',
  },
  SOLOD_E_STATE_DIRECTORY_UNUSABLE: {
    happened: 'The state directory can not be made or read.',
    where:
      'The message names the path and what the system said: a full disk, a read-only file system, a missing right.',
    todo: 'Fix that, or set `SOLOD_DIR` to another directory on a local disk. `solod doctor` tries it out.',
  },
  SOLOD_E_LOCK_ERROR: {
    happened: 'The spawn lock can not be taken. It lets one caller start the daemon while the others wait.',
    where: 'The message names the lock in the directory of the daemon, and what the system said.',
    todo: 'Free space, or give back the right to write there. Else set `SOLOD_DIR` to another directory.',
  },
  SOLOD_E_SOCKETS_FORBIDDEN: {
    happened: 'What runs this process does not let it use Unix sockets: a sandbox, seccomp or Landlock.',
    where: 'The message names the directory and what the system said.',
    todo: 'Allow Unix sockets in the sandbox. Without them, `SOLOD=off` or `--fallback inline` runs services in this process.',
  },
  SOLOD_E_NOT_REMOVED: {
    happened: '`solod gc` found something that nobody uses, and was not allowed to remove it.',
    where: 'The message names the path and what the system said.',
    todo: 'Remove it by hand, as the user who owns it.',
  },
  SOLOD_E_SPAWN_REFUSED: {
    happened: 'The system refused to start the process of the daemon.',
    where: `${DIRECTORY} The reason is the error of the system.`,
    todo: 'ENOENT or EACCES: check the program (`--node`). EAGAIN or ENOMEM: end processes, or raise `ulimit -u`. EMFILE: raise `ulimit -n`.',
  },
  SOLOD_E_SPAWN_THREW: {
    happened: 'The process of the daemon was not started, because the call to the system was invalid.',
    where: `${DIRECTORY} The reason is in the message.`,
    todo: 'Use fewer or other arguments, or a smaller environment. A null byte in a value causes this too.',
  },
  SOLOD_E_DIED_AT_START: {
    happened: 'The daemon was started and ended before it served. The call was not begun.',
    where: `${DIRECTORY} The file \`log\` in it has all of the output; the message has the end.`,
    todo: 'Read what it wrote last, fix the cause, and call again. `solod logs <service>` shows the whole log.',
  },
  SOLOD_E_CRASH_LOOP: {
    happened:
      'The daemon failed at its start several times in a row. The next start waits, so that it does not use up the machine.',
    where: `${DIRECTORY} \`solod spawns <service>\` lists the starts.`,
    todo: 'Fix the service: a changed file is tried at once. `solod restart <service>` tries at once too.',
  },
  SOLOD_E_TIMED_OUT: {
    happened:
      'The daemon did not answer in time. Either another caller is starting it, or it loads slowly, or it was about to end.',
    where: `${DIRECTORY} The message says which of the three it is.`,
    todo: 'Call again: it may be up by now. For a service that loads slowly, wait longer with `--timeout 30s`.',
  },
  SOLOD_E_NOT_ANSWERING: {
    happened: 'The daemon is there and does not answer. It may be stopped, hung in a loop, or very busy.',
    where: `${DIRECTORY} The message has the process id.`,
    todo: 'Call again. If it stays like this: `solod status`, then `solod restart --force <service>`. No daemon that may be alive is replaced by itself.',
  },
  SOLOD_E_DECLINED: {
    happened: 'The daemon runs and can not serve: its service does not load, or is not a service.',
    where: 'The message quotes the error of the service.',
    todo: 'Fix the error. The next call loads the service again.',
  },
  SOLOD_E_OUTDATED: {
    happened: 'The daemon belongs to a newer solod, whose protocol this one does not speak.',
    where: 'Two versions of solod use the same name and state directory.',
    todo: 'Update this solod. To keep both, give one of them its own `--name`.',
  },
  SOLOD_E_VACANT: {
    happened: 'No daemon took the call at once, and the caller did not want to wait (`--fallback inline`).',
    where: DIRECTORY,
    todo: 'Nothing: a daemon is started for the next call.',
  },
  SOLOD_E_SWITCHED_OFF: {
    happened: 'No daemon is used here.',
    where: 'The message says by what: `SOLOD=off`, `--no-daemon`, or the variable `CI`.',
    todo: 'Ask for a daemon with `--daemon` or `SOLOD=on`.',
  },
  SOLOD_E_NOT_ENDED: {
    happened: 'The daemon does not answer, and `--force` could not end it.',
    where: `${DIRECTORY} The message says why.`,
    todo: 'End it as its owner, or where it runs (a container has its own process ids). A process that hangs in the kernel ends when its disk or network answers.',
  },
  SOLOD_E_STILL_LOADING: {
    happened: 'The daemon is up, and its service is still loading. It is not hung.',
    where: DIRECTORY,
    todo: 'Wait longer with `--timeout`. If loading never ends, look at the top level of the service file.',
  },
  SOLOD_E_CLAIM_FAILED: {
    happened: 'A started process could not claim the name of the daemon.',
    where: 'The message names the step, the path, and what the system said.',
    todo: 'Run `solod doctor`: it tries each of these steps.',
  },
  SOLOD_E_CLAIM_UNSETTLED: {
    happened: 'The directory of the name changed all the time while a process claimed it.',
    where: 'The message names the directory.',
    todo: 'Find out which other program writes there, and stop it.',
  },
  SOLOD_E_KICK_LOCK_ERROR: {
    happened:
      'The daemon was started, but without the spawn lock. Another caller may have started one as well; one of them gives way.',
    where: 'The message names the lock and what the system said.',
    todo: 'Run `solod doctor` to find the reason.',
  },
  SOLOD_E_KICK_OVERRODE_LOCK: {
    happened: 'Another start took too long, so this caller started a daemon too. One of the two gives way.',
    where: '`solod spawns <service>` shows both starts.',
    todo: 'If that happens again, look at `solod logs <service>` for what takes so long.',
  },
  SOLOD_E_LOST: {
    happened:
      'The connection broke after the daemon had begun the call. Nobody knows whether the work was done.',
    where: 'Between this process and the daemon, which may have died: see `solod logs <service>`.',
    todo: 'Check whether the work was done, then call again. solod never repeats a call that had begun.',
  },
  SOLOD_E_STREAM: {
    happened: 'Standard input, output or error of the caller failed.',
    where: 'The message names the stream and the error.',
    todo: 'Check where the stream leads: a full disk, or a closed pipe.',
  },
  SOLOD_E_NO_SERVICE: {
    happened: 'The file was loaded, and does not export a service.',
    where: SERVICE_FILE,
    todo: 'Export an async function as the default export, or what `defineService` returns.',
  },
  SOLOD_E_HIDDEN_NAME: {
    happened: 'Callers read the name from the file without loading it, and can not read it where it stands.',
    where: SERVICE_FILE,
    todo: "Write it as a literal, as the first property: `defineService({ name: 'mine', … })`.",
  },
  SOLOD_E_HIDDEN_VARIABLE: {
    happened: 'Callers read which environment variables a service needs from the file without loading it.',
    where: SERVICE_FILE,
    todo: "Write `environment: ['TOKEN']` with literals, before `run`.",
  },
  SOLOD_E_HIDDEN_WORKERS: {
    happened: 'The daemon reads the number of workers from the file without loading it.',
    where: SERVICE_FILE,
    todo: "Write `workers: 4` or `workers: 'auto'`, before `run`.",
  },
  SOLOD_E_REFUSED: {
    happened: 'The system refused a call for which solod has no advice.',
    where: 'The message has what the system said.',
    todo: 'Check what it names. If it makes no sense, run `solod doctor`, and report it.',
  },
  SOLOD_E_NOT_LOADED: {
    happened:
      'Node could not load the service file: a syntax error, a missing package, or an exception at its top level.',
    where: `${SERVICE_FILE} The error of Node follows.`,
    todo: 'Fix the error. `node <file>` shows the same.',
  },
  SOLOD_E_WORKER_ENDED: {
    happened: 'The worker process that ran this call ended before the call did. Other calls go on.',
    where: 'The message has the exit code or the signal. `solod logs <service>` has what it wrote.',
    todo: 'Fix the service. If the heap was used up, raise `--worker-heap`.',
  },
  SOLOD_E_WORKER_TOO_MANY_WAIT: {
    happened: 'All workers are busy, and the queue is full.',
    where: 'The message has the length of the queue. `solod stats <service>` shows it over time.',
    todo: 'Call again later, or raise `--workers`.',
  },
  SOLOD_E_WORKER_NO_WORKER: {
    happened: 'The daemon can not start a worker.',
    where: 'The message quotes the error.',
    todo: 'Fix the error. The next call tries again.',
  },
  SOLOD_E_WORKER_NOT_BEGUN: {
    happened: 'The daemon ended while the call waited for a worker. The call was not begun.',
    where: DIRECTORY,
    todo: 'Call again: a new daemon is started.',
  },
  SOLOD_E_PROGRAM_NOT_SERVED: {
    happened: 'Nobody serves the name, and solod does not know how its program is started.',
    where: 'The message has the name.',
    todo: 'Say it once: `solod connect --name <name> -- <program>`. Later `solod connect <name>` is enough.',
  },
  SOLOD_E_PROGRAM_ENDED_UNHEARD: {
    happened: 'The program was started, and ended before it answered.',
    where: 'The message has the name and the process id.',
    todo: 'Read what it wrote: `solod logs --name <name>`. Check that it serves the descriptor that it is given.',
  },
  SOLOD_E_PROGRAM_LOST: {
    happened: 'The connection to the program broke.',
    where: 'The message has the name and what the system said.',
    todo: 'Check whether the work was done. Connect again if it may be done twice.',
  },
  SOLOD_E_NOT_EXECUTED: {
    happened: 'solod could not run the program that was to take over: Node, or the fallback of a call.',
    where:
      'The message names the program: `node` in the `PATH`, `solod` itself, or what follows `--fallback command --`.',
    todo: 'For Node: install 20.19 or newer, and put its directory first in the `PATH`. Give the absolute path of another program.',
  },
};
