/** Handles `call` and `kick` off the warm path, without commander. Everything else loads the full command. */

import { codeSuffix } from '../../domain/text/error-code.js';
import { colourOf, colourWanted } from '../../domain/text/one-line.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf, exitCodeOfOutput } from '../environment/exit-codes.js';
import { ownStreams } from '../environment/sync-stdout.js';
import { terminals } from '../environment/terminals.js';
import { type CallOptions, type CallResult, callService, lostCall } from '../library/call-service.js';
import type { ServiceOptions } from '../library/daemon-request.js';
import { type KickResult, kickReachable } from '../library/kick-daemon.js';
import type { CommandOptions } from '../options/option-table.js';
import { isProgram } from '../options/program-arguments.js';
import { readServiceArguments, type ServiceArguments } from '../options/read-options.js';
import { callerHost } from '../platforms/node-platform.js';
import { textOf } from '../texts/complaint.js';
import { refusingByLine } from '../texts/refused-call.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { say, sayAsLine } from '../texts/stderr.js';
import type { CallEnd, Opened } from '../wire/client.js';
import { showWait } from './progress-line.js';

/** @param opened a call that the warm path has begun */
export async function run(argv: readonly string[], opened?: Opened | undefined): Promise<number> {
  return refusingByLine(say, () => runCommand(argv, opened));
}

async function runCommand(argv: readonly string[], opened: Opened | undefined): Promise<number> {
  const [command, ...rest] = argv;
  if (command === 'connect' || command === 'path') return runProgram(argv);
  const asked = command === 'call' || command === 'kick' ? readServiceArguments(command, rest) : undefined;
  if (asked === undefined) return loadCommand().runCommand(argv);
  if (isProgram(rest, asked)) return runProgram(argv);
  return command === 'call'
    ? callCommand(asked, opened)
    : kickExitCode(await kickReachable(callerHost(), serviceOptions(asked)));
}

async function runProgram(argv: readonly string[]): Promise<number> {
  const code = await loadBundle<typeof import('../programs/programs.js')>('programs.cjs').runProgram(argv);
  return code === 'malformed' ? loadCommand().runCommand(argv) : code;
}

const loadCommand = () => loadBundle<typeof import('./program.js')>('command.cjs');

function serviceOptions({
  service,
  options: { timeoutMs, ...rest },
}: ServiceArguments): ServiceOptions & { timing: { totalMs?: number } } {
  return { ...rest, service, timing: timeoutMs === undefined ? {} : { totalMs: timeoutMs } };
}

async function callCommand(asked: ServiceArguments, opened: Opened | undefined): Promise<number> {
  const { fallback, verbose } = asked.options;
  const options: CallOptions = {
    ...serviceOptions(asked),
    args: asked.args,
    ...ownStreams(),
    terminals: terminals(),
    fallback,
  };
  const result = await callService(callerHost(), options, opened, undefined, () => showWait(asked.service));
  if (verbose && result.kind === 'exited' && result.via === 'inline')
    say(`in this process, without a daemon: ${result.why}`);
  return finish(endingOf(result), asked.options);
}

/** How a call ended; `complaint` if solod itself failed. */
interface Ending {
  readonly exitCode: number;
  readonly complaint?: string;
  readonly code?: string | undefined;
}

function endingOf(result: CallResult): Ending {
  switch (result.kind) {
    case 'exited':
      return { exitCode: result.code };
    case 'cancelled':
      return endingOfCancelled(result);
    case 'lost':
      return { exitCode: EXIT.lost, complaint: result.message, code: result.code };
    case 'failed':
      return { exitCode: exitCodeOf(result.failure), complaint: result.message, code: result.code };
  }
}

/** Reports the end of a call whose streams another bundle carried. */
export function tell(argv: readonly string[], end: Exclude<CallEnd, { kind: 'exited' }>): number {
  const options = readServiceArguments('call', argv)?.options ?? {};
  const result = end.kind === 'lost' ? { ...end, ...lostCall(end.cause) } : end;
  return finish(endingOf(result), options);
}

function endingOfCancelled(result: Extract<CallResult, { kind: 'cancelled' }>): Ending {
  if (result.by === 'signal') return { exitCode: EXIT.interrupted };
  const exitCode = exitCodeOfOutput(result.cause);
  if (exitCode !== EXIT.ioError) return { exitCode };
  const trouble = TROUBLE.stream(result.by, result.cause);
  return { exitCode, complaint: textOf(trouble), code: trouble.code };
}

/** Tools that show a status line ignore a command that fails. So `--errors line` tells, with exit code 0. */
function finish(
  { exitCode, complaint, code }: Ending,
  { errors, color }: Pick<CommandOptions, 'errors' | 'color'>,
): number {
  if (complaint === undefined) return exitCode;
  const colour = colourOf(color, colourWanted(process.env.NO_COLOR));
  if (errors === 'line' && exitCode !== EXIT.usage && sayAsLine(complaint, code, colour)) return EXIT.ok;
  say(complaint + codeSuffix(code));
  return exitCode;
}

/** `kick` has already said what there was to say. */
function kickExitCode(result: KickResult): number {
  return result.kind === 'failed' ? exitCodeOf(result.failure) : EXIT.ok;
}
