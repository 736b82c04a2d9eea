import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Owner } from '../../domain/evidence/owner.js';
import type { Failure } from '../../domain/failure.js';
import { type ObtainOutcome, obtain as obtainWith, type Patience } from '../../domain/obtain/obtain.js';
import { layout } from '../../domain/place/layout.js';
import { run } from '../../domain/procedure/run.js';
import type { SocketProbe } from '../../ports/socket-probe.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import { forbiddenSockets } from '../place/forbidden-sockets.js';
import { type CallerHost, type Greeter, type Probe, portsOf } from '../platforms/host.js';
import { lookingAtProcess, sparingPrograms } from '../platforms/look-at-process.js';
import { codeOf, sentence } from '../texts/failure-sentence.js';
import {
  type DaemonRequest,
  type DaemonSelector,
  resolveRequest,
  resolveSettled,
  type TimingOptions,
} from './daemon-request.js';
import { pinging } from './ping.js';
import { terminate } from './stop-hung-daemon.js';

export type ObtainOptions<C = Socket> = DaemonSelector &
  TimingOptions & {
    /**
     * Asks a daemon with its own program whether it will serve. Without a greeter, a connection to a process
     * that is not stopped is enough. The daemon of a service is always asked.
     */
    readonly greeter?: Greeter<C> | undefined;
    /** What to do with a daemon that does not answer; `report` by default. */
    readonly whenHung?: WhenHung | undefined;
  };

/**
 * What to do with a daemon that does not answer. `report` returns a failure, because a slow daemon is not
 * dead. `end` ends it (SIGTERM, 2 s, SIGKILL), with proof that the process owns the name, and starts another.
 */
export type WhenHung = 'report' | 'end';

interface Reached {
  /** Directory of the name. */
  readonly directory: string;
  /** Path to connect to. It stays the same from one daemon to the next. */
  readonly socketPath: string;
  /** Milliseconds until the daemon answered. */
  readonly tookMs: number;
}

export type ObtainResult =
  /**
   * A daemon was there, or another caller's came up. `owner` is what it says of itself; undefined if that
   * can't be read.
   */
  | (Reached & { readonly kind: 'attached'; readonly owner: Owner | undefined })
  /** This caller started the daemon that answers. */
  | (Reached & { readonly kind: 'started'; readonly owner: Owner; readonly reason: SpawnReason })
  | FailedResult;

/**
 * `failure.kind` says what failed; `message` says it in a sentence, and `solod explain <code>` tells more.
 */
export interface FailedResult {
  readonly kind: 'failed';
  readonly failure: Failure;
  readonly message: string;
  /** Stable: `SOLOD_E_NOT_ANSWERING`. */
  readonly code: string;
}

export type ConnectResult<C = Socket> =
  | FailedResult
  | (Exclude<ObtainResult, FailedResult> & { readonly connection: C });

export async function obtainDaemon<C extends Duplex>(
  host: CallerHost<C>,
  options: ObtainOptions<C>,
): Promise<ObtainResult> {
  const asked = ask(host, options);
  if (asked.kind === 'failed') return asked;
  const { request, manner } = asked;
  const look = request.spawn.handListener === undefined ? 'connect' : 'process';
  const result = await reach(host, request, { ...manner, look });
  if (result.kind === 'failed') return result;
  const { connection, ...reached } = result;
  connection?.destroy();
  return reached;
}

export async function connectDaemon<C extends Duplex>(
  host: CallerHost<C>,
  options: ObtainOptions<C>,
): Promise<ConnectResult<C>> {
  const asked = ask(host, options);
  return asked.kind === 'failed' ? asked : connectTo(host, asked.request, asked.manner);
}

/** Starts a daemon because a person said so; one that another caller has started meanwhile is as good. */
export const obtainAnew = <C extends Duplex>(host: CallerHost<C>, request: DaemonRequest) =>
  reach(host, request, {
    greeter: request.spawn.handListener === undefined ? pinging(request.caller) : undefined,
    because: 'restart',
    look: request.spawn.handListener === undefined ? 'connect' : 'process',
  });

type Asked<C> =
  | FailedResult
  | { readonly kind: 'asked'; readonly request: DaemonRequest; readonly manner: Manner<C> };

function ask<C extends Duplex>(host: CallerHost<C>, options: ObtainOptions<C>): Asked<C> {
  const isOff = 'service' in options && (options.env ?? host.env).SOLOD === 'off';
  const resolved = (isOff ? resolveRequest : resolveSettled)(options, host, {});
  if (resolved.kind === 'failed') return failed(resolved.failure);
  if (isOff) return failed({ kind: 'switched-off', why: 'SOLOD=off' });
  const { caller } = resolved.value;
  const greeter = options.greeter ?? (caller === undefined ? undefined : pinging(caller));
  const manner = { greeter: greeter && guarded(greeter), whenHung: options.whenHung };
  return { kind: 'asked', request: resolved.value, manner };
}

/** A greeter that throws has heard nothing. */
const guarded =
  <C>(greeter: Greeter<C>): Greeter<C> =>
  async (...args) => {
    try {
      return await greeter(...args);
    } catch {
      return { kind: 'ended' };
    }
  };

export const failed = (failure: Failure): FailedResult => ({
  kind: 'failed',
  failure,
  message: sentence(failure),
  code: codeOf(failure),
});

export interface Manner<C> {
  readonly greeter: Greeter<C> | undefined;
  readonly whenHung?: WhenHung | undefined;
  readonly patience?: Patience | undefined;
  /** A connection that is made already, and is the first one tried. */
  readonly opened?: C | undefined;
  /** Why a new daemon is wanted, if a person said so. */
  readonly because?: 'restart' | undefined;
  /** `process`: a program that was handed its listener is not connected to if its process is seen to live. */
  readonly look?: 'connect' | 'process' | undefined;
}

type Reaching<C> =
  | FailedResult
  | (Exclude<ObtainResult, FailedResult> & {
      /** Undefined if the daemon was seen by its process. */
      readonly connection: C | undefined;
    });

/** The same for a request that is resolved already. */
export async function connectTo<C extends Duplex>(
  host: CallerHost<C>,
  request: DaemonRequest,
  manner: Manner<C>,
): Promise<ConnectResult<C>> {
  const result = await reach(host, request, manner);
  if (result.kind === 'failed') return result;
  const { connection } = result;
  if (connection === undefined) throw new Error('a daemon was reached without a connection');
  return { ...result, connection };
}

async function reach<C extends Duplex>(
  host: CallerHost<C>,
  request: DaemonRequest,
  manner: Manner<C>,
): Promise<Reaching<C>> {
  const forbidden =
    manner.opened === undefined ? await forbiddenSockets(host, request.target.place) : undefined;
  if (forbidden !== undefined) return failed(forbidden);
  const result = await reachOnce(host, request, manner);
  const isHung = result.kind === 'failed' && result.failure.kind === 'not-answering';
  if (!isHung || manner.whenHung !== 'end') return result;
  const { directory } = request.target.place;
  const outcome = await terminate(host, directory);
  if (outcome.kind === 'ended' || outcome.kind === 'gone')
    return reachOnce(host, request, { ...manner, opened: undefined, because: 'restart' });
  return failed({ kind: 'not-ended', directory, outcome });
}

async function reachOnce<C extends Duplex>(
  host: CallerHost<C>,
  request: DaemonRequest,
  { greeter, because, patience = 'wait', opened, look = 'connect' }: Manner<C>,
): Promise<Reaching<C>> {
  const { target, timing } = request;
  const spawner = host.spawner({ ...request.spawn, channel: 'open' });
  const probe = host.probe(
    greeter && ((socket, withinMs) => greeter(socket, withinMs, spawner.hasStarted ? 'started' : 'found')),
    opened,
  );
  const plan = {
    place: target.place,
    platform: target.platform,
    userId: host.userId,
    nonce: host.nonce(),
    timing,
    greeting: greeter === undefined ? ('none' as const) : ('expected' as const),
    patience,
    because,
  };
  const looking = lookingFor(host, request, { probe, patience, look });
  const ports = host.held({ ...portsOf(host), probe: looking, spawner, clock: spawner.wakingClock() });
  const outcome = await run(obtainWith(plan), ports);
  // The daemon of a service leaves its own, when it is ready.
  if (outcome.kind !== 'failed' && request.caller === undefined) spawner.leaveLaunchFile();
  return conclude(host, request, outcome, probe);
}

/** A program is not said anything, if it was handed its listener. Who does not wait goes on without it. */
function lookingFor<C extends Duplex>(
  host: CallerHost<C>,
  { spawn, caller, target }: DaemonRequest,
  { probe, patience, look }: { probe: Probe<C>; patience: Patience; look: 'connect' | 'process' },
): SocketProbe {
  if (spawn.handListener !== undefined) return lookingAtProcess(host, probe, look);
  const isService = caller !== undefined && patience === 'wait';
  return isService ? sparingPrograms(host, probe, target.place.directory) : probe;
}

function conclude<C extends Duplex>(
  host: CallerHost<C>,
  request: DaemonRequest,
  outcome: ObtainOutcome,
  probe: Probe<C>,
): Reaching<C> {
  if (outcome.kind === 'failed') {
    probe.drop();
    return failed(explained(host, request, outcome.failure));
  }
  const { directory } = request.target.place;
  return { ...outcome, directory, socketPath: layout.currentSocket(directory), connection: probe.take() };
}

/**
 * A daemon that has claimed and is still loading is not hung, unless it is stopped. Only the ledger tells the
 * two apart.
 */
function explained(host: CallerHost, request: DaemonRequest, failure: Failure): Failure {
  const pid = failure.kind === 'not-answering' ? failure.owner?.pid : undefined;
  if (pid === undefined) return failure;
  const seen = host.processes.lookUp(pid);
  if (seen.kind === 'present' && seen.activity === 'stopped') return failure;
  const { directory } = request.target.place;
  const claimedMs = loadingSinceMs(host, directory, pid);
  if (claimedMs === undefined) return failure;
  const forMs = Math.max(0, host.clock.now().wallMs - claimedMs);
  return { kind: 'still-loading', directory, pid, forMs };
}

/**
 * @returns since when a daemon has been loading its service, by the wall clock; undefined once it has loaded
 * it
 */
export function loadingSinceMs(host: CallerHost, directory: string, pid: number): number | undefined {
  const start = host
    .ledger(directory)
    .starts()
    .findLast((candidate) => candidate.pid === pid);
  const claimed = start?.words.find(({ kind }) => kind === 'claimed');
  return start?.words.every(({ kind }) => kind === 'claimed') ? claimed?.atMs : undefined;
}
