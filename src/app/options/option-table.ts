/**
 * The command's options, once: the quick way in (`call`, `serve`, `kick`) and the whole command read the same table, so
 * that the two can't drift apart.
 */

import { parseArgs } from 'node:util';
import type { DaemonWish } from '../environment/daemon-switch.js';
import { parseBytes } from '../texts/bytes.js';
import type { Complaint } from '../texts/complaint.js';
import { parseDurationMs } from '../texts/duration.js';
import { USAGE } from '../texts/usage-text.js';

export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help; absent where there is none. */
  readonly argument?: string;
  /** One letter that says the same, where people expect one. */
  readonly short?: string;
  readonly help: string;
}

export const OPTIONS = {
  name: { type: 'string', argument: '<name>', help: "the daemon's name, instead of the service's own" },
  project: { type: 'string', argument: '<dir>', help: 'a daemon of its own for the project with that root' },
  'state-dir': {
    type: 'string',
    argument: '<dir>',
    help: 'where daemons live, instead of $SOLOD_DIR and the XDG directories',
  },
  timeout: {
    type: 'string',
    argument: '<duration>',
    help: 'how long to wait for the daemon: 500ms, 10s (the default), 1m',
  },
  'idle-timeout': {
    type: 'string',
    argument: '<duration>',
    help: 'a started daemon ends when idle for so long: 15m by default, 0 for never',
  },
  grace: {
    type: 'string',
    argument: '<duration>',
    help: 'how long a daemon that ends lets its work finish: 5s by default',
  },
  'memory-limit': {
    type: 'string',
    argument: '<size>',
    help: 'a started daemon that takes more memory than that ends when its work is done: 512M, 2G',
  },
  tether: {
    type: 'string',
    argument: '<pid>',
    help: 'a started daemon ends when the process with that id does',
  },
  daemon: { type: 'boolean', help: 'use a daemon, whatever SOLOD and CI say' },
  'no-daemon': { type: 'boolean', help: 'run the service in this process; SOLOD=off says the same' },
  fallback: {
    type: 'string',
    argument: '<how>',
    help: 'where no daemon answers: wait for one (the default), or inline, now, in this process, and start one for the next time',
  },
  errors: {
    type: 'string',
    argument: '<how>',
    help: 'a failure of solod itself: on stderr (the default), or line, one short red line on stdout and exit code 0',
  },
  verbose: { type: 'boolean', help: 'say on stderr why the service ran in this process, if it did' },
  force: {
    type: 'boolean',
    help: 'end a daemon that does not answer: SIGTERM, then SIGKILL, with proof that it is the one',
  },
  node: {
    type: 'string',
    argument: '<path>',
    help: 'the node that a started daemon runs on, instead of this one',
  },
  as: { type: 'string', argument: '<command>', help: "what to type, instead of the service's own name" },
  'bin-dir': {
    type: 'string',
    argument: '<dir>',
    help: 'where the command is put, instead of $XDG_BIN_HOME or ~/.local/bin',
  },
  settings: { type: 'string', argument: '<file>', help: 'a JSON file that is to name the command' },
  entry: {
    type: 'string',
    argument: '<keys>',
    help: 'where in the settings, with dots between keys: statusLine by default',
  },
  value: {
    type: 'string',
    argument: '<json>',
    help: 'what is put there, {command} standing for the path: {"type":"command","command":"{command}"} by default',
  },
  systemd: { type: 'boolean', help: 'for systemd: a user unit with socket activation' },
  launchd: { type: 'boolean', help: 'for launchd: an agent with socket activation' },
  json: { type: 'boolean', help: 'print facts as JSON' },
  all: { type: 'boolean', help: 'every daemon in the state directory' },
  follow: { type: 'boolean', short: 'f', help: 'go on with what is written from now on, until interrupted' },
  lines: { type: 'string', short: 'n', argument: '<count>', help: 'the last so many lines alone' },
  previous: { type: 'boolean', help: 'all that is kept, also of the runs before the latest' },
  svg: { type: 'string', argument: '<file>', help: 'draw a timeline; - for standard output' },
  openmetrics: { type: 'boolean', help: 'print OpenMetrics text, for Prometheus and others' },
  'dry-run': { type: 'boolean', help: 'say what would be written or removed, and change nothing' },
} as const satisfies Readonly<Record<string, OptionSpec>>;

export type OptionName = keyof typeof OPTIONS;

const TARGET = ['name', 'project', 'state-dir'] as const;
const DAEMON = ['idle-timeout', 'grace', 'memory-limit', 'tether'] as const;
const SWITCH = ['daemon', 'no-daemon'] as const;
const COMMAND = ['as', 'bin-dir'] as const;
const CALL = ['timeout', 'fallback', 'errors'] as const;
const MANAGER = ['systemd', 'launchd', 'dry-run'] as const;

/** Which command takes which options. */
export const COMMAND_OPTIONS = {
  call: [...TARGET, 'timeout', ...SWITCH, 'fallback', 'errors', 'verbose', ...DAEMON, 'node'],
  serve: [...TARGET, ...DAEMON],
  kick: [...TARGET, ...SWITCH, ...DAEMON, 'node'],
  status: [...TARGET, 'timeout', 'json'],
  stop: [...TARGET, 'all', 'timeout', 'json'],
  restart: [...TARGET, 'timeout', 'force', ...DAEMON, 'node', 'json'],
  ls: ['state-dir', 'timeout', 'json'],
  logs: [...TARGET, 'follow', 'lines', 'previous', 'json'],
  spawns: [...TARGET, 'node', 'svg', 'json'],
  stats: [...TARGET, 'timeout', 'openmetrics', 'json'],
  doctor: [...TARGET, 'timeout', 'json'],
  gc: [...TARGET, 'dry-run', 'json'],
  install: [
    ...COMMAND,
    'settings',
    'entry',
    'value',
    ...TARGET,
    ...CALL,
    ...DAEMON,
    'node',
    ...MANAGER,
    'json',
  ],
  uninstall: [...COMMAND, ...TARGET, ...MANAGER, 'json'],
} as const satisfies Readonly<Record<string, readonly OptionName[]>>;

export type CommandName = keyof typeof COMMAND_OPTIONS;

/** The values as they were written, by the options' names. */
export type RawOptions = { readonly [N in OptionName]?: string | boolean | undefined };

export interface CommandOptions {
  readonly name?: string | undefined;
  readonly project?: string | undefined;
  readonly stateDirectory?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly idleTimeoutMs?: number | undefined;
  readonly graceMs?: number | undefined;
  readonly memoryLimitBytes?: number | undefined;
  readonly tether?: number | undefined;
  readonly node?: string | undefined;
  readonly daemon?: DaemonWish | undefined;
  readonly fallback?: 'wait' | 'inline' | undefined;
  readonly errors?: 'stderr' | 'line' | undefined;
  readonly as?: string | undefined;
  readonly binDirectory?: string | undefined;
  readonly settings?: string | undefined;
  readonly entry?: string | undefined;
  /** JSON, as it was written. */
  readonly value?: string | undefined;
  readonly verbose: boolean;
  readonly force: boolean;
  readonly systemd: boolean;
  readonly launchd: boolean;
  readonly json: boolean;
  readonly all: boolean;
  readonly follow: boolean;
  readonly lines?: number | undefined;
  readonly previous: boolean;
  /** A path, or `-`. */
  readonly svg?: string | undefined;
  readonly openmetrics: boolean;
  readonly dryRun: boolean;
}

export type Read<T> =
  | { readonly kind: 'read'; readonly value: T }
  | { readonly kind: 'wrong'; readonly complaint: Complaint };

/** The longest time that Node's timers can wait: 2^31 - 1 ms. */
export const DURATION_MAX_MS = 2_147_483_647;

/** Makes values of what was written; says what is wrong with it in one sentence. */
export function readOptions(raw: RawOptions): Read<CommandOptions> {
  const durations: Record<string, number | undefined> = {};
  for (const name of ['timeout', 'idle-timeout', 'grace'] as const) {
    const text = raw[name];
    if (text === undefined) continue;
    const ms = parseDurationMs(String(text));
    if (ms === undefined || ms > DURATION_MAX_MS) return wrong(USAGE.duration(name, String(text)));
    durations[name] = ms;
  }
  const text = (name: OptionName): string | undefined =>
    typeof raw[name] === 'string' ? (raw[name] as string) : undefined;
  const words = readWords(text);
  if (words.kind === 'wrong') return words;
  const fallback = readChoice('fallback', text('fallback'), ['wait', 'inline']);
  if (fallback.kind === 'wrong') return fallback;
  const errors = readChoice('errors', text('errors'), ['stderr', 'line']);
  if (errors.kind === 'wrong') return errors;
  return {
    kind: 'read',
    value: {
      name: text('name'),
      project: text('project'),
      stateDirectory: text('state-dir'),
      timeoutMs: durations.timeout,
      idleTimeoutMs: durations['idle-timeout'],
      graceMs: durations.grace,
      ...words.value,
      fallback: fallback.value,
      errors: errors.value,
      node: text('node'),
      as: text('as'),
      binDirectory: text('bin-dir'),
      settings: text('settings'),
      entry: text('entry'),
      value: text('value'),
      daemon: raw.daemon === true ? 'on' : raw['no-daemon'] === true ? 'off' : undefined,
      verbose: raw.verbose === true,
      force: raw.force === true,
      systemd: raw.systemd === true,
      launchd: raw.launchd === true,
      json: raw.json === true,
      all: raw.all === true,
      follow: raw.follow === true,
      previous: raw.previous === true,
      svg: text('svg'),
      openmetrics: raw.openmetrics === true,
      dryRun: raw['dry-run'] === true,
    },
  };
}

type Words = Pick<CommandOptions, 'memoryLimitBytes' | 'tether' | 'lines'>;

const wrong = (complaint: Complaint): { readonly kind: 'wrong'; readonly complaint: Complaint } => ({
  kind: 'wrong',
  complaint,
});

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : Number(text);

/** What is neither a duration nor free text. */
function readWords(text: (name: OptionName) => string | undefined): Read<Words> {
  const [limit, tether, lines] = [text('memory-limit'), text('tether'), text('lines')];
  const memoryLimitBytes = limit === undefined ? undefined : parseBytes(limit);
  if (limit !== undefined && memoryLimitBytes === undefined) return wrong(USAGE.size('memory-limit', limit));
  if (tether !== undefined && !/^[1-9][0-9]{0,9}$/.test(tether)) return wrong(USAGE.pid('tether', tether));
  if (lines !== undefined && !/^[0-9]{1,9}$/.test(lines)) return wrong(USAGE.count('lines', lines));
  return {
    kind: 'read',
    value: { memoryLimitBytes, tether: numberOf(tether), lines: numberOf(lines) },
  };
}

/** One word of a few. */
function readChoice<T extends string>(
  name: OptionName,
  text: string | undefined,
  known: readonly T[],
): Read<T | undefined> {
  const value = known.find((word) => word === text);
  if (value === undefined && text !== undefined) return wrong(USAGE.word(name, text, known));
  return { kind: 'read', value };
}

export interface QuickArguments {
  readonly service: string;
  readonly options: CommandOptions;
  /** What follows the service: the call's arguments. */
  readonly args: readonly string[];
}

/**
 * Reads the arguments of a command that takes a service, without loading a framework for it.
 * @param argv what follows the command's name
 * @returns undefined for everything out of the ordinary (help, a mistake): the whole command answers that
 */
export function readQuickly(
  command: 'call' | 'serve' | 'kick',
  argv: readonly string[],
): QuickArguments | undefined {
  try {
    const names: readonly OptionName[] = COMMAND_OPTIONS[command];
    const options = Object.fromEntries(names.map((name) => [name, { type: OPTIONS[name].type }]));
    const { values, positionals } = parseArgs({ args: [...argv], options, allowPositionals: true });
    const read = readOptions(values as RawOptions);
    const [service, ...args] = positionals;
    if (service === undefined || read.kind === 'wrong') return undefined;
    return { service, options: read.value, args };
  } catch {
    return undefined;
  }
}
