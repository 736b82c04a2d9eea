/** The full command: every subcommand, help, and the messages about mistakes. */

import { Command, CommanderError, Option } from 'commander';
import { complain, complainOf } from '../commands/command-parts.js';
import { derivedFor } from '../commands/named-daemon.js';
import { EXIT, EXIT_MEANINGS } from '../environment/exit-codes.js';
import { VERSION } from '../environment/version.js';
import { failureOf } from '../library/daemon-target.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  type CommandOptions,
  OPTIONS,
  type OptionName,
  type OptionSpec,
  optionHelp,
} from '../options/option-table.js';
import { type ArgumentsReading, readArguments } from '../options/read-options.js';
import { nodeHost } from '../platforms/node-platform.js';
import { say } from '../texts/stderr.js';
import { USAGE } from '../texts/usage-text.js';
import { CommandOutput } from './command-output.js';
import { type Commands, commands } from './composition.js';

/** What a command takes besides options, and what it does. */
const HELP: Readonly<Record<CommandName, readonly [operand: string, summary: string]>> = {
  call: ['<service> [args...]', 'call a service through its daemon, starting one if there is none'],
  serve: ['<service>', 'serve in the foreground'],
  kick: ['<service>', 'make sure that the daemon is there or on its way, without waiting for it'],
  status: ['[service]', 'show how the daemon of a service is doing, or every daemon'],
  stop: ['[service]', 'end the daemon after its work in flight'],
  restart: ['<service>', 'end the daemon and start it again'],
  install: [
    '<service>',
    'put a service on the PATH as a command, and in a settings file; or (--systemd, --launchd) let a service manager start its daemon',
  ],
  uninstall: ['[service]', 'undo what install did; the daemon keeps running'],
  ls: ['', 'list the daemons'],
  logs: ['[service]', 'print what the daemon of a service wrote'],
  spawns: ['[service]', 'show every start of a daemon: why, who asked, how it ended'],
  stats: ['[service]', 'print what daemons have done: calls, times, memory, queue'],
  doctor: ['[service]', 'check what daemons need and how they are, and say what to do; changes nothing'],
  gc: ['[service]', 'remove what dead daemons and killed callers left behind'],
  share: [
    '[command...]',
    'speak MCP on stdin and stdout, and share one server with all who ask for the same',
  ],
  'share ls': ['', 'list what is shared: processes, clients, requests in flight, memory saved'],
  'share install': ['<settings>', "put the servers of a host's settings file behind solod share"],
  'share uninstall': ['<settings>', 'undo what share install did'],
};

function exitCodesHelp(): string {
  const rows = Object.entries(EXIT_MEANINGS).map(
    ([name, meaning]) => `  ${String(EXIT[name as keyof typeof EXIT_MEANINGS]).padEnd(4)}${plain(meaning)}`,
  );
  return ['', 'Exit codes:', '  0 to 255  those of the called service', ...rows].join('\n');
}

const OUTPUT = new CommandOutput();

const plain = (markdown: string): string => markdown.replaceAll('`', '');

/**
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = buildProgram(async (name) => {
    exitCode = await runNamed(name, readArguments(name, argv.slice(argv.indexOf(name) + 1)));
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // A request for help is not a mistake.
    exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
  return OUTPUT.settle(exitCode);
}

async function runNamed(name: CommandName, reading: ArgumentsReading): Promise<number> {
  switch (reading.kind) {
    case 'wrong':
      return complain(OUTPUT, reading.complaint);
    case 'malformed':
      // The framework takes a value that starts with a dash; the reader, which is stricter, does not.
      return complain(OUTPUT, USAGE.dashValue());
    case 'read': {
      const { service, options } = reading.value;
      const derived = derivedFor(nodeHost(), options);
      // What is not trusted is what `doctor` is for.
      const isLookedAt = options.explainPlace || (name === 'doctor' && derived.kind === 'distrusted');
      if (derived.kind !== 'place' && !isLookedAt) return complainOf(OUTPUT, failureOf(derived));
      return ACTIONS[name](commands(OUTPUT), service, options);
    }
  }
}

type Action = (
  all: Commands,
  service: string | undefined,
  options: CommandOptions,
) => number | Promise<number>;

/** Well-formed calls of these are answered before this bundle is loaded: see `main.ts`. */
const elsewhere: Action = () => complain(OUTPUT, USAGE.dashValue());

const setup = ({ managerSetup, commandSetup }: Commands, { systemd, launchd }: CommandOptions) =>
  systemd || launchd ? managerSetup : commandSetup;

const ACTIONS: Readonly<Record<CommandName, Action>> = {
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
};

/** @param run is called for a command line without mistakes */
function buildProgram(run: (name: CommandName) => Promise<void>): Command {
  const program = new Command('solod')
    .description('Exactly one warm background daemon for a command-line tool.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => OUTPUT.print(text),
      writeErr: (text) => OUTPUT.explain(text),
      outputError: (text) => say(text.replace(/^error: /, '').trimEnd()),
    })
    .showHelpAfterError('(run solod --help for more)')
    .addHelpText('after', exitCodesHelp());
  for (const [name, [operand, summary]] of Object.entries(HELP) as [
    CommandName,
    readonly [string, string],
  ][]) {
    const command = parentOf(program, name)
      .command(`${name.split(' ').at(-1)} ${operand}`.trimEnd())
      .description(summary);
    for (const option of COMMAND_OPTIONS[name]) command.addOption(optionFor(name, option));
    command.action(() => run(name));
    if (name === 'share') command.usage('[options] -- <command> [args...]');
  }
  return program;
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
