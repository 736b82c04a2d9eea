import type { Duplex, Readable, Writable } from 'node:stream';
import { callerText } from '../../domain/evidence/edition.js';
import type { Owner } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { BOUND } from '../../domain/lifecycle/inherited-limits.js';
import { CALL_TOTAL_MS, FIRST_LOOK_MS } from '../../domain/lock/timing.js';
import { codeFor } from '../../domain/text/error-code.js';
import type { Cause } from '../../ports/readings.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { EXIT } from '../environment/exit-codes.js';
import type { Terminals } from '../environment/terminals.js';
import type { CallerHost, Greeter } from '../platforms/host.js';
import { textOf } from '../texts/complaint.js';
import { sentence } from '../texts/failure-sentence.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { USAGE } from '../texts/usage-text.js';
import { listenToAbort } from '../wire/caller-streams.js';
import { CallConnection, type CallEnd, requestEnvironment } from '../wire/client.js';
import type { CallRequest } from '../wire/request.js';
import type { InlineCall } from './call-inline.js';
import {
  type DaemonRequest,
  isInsistedOn,
  resolveRequest,
  resolveSettled,
  type ServiceOptions,
  type TimingOptions,
} from './daemon-request.js';
import { invalid } from './daemon-target.js';
import type { KeptConnections } from './kept/kept-connections.js';
import type { SaidHead } from './kept/said-head.js';
import { kickAside } from './kick-daemon.js';
import { loadInline } from './load-inline.js';
import { connectTo, failed, type WhenHung } from './obtain-daemon.js';
import { watchWork } from './working-daemon.js';

export type CallOptions = ServiceOptions &
  TimingOptions & {
    /** Arguments of the call; none by default. */
    readonly args?: readonly string[] | undefined;
    /** Directory of the call; by default the working directory of this process. */
    readonly cwd?: string | undefined;
    /** What the service may read; nothing by default. The stream is not touched, nor the function called, unless it reads. */
    readonly stdin?: Readable | (() => Readable) | undefined;
    readonly stdout: Writable;
    readonly stderr: Writable;
    /** Cancels the call. If the service has not begun by then, it does not begin. */
    readonly signal?: AbortSignal | undefined;
    /** Which of the three streams are terminals, for services that colour their output; none by default. */
    readonly terminals?: Terminals | undefined;
    /**
     * What to do if no daemon answers at once: `wait` for one, and fail if none comes (the default), or run the service `inline`,
     * in this process, and start its daemon for the next call.
     */
    readonly fallback?: 'wait' | 'inline' | undefined;
    /** What to do with a daemon that does not answer; `report` by default. */
    readonly whenHung?: WhenHung | undefined;
  };

export type CallResult =
  /** The service ended with this exit code; all of its output has been written. `pid` is its daemon's. */
  | (Extract<CallEnd, { kind: 'exited' }> & {
      readonly via: 'attached' | 'started';
      readonly pid: number | undefined;
    })
  /** The same, in this process; `why` says why there was no daemon. */
  | (Extract<CallEnd, { kind: 'exited' }> & { readonly via: 'inline'; readonly why: string })
  /** The connection broke after the daemon had begun. The service may have run to its end; the call is not retried. */
  | (Extract<CallEnd, { kind: 'lost' }> & { readonly message: string; readonly code: string })
  | Extract<CallEnd, { kind: 'cancelled' }>
  /** Nothing was begun. `message` says `failure` in a sentence; `solod explain <code>` tells more. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string; readonly code: string };

export const NO_TERMINALS: Terminals = [false, false, false];

/** A call that the warm path has begun: its connection, and what has come on it. */
interface Begun<C> {
  readonly socket: C;
  readonly early: Buffer;
}

/** Shows a person that a daemon is waited for. Returns what ends that. */
type ShownWait = () => () => void;

/** What connects a call, other than a new connection. */
interface Carriers<C extends Duplex> {
  readonly begun: Begun<C> | undefined;
  /** Connections for the next calls, to which this one gives its own. */
  readonly kept: KeptConnections<C> | undefined;
  readonly wait: ShownWait | undefined;
}

export const CANCELLED = { kind: 'cancelled', by: 'signal' } as const satisfies CallResult;

/** @returns undefined if the signal is aborted first; the promise is left to itself then */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T | undefined> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const abort = (): void => resolve(undefined);
    listenToAbort(signal, abort);
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

export async function callService<C extends Duplex>(
  host: CallerHost<C>,
  options: CallOptions,
  begun?: Begun<C> | undefined,
  kept?: KeptConnections<C> | undefined,
  wait?: ShownWait | undefined,
): Promise<CallResult> {
  if (options.signal?.aborted) return CANCELLED;
  const totalMs = options.fallback === 'inline' ? FIRST_LOOK_MS : CALL_TOTAL_MS;
  const choice = chooseDaemon(options.daemon, options.env ?? host.env);
  const resolved = (choice.kind === 'daemon' ? resolveSettled : resolveRequest)(options, host, { totalMs });
  if (resolved.kind === 'failed') {
    const { failure } = resolved;
    const isDaemonWanted = choice.kind === 'daemon' && options.fallback !== 'inline';
    return failure.kind === 'no-daemon-program' || (isWithoutPlace(failure) && !isDaemonWanted)
      ? callWithoutPlace(host, options, sentence(failure))
      : failed(explained(host, failure));
  }
  switch (choice.kind) {
    case 'wrong':
      return failed(invalid(USAGE.switch(choice.value)).failure);
    case 'inline':
      return callInline(host, options, inlineOf(resolved.value), choice.why);
    case 'daemon':
      return callDaemon(host, options, resolved.value, { begun, kept, wait });
  }
}

async function callDaemon<C extends Duplex>(
  host: CallerHost<C>,
  options: CallOptions,
  resolved: DaemonRequest,
  { begun, kept, wait }: Carriers<C>,
): Promise<CallResult> {
  const begunMs = host.clock.now().monotonicMs;
  let conversation: CallConnection | undefined;
  const { directory } = resolved.target.place;
  const greeter: Greeter<C> = (socket, withinMs, daemon) => {
    conversation = new CallConnection(socket, socket === begun?.socket ? begun.early : undefined);
    const waitedMs = host.clock.now().monotonicMs - begunMs;
    const isBusy = waitsForBusyDaemon(options) ? watchWork(host, directory) : undefined;
    const { caller } = resolved;
    const keep = kept === undefined ? undefined : true;
    const said = caller && callerText({ ...caller, waitedMs, spawned: daemon === 'started', keep });
    // The caller has gone on: this ends the wait, and no daemon is taken for hung.
    if (options.signal?.aborted) {
      conversation.close();
      return Promise.resolve({
        kind: 'declined',
        message: 'the call was cancelled',
        exitCode: EXIT.tempFail,
      });
    }
    return conversation.greet(
      { ...requestOf(host, options, resolved.target.name), caller: said },
      withinMs,
      isBusy,
    );
  };
  const { whenHung } = options;
  const patience = options.fallback === 'inline' ? 'leave' : 'wait';
  const manner = { greeter, whenHung, patience, opened: begun?.socket } as const;
  const endWait = wait?.();
  const reached = await unlessAborted(connectTo(host, resolved, manner), options.signal);
  endWait?.();
  if (reached === undefined || options.signal?.aborted) {
    conversation?.close();
    return CANCELLED;
  }
  if (reached.kind === 'failed') {
    if (!isInsistedOn(options, host) && canOnlyBeInline(reached.failure))
      return callInline(host, options, inlineOf(resolved), reached.message);
    // A service that declined would decline inline too.
    if (patience === 'wait' || reached.failure.kind === 'declined') return reached;
    if (reached.failure.kind === 'vacant') kickAside(host, resolved);
    return callInline(host, options, inlineOf(resolved), reached.message);
  }
  if (conversation === undefined) throw new Error('a daemon was reached without being asked');
  const { kind: via, owner } = reached;
  return complete(conversation, options, { via, owner, name: resolved.target.name, kept });
}

/** Who answers a call, and what becomes of the connection. */
interface Answerer<C extends Duplex> {
  readonly via: 'attached' | 'started';
  readonly owner: Owner | undefined;
  /** The name of the daemon, without a project. */
  readonly name: string;
  readonly kept: KeptConnections<C> | undefined;
  /** What this call's request says, if the next one may say that it is the same. */
  readonly said?: SaidHead | undefined;
}

export async function complete<C extends Duplex>(
  conversation: CallConnection,
  { stdin, stdout, stderr, signal }: CallOptions,
  { via, owner, name, kept, said }: Answerer<C>,
): Promise<CallResult> {
  const ended = await conversation.complete(
    { stdin, stdout, stderr, signal },
    kept &&
      ((connection, how) =>
        kept.give({
          ...{ connection: connection as C, owner, name },
          said: how === 'remembered' ? said : undefined,
        })),
  );
  switch (ended.kind) {
    case 'exited':
      return { ...ended, via, pid: owner?.pid };
    case 'lost':
      return { ...ended, ...lostCall(ended.cause) };
    case 'cancelled':
      return ended;
  }
}

const isWithoutPlace = ({ kind }: Failure): boolean =>
  kind === 'no-home' || kind === 'state-directory-distrusted';

/** What is told of a call whose connection broke. */
export const lostCall = (cause: Cause): { readonly message: string; readonly code: string } => ({
  message: textOf(TROUBLE.lost(cause)),
  code: codeFor('lost'),
});

/** A caller that has said how long it waits, or has another way to its answer, waits no longer. */
const waitsForBusyDaemon = ({ timing, fallback, whenHung }: CallOptions): boolean =>
  timing?.totalMs === undefined && fallback !== 'inline' && whenHung !== 'end';

/** A file that is named by a relative path is missing because the working directory is. */
function explained(host: CallerHost, failure: Failure): Failure {
  return failure.kind === 'service-missing' && host.directory() === ''
    ? invalid(USAGE.noDirectory()).failure
    : failure;
}

/**
 * A process with such limits should not start what all other callers use; one without sockets can't reach what it
 * starts.
 */
function canOnlyBeInline(failure: Failure): boolean {
  if (failure.kind === 'spawn-refused') return failure.cause.code === BOUND;
  return failure.kind === 'sockets-forbidden';
}

function requestOf(host: CallerHost, options: CallOptions, command: string): CallRequest {
  return {
    command,
    args: options.args ?? [],
    env: requestEnvironment(options.env ?? host.env, options.terminals ?? NO_TERMINALS),
    cwd: options.cwd ?? host.directory(),
  };
}

type Inline = Pick<InlineCall, 'service' | 'name'>;

const inlineOf = ({ caller, target }: DaemonRequest): Inline => ({
  service: caller?.path ?? '',
  name: target.name,
});

/** Running a service in this process takes neither a directory for its daemon nor the daemon's program. */
async function callWithoutPlace(host: CallerHost, options: CallOptions, why: string): Promise<CallResult> {
  const file = host.findService(options.service);
  if (file.kind === 'failed') return failed(file.failure);
  return callInline(host, options, { service: file.value.path, name: options.name ?? file.value.name }, why);
}

/** Runs the service in this process. What that takes is loaded only here. */
async function callInline(
  host: CallerHost,
  options: CallOptions,
  { service, name }: Inline,
  why: string,
): Promise<CallResult> {
  const { command, ...request } = requestOf(host, options, name);
  const { stdin, stdout, stderr, signal } = options;
  const { callInline: run } = await loadInline();
  const result = await run({
    ...request,
    service,
    name: command,
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
