/** Command lines about a program that knows nothing of solod: `--name <name> -- <program> [args...]`. */

import { NOT_A_MODULE, resolveService, SHIPPED } from '../service/service-file.js';
import type { Complaint } from '../texts/complaint.js';
import { USAGE } from '../texts/usage-text.js';
import { type CommandOptions, OPTIONS, type OptionName } from './option-table.js';
import { type Arguments, readArguments } from './read-options.js';

/** What is read as a service file, whatever it holds: Node loads files by these names. */
const MODULE_NAME = /\.[cm]?[jt]sx?$/;

/**
 * Whether a command line means a program and not a service file: it has a name, and after `--` stands a file
 * that Node can't load, or no file at all but a program on the PATH.
 * @param argv what follows the command's name
 */
export function isProgram(argv: readonly string[], { service, args, options }: Arguments): boolean {
  const words = wordsAfterDashes(argv);
  if (options.name === undefined || service === undefined || words?.length !== args.length + 1) return false;
  if (MODULE_NAME.test(service) || service.startsWith(SHIPPED.prefix)) return false;
  const file = resolveService(service);
  return file.kind === 'failed' || NOT_A_MODULE.test(file.value.text);
}

const wordsAfterDashes = (argv: readonly string[]): readonly string[] | undefined => {
  const at = argv.indexOf('--');
  return at < 0 ? undefined : argv.slice(at + 1);
};

export interface ProgramArguments {
  readonly name: string;
  /** The program and its arguments; undefined if none is given. */
  readonly command: readonly [string, ...string[]] | undefined;
  readonly options: CommandOptions;
}

export type ProgramReading =
  | { readonly kind: 'read'; readonly value: ProgramArguments }
  | { readonly kind: 'wrong'; readonly complaint: Complaint }
  | { readonly kind: 'malformed' };

export type ProgramCommand = 'call' | 'kick' | 'serve' | 'connect' | 'path';

/** What solod can do for a program; all other options are for services. */
const FOR_PROGRAMS: readonly string[] = ['name', 'project', 'state-dir', 'timeout'] satisfies OptionName[];

/** @param argv what follows the command's name */
export function readProgramArguments(command: ProgramCommand, argv: readonly string[]): ProgramReading {
  const reading = readArguments(command, argv);
  if (reading.kind !== 'read') return reading;
  const { service, args, options } = reading.value;
  const words = wordsAfterDashes(argv) ?? [];
  const [named, ...stray] = [service, ...args].slice(0, args.length + 1 - words.length);
  const name = options.name ?? named;
  const [tooMany] = options.name === undefined || named === undefined ? stray : [named];
  if (tooMany !== undefined) return { kind: 'wrong', complaint: USAGE.tooMany(tooMany) };
  if (name === undefined) return { kind: 'wrong', complaint: USAGE.noDaemon() };
  const idle = Object.entries(OPTIONS).find(
    ([option, { key }]) => options[key] && !FOR_PROGRAMS.includes(option),
  );
  if (idle !== undefined) return { kind: 'wrong', complaint: USAGE.notForPrograms(idle[0]) };
  const [program, ...rest] = words;
  const given = program === undefined ? undefined : ([program, ...rest] as const);
  if (command === 'path' && given !== undefined) return { kind: 'wrong', complaint: USAGE.tooMany(given[0]) };
  return { kind: 'read', value: { name, command: given, options } };
}
