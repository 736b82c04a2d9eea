/**
 * Lines on their way: to a client, as an answer of its own or as one of several in an array, and to a server.
 */

import { EMPTY_RESULT, errorLine, type RpcErrorName, resultLine } from '../messages/rpc-lines.js';
import type { ClientId, Step, Upstream } from './share-state.js';

/** Who gets an answer, and as part of what. */
export interface Addressee {
  readonly client: ClientId;
  readonly batch: number | undefined;
}

export function tell(step: Step, client: ClientId, line: string): void {
  if (step.state.clients.has(client)) step.acts.push({ kind: 'to-client', client, line });
}

export function sendUp(step: Step, up: Upstream, line: string): void {
  step.acts.push({ kind: 'to-server', era: up.era, line });
}

export function note(step: Step, text: string): void {
  step.acts.push({ kind: 'note', text });
}

export function answer(step: Step, to: Addressee, line: string): void {
  if (to.batch === undefined) tell(step, to.client, line);
  else completePart(step, to.client, to.batch, [line]);
}

export const answerEmpty = (step: Step, to: Addressee & { readonly idToken: string }): void =>
  answer(step, to, resultLine(to.idToken, EMPTY_RESULT));

export function refuse(
  step: Step,
  to: Addressee & { readonly idToken: string },
  name: RpcErrorName,
  message: string,
): void {
  answer(step, to, errorLine(to.idToken, name, message));
}

/** It was cancelled: no answer comes. */
export function leaveUnanswered(step: Step, to: Addressee): void {
  if (to.batch !== undefined) completePart(step, to.client, to.batch, []);
}

function completePart(step: Step, id: ClientId, number: number, lines: readonly string[]): void {
  const client = step.state.clients.get(id);
  const batch = client?.batches.get(number);
  if (client === undefined || batch === undefined) return;
  batch.answers.push(...lines);
  batch.missing -= 1;
  if (batch.missing > 0) return;
  client.batches.delete(number);
  if (batch.answers.length > 0) tell(step, id, `[${batch.answers.join(',')}]`);
}
