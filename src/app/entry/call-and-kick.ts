/**
 * What is not warm of the commands that are called hundreds of times, `call` and `kick`, without a framework; everything else,
 * help and mistakes among it, goes to the whole command, which loads one.
 */

import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf, exitCodeOfOutput } from '../environment/exit-codes.js';
import { ownStreams } from '../environment/sync-stdout.js';
import { terminals } from '../environment/terminals.js';
import { type CallOptions, type CallResult, goOn } from '../library/call-service.js';
import type { ServiceOptions } from '../library/daemon-request.js';
import { type KickResult, kick } from '../library/kick-daemon.js';
import { type QuickArguments, readQuickly } from '../options/option-table.js';
import { TROUBLE, textOf } from '../texts/failure-text.js';
import { refusingByLine } from '../texts/refused-call.js';
import { say, sayAsLine } from '../texts/stderr.js';
import type { CallEnd } from '../wire/client.js';
import type { Opened } from '../wire/opened.js';

/** @param opened a call that has been begun on the warm way */
export async function run(argv: readonly string[], opened?: Opened | undefined): Promise<number> {
  return refusingByLine(say, () => runCommand(argv, opened));
}

async function runCommand(argv: readonly string[], opened: Opened | undefined): Promise<number> {
  const [command, ...rest] = argv;
  // A kick is over before anybody could end it.
  if (command !== 'kick') loadBundle('signals.cjs');
  if (command === 'call' || command === 'kick') {
    const quick = readQuickly(command, rest);
    if (quick !== undefined) return quickly(command, quick, opened);
  }
  return loadBundle<typeof import('./program.js')>('command.cjs').runCommand(argv);
}

async function quickly(
  command: 'call' | 'kick',
  quick: QuickArguments,
  opened: Opened | undefined,
): Promise<number> {
  switch (command) {
    case 'call':
      return callCommand(quick, opened);
    case 'kick':
      return kickExitCode(kick(serviceOptions(quick)));
  }
}

function serviceOptions({
  service,
  options,
}: QuickArguments): ServiceOptions & { timing: { totalMs?: number } } {
  const { timeoutMs, json: _, verbose: __, force: ___, fallback: ____, errors: _____, ...rest } = options;
  return { ...rest, service, timing: timeoutMs === undefined ? {} : { totalMs: timeoutMs } };
}

async function callCommand(quick: QuickArguments, opened: Opened | undefined): Promise<number> {
  const options: CallOptions = {
    ...serviceOptions(quick),
    args: quick.args,
    ...ownStreams(),
    terminals: terminals(),
    fallback: quick.options.fallback,
  };
  const result = await goOn(options, opened);
  if (quick.options.verbose && result.kind === 'exited' && result.via === 'inline')
    say(`in this process, without a daemon: ${result.why}`);
  return finish(endingOf(result), quick.options.errors);
}

/** What a call comes to; `complaint` where it is solod itself that failed. */
interface Ending {
  readonly exitCode: number;
  readonly complaint?: string;
}

function endingOf(result: CallResult): Ending {
  switch (result.kind) {
    case 'exited':
      return { exitCode: result.code };
    case 'cancelled':
      return endingOfCancelled(result);
    case 'lost':
      return { exitCode: EXIT.lost, complaint: result.message };
    case 'failed':
      return { exitCode: exitCodeOf(result.failure), complaint: result.message };
  }
}

/** Says how a call ended that was carried on elsewhere. */
export function tell(argv: readonly string[], end: Exclude<CallEnd, { kind: 'exited' }>): number {
  const { errors } = readQuickly('call', argv)?.options ?? {};
  const result = end.kind === 'lost' ? { ...end, message: textOf(TROUBLE.lost(end.cause)) } : end;
  return finish(endingOf(result), errors);
}

function endingOfCancelled(result: Extract<CallResult, { kind: 'cancelled' }>): Ending {
  if (result.by === 'signal') return { exitCode: EXIT.interrupted };
  const exitCode = exitCodeOfOutput(result.cause);
  if (exitCode !== EXIT.ioError) return { exitCode };
  return { exitCode, complaint: textOf(TROUBLE.stream(result.by, result.cause)) };
}

/** Whoever shows a status line shows nothing of a program that fails: there the line tells, and the exit code does not. */
function finish({ exitCode, complaint }: Ending, errors: 'stderr' | 'line' | undefined): number {
  if (complaint === undefined) return exitCode;
  if (errors === 'line' && exitCode !== EXIT.usage && sayAsLine(complaint)) return EXIT.ok;
  say(complaint);
  return exitCode;
}

/** What there was to say, `kick` has said. */
function kickExitCode(result: KickResult): number {
  return result.kind === 'failed' ? exitCodeOf(result.failure) : EXIT.ok;
}
