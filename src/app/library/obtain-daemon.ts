import type net from 'node:net';
import type { Greeter, NodeSocketProbe } from '../../adapters/node/sockets/socket-probe.js';
import type { Owner } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import {
  type ObtainOutcome,
  type ObtainPlan,
  obtain as obtainWith,
  type Patience,
} from '../../domain/obtain/obtain.js';
import { layout } from '../../domain/place/layout.js';
import { run } from '../../domain/procedure/run.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import { Host } from '../environment/node-host.js';
import { sentence } from '../texts/failure-text.js';
import {
  type DaemonRequest,
  type DaemonSelector,
  resolveRequest,
  type TimingOptions,
} from './daemon-request.js';
import { pinging } from './ping.js';
import { terminate } from './stop-hung-daemon.js';

export type { Greeter };

export type ObtainOptions = DaemonSelector &
  TimingOptions & {
    /**
     * For a program of one's own: asks a daemon that has taken the connection whether it will serve. Without it a
     * connection that is taken, by a process that is not stopped, is enough. Services are always asked.
     */
    readonly greeter?: Greeter | undefined;
    readonly whenHung?: WhenHung | undefined;
  };

/**
 * What becomes of a daemon that is there and does not answer: it is reported, or ended (SIGTERM, a grace, SIGKILL), with proof
 * that the process is the one that owns the name, and replaced. By default it is reported: a slow answer is no death.
 */
export type WhenHung = 'report' | 'end';

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
  if ('service' in options && (options.env ?? process.env).SOLOD === 'off')
    return failed({ kind: 'switched-off', why: 'SOLOD=off' });
  const { caller } = resolved.value;
  const greeter = options.greeter ?? (caller === undefined ? undefined : pinging(caller));
  return connectTo(host, resolved.value, { greeter, whenHung: options.whenHung });
}

export const failed = (failure: Failure): Extract<ObtainResult, { kind: 'failed' }> => ({
  kind: 'failed',
  failure,
  message: sentence(failure),
});

export interface Manner {
  readonly greeter: Greeter | undefined;
  readonly whenHung?: WhenHung | undefined;
  readonly patience?: Patience | undefined;
  /** A connection that has been made already, and is the first one tried. */
  readonly opened?: net.Socket | undefined;
  /** Why a daemon is wanted anew, where a person said so. */
  readonly because?: 'restart' | undefined;
}

/** Runs the procedure over a request that is resolved already. */
export async function connectTo(host: Host, request: DaemonRequest, manner: Manner): Promise<ConnectResult> {
  const result = await connectOnce(host, request, manner);
  const isHung = result.kind === 'failed' && result.failure.kind === 'not-answering';
  if (!isHung || manner.whenHung !== 'end') return result;
  const { directory } = request.target.place;
  const ended = await terminate(host, directory);
  if (ended.kind === 'ended' || ended.kind === 'gone')
    return connectOnce(host, request, { ...manner, opened: undefined, because: 'restart' });
  return failed({ kind: 'not-ended', directory, outcome: ended });
}

async function connectOnce(
  host: Host,
  request: DaemonRequest,
  { greeter, because, patience = 'wait', opened }: Manner,
): Promise<ConnectResult> {
  const { target, timing } = request;
  const spawner = host.spawner({ ...request.spawn, channel: 'open' });
  const probe = host.probe(
    greeter && ((socket, withinMs) => greeter(socket, withinMs, spawner.hasStarted ? 'started' : 'found')),
    opened,
  );
  const plan: ObtainPlan = {
    place: target.place,
    platform: target.platform,
    userId: host.userId,
    nonce: host.nonce(),
    timing,
    greeting: greeter === undefined ? 'none' : 'expected',
    patience,
    because,
  };
  const ports = { ...host.ports, probe, spawner, clock: spawner.wakingClock() };
  const outcome = await run(obtainWith(plan), ports);
  if (outcome.kind === 'attached') spawner.leaveLaunchFile();
  return conclude(host, request, outcome, probe);
}

function conclude(
  host: Host,
  request: DaemonRequest,
  outcome: ObtainOutcome,
  probe: NodeSocketProbe,
): ConnectResult {
  if (outcome.kind === 'failed') {
    probe.drop();
    return failed(explained(host, request, outcome.failure));
  }
  const { directory } = request.target.place;
  const connection = probe.take();
  if (connection === undefined) throw new Error('a daemon was reached without a connection');
  return { ...outcome, directory, socketPath: layout.currentSocket(directory), connection };
}

/** A daemon that claimed and has not loaded yet is not hung, unless it is stopped. The ledger knows; where it does not, the failure stands. */
function explained(host: Host, request: DaemonRequest, failure: Failure): Failure {
  const pid = failure.kind === 'not-answering' ? failure.owner?.pid : undefined;
  if (pid === undefined) return failure;
  const seen = host.processes.lookUp(pid);
  if (seen.kind === 'present' && seen.activity === 'stopped') return failure;
  const { directory } = request.target.place;
  const starts = host.ledger(directory).starts();
  const start = starts.findLast((candidate) => candidate.pid === pid);
  const claimed = start?.words.find(({ kind }) => kind === 'claimed');
  if (claimed === undefined || start?.words.some(({ kind }) => kind !== 'claimed')) return failure;
  return {
    kind: 'still-loading',
    directory,
    pid,
    forMs: Math.max(0, host.clock.now().wallMs - claimed.atMs),
  };
}
