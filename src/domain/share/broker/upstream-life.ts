/**
 * A server process, from the first client that needs it to its end, and another in its place where it dies.
 */

import { NEWEST_HANDSHAKE } from '../messages/protocol-words.js';
import { errorLine } from '../messages/rpc-lines.js';
import { shareError } from '../messages/share-errors.js';
import { answer, note, refuse } from './deliveries.js';
import { greet } from './greeting.js';
import { closeRequest, sendWaiting } from './pending-requests.js';
import { dropQuestions } from './server-questions.js';
import {
  clientsOf,
  ERAS,
  type Pending,
  type ShareEvent,
  type ShareState,
  type Step,
  type Upstream,
} from './share-state.js';
import { loseSubscriptions } from './subscriptions.js';
import { endAllTurns, endOverdueTurns } from './turns.js';

/** A process that has served for so long did not die of its start. */
const STEADY_MS = 10_000;
/** How long to wait before the next start, by how many in a row died young. */
const RESTS_MS = [0, 100, 500, 2_000, 10_000, 60_000];
/** So many, and nobody waits for the next start: requests are answered with the reason. */
const HELD_BACK = 3;
/** So many, and there is no next start until somebody asks. */
const GIVEN_UP = RESTS_MS.length;

/** Sees to it that there is a process. */
export function want(step: Step, up: Upstream): void {
  if (up.phase.kind === 'absent') start(step, up);
}

function start(step: Step, up: Upstream): void {
  up.phase = { kind: 'starting' };
  step.acts.push({ kind: 'start', era: up.era });
}

export function started(step: Step, up: Upstream): void {
  if (up.phase.kind !== 'starting') return;
  if (up.era === 'handshake') {
    greet(step, up, NEWEST_HANDSHAKE);
    return;
  }
  up.phase = { kind: 'ready', sinceMs: step.state.nowMs };
  sendWaiting(step, up);
}

/** Why a request is not even kept for later; undefined where it is. */
export function whyHeldBack(state: ShareState, up: Upstream): string | undefined {
  if (up.phase.kind !== 'resting' || up.failures < HELD_BACK) return undefined;
  const seconds = Math.max(1, Math.ceil((up.phase.untilMs - state.nowMs) / 1_000));
  return shareError('serverFails', up.failures, seconds, up.lastWords);
}

function endProcess(step: Step, up: Upstream): void {
  up.phase = { kind: 'ending' };
  step.acts.push({ kind: 'end', era: up.era });
}

export function ended(
  step: Step,
  up: Upstream,
  { words, start: how }: Extract<ShareEvent, { kind: 'ended' }>,
): void {
  const was = up.phase;
  up.lastWords = words;
  loseWhatItHad(step, up, words);
  if (was.kind === 'ending') up.phase = { kind: 'absent' };
  else {
    note(step, `the server has ended: ${words}`);
    const wasSteady = was.kind === 'ready' && step.state.nowMs - was.sinceMs >= STEADY_MS;
    up.failures = how === 'refused' ? Math.max(HELD_BACK, up.failures + 1) : wasSteady ? 0 : up.failures + 1;
    const restMs = RESTS_MS[Math.min(up.failures, RESTS_MS.length - 1)] ?? 0;
    up.phase = { kind: 'resting', untilMs: step.state.nowMs + restMs };
    const why = whyHeldBack(step.state, up);
    if (why !== undefined) failAllWaiting(step, up, why);
  }
  goOn(step, up);
}

/** A start is due, or nobody needs one. */
function goOn(step: Step, up: Upstream): void {
  const { phase } = up;
  if (phase.kind === 'resting' && step.state.nowMs < phase.untilMs) return;
  if (phase.kind !== 'resting' && phase.kind !== 'absent') return;
  const isAwaited = up.greetingWaits.length > 0 || up.pending.size > 0;
  // For whom it served, it serves again, also unasked: they may have subscribed to something.
  const isMissed = phase.kind === 'resting' && up.failures < GIVEN_UP && clientsOf(step, up.era).length > 0;
  if (isAwaited || isMissed) start(step, up);
  else up.phase = { kind: 'absent' };
}

function loseWhatItHad(step: Step, up: Upstream, words: string): void {
  const message = shareError('serverLost', words);
  // First its questions, which would otherwise be asked of a client that has been told the end.
  dropQuestions(step, up);
  const phase = up.phase;
  up.phase = { kind: 'absent' };
  for (const pending of [...up.pending.values()])
    if (pending.line === undefined) failRequest(step, up, pending, message);
  up.phase = phase;
  loseSubscriptions(step, up, message);
  up.tokens.clear();
  up.taskOwners.clear();
  up.readOnlyTools.clear();
  endAllTurns(up.turns);
  up.logLevel = undefined;
}

function failRequest(step: Step, up: Upstream, pending: Pending, message: string): void {
  closeRequest(step, up, pending);
  const { client, batch, idToken } = pending;
  if (client !== undefined) answer(step, { client, batch }, errorLine(idToken, 'internal', message));
}

function failAllWaiting(step: Step, up: Upstream, message: string): void {
  const waits = up.greetingWaits;
  up.greetingWaits = [];
  for (const wait of waits) refuse(step, wait, 'internal', message);
  for (const pending of [...up.pending.values()]) failRequest(step, up, pending, message);
  loseSubscriptions(step, up, message);
}

/** It will serve nobody: what waits for it would have another one started, and another one. */
export function giveUp(step: Step, up: Upstream, message: string): void {
  failAllWaiting(step, up, message);
  endProcess(step, up);
}

/** Looks at the clock. */
export function woke(step: Step): void {
  for (const era of ERAS) {
    const up = step.state[era];
    if (up.phase.kind === 'greeting' && step.state.nowMs >= up.phase.untilMs) {
      up.lastWords = 'it did not answer "initialize"';
      giveUp(step, up, shareError('noGreeting', `${up.lastWords} in time`));
    }
    endOverdueTurns(up.turns, step.state.nowMs);
    sendWaiting(step, up);
    goOn(step, up);
  }
}

/** Ends what nobody has used for long enough. */
export function endIdle(step: Step): void {
  for (const era of ERAS) {
    const up = step.state[era];
    const idleMs = idleMsOf(step.state, up);
    if (clientsOf(step, era).length > 0) up.idleSinceMs = undefined;
    else up.idleSinceMs ??= step.state.nowMs;
    const isRunning = up.phase.kind === 'ready' || up.phase.kind === 'greeting';
    if (!isRunning || up.idleSinceMs === undefined || idleMs === undefined) continue;
    if (step.state.nowMs - up.idleSinceMs >= idleMs) endProcess(step, up);
  }
}

function idleMsOf({ terms }: ShareState, up: Upstream): number | undefined {
  return terms.sharing === 'per-client' || up.isForeign ? 0 : terms.idleMs;
}

/** When the state changes by itself; undefined for never. */
export function nextWakeMs(state: ShareState): number | undefined {
  const times = ERAS.flatMap((era) => {
    const { phase, idleSinceMs, turns } = state[era];
    const idleMs = idleMsOf(state, state[era]);
    if (phase.kind === 'resting') return [phase.untilMs];
    const idle = idleSinceMs === undefined || idleMs === undefined ? [] : [idleSinceMs + idleMs];
    if (phase.kind === 'greeting') return [phase.untilMs, ...idle];
    return phase.kind === 'ready' ? [...idle, ...turns.cancelled.values()] : [];
  });
  return times.length === 0 ? undefined : Math.min(...times);
}
