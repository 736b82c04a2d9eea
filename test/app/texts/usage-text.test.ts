/** Mistakes on the command line: what is wrong, and what to write instead. */

import { describe } from 'vitest';
import { USAGE } from '../../../src/app/texts/usage-text.js';
import { itSays, type Says } from './says.js';

const SAYS: Says<typeof USAGE> = {
  noService: [USAGE.noService(), 'no service is given; give the path of its file'],
  noDaemon: [USAGE.noDaemon(), 'no daemon is named; give a service file, or a name that "solod ls" shows'],
  name: [
    USAGE.name('x y'),
    '"x y" is not a daemon name; write 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or a digit',
  ],
  allAndOne: [USAGE.allAndOne(), '--all means every daemon; do not name one as well'],
  dashValue: [
    USAGE.dashValue(),
    'an option is followed by another option instead of its value; write a value that starts with "-" as --option=value',
  ],
  duration: [
    USAGE.duration('grace', '1x'),
    '--grace 1x is not a duration; write 500ms, 10s, 15m or 1h (without a unit: seconds)',
  ],
  size: [
    USAGE.size('memory-limit', '1x'),
    '--memory-limit 1x is not a size; write 512M or 2G (without a unit: bytes)',
  ],
  pid: [USAGE.pid('tether', 'x'), '--tether x is not a process id; write the number that ps shows'],
  count: [USAGE.count('lines', 'x'), '--lines x is not a number of lines; write one from 0 to 999999999'],
  workers: [
    USAGE.workers('workers', 'x', 1000),
    '--workers x is not a number of processes; write auto, or one from 0 to 1000',
  ],
  word: [
    USAGE.word('fallback', 'x', ['wait', 'inline']),
    '--fallback x is not one of its values; write wait or inline',
  ],
  switch: [USAGE.switch('x'), 'SOLOD=x is not one of its values; write on or off, or unset it'],
  apart: [USAGE.apart('--a', '--b'), "--a and --b can't be used together; give one of them"],
  noDirectory: [
    USAGE.noDirectory(),
    'the working directory of this process does not exist any more; change to another one',
  ],
  options: [USAGE.options(), 'no options are given; give an object of options'],
  option: [
    USAGE.option('stdout', 'a writable stream'),
    'the option "stdout" is missing or wrong; give a writable stream',
  ],
  closedClient: [USAGE.closedClient(), 'this client is closed; make another one'],
  notForPrograms: [
    USAGE.notForPrograms('workers'),
    '--workers has no effect on a program that solod only starts; leave it out: docs/programs.md says what is offered',
  ],
  scope: [
    USAGE.scope('a/b'),
    'SOLOD_SCOPE="a/b" is not a word; write 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or a digit',
  ],
  noCommand: [USAGE.noCommand(), 'no command to share is given; write solod share -- <command>'],
  stray: [USAGE.stray('x'), '"x" is not an option; write the command after "--"'],
  tooMany: [USAGE.tooMany('x'), '"x" is one word too many; leave it out'],
  noSettings: [USAGE.noSettings(), 'no settings file is given; give the path of one'],
  noProgram: [
    USAGE.noProgram('x'),
    'there is no program "x"; give its path, or put its directory on the PATH',
  ],
  malformed: [USAGE.malformed(), 'an option is unknown, or its value is missing; run solod share --help'],
  platform: [
    USAGE.platform('win32'),
    'solod does not run on win32, because it needs Unix sockets; use Linux or macOS (on Windows: WSL)',
  ],
  project: [USAGE.project('/p'), 'the project directory /p does not exist; give the root of the project'],
  needs: [USAGE.needs('--a', '--b'), '--a has no effect without --b; give --b as well'],
  command: [
    USAGE.command('a b'),
    '"a b" can\'t be the name of a command; give another with --as: 1 to 64 letters, digits, ".", "_" or "-", starting with a letter or a digit',
  ],
  relative: [
    USAGE.relative('bin-dir', 'bin'),
    '--bin-dir bin is not an absolute path; write one that starts with "/"',
  ],
  noHome: [USAGE.noHome(), 'there is no home directory to install in; set HOME'],
  entry: [
    USAGE.entry('a..b'),
    '--entry a..b is not a path of keys; write keys with a "." between them, as in statusLine or editor.formatter',
  ],
  value: [
    USAGE.value('x'),
    '--value x is not JSON; write JSON, in which "{command}" stands for the path of the installed command',
  ],
  code: [
    USAGE.code('x'),
    '"x" is not a code; write one as it stands at the end of a message, such as SOLOD_E_TIMED_OUT',
  ],
  shell: [USAGE.shell('x', ['bash', 'zsh']), 'there is no completion for "x"; write bash or zsh'],
  topic: [
    USAGE.topic('x', ['errors', 'files']),
    '"x" is not a command or a topic; write a command, or errors or files',
  ],
  severalInstalled: [
    USAGE.severalInstalled('x.mjs', ['/a/x', '/b/x']),
    'x.mjs is installed as /a/x, /b/x; choose one with --as and --bin-dir',
  ],
};

describe('a mistake', () => itSays(SAYS));
