/** Mistakes on the command line, or in what the library is given. Nothing has been tried. */

import { coded } from './complaint.js';

const NAME_RULE = '1 to 64 letters, digits, ".", "_" or "-", starting with a letter or a digit';

export const USAGE = /* @__PURE__ */ coded('usage-', {
  noService: () => ({ what: 'no service is given', todo: 'give the path of its file' }),
  noDaemon: () => ({
    what: 'no daemon is named',
    todo: 'give a service file, or a name that "solod ls" shows',
  }),
  name: (name: string) => ({
    what: `${JSON.stringify(name)} is not a daemon name`,
    todo: `write ${NAME_RULE}`,
  }),
  allAndOne: () => ({ what: '--all means every daemon', todo: 'do not name one as well' }),
  dashValue: () => ({
    what: 'an option is followed by another option instead of its value',
    todo: 'write a value that starts with "-" as --option=value',
  }),
  duration: (option: string, text: string) => ({
    what: `--${option} ${text} is not a duration`,
    todo: 'write 500ms, 10s, 15m or 1h (without a unit: seconds)',
  }),
  size: (option: string, text: string) => ({
    what: `--${option} ${text} is not a size`,
    todo: 'write 512M or 2G (without a unit: bytes)',
  }),
  pid: (option: string, text: string) => ({
    what: `--${option} ${text} is not a process id`,
    todo: 'write the number that ps shows',
  }),
  count: (option: string, text: string) => ({
    what: `--${option} ${text} is not a number of ${option}`,
    todo: 'write one from 0 to 999999999',
  }),
  workers: (option: string, text: string, most: number) => ({
    what: `--${option} ${text} is not a number of processes`,
    todo: `write auto, or one from 0 to ${most}`,
  }),
  word: (option: string, text: string, known: readonly string[]) => ({
    what: `--${option} ${text} is not one of its values`,
    todo: `write ${known.join(' or ')}`,
  }),
  options: () => ({ what: 'no options are given', todo: 'give an object of options' }),
  option: (name: string, wanted: string) => ({
    what: `the option "${name}" is missing or wrong`,
    todo: `give ${wanted}`,
  }),
  closedClient: () => ({ what: 'this client is closed', todo: 'make another one' }),
  notForPrograms: (option: string) => ({
    what: `--${option} has no effect on a program that solod only starts`,
    todo: 'leave it out: docs/programs.md says what is offered',
  }),
  noCommand: () => ({ what: 'no command to share is given', todo: 'write solod share -- <command>' }),
  stray: (word: string) => ({
    what: `${JSON.stringify(word)} is not an option`,
    todo: 'write the command after "--"',
  }),
  tooMany: (word: string) => ({ what: `${JSON.stringify(word)} is one word too many`, todo: 'leave it out' }),
  noSettings: () => ({ what: 'no settings file is given', todo: 'give the path of one' }),
  noProgram: (program: string) => ({
    what: `there is no program ${JSON.stringify(program)}`,
    todo: 'give its path, or put its directory on the PATH',
  }),
  malformed: () => ({
    what: 'an option is unknown, or its value is missing',
    todo: 'run solod share --help',
  }),
  switch: (text: string) => ({
    what: `SOLOD=${text} is not one of its values`,
    todo: 'write on or off, or unset it',
  }),
  apart: (one: string, other: string) => ({
    what: `${one} and ${other} can't be used together`,
    todo: 'give one of them',
  }),
  noDirectory: () => ({
    what: 'the working directory of this process does not exist any more',
    todo: 'change to another one',
  }),
  scope: (text: string) => ({
    what: `SOLOD_SCOPE=${JSON.stringify(text)} is not a word`,
    todo: 'write 1 to 128 letters, digits, ".", "_" or "-", starting with a letter or a digit',
  }),
  platform: (platform: string, subject = 'solod', need = 'Unix sockets') => ({
    what: `${subject} does not run on ${platform}, because it needs ${need}`,
    todo: 'use Linux or macOS (on Windows: WSL)',
  }),
  project: (directory: string) => ({
    what: `the project directory ${directory} does not exist`,
    todo: 'give the root of the project',
  }),
  needs: (one: string, other: string) => ({
    what: `${one} has no effect without ${other}`,
    todo: `give ${other} as well`,
  }),
  command: (name: string) => ({
    what: `${JSON.stringify(name)} can't be the name of a command`,
    todo: `give another with --as: ${NAME_RULE}`,
  }),
  relative: (option: string, directory: string) => ({
    what: `--${option} ${directory} is not an absolute path`,
    todo: 'write one that starts with "/"',
  }),
  noHome: () => ({ what: 'there is no home directory to install in', todo: 'set HOME' }),
  entry: (text: string) => ({
    what: `--entry ${text} is not a path of keys`,
    todo: 'write keys with a "." between them, as in statusLine or editor.formatter',
  }),
  value: (text: string) => ({
    what: `--value ${text} is not JSON`,
    todo: 'write JSON, in which "{command}" stands for the path of the installed command',
  }),
  code: (text: string, similar: readonly string[] = []) => ({
    what: `${JSON.stringify(text)} is not a code`,
    todo:
      similar.length > 0
        ? `write ${similar.join(' or ')}`
        : 'write one as it stands at the end of a message, such as SOLOD_E_TIMED_OUT',
  }),
  shell: (text: string, known: readonly string[]) => ({
    what: `there is no completion for ${JSON.stringify(text)}`,
    todo: `write ${known.join(' or ')}`,
  }),
  topic: (text: string, known: readonly string[], similar: readonly string[] = []) => ({
    what: `${JSON.stringify(text)} is not a command or a topic`,
    todo: similar.length > 0 ? `write ${similar.join(' or ')}` : `write a command, or ${known.join(' or ')}`,
  }),
  severalInstalled: (asked: string, commands: readonly string[]) => ({
    what: `${asked} is installed as ${commands.join(', ')}`,
    todo: 'choose one with --as and --bin-dir',
  }),
});
