#!/usr/bin/env node
// The command line of prettierd: formats standard input as the named file, or manages the daemon.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { call, obtain } from 'solod';

const SERVICE = path.join(import.meta.dirname, 'service.mjs');
const HELP = `Usage: prettierd <file> [options] < text
       prettierd start | stop | restart | status
       prettierd --version | --help | --debug-info <file>

Options: those of Prettier as --name=value or --no-name, and
  --check                      only say whether the text is formatted
  --ignore-path <file>         instead of .prettierignore
  --no-config                  as if there was no configuration
  --no-editorconfig            the same for .editorconfig
  --config-precedence=<which>  cli-override, file-override or prefer-file
`;

const { argv, stdin, stdout, stderr } = process;
const args = argv.slice(2);
const require = createRequire(import.meta.url);

/** Runs a command of solod, and says whether there was a daemon. */
function solod(command) {
  const program = path.join(path.dirname(require.resolve('solod/package.json')), 'dist/solod.cjs');
  return spawnSync(process.execPath, [program, command, SERVICE], { stdio: 'ignore' }).status === 0;
}

async function start() {
  const daemon = await obtain({ service: SERVICE });
  if (daemon.kind === 'attached') stderr.write('Already running\n');
  return daemon.kind === 'failed' ? fail(daemon) : 0;
}

function restart() {
  if (!solod('stop')) stderr.write('Not running\n');
  return start();
}

async function run() {
  const result = await call({ service: SERVICE, args, stdin, stdout, stderr });
  if (result.kind === 'exited') return result.code;
  return result.kind === 'cancelled' ? 1 : fail(result);
}

function fail({ message, code }) {
  stderr.write(`prettierd: ${message} [${code}]\n`);
  return 1;
}

/** @param {{ write(text: string): unknown }} stream */
function say(stream, text) {
  stream.write(text);
  return 0;
}

const COMMANDS = {
  '--version': () => say(stdout, `prettierd on solod ${require('solod/package.json').version}\n\n`),
  '--help': () => say(stdout, HELP),
  stop: () => (solod('stop') ? say(stdout, 'stopped prettierd\n') : 0),
};

const FIRST = {
  start,
  status: () => (solod('status') ? say(stdout, 'Running') : say(stderr, 'Not running\n')),
  restart,
  'stop-local': () => (solod('stop') ? 0 : say(stderr, 'Not running\n')),
};

// As in prettierd, the first ones count wherever they stand.
const anywhere = args.find((word) => Object.hasOwn(COMMANDS, word));
const first = Object.hasOwn(FIRST, args[0]) ? FIRST[args[0]] : run;
process.exitCode = await (anywhere === undefined ? first : COMMANDS[anywhere])();
