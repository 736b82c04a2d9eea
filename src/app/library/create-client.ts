import type { Duplex } from 'node:stream';
import type { CallerHost } from '../platforms/host.js';
import { KeptConnections } from '../platforms/kept-connections.js';
import { USAGE } from '../texts/usage-text.js';
import { type CallOptions, type CallResult, callService } from './call-service.js';
import type { ServiceOptions, TimingOptions } from './daemon-request.js';
import { invalid } from './daemon-target.js';
import { failed } from './obtain-daemon.js';

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

/** @param hostOf made for each call */
export function createClient<C extends Duplex>(
  hostOf: () => CallerHost<C>,
  { connections = CONNECTIONS, ...service }: ClientOptions,
): Client {
  const kept = new KeptConnections<C>(connections);
  const running = new Set<Promise<unknown>>();
  let state: 'open' | 'closed' = 'open';
  const close = async (): Promise<void> => {
    state = 'closed';
    kept.close();
    await Promise.allSettled(running);
  };
  return {
    call: async (options) => {
      if (state === 'closed') return failed(invalid(USAGE.closedClient()).failure);
      const call = callService(
        hostOf(),
        { ...service, ...options, env: options.env ?? service.env },
        undefined,
        kept,
      );
      running.add(call);
      try {
        return await call;
      } finally {
        running.delete(call);
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
