import { CALL_TOTAL_MS, timingFrom } from '../../domain/lock/timing.js';
import { type KickOutcome, kick as kickWith } from '../../domain/obtain/kick.js';
import { runSync } from '../../domain/procedure/run.js';
import { chooseDaemon } from '../environment/daemon-switch.js';
import { Host } from '../environment/node-host.js';
import { USAGE } from '../texts/failure-text.js';
import { kickLine, say } from '../texts/stderr.js';
import {
  type DaemonRequest,
  type DaemonSelector,
  resolveRequest,
  type TimingOptions,
} from './daemon-request.js';
import { invalid } from './daemon-target.js';

export type KickOptions = DaemonSelector & TimingOptions;

export type KickResult =
  | KickOutcome
  /** No daemon is wanted here (`SOLOD=off`, or `CI`). */
  | { readonly kind: 'switched-off'; readonly why: string };

/**
 * Sees to it that a daemon is there, or will be, without waiting for it. When this returns the child runs, or the
 * reason why not stands on stderr in one line, so that the caller may exit in its next statement. Silent when all is
 * well, when another caller is starting one, and when there is no directory to work in.
 *
 * @param options which daemon
 * @returns what happened; never throws
 */
export function kick(options: KickOptions): KickResult {
  const host = new Host();
  const resolved = resolveRequest(options, host.userId, { totalMs: CALL_TOTAL_MS });
  const result = resolved.kind === 'failed' ? resolved : startIfWanted(host, resolved.value, options);
  if (result.kind !== 'switched-off') tell(result);
  return result;
}

/** On the way to an answer from elsewhere: a daemon for the next time, and nothing comes of it but a line. */
export function kickAside(host: Host, request: DaemonRequest): void {
  tell(start(host, { ...request, timing: timingFrom({ totalMs: CALL_TOTAL_MS }) }));
}

function tell(outcome: KickOutcome): void {
  const line = kickLine(outcome);
  if (line !== undefined) say(line);
}

function startIfWanted(host: Host, request: DaemonRequest, options: KickOptions): KickResult {
  // A program of one's own has no other way to answer.
  const choice = 'service' in options ? chooseDaemon(options.daemon, options.env ?? process.env) : undefined;
  if (choice?.kind === 'wrong') return invalid(USAGE.switch(choice.value));
  if (choice?.kind === 'inline') return { kind: 'switched-off', why: choice.why };
  return start(host, request);
}

function start(host: Host, { target, spawn, timing }: DaemonRequest): KickOutcome {
  const plan = {
    place: target.place,
    userId: host.userId,
    nonce: host.nonce(),
    timing,
  };
  const spawner = host.spawner({ ...spawn, channel: 'none' });
  const outcome = runSync(kickWith(plan), { ...host.ports, spawner });
  if (outcome.kind === 'running') spawner.leaveLaunchFile();
  return outcome;
}
