import { readFileSync } from 'node:fs';
import type { Failure } from '../../domain/failure.js';
import { CALL_TOTAL_MS, timingFrom } from '../../domain/lock/timing.js';
import { type KickOutcome, type KickWarning, kick as kickWith } from '../../domain/obtain/kick.js';
import { layout } from '../../domain/place/layout.js';
import { scopeText } from '../../domain/place/scope.js';
import { runSync } from '../../domain/procedure/run.js';
import type { Environment } from '../../ports/environment.js';
import type { SpawnReason } from '../../ports/spawn-reason.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { forbiddenAtOnce, forbiddenSockets } from '../place/forbidden-sockets.js';
import { warmPlace } from '../place/warm-place.js';
import { type CallerHost, portsOf } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
import { sentence } from '../texts/failure-sentence.js';
import { kickLine } from '../texts/stderr.js';
import { USAGE } from '../texts/usage-text.js';
import {
  type DaemonRequest,
  type DaemonSelector,
  daemonSettings,
  resolveRequest,
  resolveSettled,
  type ServiceOptions,
  type TimingOptions,
  writtenFlags,
} from './daemon-request.js';
import { invalid } from './daemon-target.js';

export type KickOptions = DaemonSelector & TimingOptions;

export type KickResult =
  | KickOutcome
  /** No daemon is wanted here (`SOLOD=off`, or `CI`), or a sandbox forbids sockets: `failure` says which. */
  | { readonly kind: 'switched-off'; readonly why: string; readonly failure?: Failure };

/** At once: it asks nothing that takes a turn of the event loop. */
export function kickDaemon(host: CallerHost, options: KickOptions): KickResult {
  const choice = choiceOf(host, options);
  const native = choice?.kind === 'daemon' ? kickNatively(host, options) : undefined;
  if (native !== undefined) return told(host, native);
  const asked = readKick(host, options);
  const forbidden = isWanted(asked) ? forbiddenAtOnce(host, asked.resolved.value.target.place) : undefined;
  return forbidden === undefined ? kickAsked(host, asked) : switchedOff(forbidden);
}

/** The same, for a command, which has the time to look whether sockets are forbidden here. */
export async function kickReachable(host: CallerHost, options: KickOptions): Promise<KickResult> {
  const asked = readKick(host, options);
  const forbidden = isWanted(asked)
    ? await forbiddenSockets(host, asked.resolved.value.target.place)
    : undefined;
  return forbidden === undefined ? kickAsked(host, asked) : switchedOff(forbidden);
}

const switchedOff = (failure: Failure): KickResult => ({
  kind: 'switched-off',
  why: sentence(failure),
  failure,
});

interface AskedKick {
  readonly choice: Choice | undefined;
  readonly resolved: Resolved<DaemonRequest>;
}

type WantedKick = AskedKick & { readonly resolved: { readonly kind: 'resolved' } };

const isWanted = (asked: AskedKick): asked is WantedKick =>
  asked.resolved.kind === 'resolved' && asked.choice?.kind !== 'inline' && asked.choice?.kind !== 'wrong';

function readKick(host: CallerHost, options: KickOptions): AskedKick {
  const choice = choiceOf(host, options);
  const resolve = choice?.kind === 'daemon' || choice === undefined ? resolveSettled : resolveRequest;
  return { choice, resolved: resolve(options, host, { totalMs: CALL_TOTAL_MS }) };
}

function kickAsked(host: CallerHost, { choice, resolved }: AskedKick): KickResult {
  const result = resolved.kind === 'failed' ? resolved : startIfWanted(host, resolved.value, choice);
  return result.kind === 'switched-off' ? result : told(host, result);
}

/** Starts a daemon for the next call while this one is answered otherwise. What fails is only told. */
export function kickAside(host: CallerHost, request: DaemonRequest): void {
  told(host, start(host, { ...request, timing: timingFrom({ totalMs: CALL_TOTAL_MS }) }));
}

function told(host: CallerHost, outcome: KickOutcome): KickOutcome {
  const line = kickLine(outcome);
  if (line !== undefined) host.warn(line);
  return outcome;
}

type Choice = ReturnType<typeof chooseDaemon>;

/** A daemon with its own program has no inline fallback, so `SOLOD` and `CI` don't switch it off. */
const choiceOf = (host: CallerHost, options: KickOptions): Choice | undefined =>
  'service' in options ? chooseDaemon(options.daemon, options.env ?? host.env) : undefined;

function startIfWanted(host: CallerHost, request: DaemonRequest, choice: Choice | undefined): KickResult {
  if (choice?.kind === 'wrong') return invalid(USAGE.switch(choice.value));
  if (choice?.kind === 'inline') return { kind: 'switched-off', why: choice.why };
  return start(host, request);
}

function start(host: CallerHost, { target, spawn, timing }: DaemonRequest): KickOutcome {
  const plan = {
    place: target.place,
    userId: host.userId,
    nonce: host.nonce(),
    timing,
  };
  const spawner = host.spawner({ ...spawn, channel: 'none' });
  const outcome = runSync(kickWith(plan), { ...portsOf(host), spawner });
  return outcome;
}

/**
 * @returns undefined if Node has to kick: there is no native client, it can't do what is asked, or a daemon
 *   may be there, which Node sees without starting a process
 */
function kickNatively(host: CallerHost, options: DaemonSelector & TimingOptions): KickOutcome | undefined {
  const daemon = host.daemonProgram();
  if (host.kickByClient === undefined || daemon === undefined) return undefined;
  if (!('service' in options) || !isPlain(options) || mayBeServed(host, options)) return undefined;
  const { name, stateDirectory, project, service, env } = options;
  const insists = options.daemon === 'on' ? ['--daemon'] : [];
  const args = [...writtenFlags({ name, 'state-dir': stateDirectory, project }), ...insists, '--', service];
  return outcomeOf(host.kickByClient({ daemon, args, env: env ?? host.env }));
}

/** What the client would leave to Node. */
const isPlain = (options: ServiceOptions & TimingOptions): boolean =>
  options.timing === undefined &&
  options.node === undefined &&
  Object.values(daemonSettings(options)).every((value) => value === undefined);

function mayBeServed(
  host: CallerHost,
  { service, name, stateDirectory, project, env }: ServiceOptions,
): boolean {
  const file = host.findService(service);
  if (file.kind === 'failed' || project !== undefined) return true;
  const seen: Environment = {
    ...(env ?? host.env),
    ...(stateDirectory ? { SOLOD_DIR: stateDirectory } : {}),
  };
  const ids = seen.SOLOD_SCOPE ? { ids: seen.SOLOD_SCOPE } : {};
  const scope = scopeText({ ...host.scope(), ...ids });
  try {
    const place = warmPlace(name ?? file.value.name, seen, host.userId, host.platform, scope);
    return place !== undefined && isThere(host, ownerIn(place));
  } catch {
    // Something is missing: nobody serves there.
    return false;
  }
}

const ownerIn = (place: string): number =>
  (JSON.parse(readFileSync(layout.currentOwner(place), 'utf8')) as { readonly pid: number }).pid;

/** Whether a process of that id lives, whichever it is. */
function isThere({ processes }: CallerHost, pid: number): boolean {
  const seen = processes.lookUp(pid);
  return seen.kind === 'hidden' || (seen.kind === 'present' && seen.activity !== 'zombie');
}

function outcomeOf(said: string | undefined): KickOutcome | undefined {
  if (said === undefined) return undefined;
  const { kind, pid, reason, warning } = JSON.parse(said) as {
    readonly kind: 'started' | 'contended';
    readonly pid: number;
    readonly reason: SpawnReason;
    readonly warning?: KickWarning;
  };
  return kind === 'contended' ? { kind } : { kind, pid, reason, warning };
}
