import { CALL_TOTAL_MS, timingFrom } from '../../domain/lock/timing.js';
import { type KickOutcome, kick as kickWith } from '../../domain/obtain/kick.js';
import { runSync } from '../../domain/procedure/run.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { forbiddenSockets } from '../place/forbidden-sockets.js';
import { type CallerHost, portsOf } from '../platforms/host.js';
import type { Resolved } from '../service/service-file.js';
import { sentence } from '../texts/failure-sentence.js';
import { kickLine } from '../texts/stderr.js';
import { USAGE } from '../texts/usage-text.js';
import {
  type DaemonRequest,
  type DaemonSelector,
  resolveRequest,
  resolveSettled,
  type TimingOptions,
} from './daemon-request.js';
import { invalid } from './daemon-target.js';

export type KickOptions = DaemonSelector & TimingOptions;

export type KickResult =
  | KickOutcome
  /** No daemon is wanted here (`SOLOD=off`, or `CI`), or a sandbox forbids sockets. */
  | { readonly kind: 'switched-off'; readonly why: string };

/** At once: it asks nothing that takes a turn of the event loop, so only the daemon notices a sandbox. */
export const kickDaemon = (host: CallerHost, options: KickOptions): KickResult =>
  kickAsked(host, readKick(host, options));

/** The same, for a command, which has the time to look whether sockets are forbidden here. */
export async function kickReachable(host: CallerHost, options: KickOptions): Promise<KickResult> {
  const asked = readKick(host, options);
  const { resolved, choice } = asked;
  const forbidden =
    resolved.kind === 'resolved' && choice?.kind !== 'inline'
      ? await forbiddenSockets(host, resolved.value.target.place)
      : undefined;
  return forbidden === undefined
    ? kickAsked(host, asked)
    : { kind: 'switched-off', why: sentence(forbidden) };
}

interface AskedKick {
  readonly choice: Choice | undefined;
  readonly resolved: Resolved<DaemonRequest>;
}

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
