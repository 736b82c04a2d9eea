import { beginKick, type KickOutcome, stepKick } from '../domain/kick.js';
import { runSync } from '../domain/run.js';
import { CALL_TOTAL_MS } from '../domain/timing.js';
import { Host } from './host.js';
import { type DaemonSelector, resolveRequest, type TimingOptions } from './request.js';
import { chooseDaemon } from './switch.js';
import { invalid } from './target.js';
import { kickLine, say } from './words.js';

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
  const line = result.kind === 'switched-off' ? undefined : kickLine(result);
  if (line !== undefined) say(line);
  return result;
}

function startIfWanted(
  host: Host,
  request: Extract<Resolved, { kind: 'resolved' }>['value'],
  options: KickOptions,
): KickResult {
  // A program of one's own has no other way to answer.
  const choice = 'service' in options ? chooseDaemon(options.daemon, options.env ?? process.env) : undefined;
  if (choice?.kind === 'wrong') return invalid(choice.complaint);
  if (choice?.kind === 'inline') return { kind: 'switched-off', why: choice.why };
  return start(host, request);
}

function start(
  host: Host,
  { target, spawn, timing }: Extract<Resolved, { kind: 'resolved' }>['value'],
): KickOutcome {
  const plan = {
    place: target.place,
    userId: host.userId,
    self: host.processes.self(),
    nonce: host.nonce(),
    timing,
  };
  const spawner = host.spawner({ ...spawn, channel: 'none' });
  const outcome = runSync(stepKick, beginKick(plan, host.clock.now()), { ...host.ports, spawner });
  if (outcome.kind === 'running') spawner.leaveLaunchFile();
  return outcome;
}

type Resolved = ReturnType<typeof resolveRequest>;
