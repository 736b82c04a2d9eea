import { CALL_TOTAL_MS, timingFrom } from '../../domain/lock/timing.js';
import { type KickOutcome, kick as kickWith } from '../../domain/obtain/kick.js';
import { runSync } from '../../domain/procedure/run.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { type CallerHost, portsOf } from '../platforms/host.js';
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
  /** No daemon is wanted here (`SOLOD=off`, or `CI`). */
  | { readonly kind: 'switched-off'; readonly why: string };

export function kickDaemon(host: CallerHost, options: KickOptions): KickResult {
  const choice = choiceOf(host, options);
  const resolve = choice?.kind === 'daemon' || choice === undefined ? resolveSettled : resolveRequest;
  const resolved = resolve(options, host, { totalMs: CALL_TOTAL_MS });
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
  if (outcome.kind === 'running') spawner.leaveLaunchFile();
  return outcome;
}
