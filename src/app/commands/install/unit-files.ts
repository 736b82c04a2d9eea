/** The text of what makes a service manager listen for a daemon: systemd.socket(5), systemd.service(5), launchd.plist(5). */

import type { Target } from '../../library/daemon-target.js';

export interface Unit {
  readonly target: Pick<Target, 'label'>;
  /** The directory of the name. */
  readonly directory: string;
  /** What the manager listens on: `listen.sock` in that directory. */
  readonly listener: string;
  /** The program that serves, and its arguments; the first is an absolute path. */
  readonly command: readonly [string, ...string[]];
}

export type Manager = 'systemd' | 'launchd';

export interface UnitFile {
  readonly name: string;
  readonly text: string;
}

/** One line in every file says which daemon it was written for: no other is replaced, or removed. */
export function markOf(directory: string): string {
  return `written by solod install for ${directory}`;
}

/**
 * In a unit's name "@" begins an instance (systemd.unit(5)), and what follows ":" is an alias to systemd-analyze(1). Where another
 * daemon happens to have the name that comes out, the mark in its files tells.
 */
export const unitNameOf = (label: string): string => `solod-${label.replace('@', '-at-')}`;

/** launchd.plist(5): by convention a label is a reversed domain name. */
export const launchdLabelOf = (label: string): string => `solod.${label.replace('@', '-at-')}`;

export function unitFiles(manager: Manager, unit: Unit): readonly UnitFile[] {
  const { label } = unit.target;
  switch (manager) {
    case 'systemd': {
      const name = unitNameOf(label);
      return [
        { name: `${name}.socket`, text: socketText(unit) },
        { name: `${name}.service`, text: serviceText(unit, `${name}.socket`) },
      ];
    }
    case 'launchd':
      return [{ name: `${launchdLabelOf(label)}.plist`, text: plistText(unit) }];
  }
}

/**
 * RemoveOnStop: who is served is served by `current/sock`, a name of its own for the same socket, so the one that goes is
 * needed by nobody. Backlog is the kernel's default, SOMAXCONN.
 */
function socketText({ target, directory, listener }: Unit): string {
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
 * NotifyAccess=all: systemd-notify is a process of its own. KillMode=mixed: the daemon lets its work finish, and what its
 * service has started may be part of that.
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
 * One word of a command line: systemd.syntax(7), "Quoting", and systemd.service(5), "Command lines". The first, the program,
 * begins with ":", which takes the meaning of "$" away from the whole line.
 */
function execWord(word: string, index: number): string {
  const text = specifiersEscaped(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${index === 0 ? ':' : ''}${text}"`;
}

/**
 * launch_activate_socket(3) takes native code. What inetd(8) does does not: with Wait, the listening socket is standard input.
 * The shell moves it to where sd_listen_fds(3) has it, so that the daemon need not know which of the two started it.
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

/** Whether a file was written here, for that daemon. */
export function isWrittenFor(text: string, directory: string): boolean {
  const mark = markOf(directory);
  const lines = [`# ${specifiersEscaped(mark)}`, string(mark)];
  return text.split('\n').some((line) => lines.includes(line.trim()));
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const string = (text: string): string =>
  `<string>${text.replace(/[&<>]/g, (character) => ENTITIES[character] ?? '')}</string>`;

/** What neither format can hold: a line break in a path, say, or another control character. */
export function unfitText(unit: Unit): string | undefined {
  return [unit.listener, ...unit.command].find((text) => /\p{Cc}/u.test(text) || text !== text.trim());
}
