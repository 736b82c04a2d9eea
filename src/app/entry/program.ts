/** The whole command: every subcommand, help, and what is said of mistakes. */

import { Command, CommanderError, Option } from 'commander';
import { complain } from '../commands/facts.js';
import { EXIT, exitCodeOfOutput } from '../environment/exit-codes.js';
import { VERSION } from '../environment/version.js';
import {
  COMMAND_OPTIONS,
  type CommandName,
  type CommandOptions,
  OPTIONS,
  type OptionSpec,
  type RawOptions,
  readOptions,
} from '../options/option-table.js';
import { USAGE } from '../texts/failure-text.js';
import { commands, type Output } from './composition.js';

const EXIT_CODES = `
Exit codes:
  0 to 255  those of the called service
  1   doctor: there is a problem
  64  the command line makes no sense
  65  install, uninstall: what is in the settings file is in the way
  66  there is no such service file
  69  the daemon does not answer, or (status, stop, stats) there is none; (logs, spawns) nothing is written down
  70  the daemon died at its start, or its service does not load
  71  no process could be started
  73  the state directory can't be written
  74  the caller's own stdin, stdout or stderr failed
  75  not within the time
  76  the connection was lost after the call had begun: it is not tried again
  77  the state directory is not to be trusted
  78  the daemon is newer than this solod, and speaks another wire
  130 interrupted`;

const SUMMARIES: Readonly<Record<CommandName, string>> = {
  call: 'call a service through its daemon, starting it if there is none',
  serve: 'serve in the foreground',
  kick: 'see to it that the daemon is there, without waiting for it',
  status: 'say how the daemon of a service, or every daemon, is',
  stop: 'end the daemon, its work in flight first',
  restart: 'end the daemon and start it anew',
  ls: 'list the daemons',
  logs: 'print what the daemon of a service wrote',
  spawns: 'tell every start of a daemon: why, who asked, what became of it',
  stats: 'print what daemons have done: calls, times, memory, queue',
  doctor: 'check what daemons need and how they are, and say what to do; changes nothing',
  gc: 'remove what dead daemons and killed callers left behind',
  install:
    'put a service on the PATH, and in a settings file, as a command; or (--systemd, --launchd) let a service manager start its daemon',
  uninstall: 'undo what install did; the daemon stays',
};

/**
 * @param argv what follows the program's name
 * @returns the exit code
 */
export async function runCommand(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.ok;
  const finish = (code: number): void => {
    exitCode = code;
  };
  const program = buildProgram(finish);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help that was asked for is no mistake.
    return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  }
}

interface Setup {
  install(service: string | undefined, options: CommandOptions): number;
  uninstall(service: string | undefined, options: CommandOptions): number;
}

type Action = (service: string | undefined, options: CommandOptions) => Promise<number>;

function buildProgram(finish: (exitCode: number) => void): Command {
  const program = new Command('solod')
    .description('Exactly one warm background daemon for a command-line tool.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print help')
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'solod: ')) })
    .showHelpAfterError('(solod --help tells more)')
    .addHelpText('after', EXIT_CODES);
  process.stdout.on('error', (error) => process.exit(exitCodeOfOutput(error)));
  const output: Output = {
    print: (text) => void process.stdout.write(text),
    complain: (sentence) => void process.stderr.write(`solod: ${sentence}\n`),
    progress: (line) => {
      if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
    },
  };
  const actions = commands(output);
  const define = (name: CommandName, operand: string, action: Action): void => {
    const command = program
      .command(`${name}${operand === '' ? '' : ` ${operand}`}`)
      .description(SUMMARIES[name]);
    for (const option of COMMAND_OPTIONS[name]) command.addOption(optionFor(option));
    command.action(async (...given: readonly unknown[]) => {
      const service = operand === '' ? undefined : (given[0] as string | undefined);
      const read = readOptions(rawOptions(command));
      if (read.kind === 'wrong') {
        return finish(complain(output, read.complaint));
      }
      return finish(await action(service, read.value));
    });
  };
  // What is well-formed of these three never comes here (see main.ts): the definitions are for help and for mistakes.
  const elsewhere: Action = async () => {
    return complain(output, USAGE.dashValue());
  };
  define('call', '<service> [args...]', elsewhere);
  define('serve', '<service>', elsewhere);
  define('kick', '<service>', elsewhere);
  define('status', '[service]', (service, options) => actions.status.run(service, options));
  define('stop', '[service]', (service, options) =>
    (options.all ? actions.stopAll : actions.stop).run(service, options),
  );
  define('restart', '<service>', (service, options) => actions.restart.run(service, options));
  const setup = ({ systemd, launchd }: CommandOptions): Setup =>
    systemd || launchd ? actions.managerSetup : actions.commandSetup;
  define('install', '<service>', async (service, options) => setup(options).install(service, options));
  define('uninstall', '[service]', async (service, options) => setup(options).uninstall(service, options));
  // Answered before this is loaded (see main.ts).
  program
    .command('share')
    .usage('[options] -- <command> [args...]')
    .description('speak MCP, and share one server with all who ask for the same (solod share --help)');
  define('ls', '', (_, options) => actions.list.run(options));
  define('logs', '[service]', (service, options) => actions.logs.run(service, options));
  define('spawns', '[service]', (service, options) => actions.spawns.run(service, options));
  define('stats', '[service]', (service, options) => actions.stats.run(service, options));
  define('doctor', '[service]', (service, options) => actions.doctor.run(service, options));
  define('gc', '[service]', (service, options) => actions.gc.run(service, options));
  return program;
}

function optionFor(name: keyof typeof OPTIONS): Option {
  const spec: OptionSpec = OPTIONS[name];
  const short = spec.short === undefined ? '' : `-${spec.short}, `;
  return new Option(`${short}--${name}${spec.argument === undefined ? '' : ` ${spec.argument}`}`, spec.help);
}

/** Commander writes its options' names in camel case. */
function rawOptions(command: Command): RawOptions {
  const values = command.opts<Record<string, string | boolean | undefined>>();
  const camel = (name: string): string =>
    name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, values[camel(name)]]));
}
