import type { Duplex } from 'node:stream';
import type { Environment } from '../../ports/environment.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { type OptionName, wrongOption } from '../options/given-options.js';
import type { CallerHost } from '../platforms/host.js';
import { USAGE } from '../texts/usage-text.js';
import { KeptCalls } from './call-kept.js';
import { type CallOptions, type CallResult, callService } from './call-service.js';
import type { ServiceOptions, TimingOptions } from './daemon-request.js';
import { invalid } from './daemon-target.js';
import { KeptConnections } from './kept/kept-connections.js';
import { type FailedResult, failed } from './obtain-daemon.js';

export type ClientOptions = ServiceOptions &
  TimingOptions & {
    /** How many connections stay open while no call uses them; 8 by default. Calls never wait for one. */
    readonly connections?: number | undefined;
  };

/** What may differ from call to call; `CallOptions` has the meanings. */
export type ClientCallOptions = Omit<CallOptions, Exclude<keyof ClientOptions, 'env'>>;

/** Calls one service, and keeps connections to its daemon for the next calls. */
export interface Client {
  /**
   * Calls the service as `Solod.call` does. If the daemon of a kept connection has ended, nothing was begun
   * on it, and the call goes to the next daemon.
   *
   * @param options arguments and streams of the call
   * @returns as `Solod.call`; `failed` after `close`
   */
  call(options: ClientCallOptions): Promise<CallResult>;

  /** Closes the connections that no call uses, and waits for the calls that run. The daemon stays. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const CONNECTIONS = 8;

/** The result of a function whose options can't be used: without a type checker they can be anything. */
export function refused(options: unknown, ...required: readonly OptionName[]): FailedResult | undefined {
  const wrong = wrongOption(options, ...required);
  return wrong === undefined ? undefined : failed(invalid(wrong).failure);
}

/**
 * @param hostOf made for each call that is not carried by a kept connection
 * @param envOf the environment of this process
 */
export function createClient<C extends Duplex>(
  hostOf: () => CallerHost<C>,
  envOf: () => Environment,
  options: ClientOptions,
): Client {
  const { connections = CONNECTIONS, ...service } = options ?? {};
  const wrongHere = refused({ ...service, connections });
  const kept = new KeptConnections<C>(connections);
  const keptCalls = new KeptCalls(hostOf(), kept);
  const callWith = async (whole: CallOptions): Promise<CallResult> => {
    const env = whole.env ?? envOf();
    const isWanted = chooseDaemon(whole.daemon, env).kind === 'daemon';
    const answered = isWanted ? await keptCalls.call(whole, env) : undefined;
    return answered ?? callService(hostOf(), whole, undefined, kept);
  };
  // Counted, and not in a set: V8 keeps what a set has held until a full garbage collection.
  let running = 0;
  let state: 'open' | 'closed' = 'open';
  let tellQuiet = (): void => {};
  const quiet = new Promise<void>((resolve) => {
    tellQuiet = resolve;
  });
  const look = (): void => {
    if (state === 'closed' && running === 0) tellQuiet();
  };
  const close = (): Promise<void> => {
    state = 'closed';
    kept.close();
    look();
    return quiet;
  };
  return {
    call: async (options) => {
      if (state === 'closed') return failed(invalid(USAGE.closedClient()).failure);
      const wrong =
        wrongHere ?? refused({ service: service.service, ...options }, 'service', 'stdout', 'stderr');
      if (wrong !== undefined) return wrong;
      running += 1;
      try {
        return await callWith({ ...service, ...options, env: options.env ?? service.env });
      } finally {
        running -= 1;
        look();
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
