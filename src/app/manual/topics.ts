/** What `solod help <topic>`, the man page and the pages say of things that belong to no single command. */

import { EXIT, EXIT_MEANINGS } from '../environment/exit-codes.js';

/** A name and what it means. */
export type Row = readonly [name: string, meaning: string];

/** Every variable that solod reads or sets, for people. */
export const VARIABLES: readonly Row[] = [
  ['SOLOD', '`off` runs services in the process of the caller, `on` uses a daemon also where `CI` is set'],
  ['SOLOD_DIR', 'directory of all daemons: an absolute path that only this user can write to'],
  ['SOLOD_SHARE_CLIENT', '`node` keeps `solod share` from becoming the native client'],
  ['SOLOD_SCOPE', 'a word: callers with another word, in a container for example, have daemons of their own'],
  ['XDG_STATE_HOME', 'without `SOLOD_DIR` and `/run/user/<uid>`: daemons live in its directory `solod`'],
  ['XDG_RUNTIME_DIR', 'daemons live in its directory `solod` if no other place can be used'],
  ['XDG_BIN_HOME', 'where `install` puts commands, instead of `~/.local/bin`'],
  ['XDG_CONFIG_HOME', 'where `install --systemd` writes units, instead of `~/.config`'],
  ['HOME', 'without the three above: daemons live in `~/.local/state/solod`'],
  ['LOCALAPPDATA', 'on Windows, without `SOLOD_DIR`: daemons live in its directory `solod`'],
  ['USERPROFILE', 'on Windows, without the two: daemons live in `AppData\\Local\\solod` below it'],
  ['PATH', 'where programs are found; `install` says if it lacks the directory of the command'],
  ['CI', 'set, and neither `0` nor `false`: no daemon is used, unless `SOLOD=on` or `--daemon` asks for one'],
  ['NO_COLOR', 'set and not empty: no colours'],
  [
    'FORCE_COLOR',
    '`doctor` in colour also into a pipe; `0` or `false`: without; counts more than `NO_COLOR`',
  ],
  ['TERM', '`dumb`: no colours in a status line or by `doctor`, and no line about a long start'],
  ['NOTIFY_SOCKET', 'set by systemd: the daemon tells it that it is ready'],
  [
    'LISTEN_FDS',
    'set by systemd, with `LISTEN_PID` and `LISTEN_FDNAMES`: the socket that the daemon is given',
  ],
  ['INVOCATION_ID', 'set by systemd for each run of a unit; `solod spawns` shows who started a daemon'],
  ['SOLOD_HANDED_OVER', 'internal: one program of solod has become the other, and must not become it again'],
  ['SOLOD_CLAIMED', 'internal: what the native client has claimed for the daemon that it becomes'],
  ['SOLOD_CLAIMED_IN', 'internal: the directory of that name'],
  ['SOLOD_CALLER', 'internal: what a caller says of itself to the daemon'],
  ['SOLOD_SPAWN_LOCK', 'internal: the lock that a caller hands to the daemon that it starts'],
  ['SOLOD_HANDED_TO', 'internal: the process that is to get the listener of a program'],
  ['SOLOD_HANDED_SOCKET', 'internal: the socket that a program is handed'],
  ['SOLOD_START_CHANNEL', 'internal: on which descriptor a started daemon reports'],
];

export const EXIT_ROWS: readonly Row[] = [
  ['0 to 255', 'those of the called service'],
  ...Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]): Row => [String(EXIT[name as keyof typeof EXIT_MEANINGS]), meaning],
  ),
  ['128 + n', 'ended by signal n: 129 by SIGHUP, 141 if the reader of its output has gone, 143 by SIGTERM'],
];

const FILES: readonly Row[] = [
  ['$SOLOD_DIR', 'or `/run/user/<uid>/solod`, `$XDG_STATE_HOME/solod`, `~/.local/state/solod`: all daemons'],
  ['<name>/current/sock', 'the socket of the daemon that serves the name'],
  ['<name>/current/owner.json', 'its process id and what it serves'],
  ['<name>/spawn.lock', 'there while a caller starts a daemon'],
  ['<name>/log', 'what daemons wrote; `log.1` and `log.previous` are earlier parts'],
  ['<name>/spawns.jsonl', 'every start and how it ended'],
  ['<name>/launch', 'the program and the arguments that start a daemon'],
];

const VALUES: readonly Row[] = [
  ['<duration>', '`500ms`, `10s`, `15m`, `1h`; without a unit, seconds'],
  ['<size>', 'bytes, or with a unit: `512M`, `2G`'],
  ['<name>', '1 to 64 letters, digits, `.`, `_` or `-`, starting with a letter or a digit'],
  ['<service>', 'path of an ES module, a CommonJS module or TypeScript; or `solod:status-line`'],
  ['--option=value', 'the same as `--option value`; needed for a value that starts with a dash'],
  ['--', 'ends the options: what follows goes to the service'],
];

const ERRORS: readonly Row[] = [
  ['SOLOD_E_…', 'stands at the end of each message about a failure; it stays the same in later versions'],
  ['solod explain <code>', 'says what happened, where to look and what to do; `--json` for programs'],
  [
    '--json',
    'if a command fails before it has facts: `{"kind":"failed","message":"…","code":"SOLOD_E_…","exit":64}`',
  ],
];

export const TOPICS = {
  errors: { title: 'Messages', rows: ERRORS },
  'exit-codes': { title: 'Exit codes', rows: EXIT_ROWS },
  environment: { title: 'Environment variables', rows: VARIABLES },
  files: { title: 'Files', rows: FILES },
  values: { title: 'Values on the command line', rows: VALUES },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly rows: readonly Row[] }>>;

export type Topic = keyof typeof TOPICS;

/** @param written also in upper case, with spaces or underscores, or in the singular */
export function findTopic(written: string): Topic | 'topics' | undefined {
  const word = written.toLowerCase().replace(/[ _]/g, '-');
  const names = [...Object.keys(TOPICS), 'topics'] as const;
  return names.find((name) => name === word || name === `${word}s`) as Topic | 'topics' | undefined;
}

/** What `solod help topics` prints. */
export function topicList(): string {
  const lines = Object.entries(TOPICS).map(([topic, { title }]) => hanging(`  ${topic}`, title, 16));
  return `Topics of "solod help"\n\n${lines.join('\n')}\n`;
}

/** For a terminal: the names in one column, the meanings in lines of 80 characters beside it. */
export function topicText(topic: Topic): string {
  const { title, rows } = TOPICS[topic];
  const widest = Math.max(...rows.map(([name]) => name.length)) + 4;
  const lines = rows.map(([name, meaning]) => hanging(`  ${name}`, plain(meaning), widest));
  return `${title}\n\n${lines.join('\n')}\n`;
}

/** Without the marks of Markdown. */
export const plain = (markdown: string): string => markdown.replaceAll('`', '');

const COLUMNS = 80;

/** A label, and a text beside it whose further lines are indented as far. */
export function hanging(label: string, text: string, indent: number): string {
  const lines = wrapped(text, COLUMNS - indent);
  return `${label.padEnd(indent)}${lines.join(`\n${' '.repeat(indent)}`)}`;
}

/** Lines of at most so many characters, but for longer words. */
export function wrapped(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last === '') lines[lines.length - 1] = word;
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
