/** The full command: every subcommand, help, and the messages about mistakes. */

import { Command, CommanderError, Option } from 'commander';
import { codeSuffix } from '../../domain/text/error-code.js';
import { complain, complainOf } from '../commands/command-parts.js';
import { derivedFor, meantBy } from '../commands/named-daemon.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';
import { VERSION } from '../environment/version.js';
import { failureOf } from '../library/daemon-target.js';
import type { ManualCommand } from '../manual/manual.js';
import { EXIT_ROWS, hanging, plain } from '../manual/topics.js';
import { COMMANDS, type CommandHelp, DAEMON_OPERAND } from '../options/command-table.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  type CommandOptions,
  OPTIONS,
  type OptionName,
  type OptionSpec,
  optionHelp,
} from '../options/option-table.js';
import { type ArgumentsReading, asksForJson, readArguments } from '../options/read-options.js';
import { CommandOutput } from '../output/command-output.js';
import { nodeHost } from '../platforms/node-platform.js';
import { USAGE } from '../texts/usage-text.js';
import { type Commands, commands } from './composition.js';

function exitCodesHelp(): string {
  const rows = EXIT_ROWS.map(([code, meaning]) => hanging(`  ${code}`, plain(meaning), 12));
  return ['', 'Exit codes:', ...rows].join('\n');
}

/** The framework makes the sentence; the code is that of the same mistake elsewhere. */
const MALFORMED = codeSuffix(USAGE.malformed().code);

/**
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const output = new CommandOutput(formOf(argv));
  const program = buildProgram(output, async (name) => {
    const reading = readArguments(name, argv.slice(argv.indexOf(name) + 1));
    exitCode = await runNamed(program, output, name, reading);
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // A request for help is not a mistake.
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return output.settle(exitCode);
}

/** Also of a command line with a mistake in it. */
function formOf(argv: readonly string[]): 'json' | 'text' {
  const [command = ''] = argv;
  const options: readonly string[] = Object.hasOwn(COMMAND_OPTIONS, command)
    ? COMMAND_OPTIONS[command as CommandName]
    : [];
  return options.includes('json') && asksForJson(argv) ? 'json' : 'text';
}

async function runNamed(
  program: Command,
  output: CommandOutput,
  name: CommandName,
  reading: ArgumentsReading,
): Promise<number> {
  switch (reading.kind) {
    case 'wrong':
      return complain(output, reading.complaint);
    case 'malformed':
      // The framework takes a value that starts with a dash; the reader, which is stricter, does not.
      return complain(output, USAGE.dashValue());
    case 'read': {
      const { service, args, options } = reading.value;
      if (isOfManual(name)) return explained(program, output, name, [service ?? '', ...args].join(' '));
      const host = nodeHost();
      const derived = derivedFor(host, options);
      // What is not trusted is what `doctor` is for.
      const isLookedAt = options.explainPlace || (name === 'doctor' && derived.kind === 'distrusted');
      if (derived.kind !== 'place' && !isLookedAt) return complainOf(output, failureOf(derived));
      const meant = isByName(name) ? meantBy(host, service, options) : { service, options };
      return ACTIONS[name](commands(output), meant.service, meant.options, output);
    }
  }
}

/** Their daemon can be told by its name alone. */
const isByName = (name: CommandName): boolean => COMMANDS[name].operand === DAEMON_OPERAND;

const MANUAL: ReadonlySet<CommandName> = new Set<ManualCommand>(['explain', 'completion', 'help']);
const isOfManual = (name: CommandName): name is ManualCommand => MANUAL.has(name);

function explained(program: Command, output: CommandOutput, name: ManualCommand, word: string): number {
  const command = name === 'help' ? commandNamed(program, word) : undefined;
  if (command !== undefined) {
    command.outputHelp();
    return EXIT.ok;
  }
  const { consult } = loadBundle<typeof import('../manual/manual.js')>('manual.cjs');
  const answer = consult(name, word, output.form);
  if (answer.kind === 'unknown') return complain(output, answer.complaint);
  output.print(answer.text);
  return EXIT.ok;
}

/** @param word `share ls`, for example; empty for the program itself */
function commandNamed(program: Command, word: string): Command | undefined {
  return word
    .split(' ')
    .filter(Boolean)
    .reduce<Command | undefined>(
      (above, part) => above?.commands.find((command) => command.name() === part),
      program,
    );
}

type Action = (
  all: Commands,
  service: string | undefined,
  options: CommandOptions,
  output: CommandOutput,
) => number | Promise<number>;

/** Well-formed calls of these are answered before this bundle is loaded: see `main.ts`. */
const elsewhere: Action = (_all, _service, _options, output) => complain(output, USAGE.dashValue());

const setup = ({ managerSetup, commandSetup }: Commands, { systemd }: CommandOptions) =>
  systemd ? managerSetup : commandSetup;

const ACTIONS: Readonly<Record<Exclude<CommandName, ManualCommand>, Action>> = {
  call: elsewhere,
  serve: elsewhere,
  kick: elsewhere,
  status: ({ status }, service, options) => status.run(service, options),
  stop: ({ stop, stopAll }, service, options) => (options.all ? stopAll : stop).run(service, options),
  restart: ({ restart }, service, options) => restart.run(service, options),
  install: (all, service, options) => setup(all, options).install(service, options),
  uninstall: (all, service, options) => setup(all, options).uninstall(service, options),
  ls: ({ list }, _, options) => list.run(options),
  logs: ({ logs }, service, options) => logs.run(service, options),
  spawns: ({ spawns }, service, options) => spawns.run(service, options),
  stats: ({ stats }, service, options) => stats.run(service, options),
  doctor: ({ doctor }, service, options) => doctor.run(service, options),
  gc: ({ gc }, service, options) => gc.run(service, options),
  share: elsewhere,
  'share ls': elsewhere,
  'share install': elsewhere,
  'share uninstall': elsewhere,
  connect: elsewhere,
  path: elsewhere,
};

/** @param run is called for a command line without mistakes */
function buildProgram(output: CommandOutput, run: (name: CommandName) => Promise<void>): Command {
  const program = new Command('solod')
    .description('Exactly one warm background daemon for a command-line tool.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => output.print(text),
      writeErr: (text) => output.explain(text),
      outputError: (text) => output.complain(text.replace(/^error: /, '').trimEnd() + MALFORMED),
    })
    .helpCommand(false)
    .showHelpAfterError(moreHelp())
    .addHelpText('after', exitCodesHelp());
  for (const [name, { operand, summary }] of Object.entries(COMMANDS) as [CommandName, CommandHelp][]) {
    const command = parentOf(program, name)
      .command(`${name.split(' ').at(-1)} ${operand}`.trimEnd())
      .description(summary);
    for (const option of COMMAND_OPTIONS[name]) command.addOption(optionFor(name, option));
    command.showHelpAfterError(moreHelp(name));
    command.action(() => run(name));
    if (name === 'share') command.usage('[options] -- <command> [args...]');
  }
  return program;
}

/** Below a mistake. What a service takes looks like an option of solod. */
function moreHelp(name?: CommandName): string {
  const more = `run ${name === undefined ? 'solod' : `solod ${name}`} --help for more`;
  return name === 'call' ? `(options for the service go after --; ${more})` : `(${more})`;
}

/** Of `share ls` that is `share`, which stands before it in the table. */
function parentOf(program: Command, name: CommandName): Command {
  const [first, second] = name.split(' ');
  const parent = second === undefined ? undefined : program.commands.find((one) => one.name() === first);
  return parent ?? program;
}

function optionFor(command: CommandName, name: OptionName): Option {
  const { short }: OptionSpec = OPTIONS[name];
  const { argument, help } = optionHelp(command, name);
  const flags = `${short === undefined ? '' : `-${short}, `}--${name}`;
  return new Option(argument === undefined ? flags : `${flags} ${argument}`, help);
}
