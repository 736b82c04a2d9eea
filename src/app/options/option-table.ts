/**
 * The command's options, once. `read-options.ts` reads by this table, and `program.ts` prints it as help. The
 * warm call and the native client know a few of the options by themselves; tests hold both to the table.
 */

import type { WorkerCount } from '../service/worker-count.js';

/** How the text after an option is read. Those in the plural may be repeated; the last three take no text. */
type Reading =
  | 'text'
  | 'texts'
  | 'duration'
  | 'size'
  | 'pid'
  | 'count'
  | 'workers'
  | 'choice'
  | 'choices'
  | 'flag'
  | 'on'
  | 'off';

export interface OptionSpec {
  readonly reads: Reading;
  /** The field of `CommandOptions` that holds the value. */
  readonly key: string;
  /** One letter that says the same, where people expect one. */
  readonly short?: string;
  /** For a choice: its values. */
  readonly choices?: readonly string[];
}

export const OPTIONS = {
  name: { reads: 'text', key: 'name' },
  project: { reads: 'text', key: 'project' },
  'state-dir': { reads: 'text', key: 'stateDirectory' },
  timeout: { reads: 'duration', key: 'timeoutMs' },
  'idle-timeout': { reads: 'duration', key: 'idleTimeoutMs' },
  grace: { reads: 'duration', key: 'graceMs' },
  'memory-limit': { reads: 'size', key: 'memoryLimitBytes' },
  tether: { reads: 'pid', key: 'tether' },
  workers: { reads: 'workers', key: 'workers' },
  'worker-heap': { reads: 'size', key: 'workerHeapBytes' },
  'compile-cache': { reads: 'choice', key: 'compileCache', choices: ['on', 'off'] },
  'no-daemon': { reads: 'off', key: 'daemon' },
  // After its opposite: if both are given, this one counts.
  daemon: { reads: 'on', key: 'daemon' },
  fallback: { reads: 'choice', key: 'fallback', choices: ['wait', 'inline'] },
  errors: { reads: 'choice', key: 'errors', choices: ['stderr', 'line'] },
  color: { reads: 'choice', key: 'color', choices: ['auto', 'always', 'never'] },
  verbose: { reads: 'flag', key: 'verbose' },
  force: { reads: 'flag', key: 'force' },
  node: { reads: 'text', key: 'node' },
  as: { reads: 'text', key: 'as' },
  'bin-dir': { reads: 'text', key: 'binDirectory' },
  settings: { reads: 'text', key: 'settings' },
  entry: { reads: 'text', key: 'entry' },
  value: { reads: 'text', key: 'value' },
  systemd: { reads: 'flag', key: 'systemd' },
  'explain-place': { reads: 'flag', key: 'explainPlace' },
  json: { reads: 'flag', key: 'json' },
  all: { reads: 'flag', key: 'all' },
  follow: { reads: 'flag', key: 'follow', short: 'f' },
  lines: { reads: 'count', key: 'lines', short: 'n' },
  previous: { reads: 'flag', key: 'previous' },
  svg: { reads: 'text', key: 'svg' },
  openmetrics: { reads: 'flag', key: 'openmetrics' },
  'dry-run': { reads: 'flag', key: 'dryRun' },
  'per-client': { reads: 'flag', key: 'perClient' },
  shared: { reads: 'flag', key: 'shared' },
  serial: { reads: 'flag', key: 'serial' },
  'any-cwd': { reads: 'flag', key: 'anyDirectory' },
  env: { reads: 'texts', key: 'variables' },
  offer: { reads: 'choices', key: 'offered', choices: ['sampling', 'roots', 'elicitation'] },
  'max-message': { reads: 'size', key: 'messageBytes' },
  'own-broker': { reads: 'flag', key: 'ownBroker' },
  explain: { reads: 'flag', key: 'explain' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;

export interface OptionHelp {
  /** What stands for the value in the help; absent if it takes none. */
  readonly argument?: string;
  readonly help: string;
}

/** Apart from the table, so that the bundle of `call` goes without it. */
const OPTION_HELP: Readonly<Record<OptionName, OptionHelp>> = {
  name: { argument: '<name>', help: "the daemon's name, instead of the service's own" },
  project: { argument: '<dir>', help: 'a separate daemon for the project with that root' },
  'state-dir': {
    argument: '<dir>',
    help: 'where daemons live, instead of $SOLOD_DIR and the XDG directories',
  },
  timeout: { argument: '<duration>', help: 'how long to wait for the daemon: 500ms, 10s (the default), 1m' },
  'idle-timeout': {
    argument: '<duration>',
    help: 'a started daemon ends after being idle for that long: 15m by default, 0 for never',
  },
  grace: { argument: '<duration>', help: 'how long a daemon that ends lets its work finish: 5s by default' },
  'memory-limit': {
    argument: '<size>',
    help: 'a started daemon that takes more memory than that ends when its work is done: 512M, 2G',
  },
  tether: { argument: '<pid>', help: 'a started daemon ends when the process with that id does' },
  workers: {
    argument: '<count>',
    help: 'a started daemon runs calls in that many processes, one at a time in each; auto for one for each CPU, 0 for none (by default as the service says)',
  },
  'worker-heap': {
    argument: '<size>',
    help: "how much heap each of these processes has: 512M, 2G; Node's own limit by default",
  },
  'compile-cache': {
    argument: '<how>',
    help: 'whether a started daemon keeps compiled modules for the next one, where Node can: on (the default), or off',
  },
  'no-daemon': { help: 'run the service in this process; SOLOD=off says the same' },
  daemon: { help: 'use a daemon, whatever SOLOD and CI say' },
  fallback: {
    argument: '<how>',
    help: 'if no daemon answers: wait for one (the default), or inline: run in this process now, and start a daemon for the next time',
  },
  errors: {
    argument: '<how>',
    help: 'report a failure of solod itself on stderr (the default), or as line: one short red line on stdout and exit code 0',
  },
  color: {
    argument: '<when>',
    help: 'colour the output: always, never, or auto: on a terminal unless NO_COLOR or FORCE_COLOR says otherwise (the default)',
  },
  verbose: { help: 'say on stderr why the service ran in this process, if it did' },
  force: {
    help: 'end a daemon that does not answer: SIGTERM, then SIGKILL, after proving that it is the right process',
  },
  node: { argument: '<path>', help: 'the node that a started daemon runs on, instead of this one' },
  as: { argument: '<command>', help: "what to type, instead of the service's own name" },
  'bin-dir': {
    argument: '<dir>',
    help: 'where the command is put, instead of $XDG_BIN_HOME or ~/.local/bin',
  },
  settings: { argument: '<file>', help: 'a JSON file in which to name the command' },
  entry: { argument: '<keys>', help: 'where in the settings, with dots between keys: statusLine by default' },
  value: {
    argument: '<json>',
    help: 'what is put there, {command} standing for the path: {"type":"command","command":"{command}"} by default',
  },
  systemd: { help: 'for systemd: a user unit with socket activation' },
  'explain-place': { help: 'only say where daemons live, and why there' },
  json: { help: 'print facts as JSON' },
  all: { help: 'every daemon in the state directory' },
  follow: { help: 'keep printing what is written from now on, until interrupted' },
  lines: { argument: '<count>', help: 'only the last lines, that many' },
  previous: { help: 'everything that is kept, including the runs before the latest' },
  svg: { argument: '<file>', help: 'draw a timeline; - for standard output' },
  openmetrics: { help: 'print OpenMetrics text, for Prometheus and others' },
  'dry-run': { help: 'say what would be written or removed, and change nothing' },
  'per-client': { help: 'a process of its own for each client' },
  shared: { help: 'one process, even for a server that keeps state per session' },
  serial: { help: 'one request at a time; tools that only read may overlap' },
  'any-cwd': { help: 'share across working directories; the server runs in the home directory' },
  env: {
    argument: '<name>',
    help: 'only this variable tells clients apart, and reaches the server; may be repeated',
  },
  offer: {
    argument: '<capability>',
    help: 'tell the server that clients can do this: sampling, roots or elicitation; may be repeated',
  },
  'max-message': { argument: '<size>', help: 'the longest message of a client: 10M by default' },
  'own-broker': { help: 'a broker of its own for this command' },
  explain: { help: 'say what would be shared, with whom, and why not; starts nothing' },
};

/** Where an option means something else to a command. */
const OWN_HELP: Partial<Record<CommandName, Partial<Record<OptionName, OptionHelp>>>> = {
  call: {
    color: {
      argument: '<when>',
      help: 'the line of --errors line: always or never in red, or auto: in red unless NO_COLOR is set (the default)',
    },
  },
  share: {
    'idle-timeout': {
      argument: '<duration>',
      help: 'how long the server stays when nobody uses it: 5m by default, 0 for ever',
    },
  },
};

export const optionHelp = (command: CommandName, option: OptionName): OptionHelp =>
  OWN_HELP[command]?.[option] ?? OPTION_HELP[option];

const TARGET = ['name', 'project', 'state-dir'] as const;
const DAEMON = [
  'idle-timeout',
  'grace',
  'memory-limit',
  'tether',
  'workers',
  'worker-heap',
  'compile-cache',
] as const;
const SWITCH = ['daemon', 'no-daemon'] as const;
const COMMAND = ['as', 'bin-dir'] as const;
const CALL = ['timeout', 'fallback', 'errors'] as const;
const MANAGER = ['systemd', 'dry-run'] as const;
const SETTINGS = ['settings', 'entry', 'value'] as const;
const SHARING = ['per-client', 'shared', 'serial', 'any-cwd', 'env', 'offer', 'max-message'] as const;

/** Which command takes which options. */
export const COMMAND_OPTIONS = {
  call: [...TARGET, 'timeout', ...SWITCH, 'fallback', 'errors', 'color', 'verbose', ...DAEMON, 'node'],
  serve: [...TARGET, ...DAEMON],
  kick: [...TARGET, ...SWITCH, ...DAEMON, 'node'],
  status: [...TARGET, 'timeout', 'json'],
  stop: [...TARGET, 'all', 'timeout', 'json'],
  restart: [...TARGET, 'timeout', 'force', ...DAEMON, 'node', 'json'],
  ls: ['state-dir', 'timeout', 'json'],
  logs: [...TARGET, 'follow', 'lines', 'previous', 'json'],
  spawns: [...TARGET, 'node', 'svg', 'json'],
  stats: [...TARGET, 'timeout', 'openmetrics', 'json'],
  doctor: [...TARGET, 'explain-place', 'timeout', 'color', 'json'],
  gc: [...TARGET, 'dry-run', 'json'],
  install: [...COMMAND, ...SETTINGS, ...TARGET, ...CALL, ...DAEMON, 'node', ...MANAGER, 'json'],
  uninstall: [...COMMAND, ...TARGET, ...MANAGER, 'json'],
  share: [...SHARING, 'idle-timeout', 'own-broker', 'state-dir', 'explain', 'json'],
  'share ls': ['state-dir', 'json'],
  'share install': ['dry-run', 'json'],
  'share uninstall': ['dry-run', 'json'],
  connect: [...TARGET, 'timeout'],
  path: [...TARGET],
  explain: ['json'],
  completion: [],
  help: [],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;

export type CommandName = keyof typeof COMMAND_OPTIONS;

interface Values {
  readonly text: string;
  readonly texts: readonly string[];
  /** In milliseconds. */
  readonly duration: number;
  /** In bytes. */
  readonly size: number;
  readonly pid: number;
  readonly count: number;
  readonly workers: WorkerCount;
  readonly on: 'on';
  readonly off: 'off';
}

type Table = typeof OPTIONS;
type NamesOf<R extends Reading> = { [N in OptionName]: Table[N]['reads'] extends R ? N : never }[OptionName];
type ValueOf<S extends OptionSpec> = S extends { readonly choices: readonly (infer Choice)[] }
  ? S['reads'] extends 'choices'
    ? readonly Choice[]
    : Choice
  : Values[S['reads'] & keyof Values];

/** The values, each under its key. A flag that was not given is false; anything else is absent. */
export type CommandOptions = { readonly [N in NamesOf<'flag'> as Table[N]['key']]: boolean } & {
  readonly [N in Exclude<OptionName, NamesOf<'flag'>> as Table[N]['key']]?: ValueOf<Table[N]> | undefined;
};
