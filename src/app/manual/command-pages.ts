/** Pages of the commands that look at daemons, of installing, and of mistakes on the command line. */

import type { SHARE_TROUBLE } from '../commands/share/share-text.js';
import type { COMMAND_TROUBLE } from '../texts/command-text.js';
import type { CodesOf } from '../texts/complaint.js';
import type { INSTALL_TROUBLE } from '../texts/install-text.js';
import type { USAGE } from '../texts/usage-text.js';
import { COMMAND_LINE, type ErrorPage, type ErrorPages, NAMED_FILE } from './error-page.js';

export type CommandCode = CodesOf<'command-', typeof COMMAND_TROUBLE>;
export type InstallCode =
  | CodesOf<'install-', typeof INSTALL_TROUBLE>
  | CodesOf<'share-', typeof SHARE_TROUBLE>;
export type UsageCode = CodesOf<'usage-', typeof USAGE>;

export const COMMAND_PAGES: ErrorPages<CommandCode> = {
  SOLOD_E_COMMAND_NOT_ASKED: {
    happened: 'The daemon can not be asked to stop.',
    where: 'The message says how the daemon is.',
    todo: 'Try again. `solod restart --force <service>` ends a daemon that does not answer.',
  },
  SOLOD_E_COMMAND_STILL_THERE: {
    happened: 'The daemon was asked to stop, and finishes its calls first.',
    where: 'The message has the process id and the number of calls.',
    todo: 'Wait longer with `--timeout`. It takes no new calls and ends by itself.',
  },
  SOLOD_E_COMMAND_NO_LOG: {
    happened: 'There is no log for this name.',
    where: NAMED_FILE,
    todo: 'Check the name with `solod ls`. Under systemd, `journalctl --user -u solod-<name>` has the output.',
  },
  SOLOD_E_COMMAND_NO_LOG_YET: {
    happened: '`logs --follow` waits for a log that does not exist yet.',
    where: NAMED_FILE,
    todo: 'Wait for the first start, or press Ctrl-C.',
  },
  SOLOD_E_COMMAND_NO_STARTS: {
    happened: 'No start of this daemon is recorded.',
    where: NAMED_FILE,
    todo: 'Check the name with `solod ls`.',
  },
  SOLOD_E_COMMAND_NO_LANES: {
    happened: 'No process was ever started for this name, so there is nothing to draw.',
    where: 'The message has the name.',
    todo: 'Run `solod spawns` without `--svg` to see which starts were refused.',
  },
  SOLOD_E_COMMAND_NEVER_STARTED: {
    happened: 'Nothing was ever started under this name, so `restart` does not know how.',
    where: 'The message has the name.',
    todo: 'Give the service file, or start the program with `solod connect --name <name> -- <program>`.',
  },
  SOLOD_E_COMMAND_NOT_DRAWN: {
    happened: 'The timeline can not be written.',
    where: NAMED_FILE,
    todo: 'Name another file with `--svg`, or `-` for standard output.',
  },
};

export const INSTALL_PAGES: ErrorPages<InstallCode> = {
  SOLOD_E_INSTALL_NO_SYSTEMD: {
    happened: 'Only Linux has systemd. Nothing was written.',
    where: 'The message names this system.',
    todo: 'Leave out `--systemd`: the first call starts the daemon.',
  },
  SOLOD_E_INSTALL_NOT_INSTALLED: {
    happened: 'There is no unit of this service to remove.',
    where: 'The message has the service.',
    todo: 'Check the name. `solod install --help` shows how units are installed.',
  },
  SOLOD_E_INSTALL_NOT_OURS: {
    happened: 'A file of that name exists, and solod did not write it for this service. It is left as it is.',
    where: NAMED_FILE,
    todo: 'Move it away, then try again.',
  },
  SOLOD_E_INSTALL_NOT_FOR_UNITS: {
    happened: 'A path or value can not be written into a unit file.',
    where: 'The message quotes it: it has a control character, or a space at one end.',
    todo: 'Rename the file or directory.',
  },
  SOLOD_E_INSTALL_NOT_WRITTEN: {
    happened: 'A file can not be written. What was written before is taken back.',
    where: NAMED_FILE,
    todo: 'Fix what the system said, then install again.',
  },
  SOLOD_E_INSTALL_NOT_READ: {
    happened: 'A file can not be read.',
    where: NAMED_FILE,
    todo: 'Fix what the system said, then try again.',
  },
  SOLOD_E_INSTALL_NO_FILE: {
    happened: 'The settings are a directory, a device or a socket.',
    where: NAMED_FILE,
    todo: 'Move it away, or name another file with `--settings`.',
  },
  SOLOD_E_INSTALL_READ_ONLY: {
    happened: 'The settings file is read-only.',
    where: NAMED_FILE,
    todo: 'Allow writing with `chmod u+w <file>`, or name another file.',
  },
  SOLOD_E_INSTALL_SETTINGS: {
    happened:
      'The settings file is not plain JSON, or has the entry in a way that can not be edited safely. Nothing was changed.',
    where: 'The message has the line and the column.',
    todo: 'Fix that place, then try again.',
  },
  SOLOD_E_INSTALL_KEPT_CHANGING: {
    happened: 'Another program keeps writing to the file. Nothing was changed.',
    where: NAMED_FILE,
    todo: 'Close that program, then try again.',
  },
  SOLOD_E_INSTALL_NOT_SHIM: {
    happened: 'A command of that name exists, and solod did not write it.',
    where: NAMED_FILE,
    todo: 'Move it away, or choose another name with `--as`.',
  },
  SOLOD_E_INSTALL_TAKEN: {
    happened: 'The command is installed for another service.',
    where: 'The message has the command and the service.',
    todo: 'Uninstall that one first, or choose another name with `--as`.',
  },
  SOLOD_E_INSTALL_BUSY: {
    happened: 'Another process installs the same command right now.',
    where: 'The message has its process id.',
    todo: 'Wait until it is done, then try again.',
  },
  SOLOD_E_INSTALL_NOT_FOR_SHIM: {
    happened: 'A path or value can not be written into a shell script, because it has a line break.',
    where: 'The message quotes it.',
    todo: 'Rename the file or directory.',
  },
  SOLOD_E_INSTALL_NO_RECORD: {
    happened: 'The record of an installation is damaged.',
    where: NAMED_FILE,
    todo: 'Check what it is, and move it away.',
  },
  SOLOD_E_INSTALL_NO_INSTALL: {
    happened: 'Nothing of that name is installed.',
    where: 'The message has the name.',
    todo: 'Give the command, or the service file with which it was installed.',
  },
  SOLOD_E_INSTALL_OFF_PATH: {
    happened: 'The command is installed, in a directory that is not on the `PATH`.',
    where: 'The message has the directory.',
    todo: 'Add the directory to the `PATH`, or call the command by its full path.',
  },
  SOLOD_E_INSTALL_ENTRY_CHANGED: {
    happened: 'The entry in the settings was changed after the installation, and is left as it is.',
    where: 'The message has the entry and the file.',
    todo: 'Remove it by hand if you do not want it.',
  },
  SOLOD_E_INSTALL_BACKUP_KEPT: {
    happened: 'The settings were changed since the installation. Their earlier text is kept in a file.',
    where: NAMED_FILE,
    todo: 'Remove that file when you no longer need it.',
  },
  SOLOD_E_INSTALL_SHIM_CHANGED: {
    happened: 'The command was changed after the installation, and is left as it is.',
    where: NAMED_FILE,
    todo: 'Remove it by hand if you do not want it.',
  },
  SOLOD_E_SHARE_KEPT_CHANGING: {
    happened: 'Another program keeps writing to the settings file. Nothing was changed.',
    where: NAMED_FILE,
    todo: 'Close the program that has it open, then try again.',
  },
  SOLOD_E_SHARE_NOT_READ: {
    happened: 'The settings file can not be read.',
    where: NAMED_FILE,
    todo: 'Check the path and its rights, then try again.',
  },
  SOLOD_E_SHARE_NOT_WRITTEN: {
    happened: 'The settings file can not be written. It is as it was.',
    where: NAMED_FILE,
    todo: 'Fix what the system said, then try again.',
  },
  SOLOD_E_SHARE_NOT_JSON: {
    happened: 'The settings file is not valid. Nothing was changed.',
    where: 'The message has the line.',
    todo: 'Fix that line, then try again.',
  },
};

const usage = (happened: string, todo: string): ErrorPage => ({ happened, where: COMMAND_LINE, todo });

export const USAGE_PAGES: ErrorPages<UsageCode> = {
  SOLOD_E_USAGE_NO_SERVICE: usage('No service file is given.', 'Write its path: `solod call ./service.mjs`.'),
  SOLOD_E_USAGE_NO_DAEMON: usage(
    'It is not clear which daemon is meant.',
    'Give a service file, or the name of a daemon. `solod ls` shows the names.',
  ),
  SOLOD_E_USAGE_NAME: usage(
    'The name can not be the name of a daemon, because it becomes a directory.',
    'Use 1 to 64 letters, digits, ".", "_" or "-". Start with a letter or a digit.',
  ),
  SOLOD_E_USAGE_ALL_AND_ONE: usage(
    '`--all` is given together with one service.',
    'Leave out one of the two.',
  ),
  SOLOD_E_USAGE_DASH_VALUE: usage(
    'An option is followed by another option instead of its value.',
    'Write a value that starts with "-" as `--option=value`.',
  ),
  SOLOD_E_USAGE_DURATION: usage(
    'The value is not a duration.',
    'Write a number and a unit: `500ms`, `10s`, `15m`, `1h`. Without a unit it is seconds. The longest is about 24 days.',
  ),
  SOLOD_E_USAGE_SIZE: usage('The value is not a size.', 'Write a whole number and a unit: `512M`, `2G`.'),
  SOLOD_E_USAGE_PID: usage('The value is not a process id.', 'Write the number that `ps` shows.'),
  SOLOD_E_USAGE_COUNT: usage('The value is not a number.', 'Write a whole number from 0 to 999999999.'),
  SOLOD_E_USAGE_WORKERS: usage(
    'The value is not a number of worker processes.',
    'Write `auto` for one for each CPU, or a whole number.',
  ),
  SOLOD_E_USAGE_WORD: usage('The option has other values.', 'Write one of the values in the message.'),
  SOLOD_E_USAGE_NO_COMMAND: usage(
    '`solod share` does not know which server to share.',
    'Write the command after two dashes: `solod share -- npx some-server`.',
  ),
  SOLOD_E_USAGE_STRAY: usage(
    'A word stands where `solod share` expects an option.',
    'Write the command of the server after `--`.',
  ),
  SOLOD_E_USAGE_TOO_MANY: usage('There is one argument too many.', 'Leave it out.'),
  SOLOD_E_USAGE_NO_SETTINGS: usage(
    'No settings file is given.',
    'Give its path: `solod share install ~/.claude.json`.',
  ),
  SOLOD_E_USAGE_NO_PROGRAM: usage(
    'The program of the server does not exist.',
    'Give its path, or put its directory on the `PATH`.',
  ),
  SOLOD_E_USAGE_MALFORMED: usage(
    'An option or command is unknown, or the value of an option is missing.',
    'Run `solod <command> --help` for the options. An option of your service goes after `--`: `solod call <service> -- --fix`.',
  ),
  SOLOD_E_USAGE_SWITCH: usage(
    '`SOLOD` has a value that it can not have.',
    'Set it to `on` or `off`, or unset it.',
  ),
  SOLOD_E_USAGE_APART: usage('Two options contradict each other.', 'Give one of them.'),
  SOLOD_E_USAGE_NO_DIRECTORY: usage(
    'The working directory of this process was removed.',
    'Change to another directory: `cd ~`.',
  ),
  SOLOD_E_USAGE_PLATFORM: usage(
    'This platform lacks what solod, or this part of it, needs: Unix sockets, or process groups.',
    'Use Linux or macOS. On Windows, use WSL, or a service instead of a program.',
  ),
  SOLOD_E_USAGE_PROJECT: usage(
    'The directory of the project does not exist.',
    'Give the root of the project.',
  ),
  SOLOD_E_USAGE_NEEDS: usage('An option has no effect without another one.', 'Give the other one as well.'),
  SOLOD_E_USAGE_COMMAND: usage(
    'The name of the service can not be the name of a command.',
    'Choose another name with `--as`.',
  ),
  SOLOD_E_USAGE_RELATIVE: usage('The directory is not an absolute path.', 'Start it with "/".'),
  SOLOD_E_USAGE_NO_HOME: usage('There is no home directory to install in.', 'Set `HOME`.'),
  SOLOD_E_USAGE_ENTRY: usage(
    'The value of `--entry` is not a path of keys.',
    'Write keys with dots between them: `editor.formatter`.',
  ),
  SOLOD_E_USAGE_VALUE: usage(
    'The value of `--value` is not JSON.',
    'Write JSON in quotes of the shell. `{command}` in it stands for the path of the command.',
  ),
  SOLOD_E_USAGE_CODE: usage(
    'There is no such code.',
    'Copy it from the end of a message. `docs/troubleshooting.md` has all of them.',
  ),
  SOLOD_E_USAGE_SHELL: usage('There is no completion for this shell.', 'Write `bash`, `zsh` or `fish`.'),
  SOLOD_E_USAGE_TOPIC: usage(
    'There is no such command and no such topic.',
    'Run `solod help` for the commands. The message has the topics.',
  ),
  SOLOD_E_USAGE_OPTIONS: usage(
    'A function of the library was called without an object of options.',
    'Give one. The types of the package say what each function takes.',
  ),
  SOLOD_E_USAGE_OPTION: usage(
    'An option that a function of the library needs is missing, or has a value that can not be used.',
    'Give what the message asks for. A type checker finds this before the call.',
  ),
  SOLOD_E_USAGE_CLOSED_CLIENT: usage('The client of the library was closed.', 'Make another one.'),
  SOLOD_E_USAGE_NOT_FOR_PROGRAMS: usage(
    'The option needs a service. A program that solod only starts knows nothing of it.',
    'Leave it out. `docs/programs.md` says what is offered.',
  ),
  SOLOD_E_USAGE_SCOPE: usage(
    'The value of `SOLOD_SCOPE` is not a word, which it has to be because it becomes a directory.',
    'Use 1 to 128 letters, digits, ".", "_" or "-". Start with a letter or a digit.',
  ),
  SOLOD_E_USAGE_SEVERAL_INSTALLED: usage(
    'The service is installed under several names.',
    'Choose one with `--as` and `--bin-dir`.',
  ),
};
