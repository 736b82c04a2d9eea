/** Requests on their way to a server: each waits for its turn, is sent once, and ends once. */

import { requestLine } from '../messages/rpc-lines.js';
import { sendUp } from './deliveries.js';
import type { Client, Pending, Purpose, Step, Upstream } from './share-state.js';
import { cancelTurn, endTurn, leaveLine, type Manner, OWN_LANE, takeTurn, waitInLine } from './turns.js';

export type NewRequest = Omit<Pending, 'id' | 'line'>;

/** @param compose the message with the id that it gets */
export function openRequest(
  step: Step,
  up: Upstream,
  request: NewRequest,
  compose: (id: number) => string,
): Pending {
  const { state } = step;
  const id = state.nextId;
  state.nextId += 1;
  const line = compose(id);
  const pending: Pending = { ...request, id, line };
  up.pending.set(id, pending);
  const client = ownerOf(step, pending);
  client?.requests.set(pending.key, id);
  if (client !== undefined) client.waitingBytes += line.length;
  waitInLine(up.turns, laneOf(pending), id);
  sendWaiting(step, up);
  return pending;
}

/** @param params as JSON */
export function openOwnRequest(
  step: Step,
  up: Upstream,
  purpose: Purpose,
  subject: string,
  [method, params]: readonly [string, string],
): Pending {
  const own = { client: undefined, idToken: '', key: '', batch: undefined, wantsLog: false } as const;
  return openRequest(step, up, { ...own, purpose, subject, turn: 'untracked' }, (id) =>
    requestLine(String(id), method, params),
  );
}

/** Sends what may go now. */
export function sendWaiting(step: Step, up: Upstream): void {
  if (up.phase.kind !== 'ready') return;
  for (;;) {
    const id = takeTurn(up.turns, (request) => mannerOf(up, request));
    if (id === undefined) return;
    const pending = up.pending.get(id);
    const { line } = pending ?? {};
    if (pending === undefined || line === undefined) continue;
    forgetLine(step, pending);
    sendUp(step, up, line);
  }
}

/** One row has what begins and ends subscriptions, so that the server hears of it in that order. */
function laneOf({ client, purpose }: Pending): number {
  return client === undefined || purpose === 'unsubscribe' ? OWN_LANE : client;
}

function mannerOf(up: Upstream, id: number): Manner {
  const pending = up.pending.get(id);
  if (pending === undefined) return 'untracked';
  if (pending.turn !== 'by-tool') return pending.turn;
  return up.readOnlyTools.has(pending.subject) ? 'overlapping' : 'alone';
}

/** It has ended, one way or another. */
export function closeRequest(step: Step, up: Upstream, pending: Pending): void {
  up.pending.delete(pending.id);
  const client = ownerOf(step, pending);
  if (client?.requests.get(pending.key) === pending.id) client.requests.delete(pending.key);
  leaveLine(up.turns, laneOf(pending), pending.id);
  forgetLine(step, pending);
  if (!up.turns.cancelled.has(pending.id)) endTurn(up.turns, pending.id);
  sendWaiting(step, up);
}

/** No answer is wanted any more. @param line what the server is told, if it has the request */
export function cancelRequest(step: Step, up: Upstream, pending: Pending, line: string): void {
  if (pending.line === undefined) {
    sendUp(step, up, line);
    cancelTurn(up.turns, pending.id, step.state.nowMs);
  }
  closeRequest(step, up, pending);
}

/** The server has answered what nobody waits for: if that was cancelled, its turn is over. */
export function takeLateAnswer(step: Step, up: Upstream, request: number): void {
  endTurn(up.turns, request);
  sendWaiting(step, up);
}

function forgetLine(step: Step, pending: Pending): void {
  const client = ownerOf(step, pending);
  if (client !== undefined) client.waitingBytes -= pending.line?.length ?? 0;
  pending.line = undefined;
}

const ownerOf = ({ state }: Step, { client }: Pending): Client | undefined =>
  client === undefined ? undefined : state.clients.get(client);
