/** What a server says, and whom it is for. */

import { parseJson } from '../../evidence/json.js';
import {
  decodeUtf8,
  lastOf,
  membersOf,
  replaceIn,
  type Span,
  sliceOf,
  spanAt,
} from '../messages/json-spans.js';
import { textIn, uriIn } from '../messages/message-fields.js';
import { ELICITATION_REQUIRED, LOG_LEVELS, META } from '../messages/protocol-words.js';
import { errorLine } from '../messages/rpc-lines.js';
import {
  idOfCut,
  type RpcNotification,
  type RpcReading,
  type RpcResponse,
  readMessage,
} from '../messages/rpc-message.js';
import { shareError } from '../messages/share-errors.js';
import { answer, note, sendUp, tell } from './deliveries.js';
import { greetingAnswered } from './greeting.js';
import { levelGranted, levelIn, wantsLevel } from './log-levels.js';
import { closeRequest, takeLateAnswer } from './pending-requests.js';
import { ask, takeBack } from './server-questions.js';
import {
  type Client,
  type ClientId,
  clientsOf,
  type Pending,
  type ShareEvent,
  type Step,
  type Upstream,
} from './share-state.js';
import { subscribersOf, subscriptionAnswered } from './subscriptions.js';
import { madeTask, noteTaskStatus, ownTask, relatedTask, taskIn, withOwnTasksOnly } from './task-owners.js';
import { giveUp } from './upstream-life.js';

export function takeServerLine(step: Step, up: Upstream, line: string): void {
  const reading = readMessage(line);
  if (reading.kind === 'batch')
    for (const item of reading.items) take(step, up, sliceOf(line, item), readMessage(sliceOf(line, item)));
  else take(step, up, line, reading);
}

function take(step: Step, up: Upstream, line: string, reading: RpcReading): void {
  switch (reading.kind) {
    case 'blank':
      return;
    case 'junk':
    case 'invalid':
    case 'batch':
      note(step, `the server printed something that is not a message: ${decodeUtf8(line).slice(0, 200)}`);
      return;
    case 'response':
      takeResponse(step, up, line, reading);
      return;
    case 'request':
      ask(step, up, line, reading);
      return;
    case 'notification':
      takeNotification(step, up, line, reading);
      return;
  }
}

export function takeServerTooLong(
  step: Step,
  up: Upstream,
  event: Extract<ShareEvent, { kind: 'server-too-long' }>,
): void {
  const { head, tail, bytes } = event;
  const { answerBytes } = step.state.terms.limits;
  const id = idOfCut(head, tail);
  const isAnswer = lastOf(membersOf(head), 'method') === undefined;
  const what = `the server's ${isAnswer ? 'answer' : 'message'} has ${bytes} bytes`;
  const message = shareError('overLimit', what, 'answerBytes', answerBytes);
  note(step, message);
  if (!isAnswer) {
    // Its own ids may be the same numbers as the broker's.
    if (id !== undefined) sendUp(step, up, errorLine(id, 'internal', message));
    return;
  }
  const pending = pendingOf(up, id);
  if (pending === undefined) {
    takeLateAnswer(step, up, numberOf(id));
    return;
  }
  closeRequest(step, up, pending);
  up.tokens.delete(pending.id);
  const { client, batch, idToken } = pending;
  if (client !== undefined) answer(step, { client, batch }, errorLine(idToken, 'internal', message));
}

const pendingOf = (up: Upstream, token: string | undefined): Pending | undefined =>
  up.pending.get(numberOf(token));

/** The broker's own ids are numbers. @returns NaN for any other */
const numberOf = (token: string | undefined): number =>
  token !== undefined && /^\d+$/.test(token) ? Number(token) : Number.NaN;

function takeResponse(step: Step, up: Upstream, line: string, response: RpcResponse): void {
  const id = sliceOf(line, response.id);
  const pending = pendingOf(up, id);
  if (pending === undefined) {
    takeLateAnswer(step, up, numberOf(id));
    return;
  }
  // A line that has not been sent can't have been answered.
  if (pending.line !== undefined) return;
  if (pending.purpose === 'greet') {
    const why = greetingAnswered(step, up, pending, line, response);
    if (why !== undefined) giveUp(step, up, shareError('noGreeting', why));
    return;
  }
  learn(step, up, pending, line, response);
  closeRequest(step, up, pending);
  const { client, batch, idToken } = pending;
  if (client === undefined) return;
  const shown =
    pending.purpose === 'list-tasks' && isShared(step)
      ? withOwnTasksOnly(up, client, line, response.result)
      : line;
  // What was left out stands in the result, behind which the id may come.
  const own = shown === line ? response : readMessage(shown);
  if (own.kind !== 'response') return;
  const open = pending.purpose === 'listen' ? subscriptionIdIn(shown, own.result) : undefined;
  const replacements = [
    { at: own.id, by: idToken },
    ...(open === undefined ? [] : [{ at: open, by: idToken }]),
  ];
  answer(step, { client, batch }, replaceIn(shown, replacements));
}

const isShared = ({ state }: Step): boolean => state.terms.sharing === 'shared';

const subscriptionIdIn = (line: string, at: Span | undefined): Span | undefined =>
  at && spanAt(line, at, ['_meta', META.subscription]);

/** What the answer says of the server, or of its client. */
function learn(step: Step, up: Upstream, pending: Pending, line: string, response: RpcResponse): void {
  const client = pending.client === undefined ? undefined : step.state.clients.get(pending.client);
  noteTask(up, pending, line, response);
  if (response.error !== undefined && client !== undefined)
    noteElicitations(up, client.id, line, response.error);
  switch (pending.purpose) {
    case 'set-level':
      if (response.error !== undefined) up.logLevel = undefined;
      else levelGranted(step, up, client, (LOG_LEVELS as readonly string[]).indexOf(pending.subject));
      return;
    case 'list-tools':
      if (step.state.terms.order === 'serial') noteTools(up, line, response.result);
      return;
    case 'discover':
      up.isForeign = response.error !== undefined;
      return;
    case 'subscribe':
      subscriptionAnswered(step, up, pending, line, response);
      return;
    case 'pass':
    case 'listen':
    case 'list-tasks':
    case 'unsubscribe':
    case 'greet':
      return;
  }
}

function noteTask(up: Upstream, pending: Pending, line: string, { result }: RpcResponse): void {
  const task = pending.client === undefined ? undefined : madeTask(line, result);
  const token = up.tokens.get(pending.id);
  if (task === undefined || pending.client === undefined) {
    up.tokens.delete(pending.id);
    return;
  }
  ownTask(up, task, pending.client);
  if (token !== undefined) token.task = task;
}

function noteElicitations(up: Upstream, client: ClientId, line: string, at: Span): void {
  const error = parseJson(sliceOf(line, at));
  if (
    typeof error !== 'object' ||
    error === null ||
    !('code' in error) ||
    error.code !== ELICITATION_REQUIRED
  )
    return;
  const { elicitations } = (('data' in error && error.data) || {}) as { readonly elicitations?: unknown };
  if (!Array.isArray(elicitations)) return;
  for (const { elicitationId } of elicitations)
    if (typeof elicitationId === 'string') up.elicitations.set(decodeUtf8(elicitationId), client);
}

function noteTools(up: Upstream, line: string, at: Span | undefined): void {
  const result = at === undefined ? undefined : parseJson(sliceOf(line, at));
  const { tools } = (result ?? {}) as { readonly tools?: unknown };
  if (!Array.isArray(tools)) return;
  for (const tool of tools) {
    if (typeof tool?.name !== 'string') continue;
    const name = decodeUtf8(tool.name);
    if (tool.annotations?.readOnlyHint === true) up.readOnlyTools.add(name);
    else up.readOnlyTools.delete(name);
  }
}

function takeNotification(step: Step, up: Upstream, line: string, notification: RpcNotification): void {
  const { method, params } = notification;
  if (method === 'notifications/tools/list_changed') up.readOnlyTools.clear();
  if (method === 'notifications/tasks/status') noteTaskStatus(up, line, params);
  const open = subscriptionIdIn(line, params);
  if (open !== undefined) {
    tellListener(step, up, line, open, sliceOf(line, open));
    return;
  }
  switch (method) {
    case 'notifications/progress':
      tellOfProgress(step, up, line, params);
      return;
    case 'notifications/cancelled':
      takeCancellation(step, up, line, params);
      return;
    case 'notifications/message':
      tellAll(step, logReaders(step, up, line, notification), line);
      return;
    case 'notifications/resources/updated':
      tellAll(step, updateReaders(step, up, line, notification), line);
      return;
    case 'notifications/elicitation/complete':
      tellAll(step, ownerOf(up.elicitations, textIn(line, params, 'elicitationId')), line);
      return;
    case 'notifications/tasks/status':
      tellAll(
        step,
        isShared(step) ? ownerOf(up.taskOwners, taskIn(line, params)) : everybody(step, up),
        line,
      );
      return;
    case 'notifications/tools/list_changed':
    case 'notifications/prompts/list_changed':
    case 'notifications/resources/list_changed':
      tellAll(step, everybody(step, up), line);
      return;
    default:
      tellAll(step, whoElse(step, up, line, params), line);
      return;
  }
}

function tellAll(step: Step, clients: Iterable<ClientId>, line: string): void {
  for (const client of clients) tell(step, client, line);
}

const ownerOf = (owners: ReadonlyMap<string, ClientId>, key: string | undefined): readonly ClientId[] => {
  const owner = key === undefined ? undefined : owners.get(key);
  return owner === undefined ? [] : [owner];
};

/** Before its handshake is answered a client expects nothing. */
const everybody = (step: Step, up: Upstream): readonly ClientId[] =>
  clientsOf(step, up.era)
    .filter(({ isGreeted }) => isGreeted || up.era === 'stateless')
    .map(({ id }) => id);

/** One that was opened by `subscriptions/listen`. */
function tellListener(step: Step, up: Upstream, line: string, at: Span, token: string): void {
  const pending = pendingOf(up, token);
  if (pending?.client !== undefined)
    tell(step, pending.client, replaceIn(line, [{ at, by: pending.idToken }]));
}

function tellOfProgress(step: Step, up: Upstream, line: string, params: Span | undefined): void {
  const at = params && lastOf(membersOf(line, params.from), 'progressToken');
  const token = at && sliceOf(line, at);
  // Servers go on after a cancellation: nobody waits for that.
  const owner = token === undefined || !/^\d+$/.test(token) ? undefined : up.tokens.get(Number(token));
  if (at !== undefined && owner !== undefined)
    tell(step, owner.client, replaceIn(line, [{ at, by: owner.token }]));
}

/** Of a question of its own or, in the stateless era, of what a client listens to. */
function takeCancellation(step: Step, up: Upstream, line: string, params: Span | undefined): void {
  const at = params && lastOf(membersOf(line, params.from), 'requestId');
  if (at === undefined || takeBack(step, up, line, at) === 'taken-back') return;
  const pending = pendingOf(up, sliceOf(line, at));
  if (pending?.purpose !== 'listen' || pending.client === undefined) return;
  closeRequest(step, up, pending);
  tell(step, pending.client, replaceIn(line, [{ at, by: pending.idToken }]));
}

function logReaders(
  step: Step,
  up: Upstream,
  line: string,
  notification: RpcNotification,
): readonly ClientId[] {
  if (up.era === 'stateless') return onlyOf(pendingClients(up, ({ wantsLog }) => wantsLog));
  const level = levelIn(line, notification);
  const clients = clientsOf(step, up.era).filter(
    (client: Client) => client.isGreeted && wantsLevel(up, client, level),
  );
  return clients.map(({ id }) => id);
}

function updateReaders(
  step: Step,
  up: Upstream,
  line: string,
  notification: RpcNotification,
): Iterable<ClientId> {
  const uri = uriIn(line, notification);
  if (!isShared(step)) return everybody(step, up);
  return uri === undefined ? [] : subscribersOf(up, uri);
}

/** What no revision knows: for the client of the task that it names, or the only one that it can be for. */
function whoElse(step: Step, up: Upstream, line: string, params: Span | undefined): readonly ClientId[] {
  const task = relatedTask(line, params);
  if (task !== undefined && isShared(step)) return ownerOf(up.taskOwners, task);
  const all = everybody(step, up);
  return all.length === 1 ? all : onlyOf(pendingClients(up, () => true));
}

function pendingClients(up: Upstream, which: (pending: Pending) => boolean): ReadonlySet<ClientId> {
  return new Set(
    [...up.pending.values()].flatMap((pending) =>
      pending.client !== undefined && which(pending) ? [pending.client] : [],
    ),
  );
}

const onlyOf = (clients: ReadonlySet<ClientId>): readonly ClientId[] =>
  clients.size === 1 ? [...clients] : [];
