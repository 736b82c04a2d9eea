/** What each command takes besides options, and what it does: for help, completion, man page and pages. */

import type { CommandName } from './option-table.js';

export interface CommandHelp {
  /** What follows the command; empty for nothing. */
  readonly operand: string;
  readonly summary: string;
}

/** A daemon that may exist already: by its service file, or by its name alone. */
export const DAEMON_OPERAND = '[service|name]';

const of = (operand: string, summary: string): CommandHelp => ({ operand, summary });

export const COMMANDS: Readonly<Record<CommandName, CommandHelp>> = {
  call: of('<service> [args...]', 'call a service through its daemon, starting one if there is none'),
  serve: of('<service>', 'serve in the foreground'),
  kick: of('<service>', 'make sure that the daemon is there or on its way, without waiting for it'),
  status: of(DAEMON_OPERAND, 'show how the daemon of a service is doing, or every daemon'),
  stop: of(DAEMON_OPERAND, 'end the daemon after its work in flight'),
  restart: of(DAEMON_OPERAND, 'end the daemon and start it again'),
  install: of(
    '<service>',
    'put a service on the PATH as a command, and in a settings file; or (--systemd) let systemd start its daemon',
  ),
  uninstall: of('[service]', 'undo what install did; the daemon keeps running'),
  ls: of('', 'list the daemons'),
  logs: of(DAEMON_OPERAND, 'print what the daemon of a service wrote'),
  spawns: of(DAEMON_OPERAND, 'show every start of a daemon: why, who asked, how it ended'),
  stats: of(DAEMON_OPERAND, 'print what daemons have done: calls, times, memory, queue'),
  doctor: of(DAEMON_OPERAND, 'check what daemons need and how they are, and say what to do; changes nothing'),
  gc: of(DAEMON_OPERAND, 'remove what dead daemons and killed callers left behind'),
  share: of(
    '[command...]',
    'speak MCP on stdin and stdout, and share one server with all who ask for the same',
  ),
  'share ls': of('', 'list what is shared: processes, clients, requests in flight, memory saved'),
  'share install': of('<settings>', "put the servers of a host's settings file behind solod share"),
  'share uninstall': of('<settings>', 'undo what share install did'),
  connect: of(
    '[name]',
    "join stdin and stdout to a daemon's socket, starting <program> if there is none: --name <name> -- <program>",
  ),
  path: of('<name>', "print the path of a daemon's socket"),
  explain: of('<code>', 'say what a code such as SOLOD_E_TIMED_OUT means, and what to do'),
  completion: of('<shell>', 'print the completion script for bash, zsh or fish'),
  help: of('[topic...]', 'explain a command or a topic: errors, exit-codes, environment, files, values'),
};
