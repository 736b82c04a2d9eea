import type { Readable, Writable } from 'node:stream';
import type { Greeter } from '../adapters/node/socket-probe.js';
import { type Failure, sentence } from '../domain/failure.js';
import { CALL_TOTAL_MS } from '../domain/timing.js';
import { type Environment, Host } from './host.js';
import { connectTo } from './obtain.js';
import { resolveRequest, type ServiceOptions, type TimingOptions } from './request.js';
import { CallConnection, type CallEnd, requestEnvironment, type Terminals } from './wire/client.js';

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
  };

export type CallResult =
  /** The service ended with this code; all of its output has been written. */
  | (Extract<CallEnd, { kind: 'exited' }> & {
      readonly via: 'attached' | 'started';
      readonly pid: number | undefined;
    })
  /** The connection was lost after the daemon had begun. The call may have been carried out; it is not tried again. */
  | (Extract<CallEnd, { kind: 'lost' }> & { readonly message: string })
  | Extract<CallEnd, { kind: 'cancelled' }>
  /** Nothing was begun. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string };

const NO_TERMINALS: Terminals = [false, false, false];

/**
 * Calls a service through its daemon, which is started if there is none.
 *
 * @param options which service, with what; waits 10 s for the daemon unless `timing.totalMs` says otherwise, and for the
 *   answer as long as it takes
 * @returns never rejects: every failure is a result
 */
export async function call(options: CallOptions): Promise<CallResult> {
  const host = new Host();
  const resolved = resolveRequest(options, host.userId, { totalMs: CALL_TOTAL_MS });
  if (resolved.kind === 'failed') return { ...resolved, message: sentence(resolved.failure) };
  const env: Environment = options.env ?? process.env;
  const request = {
    command: resolved.value.target.name,
    args: options.args ?? [],
    env: requestEnvironment(env, options.terminals ?? NO_TERMINALS),
    cwd: options.cwd ?? process.cwd(),
  };
  let conversation: CallConnection | undefined;
  const greeter: Greeter = (socket, withinMs) => {
    conversation = new CallConnection(socket);
    return conversation.greet(request, withinMs);
  };
  const reached = await connectTo(host, resolved.value, greeter);
  if (reached.kind === 'failed') return reached;
  if (conversation === undefined) throw new Error('a daemon was reached without being asked');
  const { stdin, stdout, stderr, signal } = options;
  const ended = await conversation.complete({ stdin, stdout, stderr, signal });
  switch (ended.kind) {
    case 'exited':
      return { ...ended, via: reached.kind, pid: reached.owner?.pid };
    case 'lost':
      return {
        ...ended,
        message: `the connection to the daemon was lost after the call had begun: ${ended.cause.message}`,
      };
    case 'cancelled':
      return ended;
  }
}
