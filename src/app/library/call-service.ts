import type { Readable, Writable } from 'node:stream';
import { BOUND } from '../../adapters/node/processes/spawner.js';
import type { Greeter } from '../../adapters/node/sockets/socket-probe.js';
import { callerText } from '../../domain/evidence/edition.js';
import type { Failure } from '../../domain/failure.js';
import { CALL_TOTAL_MS, FIRST_LOOK_MS } from '../../domain/lock/timing.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { Host } from '../environment/node-host.js';
import { type Environment, workingDirectory } from '../environment/state-root.js';
import type { Terminals } from '../environment/terminals.js';
import { resolveService } from '../service/service-file.js';
import { sentence, TROUBLE, textOf, USAGE } from '../texts/failure-text.js';
import { CallConnection, type CallEnd, requestEnvironment } from '../wire/client.js';
import type { Opened } from '../wire/opened.js';
import type { InlineCall } from './call-inline.js';
import {
  type DaemonRequest,
  resolveRequest,
  type ServiceOptions,
  type TimingOptions,
} from './daemon-request.js';
import { invalid } from './daemon-target.js';
import { kickAside } from './kick-daemon.js';
import { loadInline } from './load-inline.js';
import { connectTo, failed, type WhenHung } from './obtain-daemon.js';

export type CallOptions = ServiceOptions &
  TimingOptions & {
    readonly args?: readonly string[] | undefined;
    /** The directory that the call is made in; by default this process's. */
    readonly cwd?: string | undefined;
    /** What the service is given to read; nothing by default. Not touched, nor called, unless the service reads. */
    readonly stdin?: Readable | (() => Readable) | undefined;
    readonly stdout: Writable;
    readonly stderr: Writable;
    /** Cancels the call. */
    readonly signal?: AbortSignal | undefined;
    /** Which of the streams are terminals, for services that colour their output. */
    readonly terminals?: Terminals | undefined;
    /**
     * Where no daemon answers at once: `wait` for one, and fail where none can be had (the default), or run the service `inline`,
     * in this very process, and kick its daemon for the next time.
     */
    readonly fallback?: 'wait' | 'inline' | undefined;
    readonly whenHung?: WhenHung | undefined;
  };

export type CallResult =
  /** The service ended with this code; all of its output has been written. */
  | (Extract<CallEnd, { kind: 'exited' }> & {
      readonly via: 'attached' | 'started';
      readonly pid: number | undefined;
    })
  /** The same, in this process; `why` says why there was no daemon. */
  | (Extract<CallEnd, { kind: 'exited' }> & { readonly via: 'inline'; readonly why: string })
  /** The connection was lost after the daemon had begun. The call may have been carried out; it is not tried again. */
  | (Extract<CallEnd, { kind: 'lost' }> & { readonly message: string })
  | Extract<CallEnd, { kind: 'cancelled' }>
  /** Nothing was begun. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string };

const NO_TERMINALS: Terminals = [false, false, false];

/**
 * Calls a service through its daemon, which is started if there is none.
 *
 * @param options which service, with what; waits 10 s for the daemon (1 s for one that is there, with the fallback `inline`) unless
 *   `timing.totalMs` says otherwise, and for the answer as long as it takes
 * @returns never rejects: every failure is a result
 */
export function call(options: CallOptions): Promise<CallResult> {
  return goOn(options, undefined);
}

/** @param opened a call that has been begun on the warm way */
export async function goOn(options: CallOptions, opened: Opened | undefined): Promise<CallResult> {
  const host = new Host();
  const totalMs = options.fallback === 'inline' ? FIRST_LOOK_MS : CALL_TOTAL_MS;
  const resolved = resolveRequest(options, host.userId, { totalMs });
  const choice = chooseDaemon(options.daemon, options.env ?? process.env);
  if (resolved.kind === 'failed') {
    if (resolved.failure.kind === 'service-missing' && workingDirectory() === '')
      return failed(invalid(USAGE.noDirectory()).failure);
    const isWanted = choice.kind === 'daemon' && options.fallback !== 'inline';
    const { kind } = resolved.failure;
    return kind === 'no-daemon-program' || (kind === 'no-home' && !isWanted)
      ? callWithoutPlace(options, sentence(resolved.failure))
      : failed(resolved.failure);
  }
  switch (choice.kind) {
    case 'wrong':
      return failed(invalid(USAGE.switch(choice.value)).failure);
    case 'inline':
      return callHere(options, inlineOf(resolved.value), choice.why);
    case 'daemon':
      return callThere(host, options, resolved.value, opened);
  }
}

async function callThere(
  host: Host,
  options: CallOptions,
  resolved: DaemonRequest,
  opened: Opened | undefined,
): Promise<CallResult> {
  const { caller, target } = resolved;
  const begunMs = host.clock.now().monotonicMs;
  const request = {
    command: target.name,
    args: options.args ?? [],
    env: environmentOf(options),
    cwd: options.cwd ?? workingDirectory(),
  };
  let conversation: CallConnection | undefined;
  const greeter: Greeter = (socket, withinMs, daemon) => {
    conversation = new CallConnection(socket, socket === opened?.socket ? opened.early : undefined);
    const waitedMs = host.clock.now().monotonicMs - begunMs;
    const said = caller && callerText({ ...caller, waitedMs, spawned: daemon === 'started' });
    return conversation.greet({ ...request, caller: said }, withinMs);
  };
  const patience = options.fallback === 'inline' ? 'leave' : 'wait';
  const reached = await connectTo(host, resolved, {
    greeter,
    whenHung: options.whenHung,
    patience,
    opened: opened?.socket,
  });
  if (reached.kind === 'failed') {
    // The service itself was asked, and said no: it would say the same here.
    if (isBound(reached.failure)) return callHere(options, inlineOf(resolved), reached.message);
    if (patience === 'wait' || reached.failure.kind === 'declined') return reached;
    if (reached.failure.kind === 'vacant') kickAside(host, resolved);
    return callHere(options, inlineOf(resolved), reached.message);
  }
  if (conversation === undefined) throw new Error('a daemon was reached without being asked');
  const { stdin, stdout, stderr, signal } = options;
  const ended = await conversation.complete({ stdin, stdout, stderr, signal });
  switch (ended.kind) {
    case 'exited':
      return { ...ended, via: reached.kind, pid: reached.owner?.pid };
    case 'lost':
      return { ...ended, message: textOf(TROUBLE.lost(ended.cause)) };
    case 'cancelled':
      return ended;
  }
}

/** Whoever may use little is no one to start what all others use. */
const isBound = (failure: Failure): boolean =>
  failure.kind === 'spawn-refused' && failure.cause.code === BOUND;

type Inline = Pick<InlineCall, 'service' | 'name'>;

const inlineOf = ({ caller, target }: DaemonRequest): Inline => ({
  service: caller?.path ?? '',
  name: target.name,
});

/** A service needs no place to live in, and no daemon's program, to be run here. */
async function callWithoutPlace(options: CallOptions, why: string): Promise<CallResult> {
  const file = resolveService(options.service);
  if (file.kind === 'failed') return failed(file.failure);
  return callHere(options, { service: file.value.path, name: options.name ?? file.value.name }, why);
}

/** In this process. What it takes is loaded only now: most calls are spared it. */
async function callHere(options: CallOptions, inline: Inline, why: string): Promise<CallResult> {
  const { stdin, stdout, stderr, signal } = options;
  const { callInline } = await loadInline();
  const result = await callInline({
    ...inline,
    args: options.args ?? [],
    env: environmentOf(options),
    cwd: options.cwd ?? workingDirectory(),
    stdin,
    stdout,
    stderr,
    signal,
  });
  switch (result.kind) {
    case 'exited':
      return { ...result, via: 'inline', why };
    case 'declined':
      return failed(result);
    case 'cancelled':
      return result;
  }
}

function environmentOf(options: CallOptions): Record<string, string> {
  const env: Environment = options.env ?? process.env;
  return requestEnvironment(env, options.terminals ?? NO_TERMINALS);
}
