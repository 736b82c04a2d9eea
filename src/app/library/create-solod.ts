import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LibraryHost } from '../platforms/host.js';
import { libraryHost } from '../platforms/node-platform.js';
import { type CallOptions, type CallResult, callService } from './call-service.js';
import { type ClaimOptions, type ClaimResult, claimName } from './claim-name.js';
import { type Client, type ClientOptions, createClient, refused } from './create-client.js';
import { defined } from './daemon-request.js';
import { type KickOptions, type KickResult, kickDaemon } from './kick-daemon.js';
import {
  type ConnectResult,
  connectDaemon,
  type ObtainOptions,
  type ObtainResult,
  obtainDaemon,
} from './obtain-daemon.js';

/**
 * The library, over the adapters of one host. No function throws or rejects for an expected failure: it is a
 * result.
 */
export interface Solod<C extends Duplex = Socket> {
  /**
   * Attaches to the daemon of a name, or starts one. Of all callers that ask at once, one starts it.
   *
   * @param options which daemon, and how long to wait: 2,000 ms in all unless `timing.totalMs` says otherwise
   * @returns `attached` or `started` once the daemon has answered on `socketPath`; else `failed`, with what
   * failed and a sentence
   */
  obtain(options: ObtainOptions<C>): Promise<ObtainResult>;

  /**
   * The same as `obtain`, and keeps the connection on which the daemon answered.
   *
   * @param options as for `obtain`
   * @returns as `obtain`, with `connection`, which the caller closes
   */
  connect(options: ObtainOptions<C>): Promise<ConnectResult<C>>;

  /**
   * Sees to it that a daemon is there, or will be, without waiting for it. When this returns, the child runs,
   * or one line on stderr says why not, so that the caller may exit in its next statement. It prints nothing
   * when all is well, when another caller is starting the daemon, and when there is no directory to work in.
   *
   * @param options which daemon
   * @returns what happened: `running`, `started`, `contended` (another caller starts it), `no-directory`,
   * `switched-off` (also where a sandbox forbids sockets), `failed`
   */
  kick(options: KickOptions): KickResult;

  /**
   * Claims a name for this process: the daemon's side. Of all processes that claim a name at once, one gets
   * `claimed`. The others give way, and should exit with code 0 before they load anything.
   *
   * @param options which name
   * @returns `claimed`, with `serve` for the connections; `gave-way` if another process serves the name; else
   * `failed`
   */
  claim(options: ClaimOptions): Promise<ClaimResult<C>>;

  /**
   * Calls a service through its daemon, and starts the daemon if there is none.
   *
   * @param options which service, with which arguments and streams. Waits 10,000 ms for the daemon unless
   * `timing.totalMs` says
   *   otherwise (1,000 ms with `fallback: 'inline'`), and for the answer without a limit
   * @returns `exited` with the service's exit code; `failed` if nothing was begun; `lost` if the connection
   * broke after that;
   *   `cancelled` by the caller's signal or by a broken stream
   */
  call(options: CallOptions): Promise<CallResult>;

  /**
   * Makes a client for many calls of one service: it keeps connections to the daemon, so that a call costs no
   * new one.
   *
   * @param options which service, and how many connections are kept
   * @returns the client, which is to be closed; nothing is connected or started before its first call
   */
  createClient(options: ClientOptions): Client;
}

/** Adapters that stand in for Node's; what is missing, or undefined, is Node's. */
export type GivenAdapters = {
  readonly [N in keyof LibraryHost<Socket>]?: LibraryHost<Socket>[N] | undefined;
};

/**
 * Makes the library over other adapters than Node's: those of a test, or of another platform.
 *
 * @param adapters what stands in for Node's. A platform whose connections are not `net.Socket` gives all of
 * them, as the memory
 *   machine of `solod/testing` does
 * @returns the functions of the library, over these adapters
 */
export function createSolod(adapters?: GivenAdapters): Solod<Socket>;
export function createSolod<C extends Duplex>(adapters: LibraryHost<C>): Solod<C>;
export function createSolod(adapters: GivenAdapters = {}): Solod<Socket> {
  const given = defined(adapters) as Partial<LibraryHost<Socket>>;
  // Made for each call: a process may change its user and its environment between two calls.
  const host = (): LibraryHost<Socket> => libraryHost(given);
  return {
    obtain: async (options) => refused(options) ?? obtainDaemon(host(), options),
    connect: async (options) => refused(options) ?? connectDaemon(host(), options),
    kick: (options) => refused(options) ?? kickDaemon(host(), options),
    claim: async (options) => refused(options, 'name') ?? claimName(host(), options),
    call: async (options) => refused(options, 'stdout', 'stderr') ?? callService(host(), options),
    createClient: (options) => createClient(host, () => given.env ?? process.env, options),
  };
}
