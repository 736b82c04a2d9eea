/** Pages of what `solod doctor` finds. */

import type { FindingCode } from '../../domain/doctor/findings.js';
import type { ErrorPage, ErrorPages } from './error-page.js';

const NAMED = 'The finding begins with the path.';
const OF_DAEMON = 'The finding begins with the directory of the daemon.';
const ENVIRONMENT = 'The environment of this call.';

const finding = (happened: string, where: string, todo: string): ErrorPage => ({ happened, where, todo });
/** All is well, or it could not be found out. */
const fact = (happened: string, where: string): ErrorPage => ({ happened, where, todo: 'Nothing.' });

export const DOCTOR_PAGES: ErrorPages<FindingCode> = {
  SOLOD_E_DOCTOR_RUNTIME: fact('The versions of solod and Node, and the platform.', ENVIRONMENT),
  SOLOD_E_DOCTOR_PLATFORM_UNSUPPORTED: finding(
    'solod does not run on this platform.',
    'The finding names the platform.',
    'Use Linux or macOS. On Windows, use WSL.',
  ),
  SOLOD_E_DOCTOR_NODE_TOO_OLD: finding(
    'This version of Node is older than solod needs.',
    'The `node` that is first on the `PATH`.',
    'Install the version in the finding, or a newer one. For daemons, `--node` names another Node.',
  ),
  SOLOD_E_DOCTOR_NATIVE_CLIENT: fact('Calls do not start Node: the native client is there.', NAMED),
  SOLOD_E_DOCTOR_NATIVE_CLIENT_MISSING: finding(
    'The native client is an optional package, and it is not installed. Each call starts Node instead.',
    'The finding names the package.',
    'Install solod again without `--omit=optional`, if it is called often.',
  ),
  SOLOD_E_DOCTOR_NATIVE_CLIENT_UNUSABLE: finding(
    'The native client is installed, and can not be executed. Each call starts Node instead.',
    NAMED,
    'Install solod again with its optional dependencies, on the machine where it runs.',
  ),
  SOLOD_E_DOCTOR_NATIVE_CLIENT_DIFFERS: finding(
    'The native client that is installed beside solod is of another release. It answers calls and kicks; Node does everything else.',
    NAMED,
    'Install solod again with its optional dependencies. Each release names the client that it needs.',
  ),
  SOLOD_E_DOCTOR_RELATIVE_IGNORED: finding(
    'A variable that leads to the state directory has a relative path. solod ignores it.',
    'The finding names the variable.',
    'Set it to an absolute path, or unset it.',
  ),
  SOLOD_E_DOCTOR_RELATIVE_ROOT: finding(
    '`SOLOD_DIR` is a relative path. Callers in another working directory have daemons of their own.',
    NAMED,
    'Set `SOLOD_DIR` to an absolute path.',
  ),
  SOLOD_E_DOCTOR_BASE_IGNORED: finding(
    'A place for daemons comes first in the order, but it is not safe or not usable. Another is used.',
    'The finding has the path, what leads there, and the reason.',
    'Do what the finding says, or leave it. `solod doctor --explain-place` shows which place is used.',
  ),
  SOLOD_E_DOCTOR_BASE_OF_SOME: finding(
    'A variable leads to the daemons, and some callers do not have it. Those use other daemons.',
    'Often cron, a systemd unit or `su` lacks the variable.',
    'Set the variable, or `SOLOD_DIR`, for all callers.',
  ),
  SOLOD_E_DOCTOR_ANOTHER_SCOPE: finding(
    'Callers that see other files, networks or processes use the directory. Yours have a part of it.',
    'Often a container and its host have the same home directory.',
    'Nothing. Give both the same `SOLOD_SCOPE` if they share all that matters.',
  ),
  SOLOD_E_DOCTOR_DIRECTORY_SOUND: fact('The directory is yours, and others are kept out.', NAMED),
  SOLOD_E_DOCTOR_DIRECTORY_MISSING: fact(
    'The directory does not exist yet. The first daemon makes it.',
    NAMED,
  ),
  SOLOD_E_DOCTOR_DIRECTORY_DISTRUSTED: finding(
    'Other users could write to the directory, or could have put it there. Calls refuse to use it.',
    NAMED,
    'Do what the finding says. Often `chmod go-w <directory>` is enough. Else set `SOLOD_DIR`.',
  ),
  SOLOD_E_DOCTOR_DIRECTORY_OPEN: finding(
    'Others can list or enter the directory. They can not write to it.',
    NAMED,
    'Run `chmod 700 <directory>`.',
  ),
  SOLOD_E_DOCTOR_DIRECTORY_UNREADABLE: finding(
    'The directory can not be read.',
    NAMED,
    'Check the modes of it and of those above it with `namei -l <directory>`. Or set `SOLOD_DIR`.',
  ),
  SOLOD_E_DOCTOR_PARENT_WRITABLE: finding(
    'Others can write to a directory above the daemons. They could replace what is below it.',
    NAMED,
    'Run `chmod go-w` or `chmod +t` on it, or set `SOLOD_DIR` to another directory.',
  ),
  SOLOD_E_DOCTOR_PATH_TOO_LONG: finding(
    'The path is too long for a socket. A short one below the directory for temporary files is used.',
    NAMED,
    'Nothing. Or set a shorter `SOLOD_DIR`.',
  ),
  SOLOD_E_DOCTOR_FILE_SYSTEM: fact('The type of the file system. Daemons can live on it.', NAMED),
  SOLOD_E_DOCTOR_FILE_SYSTEM_SHARED: finding(
    'The file system is on a network, such as NFS. Sockets do not work across machines, so there can be two daemons.',
    NAMED,
    'Set `SOLOD_DIR` to a directory on a local disk.',
  ),
  SOLOD_E_DOCTOR_FILE_SYSTEM_FOREIGN: finding(
    'Another system is behind the file system: 9p, FUSE, a shared folder of a virtual machine. Sockets often fail there.',
    NAMED,
    'Nothing if the trial passes. Else set `SOLOD_DIR` to a directory on a local disk.',
  ),
  SOLOD_E_DOCTOR_FILE_SYSTEM_UNKNOWN: fact('The type of the file system can not be read.', NAMED),
  SOLOD_E_DOCTOR_NO_SPACE: finding('The file system is full.', NAMED, 'Make room, or set `SOLOD_DIR`.'),
  SOLOD_E_DOCTOR_NO_INODES: finding(
    'The file system has no room for another file, although it may have free bytes.',
    NAMED,
    'Remove files there: `df -i <directory>` counts them.',
  ),
  SOLOD_E_DOCTOR_TRIAL_PASSED: fact(
    'Doctor did in the directory what a daemon does, and all of it worked.',
    NAMED,
  ),
  SOLOD_E_DOCTOR_LOCK_HELD: fact('Doctor held a file as a daemon does, and listened on a pipe.', NAMED),
  SOLOD_E_DOCTOR_TRIAL_FAILED: finding(
    'Doctor did in the directory what a daemon does, and a step failed. No daemon can live there.',
    'The finding has the path, the step, and what the system said.',
    'Do what the finding says, or set `SOLOD_DIR` to another directory.',
  ),
  SOLOD_E_DOCTOR_SANDBOXED: finding(
    'Files can be made in the directory, but sockets can not. Often a sandbox forbids them.',
    'The finding has the path and the step.',
    'Allow Unix sockets in the sandbox. Without them, `SOLOD=off` runs services in the process of the caller.',
  ),
  SOLOD_E_DOCTOR_TRIAL_UNSETTLED: finding(
    'The machine was so busy that the trial did not end in time.',
    'The finding has the path and the step.',
    'Run `solod doctor` again when the machine is less busy.',
  ),
  SOLOD_E_DOCTOR_RENAME_NOT_EXCLUSIVE: finding(
    'The file system renames a directory over another that is not empty. There could be two daemons.',
    NAMED,
    'Set `SOLOD_DIR` to a directory on a local disk. Please report the type of this file system.',
  ),
  SOLOD_E_DOCTOR_CLOCK_SKEW: finding(
    'The file system and this machine have different times. Locks are judged by their age.',
    NAMED,
    'Set both clocks, or use a local disk.',
  ),
  SOLOD_E_DOCTOR_FROM_THE_FUTURE: finding(
    'A file has a time in the future. A clock was set back after it was written.',
    NAMED,
    'Set the clock. Locks are judged by their age.',
  ),
  SOLOD_E_DOCTOR_TMP_CLEANER: finding(
    'A program removes old files there. Callers can not find a daemon whose files are gone, and start another.',
    'The finding names the program and the age.',
    'Exempt the directory as the finding says, or set `SOLOD_DIR` to a directory elsewhere.',
  ),
  SOLOD_E_DOCTOR_DAEMON_ANSWERS: fact('A daemon serves the name, and answers.', OF_DAEMON),
  SOLOD_E_DOCTOR_DAEMON_OF_ITS_OWN: fact(
    'A program serves the name. Only its own clients can ask it how it is.',
    OF_DAEMON,
  ),
  SOLOD_E_DOCTOR_NO_DAEMON: fact('Nobody serves the name. The next call starts a daemon.', OF_DAEMON),
  SOLOD_E_DOCTOR_DAEMON_STOPPED: finding(
    'Somebody stopped the process of the daemon, with `SIGSTOP` or in a debugger. Calls wait for it.',
    'The finding has the process id.',
    'Run `kill -CONT <pid>` to let it go on.',
  ),
  SOLOD_E_DOCTOR_DAEMON_SILENT: finding(
    'The daemon takes connections and does not answer. It hangs, or its service blocks the thread.',
    'The finding has the process id. `solod logs` may have the reason.',
    'Wait if it is busy. Else run `solod restart --force <service>`.',
  ),
  SOLOD_E_DOCTOR_CONNECT_REFUSED: finding(
    'The system does not let this process connect to the socket of the daemon.',
    OF_DAEMON,
    'Run both in the same sandbox, or allow the socket there. Check the modes of the directory.',
  ),
  SOLOD_E_DOCTOR_SIGNAL_REFUSED: finding(
    'This process can not signal the daemon. A daemon that hangs can not be ended from here.',
    'The finding has the process id.',
    'Nothing. If it hangs, end it from outside the sandbox.',
  ),
  SOLOD_E_DOCTOR_ENVIRONMENT_DIFFERS: finding(
    'The daemon was started with another `HOME` or `TMPDIR`. Each call has its own, but libraries may read the old one.',
    'The finding has the variable and both values.',
    'Run `solod restart <service>` if the service does not read it from the call.',
  ),
  SOLOD_E_DOCTOR_ROOT_DIFFERS: finding(
    'Callers with the environment of the daemon look for it in another directory.',
    'The finding has both directories.',
    'Set `SOLOD_DIR` to the same directory for all callers.',
  ),
  SOLOD_E_DOCTOR_ENVIRONMENT_UNKNOWN: fact('The environment of the daemon can not be read.', OF_DAEMON),
  SOLOD_E_DOCTOR_PID_NAMESPACE_DIFFERS: finding(
    'The daemon runs in another container. The same path may be another file for it.',
    OF_DAEMON,
    'Give each container a `SOLOD_DIR` of its own.',
  ),
  SOLOD_E_DOCTOR_NETWORK_NAMESPACE_DIFFERS: finding(
    'The daemon runs in another network namespace. What it connects to may be another machine.',
    OF_DAEMON,
    'Give each container a `SOLOD_DIR` of its own, or run `solod restart <service>` here.',
  ),
  SOLOD_E_DOCTOR_NAMESPACE_UNKNOWN: fact('The network namespace of the daemon can not be read.', OF_DAEMON),
  SOLOD_E_DOCTOR_VERSION_DIFFERS: finding(
    'The daemon runs another version of solod than this command.',
    'The finding has both versions.',
    'Run `solod restart <service>`.',
  ),
  SOLOD_E_DOCTOR_SEVERAL_VERSIONS: finding(
    'Daemons of several versions of solod run.',
    'The finding has the versions. `solod ls` lists the daemons.',
    'Run `solod restart` for the older ones.',
  ),
  SOLOD_E_DOCTOR_DEAD_GENERATIONS: finding(
    'Directories of daemons that are gone were not removed.',
    OF_DAEMON,
    'Nothing. The next daemon removes them, or `solod gc` does.',
  ),
  SOLOD_E_DOCTOR_DEAD_ABOVE: finding(
    'A daemon was killed while it claimed the name. Its directory is left.',
    OF_DAEMON,
    'Nothing. The next daemon takes the number after it.',
  ),
  SOLOD_E_DOCTOR_SECOND_DAEMON: finding(
    'Two processes listen for the same name. Or a new daemon came up while doctor looked.',
    'The finding has the generation, and the process id if it is known.',
    'Run `solod doctor` again. If it is still there, run `kill <pid>`, and please report it.',
  ),
  SOLOD_E_DOCTOR_CURRENT_DANGLING: finding(
    'The link to the current daemon leads to nothing. Something removed the directory of the daemon.',
    OF_DAEMON,
    'Nothing. The next call starts a daemon. Find out what removes files there.',
  ),
  SOLOD_E_DOCTOR_CURRENT_MISSING: finding(
    'The link to the current daemon is gone. Something removed it, or a daemon was killed before it made one.',
    OF_DAEMON,
    'Nothing. The next call starts a daemon. Find out what removes files there.',
  ),
  SOLOD_E_DOCTOR_CURRENT_FOREIGN: finding(
    'Another program made a file with the name of the link to the current daemon.',
    OF_DAEMON,
    'Move it away to keep it. The next daemon moves it out of the way.',
  ),
  SOLOD_E_DOCTOR_LOCK_LEFT: finding(
    'A caller was killed while it started a daemon. Its lock is left, and keeps nobody waiting.',
    NAMED,
    'Nothing. The next daemon removes it, or `solod gc` does.',
  ),
  SOLOD_E_DOCTOR_LOCK_OLD: finding(
    'A caller holds the lock longer than a start takes. It hangs, or the machine was asleep.',
    'The finding has the process id and the time.',
    'Nothing. The next caller takes the lock over.',
  ),
  SOLOD_E_DOCTOR_LOCK_FOREIGN: finding(
    'Another program made a file with the name of the lock.',
    NAMED,
    'Move it away to keep it. The next caller takes its place.',
  ),
  SOLOD_E_DOCTOR_ABANDONED: finding(
    'Processes were killed, and what they had made is left.',
    OF_DAEMON,
    'Nothing. The next daemon removes it, or `solod gc` does.',
  ),
  SOLOD_E_DOCTOR_TRASH: finding(
    'Something that was to be removed is still there. A process was killed before it had removed all.',
    OF_DAEMON,
    'Nothing. The next daemon removes it, or `solod gc` does.',
  ),
  SOLOD_E_DOCTOR_FOREIGN_FILES: finding(
    'There are files that solod did not make. It leaves them alone.',
    'The finding has the directory and up to five names.',
    'Move them away if you can.',
  ),
  SOLOD_E_DOCTOR_UNWRITABLE: finding(
    'A daemon could not write to its log, or to its record of starts.',
    NAMED,
    'Make it a file that you can write to, or remove it.',
  ),
  SOLOD_E_DOCTOR_SHARED_SERVERS: fact('A broker of `solod share` runs these servers.', OF_DAEMON),
  SOLOD_E_DOCTOR_SERVERS_LEFT: finding(
    'A broker of `solod share` was killed, and its servers still run.',
    'The finding has their process ids.',
    'Nothing: the next session ends them. Or end them with `kill`.',
  ),
  SOLOD_E_DOCTOR_SESSIONS_IN_NODE: finding(
    'Each session of `solod share` runs in Node, because the native client is not installed. That takes more memory.',
    'The finding names the package.',
    'Install solod again without `--omit=optional`. Then run `solod share install` again.',
  ),
  SOLOD_E_DOCTOR_SESSIONS_NOT_NATIVE: finding(
    'This Node can not become the native client. Each session of `solod share` takes more memory.',
    'The finding has the version of Node.',
    'Run `solod share install` again, which writes the path of the native client. Or use Node 22.15 or newer.',
  ),
};
