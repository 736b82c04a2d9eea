#!/usr/bin/env node
// The command line of prettierd: formats standard input as the named file, or manages the daemon.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { call } from 'solod';

const SERVICE = path.join(import.meta.dirname, 'service.mjs');
const HELP = `Usage: prettierd <file> [options of Prettier] < text
       prettierd --stdin-filepath <file> [options of Prettier] < text
       prettierd start | stop | restart | status
       prettierd --version | --help
`;

const { argv, stdin, stdout, stderr } = process;
const args = argv.slice(2);
const require = createRequire(import.meta.url);

/** Runs a command of solod. */
function solod(command, stdio) {
  const manifest = require.resolve('solod/package.json');
  const program = path.join(path.dirname(manifest), 'dist/solod.cjs');
  return spawnSync(process.execPath, [program, command, SERVICE], { stdio });
}

/** Manages the daemon, and says in a word how that ended. */
function manage(command, word) {
  const { status } = solod(command, ['ignore', 'ignore', command === 'status' ? 'ignore' : 'inherit']);
  stdout.write(`${status === 0 ? word : 'not running'}\n`);
  return status ?? 1;
}

async function format() {
  const result = await call({ service: SERVICE, args, stdin, stdout, stderr });
  if (result.kind === 'exited') return result.code;
  if (result.kind !== 'cancelled') stderr.write(`prettierd: ${result.message} [${result.code}]\n`);
  return 1;
}

function answer([first]) {
  switch (first) {
    case 'start':
      return solod('kick', ['ignore', 'inherit', 'inherit']).status ?? 1;
    case 'stop':
      return manage('stop', 'stopped');
    case 'restart':
      return manage('restart', 'restarted');
    case 'status':
      return manage('status', 'running');
    case '--version':
      stdout.write(`prettierd on solod ${require('solod/package.json').version}\n`);
      return 0;
    case undefined:
    case '--help':
      stdout.write(HELP);
      return first === undefined ? 1 : 0;
    default:
      return format();
  }
}

process.exitCode = await answer(args);
