/**
 * What a server asks of clients (sampling, roots, elicitation, ping): asked of the one whom it concerns, or
 * answered at once.
 */

import {
  lastOf,
  membersOf,
  type Replacement,
  replaceIn,
  type Span,
  sliceOf,
  spanAt,
  textOfString,
} from '../messages/json-spans.js';
import { textIn } from '../messages/message-fields.js';
import { capabilityFor } from '../messages/protocol-words.js';
import { cancellationLine, EMPTY_RESULT, errorLine, resultLine } from '../messages/rpc-lines.js';
import {
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
  valueKey,
} from '../messages/rpc-message.js';
import { shareError } from '../messages/share-errors.js';
import { note, sendUp, tell } from './deliveries.js';
import { type Client, type ClientId, clientsOf, ERAS, type Step, type Upstream } from './share-state.js';
import { relatedTask } from './task-owners.js';

export function ask(step: Step, up: Upstream, line: string, request: RpcRequest): void {
  const idToken = sliceOf(line, request.id);
  if (request.method === 'ping') {
    sendUp(step, up, resultLine(idToken, EMPTY_RESULT));
    return;
  }
  const client = whom(step, up, line, request);
  if (typeof client === 'string') {
    const name = client === 'nobody-can' ? 'unknownMethod' : 'internal';
    sendUp(step, up, errorLine(idToken, name, WHY[client]));
    return;
  }
  const own = nextQuestionId(step);
  const tokenAt = request.params && spanAt(line, request.params, ['_meta', 'progressToken']);
  const replacements: Replacement[] = [{ at: request.id, by: `"${own}"` }];
  if (tokenAt !== undefined) replacements.push({ at: tokenAt, by: `"${own}"` });
  const token = tokenAt && sliceOf(line, tokenAt);
  up.asked.set(own, { client: client.id, idToken, token });
  noteElicitation(up, line, request, client.id);
  tell(step, client.id, replaceIn(line, replacements));
}

const WHY = {
  'nobody-can': shareError('cannotAnswer'),
  'not-told': shareError('notTold'),
};

/** Unique among all brokers that a client has ever been connected to. */
function nextQuestionId({ state }: Step): string {
  const id = state.nextId;
  state.nextId += 1;
  return `solod-${state.terms.nonce}-${id}`;
}

/**
 * The client of the task that it belongs to, or the only one that it can be about. Never all: one would
 * answer for another.
 */
function whom(step: Step, up: Upstream, line: string, request: RpcRequest): Client | keyof typeof WHY {
  const { state } = step;
  if (state.terms.sharing === 'per-client') return clientsOf(step, up.era)[0] ?? 'nobody-can';
  const task = relatedTask(line, request.params);
  const owner = task === undefined ? undefined : up.taskOwners.get(task);
  const active = new Set(
    [...up.pending.values()].flatMap(({ client }) => (client === undefined ? [] : [client])),
  );
  const [only, other] = owner === undefined ? active : [owner];
  if (only === undefined || other !== undefined) return 'not-told';
  const client = state.clients.get(only);
  return client?.capabilities.includes(capabilityFor(request.method)) ? client : 'nobody-can';
}

function noteElicitation(up: Upstream, line: string, { params }: RpcRequest, client: ClientId): void {
  const id = textIn(line, params, 'elicitationId');
  if (id !== undefined) up.elicitations.set(id, client);
}

/** A client's answer. One to a question that is not open any more goes nowhere. */
export function takeAnswer(step: Step, client: Client, line: string, response: RpcResponse): void {
  const own = textOfString(sliceOf(line, response.id));
  const found = own === undefined ? undefined : findQuestion(step, own, client.id);
  if (own === undefined || found === undefined) {
    note(step, `client ${client.id} answered what was not asked`);
    return;
  }
  found.up.asked.delete(own);
  sendUp(step, found.up, replaceIn(line, [{ at: response.id, by: found.asked.idToken }]));
}

function findQuestion({ state }: Step, own: string, client: ClientId) {
  for (const era of ERAS) {
    const up = state[era];
    const asked = up.asked.get(own);
    if (asked?.client === client) return { up, asked };
  }
  return undefined;
}

/** A client's progress on what it was asked. */
export function takeClientProgress(
  step: Step,
  client: Client,
  line: string,
  { params }: RpcNotification,
): void {
  const at = params && lastOf(membersOf(line, params.from), 'progressToken');
  const own = at && textOfString(sliceOf(line, at));
  const found = own === undefined ? undefined : findQuestion(step, own, client.id);
  if (at === undefined || found?.asked.token === undefined) return;
  sendUp(step, found.up, replaceIn(line, [{ at, by: found.asked.token }]));
}

/** The server takes a question back. @returns whether it was one */
export function takeBack(step: Step, up: Upstream, line: string, requestId: Span): 'taken-back' | 'unknown' {
  const key = valueKey(sliceOf(line, requestId));
  for (const [own, { client, idToken }] of up.asked) {
    if (valueKey(idToken) !== key) continue;
    up.asked.delete(own);
    tell(step, client, replaceIn(line, [{ at: requestId, by: `"${own}"` }]));
    return 'taken-back';
  }
  return 'unknown';
}

/** The client that was asked is gone: nobody else answers for it. */
export function answerForClient(step: Step, up: Upstream, client: ClientId): void {
  for (const [own, asked] of [...up.asked]) {
    if (asked.client !== client) continue;
    up.asked.delete(own);
    sendUp(step, up, errorLine(asked.idToken, 'internal', shareError('clientGone')));
  }
  for (const [id, owner] of up.elicitations) if (owner === client) up.elicitations.delete(id);
}

/** The server is gone: its questions need no answer. */
export function dropQuestions(step: Step, up: Upstream): void {
  for (const [own, { client }] of up.asked)
    tell(step, client, cancellationLine(`"${own}"`, 'the server has ended'));
  up.asked.clear();
  up.elicitations.clear();
}
