/** Handles `call` and `kick` off the warm path, without commander. Everything else loads the full command. */

import { loadBundle } from '../environment/bundle-files.js';
import { EXIT, exitCodeOf, exitCodeOfOutput } from '../environment/exit-codes.js';
import { ownStreams } from '../environment/sync-stdout.js';
import { terminals } from '../environment/terminals.js';
import { type CallOptions, type CallResult, callService } from '../library/call-service.js';
import type { ServiceOptions } from '../library/daemon-request.js';
import { type KickResult, kickReachable } from '../library/kick-daemon.js';
import { readServiceArguments, type ServiceArguments } from '../options/read-options.js';
import { callerHost } from '../platforms/node-platform.js';
import { textOf } from '../texts/complaint.js';
import { refusingByLine } from '../texts/refused-call.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { say, sayAsLine } from '../texts/stderr.js';
import type { CallEnd } from '../wire/client.js';
import type { Opened } from '../wire/opened.js';

/** @param opened a call that the warm path has begun */
export async function run(argv: readonly string[], opened?: Opened | undefined): Promise<number> {
  return refusingByLine(say, () => runCommand(argv, opened));
}

async function runCommand(argv: readonly string[], opened: Opened | undefined): Promise<number> {
  const [command, ...rest] = argv;
  const asked = command === 'call' || command === 'kick' ? readServiceArguments(command, rest) : undefined;
  if (asked === undefined) return loadBundle<typeof import('./program.js')>('command.cjs').runCommand(argv);
  return command === 'call'
    ? callCommand(asked, opened)
    : kickExitCode(await kickReachable(callerHost(), serviceOptions(asked)));
}

function serviceOptions({
  service,
  options: { timeoutMs, ...rest },
}: ServiceArguments): ServiceOptions & { timing: { totalMs?: number } } {
  return { ...rest, service, timing: timeoutMs === undefined ? {} : { totalMs: timeoutMs } };
}

async function callCommand(asked: ServiceArguments, opened: Opened | undefined): Promise<number> {
  const { fallback, verbose, errors } = asked.options;
  const options: CallOptions = {
    ...serviceOptions(asked),
    args: asked.args,
    ...ownStreams(),
    terminals: terminals(),
    fallback,
  };
  const result = await callService(callerHost(), options, opened);
  if (verbose && result.kind === 'exited' && result.via === 'inline')
    say(`in this process, without a daemon: ${result.why}`);
  return finish(endingOf(result), errors);
}

/** How a call ended; `complaint` if solod itself failed. */
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

/** Reports the end of a call whose streams another bundle carried. */
export function tell(argv: readonly string[], end: Exclude<CallEnd, { kind: 'exited' }>): number {
  const { errors } = readServiceArguments('call', argv)?.options ?? {};
  const result = end.kind === 'lost' ? { ...end, message: textOf(TROUBLE.lost(end.cause)) } : end;
  return finish(endingOf(result), errors);
}

function endingOfCancelled(result: Extract<CallResult, { kind: 'cancelled' }>): Ending {
  if (result.by === 'signal') return { exitCode: EXIT.interrupted };
  const exitCode = exitCodeOfOutput(result.cause);
  if (exitCode !== EXIT.ioError) return { exitCode };
  return { exitCode, complaint: textOf(TROUBLE.stream(result.by, result.cause)) };
}

/** Tools that show a status line ignore a command that fails. So `--errors line` tells, with exit code 0. */
function finish({ exitCode, complaint }: Ending, errors: 'stderr' | 'line' | undefined): number {
  if (complaint === undefined) return exitCode;
  if (errors === 'line' && exitCode !== EXIT.usage && sayAsLine(complaint)) return EXIT.ok;
  say(complaint);
  return exitCode;
}

/** `kick` has already said what there was to say. */
function kickExitCode(result: KickResult): number {
  return result.kind === 'failed' ? exitCodeOf(result.failure) : EXIT.ok;
}
