/** Files by which systemd listens for a daemon: systemd.socket(5), systemd.service(5). */

import type { Target } from '../../library/daemon-target.js';

export interface UnitPlace {
  readonly target: Pick<Target, 'label'>;
  /** The directory of the name. */
  readonly directory: string;
  /** What systemd listens on: `listen.sock` in that directory. */
  readonly listener: string;
}

export interface Unit extends UnitPlace {
  /** The program that serves, and its arguments; the first is an absolute path. */
  readonly command: readonly [string, ...string[]];
}

export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/** A line in every file says for which daemon it was written. Other files are never replaced or removed. */
function markOf(directory: string): string {
  return `written by solod install for ${directory}`;
}

/**
 * In a unit's name "@" starts an instance (systemd.unit(5)), and ":" an alias to systemd-analyze(1). Two
 * daemons may get the same unit name this way; the mark in the files tells them apart.
 */
const unitNameOf = (label: string): string => `solod-${label.replace('@', '-at-')}`;

export const socketNameOf = (label: string): string => `${unitNameOf(label)}.socket`;
export const serviceNameOf = (label: string): string => `${unitNameOf(label)}.service`;
/** What the files of a daemon are called, in the order of `unitFiles`. */
export const unitFileNames = (label: string): readonly string[] => [
  socketNameOf(label),
  serviceNameOf(label),
];

export function unitFiles(unit: Unit): readonly UnitFile[] {
  const { label } = unit.target;
  return [
    { name: socketNameOf(label), text: socketText(unit) },
    { name: serviceNameOf(label), text: serviceText(unit, socketNameOf(label)) },
  ];
}

/**
 * RemoveOnStop: callers connect to `current/sock`, another name for the same socket, so nobody needs the one
 * that is removed. The backlog is the kernel's default, SOMAXCONN.
 */
function socketText({ target, directory, listener }: UnitPlace): string {
  return `# ${specifiersEscaped(markOf(directory))}
[Unit]
Description=solod daemon ${target.label}, its listener

[Socket]
ListenStream=${specifiersEscaped(listener)}
SocketMode=0600
DirectoryMode=0700
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}

/**
 * NotifyAccess=all: systemd-notify is a separate process. KillMode=mixed: the daemon lets its work finish,
 * and processes that its service has started may be part of that work.
 */
function serviceText({ target, directory, command }: Unit, socket: string): string {
  return `# ${specifiersEscaped(markOf(directory))}
[Unit]
Description=solod daemon ${target.label}
Requires=${socket}
After=${socket}

[Service]
Type=notify
NotifyAccess=all
KillMode=mixed
WorkingDirectory=/
ExecStart=${command.map(execWord).join(' ')}
`;
}

/** systemd.unit(5), "Specifiers". */
function specifiersEscaped(text: string): string {
  return text.replaceAll('%', '%%');
}

/**
 * One word of a command line: systemd.syntax(7), "Quoting", and systemd.service(5), "Command lines". The ":"
 * before the first word, the program, turns off the meaning of "$" for the whole line.
 */
function execWord(word: string, index: number): string {
  const text = specifiersEscaped(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${index === 0 ? ':' : ''}${text}"`;
}

/** Whether install wrote a file for that daemon. */
export function isWrittenFor(text: string, directory: string): boolean {
  const line = `# ${specifiersEscaped(markOf(directory))}`;
  return text.split('\n').some((written) => written.trim() === line);
}

/** @returns the first word that a unit can't hold, such as a path with a control character */
export function unfitText(unit: Unit): string | undefined {
  return [unit.listener, ...unit.command].find((text) => /\p{Cc}/u.test(text) || text !== text.trim());
}
