/** Files by which a service manager listens for a daemon: systemd.socket(5), .service(5), launchd.plist(5). */

import type { Target } from '../../library/daemon-target.js';

export interface UnitPlace {
  readonly target: Pick<Target, 'label'>;
  /** The directory of the name. */
  readonly directory: string;
  /** What the manager listens on: `listen.sock` in that directory. */
  readonly listener: string;
}

export interface Unit extends UnitPlace {
  /** The program that serves, and its arguments; the first is an absolute path. */
  readonly command: readonly [string, ...string[]];
}

export type Manager = 'systemd' | 'launchd';

export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/** A line in every file says for which daemon it was written. Other files are never replaced or removed. */
export function markOf(directory: string): string {
  return `written by solod install for ${directory}`;
}

/**
 * In a unit's name "@" starts an instance (systemd.unit(5)), and ":" an alias to systemd-analyze(1). Two
 * daemons may get the same unit name this way; the mark in the files tells them apart.
 */
const unitNameOf = (label: string): string => `solod-${label.replace('@', '-at-')}`;

/** launchd.plist(5): by convention a label is a reversed domain name. */
export const launchdLabelOf = (label: string): string => `solod.${label.replace('@', '-at-')}`;

export const socketNameOf = (label: string): string => `${unitNameOf(label)}.socket`;
export const serviceNameOf = (label: string): string => `${unitNameOf(label)}.service`;
export const plistNameOf = (label: string): string => `${launchdLabelOf(label)}.plist`;

/** What the files of a daemon are called, in the order of `unitFiles`. */
export function unitFileNames(manager: Manager, label: string): readonly string[] {
  switch (manager) {
    case 'systemd':
      return [socketNameOf(label), serviceNameOf(label)];
    case 'launchd':
      return [plistNameOf(label)];
  }
}

export function unitFiles(manager: Manager, unit: Unit): readonly UnitFile[] {
  const { label } = unit.target;
  switch (manager) {
    case 'systemd':
      return [
        { name: socketNameOf(label), text: socketText(unit) },
        { name: serviceNameOf(label), text: serviceText(unit, socketNameOf(label)) },
      ];
    case 'launchd':
      return [{ name: plistNameOf(label), text: plistText(unit) }];
  }
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

/**
 * launch_activate_socket(3) needs native code; inetd(8) compatibility does not: with Wait, the listening
 * socket is standard input. The shell moves it to the descriptor of sd_listen_fds(3), so that the daemon is
 * started alike by both managers.
 */
const SHELL = 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3<&0 </dev/null >>"$SOLOD_LOG" 2>&1';

function plistText({ target, directory, listener, command }: Unit): string {
  const words = ['/bin/sh', '-c', SHELL, ...command].map((word) => `    ${string(word)}`).join('\n');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key>
  ${string(launchdLabelOf(target.label))}
  <key>ProgramArguments</key>
  <array>
${words}
  </array>
  <key>EnvironmentVariables</key>
  <dict>
    <key>SOLOD_LOG</key>
    ${string(`${directory}/log`)}
    <key>SOLOD_UNIT</key>
    ${string(markOf(directory))}
  </dict>
  <key>WorkingDirectory</key>
  <string>/</string>
  <key>inetdCompatibility</key>
  <dict>
    <key>Wait</key>
    <true/>
  </dict>
  <key>Sockets</key>
  <dict>
    <key>Listener</key>
    <dict>
      <key>SockPathName</key>
      ${string(listener)}
      <key>SockPathMode</key>
      <integer>384</integer>
    </dict>
  </dict>
</dict>
</plist>
`;
}

/** Whether install wrote a file for that daemon. */
export function isWrittenFor(text: string, directory: string): boolean {
  const mark = markOf(directory);
  const lines = [`# ${specifiersEscaped(mark)}`, string(mark)];
  return text.split('\n').some((line) => lines.includes(line.trim()));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const string = (text: string): string =>
  `<string>${text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')}</string>`;

/** @returns the first word that neither format can hold, such as a path with a control character */
export function unfitText(unit: Unit): string | undefined {
  return [unit.listener, ...unit.command].find((text) => /\p{Cc}/u.test(text) || text !== text.trim());
}
