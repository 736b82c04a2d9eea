#!/usr/bin/env node

/**
 * The command's way in. What is called hundreds of times (`call`, `kick`) and what must claim before it loads anything
 * (`serve`) is answered from here; everything else, help and mistakes among it, goes to the whole command, which loads a
 * framework for it.
 */

import { constants } from 'node:os';
import { isatty } from 'node:tty';
import { loadServe } from './beside.js';
import { type CallResult, call } from './call.js';
import { EXIT, exitCodeOf, exitCodeOfOutput } from './exit-codes.js';
import { type KickResult, kick } from './kick.js';
import { type QuickArguments, readQuickly } from './options.js';
import type { ServiceOptions } from './request.js';
import { TROUBLE, textOf } from './sentences.js';
import { StandardOutput } from './standard-output.js';
import { say } from './words.js';

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...rest] = argv;
  if (command === 'call' || command === 'kick' || command === 'serve') {
    const quick = readQuickly(command, rest);
    if (quick !== undefined) return quickly(command, quick);
  }
  const { runCommand } = await import('./command.js');
  return runCommand(argv);
}

async function quickly(command: 'call' | 'kick' | 'serve', quick: QuickArguments): Promise<number> {
  switch (command) {
    case 'call':
      return callCommand(quick);
    case 'kick':
      return kickExitCode(kick(serviceOptions(quick)));
    case 'serve':
      return loadServe().serve(quick, 'foreground');
  }
}

function serviceOptions({
  service,
  options,
}: QuickArguments): ServiceOptions & { timing: { totalMs?: number } } {
  const { timeoutMs, json: _, verbose: __, force: ___, fallback: ____, ...rest } = options;
  return { ...rest, service, timing: timeoutMs === undefined ? {} : { totalMs: timeoutMs } };
}

async function callCommand(quick: QuickArguments): Promise<number> {
  // The end of the connection is what cancels the call, and it comes with the end of the process.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => process.exit(128 + constants.signals[signal]));
  const result = await call({
    ...serviceOptions(quick),
    args: quick.args,
    stdin: () => process.stdin,
    stdout: new StandardOutput(1),
    stderr: new StandardOutput(2),
    terminals: [isatty(0), isatty(1), isatty(2)],
    fallback: quick.options.fallback,
  });
  if (quick.options.verbose && result.kind === 'exited' && result.via === 'inline')
    say(`in this process, without a daemon: ${result.why}`);
  return callExitCode(result);
}

function callExitCode(result: CallResult): number {
  switch (result.kind) {
    case 'exited':
      return result.code;
    case 'cancelled':
      return cancelledExitCode(result);
    case 'lost':
      say(result.message);
      return EXIT.lost;
    case 'failed':
      say(result.message);
      return exitCodeOf(result.failure);
  }
}

function cancelledExitCode(result: Extract<CallResult, { kind: 'cancelled' }>): number {
  if (result.by === 'signal') return EXIT.interrupted;
  const exitCode = exitCodeOfOutput(result.cause);
  if (exitCode === EXIT.ioError) say(textOf(TROUBLE.stream(result.by, result.cause)));
  return exitCode;
}

/** What there was to say, `kick` has said. */
function kickExitCode(result: KickResult): number {
  return result.kind === 'failed' ? exitCodeOf(result.failure) : EXIT.ok;
}

// Whatever timers or sockets are left then are nobody's any more.
void main(process.argv.slice(2)).then((code) => process.exit(code));
