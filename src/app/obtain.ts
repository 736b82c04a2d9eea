import type net from 'node:net';
import type { Greeter, NodeSocketProbe } from '../adapters/node/socket-probe.js';
import { type Failure, sentence } from '../domain/failure.js';
import { layout } from '../domain/layout.js';
import { beginObtain, type ObtainOutcome, type ObtainPlan, stepObtain } from '../domain/obtain.js';
import type { Owner } from '../domain/owner.js';
import { run } from '../domain/run.js';
import type { SpawnReason } from '../domain/spawn-plan.js';
import { Host } from './host.js';
import { pinging } from './ping.js';
import { type DaemonRequest, type DaemonSelector, resolveRequest, type TimingOptions } from './request.js';

export type { Greeter };

export type ObtainOptions = DaemonSelector &
  TimingOptions & {
    /**
     * For a program of one's own: asks a daemon that has taken the connection whether it will serve. Without it a
     * connection that is taken, by a process that is not stopped, is enough. Services are always asked.
     */
    readonly greeter?: Greeter | undefined;
  };

interface Reached {
  /** The directory of the name. */
  readonly directory: string;
  /** What to connect to. It stays the same from one daemon to the next. */
  readonly socketPath: string;
  /** How long it took, in milliseconds. */
  readonly tookMs: number;
}

export type ObtainResult =
  /** A daemon was there, or another caller's came up. `owner` is what it says of itself; undefined if that can't be read. */
  | (Reached & { readonly kind: 'attached'; readonly owner: Owner | undefined })
  /** The daemon that answers is the one that this caller started. */
  | (Reached & { readonly kind: 'started'; readonly owner: Owner; readonly reason: SpawnReason })
  /** `failure.kind` says what, `message` the same in a sentence. */
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string };

/**
 * Attaches to the daemon of a name, or starts one; of all who ask at once, one starts it. When it resolves, a daemon has answered,
 * and `socketPath` is there to connect to.
 *
 * @param options which daemon, and how long to wait: 2 s in all unless `timing.totalMs` says otherwise
 * @returns never rejects: every failure is a result
 */
export async function obtain(options: ObtainOptions): Promise<ObtainResult> {
  return closing(await connect(options));
}

function closing(result: ConnectResult): ObtainResult {
  if (result.kind === 'failed') return result;
  const { connection, ...rest } = result;
  connection.destroy();
  return rest;
}

export type ConnectResult =
  | Exclude<ObtainResult, { kind: 'attached' | 'started' }>
  | (Extract<ObtainResult, { kind: 'attached' | 'started' }> & { readonly connection: net.Socket });

/** The same, with the connection on which the daemon answered: the caller's to use, and to close. */
export async function connect(options: ObtainOptions): Promise<ConnectResult> {
  const host = new Host();
  const resolved = resolveRequest(options, host.userId, {});
  if (resolved.kind === 'failed') return failed(resolved.failure);
  const greeter = options.greeter ?? ('service' in options ? pinging : undefined);
  return connectTo(host, resolved.value, greeter);
}

const failed = (failure: Failure): Extract<ObtainResult, { kind: 'failed' }> => ({
  kind: 'failed',
  failure,
  message: sentence(failure),
});

/** Runs the machine over a request that is resolved already. */
export async function connectTo(
  host: Host,
  request: DaemonRequest,
  greeter: Greeter | undefined,
): Promise<ConnectResult> {
  const { target, timing } = request;
  const probe = host.probe(greeter);
  const plan: ObtainPlan = {
    place: target.place,
    platform: target.platform,
    userId: host.userId,
    // Asked of the system only by who has to start a daemon.
    get self() {
      return host.processes.self();
    },
    nonce: host.nonce(),
    timing,
    greeting: greeter === undefined ? 'none' : 'expected',
  };
  const ports = { ...host.ports, probe, spawner: host.spawner(request.spawn) };
  const outcome = await run(stepObtain, beginObtain(plan, host.clock.now()), ports);
  return conclude(request, outcome, probe);
}

function conclude(request: DaemonRequest, outcome: ObtainOutcome, probe: NodeSocketProbe): ConnectResult {
  if (outcome.kind === 'failed') {
    probe.drop();
    return failed(outcome.failure);
  }
  const { directory } = request.target.place;
  const connection = probe.take();
  if (connection === undefined) throw new Error('a daemon was reached without a connection');
  return { ...outcome, directory, socketPath: layout.currentSocket(directory), connection };
}
