/** The commands about programs that know nothing of solod. See docs/programs.md. */

import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { judgeConnect } from '../../domain/evidence/connect-verdict.js';
import { vitalityOf } from '../../domain/evidence/identity.js';
import type { Owner } from '../../domain/evidence/owner.js';
import { type Failure, unpreparedFailure } from '../../domain/failure.js';
import { CALL_TOTAL_MS } from '../../domain/lock/timing.js';
import { layout } from '../../domain/place/layout.js';
import { prepareDirectory } from '../../domain/place/state-directory.js';
import { runSync } from '../../domain/procedure/run.js';
import { codeFor, codeSuffix } from '../../domain/text/error-code.js';
import { EXIT, exitCodeOf, exitCodeOfOutput } from '../environment/exit-codes.js';
import { ownStreams } from '../environment/sync-stdout.js';
import { type DaemonRequest, resolveSettled } from '../library/daemon-request.js';
import { resolveTarget, type Target } from '../library/daemon-target.js';
import { kickReachable } from '../library/kick-daemon.js';
import { connectTo } from '../library/obtain-daemon.js';
import {
  type ProgramArguments,
  type ProgramCommand,
  type ProgramReading,
  readProgramArguments,
} from '../options/program-arguments.js';
import { CommandOutput } from '../output/command-output.js';
import { type CallerHost, portsOf } from '../platforms/host.js';
import { callerHost, type ForegroundEnd, runInForeground } from '../platforms/node-platform.js';
import { type Complaint, messageOf } from '../texts/complaint.js';
import { failureMessage } from '../texts/failure-sentence.js';
import { PROGRAM_TROUBLE } from '../texts/program-text.js';
import { say } from '../texts/stderr.js';
import { USAGE } from '../texts/usage-text.js';
import { type JoinEnd, joinStreams } from './join-streams.js';
import { launchedRequest } from './launched-request.js';

/**
 * `connect`, `path`, and `call` and `kick` of a program.
 * @returns the exit code; `malformed` for what the full command answers
 */
export async function runProgram(argv: readonly string[]): Promise<number | 'malformed'> {
  const [command, ...rest] = argv;
  const reading = readProgramArguments(command as ProgramCommand, rest);
  if (reading.kind !== 'read') return refuse(reading);
  const host = callerHost();
  if (host.platform === 'win32')
    return complain(USAGE.platform(host.platform, `solod ${command}`), EXIT.usage);
  if (command === 'path') return printPath(host, reading.value);
  return command === 'kick' ? kickProgram(host, reading.value) : connectProgram(host, reading.value);
}

async function kickProgram(host: CallerHost, { name, command, options }: ProgramArguments): Promise<number> {
  if (command === undefined) return complain(USAGE.noDaemon(), EXIT.usage);
  const kicked = await kickReachable(host, { ...options, name, command, listener: 'handed' });
  // It has said itself what failed.
  return kicked.kind === 'failed' ? exitCodeOf(kicked.failure) : EXIT.ok;
}

/** `serve` of a program: it runs in the foreground, and this process passes signals on to it. */
export async function serveProgram(argv: readonly string[]): Promise<number> {
  const reading = readProgramArguments('serve', argv);
  if (reading.kind === 'malformed') return EXIT.usage;
  if (reading.kind === 'wrong') return complain(reading.complaint, EXIT.usage);
  return serveInForeground(callerHost(), reading.value);
}

function refuse(reading: Exclude<ProgramReading, { kind: 'read' }>): number | 'malformed' {
  return reading.kind === 'wrong' ? complain(reading.complaint, EXIT.usage) : 'malformed';
}

function complain(complaint: Complaint, exitCode: number): number {
  say(messageOf(complaint));
  return exitCode;
}

function fail(failure: Failure): number {
  say(failureMessage(failure));
  return exitCodeOf(failure);
}

async function printPath(host: CallerHost, { name, options }: ProgramArguments): Promise<number> {
  const target = resolveTarget({ ...options, name }, host);
  if (target.kind === 'failed') return fail(target.failure);
  const output = new CommandOutput();
  output.print(`${layout.currentSocket(target.value.place.directory)}\n`);
  return output.settle(EXIT.ok);
}

// --- in the foreground ---

async function serveInForeground(host: CallerHost<Socket>, asked: ProgramArguments): Promise<number> {
  const request = requestOf(host, asked);
  if (request.kind === 'failed') return fail(request.failure);
  if (request.kind === 'unknown') return complain(PROGRAM_TROUBLE.notServed(asked.name), EXIT.usage);
  const { target, spawn } = request.value;
  const prepared = prepare(host, target);
  if (prepared !== undefined) return fail(prepared);
  const { directory, command, handListener } = spawn;
  const handed = handListener?.({ directory, command, path: host.env.PATH, mode: 'foreground' });
  if (handed === undefined) return fail({ kind: 'no-daemon-program' });
  if (handed.kind === 'failed') return fail({ kind: 'spawn-refused', directory, cause: handed.cause });
  // A terminal sends its own to the program as well.
  const passedOn = ['SIGTERM', 'SIGHUP', ...(isatty(0) ? [] : (['SIGINT'] as const))] as const;
  return endAs(await runInForeground(handed, passedOn));
}

/** Enough for Deno on a busy machine; a signal that this process ignores makes it wait so long. */
const ENDINGS = { times: 20, everyMs: 10 };

/** Ends this process as its program has ended. */
async function endAs({ code, signal }: ForegroundEnd): Promise<number> {
  if (signal === null) return code ?? EXIT.software;
  // Deno removes a handler only after the call that removes it: until then it swallows the signal.
  for (let left = ENDINGS.times; left > 0; left--) {
    process.kill(process.pid, signal);
    await delay(ENDINGS.everyMs);
  }
  return 128 + constants.signals[signal];
}

function prepare(host: CallerHost<Socket>, target: Target): Failure | undefined {
  const { place } = target;
  const prepared = runSync(prepareDirectory({ place, userId: host.userId }), portsOf(host));
  return prepared.kind === 'prepared' ? undefined : unpreparedFailure(prepared);
}

// --- joined to its socket ---

type Requested =
  | { readonly kind: 'resolved'; readonly value: DaemonRequest }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** Neither the command line nor a launch file says what to start. */
  | { readonly kind: 'unknown'; readonly target: Target };

function requestOf(host: CallerHost<Socket>, { name, command, options }: ProgramArguments): Requested {
  const totalMs = options.timeoutMs ?? CALL_TOTAL_MS;
  if (command === undefined) return launchedRequest(host, { ...options, name, timing: { totalMs } });
  return resolveSettled({ ...options, name, command, listener: 'handed' }, host, { totalMs });
}

async function connectProgram(host: CallerHost<Socket>, asked: ProgramArguments): Promise<number> {
  const request = requestOf(host, asked);
  if (request.kind === 'failed') return fail(request.failure);
  if (request.kind === 'unknown') return connectOrLeave(host, request.target);
  const reached = await connectTo(host, request.value, { greeter: undefined });
  if (reached.kind === 'failed') return fail(reached.failure);
  const { label } = request.value.target;
  return join(host, { label, owner: reached.owner, socket: reached.connection });
}

/** To a daemon that somebody has started in the foreground. */
async function connectOrLeave(host: CallerHost<Socket>, target: Target): Promise<number> {
  const { label, place, platform } = target;
  const probe = host.probe();
  const verdict = judgeConnect(
    await probe.connect(layout.currentSocket(place.directory), CALL_TOTAL_MS),
    platform,
  );
  const socket = probe.take();
  if (verdict.kind !== 'alive' || socket === undefined)
    return complain(PROGRAM_TROUBLE.notServed(label), EXIT.unavailable);
  return join(host, { label, owner: undefined, socket });
}

interface Reached {
  readonly label: string;
  readonly owner: Owner | undefined;
  readonly socket: Socket;
}

async function join(host: CallerHost<Socket>, { label, owner, socket }: Reached): Promise<number> {
  socket.allowHalfOpen = true;
  const { stdin, stdout } = ownStreams();
  const end = await joinStreams(socket, stdin() as Readable, stdout);
  const isUnheard = end.received === 'nothing' && owner !== undefined && (await isGone(host, owner));
  if (end.kind === 'broken' && !(isUnheard && end.by === 'socket')) return broken(label, end);
  return isUnheard ? complain(PROGRAM_TROUBLE.endedUnheard(label, owner.pid), EXIT.lost) : EXIT.ok;
}

function broken(label: string, { by, cause }: Extract<JoinEnd, { kind: 'broken' }>): number {
  if (by === 'socket') return complain(PROGRAM_TROUBLE.lost(label, cause), EXIT.lost);
  const code = by === 'stdout' ? exitCodeOfOutput(cause) : EXIT.ioError;
  if (code === EXIT.ioError) say(`${by} failed: ${cause.message}${codeSuffix(codeFor('stream'))}`);
  return code;
}

/** A process closes its sockets a moment before it is gone. */
const LAST_MS = 50;

async function isGone(host: CallerHost<Socket>, owner: Owner): Promise<boolean> {
  await delay(LAST_MS);
  const { processes } = host;
  return vitalityOf(owner, processes.self(), processes.lookUp(owner.pid)) === 'dead';
}
