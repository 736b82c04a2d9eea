/** Reads the arguments of every command by the table: `call`, `serve` and `kick`, and the full command. */

import { parseArgs } from 'node:util';
import { isWorkerCount, WORKERS_MAX } from '../service/worker-count.js';
import { parseBytes } from '../texts/bytes.js';
import type { Complaint } from '../texts/complaint.js';
import { parseDurationMs } from '../texts/duration.js';
import { USAGE } from '../texts/usage-text.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  type CommandOptions,
  OPTIONS,
  type OptionName,
  type OptionSpec,
} from './option-table.js';

export interface Arguments {
  readonly service: string | undefined;
  /** What follows the service: the call's arguments. */
  readonly args: readonly string[];
  readonly options: CommandOptions;
}

type Value =
  | { readonly kind: 'read'; readonly value: unknown }
  | { readonly kind: 'wrong'; readonly complaint: Complaint };

export type ArgumentsReading =
  | { readonly kind: 'read'; readonly value: Arguments }
  | { readonly kind: 'wrong'; readonly complaint: Complaint }
  /** An unknown option, a missing value, a request for help. */
  | { readonly kind: 'malformed' };

/** @param argv what follows the command's name */
export function readArguments(command: CommandName, argv: readonly string[]): ArgumentsReading {
  const split = splitArguments(COMMAND_OPTIONS[command], argv);
  if (split === undefined) return { kind: 'malformed' };
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(OPTIONS) as [OptionName, OptionSpec][]) {
    const reading = readOption(name, spec, split.values[name]);
    if (reading.kind === 'wrong') return reading;
    if (reading.value !== undefined) values[spec.key] = reading.value;
  }
  const [service, ...args] = split.positionals;
  // The type follows from the table, and so do the values.
  return { kind: 'read', value: { service, args, options: values as unknown as CommandOptions } };
}

function splitArguments(names: readonly OptionName[], argv: readonly string[]) {
  const options = Object.fromEntries(
    names.map((name) => {
      const { reads, short }: OptionSpec = OPTIONS[name];
      const type = TAKES_NO_TEXT.has(reads) ? ('boolean' as const) : ('string' as const);
      const multiple = reads === 'texts' || reads === 'choices';
      return [name, short === undefined ? { type, multiple } : { type, multiple, short }];
    }),
  );
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch {
    return undefined;
  }
}

const TAKES_NO_TEXT: ReadonlySet<OptionSpec['reads']> = new Set(['flag', 'on', 'off']);

/** Whether `--json` is among the options. What stands behind `--` is not. */
export const asksForJson = (argv: readonly string[]): boolean =>
  argv.slice(0, [...argv, '--'].indexOf('--')).includes('--json');

/** The longest time that Node's timers can wait: 2^31 - 1 ms. */
export const DURATION_MAX_MS = 2_147_483_647;

function readOption(name: OptionName, { reads, choices = [] }: OptionSpec, written: unknown): Value {
  if (reads === 'flag') return { kind: 'read', value: written === true };
  if (written === undefined) return { kind: 'read', value: undefined };
  const text = String(written);
  switch (reads) {
    case 'texts':
      return { kind: 'read', value: written };
    case 'choices': {
      const stranger = (written as readonly string[]).find((one) => !choices.includes(one));
      return stranger === undefined
        ? { kind: 'read', value: written }
        : { kind: 'wrong', complaint: USAGE.word(name, stranger, choices) };
    }
    case 'on':
    case 'off':
      return { kind: 'read', value: reads };
    case 'text':
      return { kind: 'read', value: text };
    case 'duration': {
      const ms = parseDurationMs(text);
      return checked(ms !== undefined && ms <= DURATION_MAX_MS ? ms : undefined, USAGE.duration(name, text));
    }
    case 'size':
      return checked(parseBytes(text), USAGE.size(name, text));
    case 'pid':
      return checked(/^[1-9][0-9]{0,9}$/.test(text) ? Number(text) : undefined, USAGE.pid(name, text));
    case 'count':
      return checked(/^[0-9]{1,9}$/.test(text) ? Number(text) : undefined, USAGE.count(name, text));
    case 'workers': {
      const count = /^[0-9]{1,4}$/.test(text) ? Number(text) : text;
      return checked(isWorkerCount(count) ? count : undefined, USAGE.workers(name, text, WORKERS_MAX));
    }
    case 'choice':
      return checked(
        choices.find((choice) => choice === text),
        USAGE.word(name, text, choices),
      );
  }
}

const checked = (value: unknown, complaint: Complaint): Value =>
  value === undefined ? { kind: 'wrong', complaint } : { kind: 'read', value };

export type ServiceArguments = Arguments & { readonly service: string };

/**
 * The arguments of a command about one service.
 * @param argv what follows the command's name
 * @returns undefined for everything out of the ordinary (help, a mistake): the full command answers that
 */
export function readServiceArguments(
  command: 'call' | 'serve' | 'kick',
  argv: readonly string[],
): ServiceArguments | undefined {
  const reading = readArguments(command, argv);
  if (reading.kind !== 'read') return undefined;
  const { service } = reading.value;
  return service === undefined ? undefined : { ...reading.value, service };
}

const WRITTEN = /^--(name|state-dir|project)=(.*)$/s;
const KEYS = { name: 'name', 'state-dir': 'stateDirectory', project: 'project' } as const;

/**
 * Reads the arguments of a daemon as solod writes them, unless there are settings among them. The reader by
 * the table takes a millisecond, in which callers wait.
 * @returns undefined if there is anything else
 */
export function readWritten(argv: readonly string[]): ServiceArguments | undefined {
  const options: Record<string, unknown> = {};
  const end = argv.indexOf('--');
  for (const word of argv.slice(0, Math.max(end, 0))) {
    const [, name, value] = WRITTEN.exec(word) ?? [];
    if (name === undefined) return undefined;
    options[KEYS[name as keyof typeof KEYS]] = value;
  }
  const [service, ...others] = argv.slice(end + 1);
  if (end < 0 || service === undefined || others.length > 0) return undefined;
  return { service, args: [], options: options as unknown as CommandOptions };
}
