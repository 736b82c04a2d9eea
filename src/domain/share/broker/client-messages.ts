/**
 * What a client says: its requests get ids of the broker's own, and what concerns others as well is settled
 * here.
 */

import {
  lastOf,
  membersOf,
  type Replacement,
  replaceIn,
  type Span,
  sliceOf,
  spanAt,
} from '../messages/json-spans.js';
import { capabilitiesIn, textIn, uriIn } from '../messages/message-fields.js';
import { LOG_LEVELS, META } from '../messages/protocol-words.js';
import { cancellationLine, EMPTY_RESULT, errorLine, NO_ID, resultLine } from '../messages/rpc-lines.js';
import {
  idOfCut,
  type RpcNotification,
  type RpcReading,
  type RpcRequest,
  readStrictly,
  valueKey,
} from '../messages/rpc-message.js';
import { shareError, tooLongText } from '../messages/share-errors.js';
import { answer, answerEmpty, leaveUnanswered, note, refuse, sendUp, tell } from './deliveries.js';
import { answerGreeting, waitForGreeting } from './greeting.js';
import { adjustLevel, askForLevel, levelIn } from './log-levels.js';
import { cancelRequest, openRequest } from './pending-requests.js';
import { answerForClient, takeAnswer, takeClientProgress } from './server-questions.js';
import {
  type Client,
  ERAS,
  type Pending,
  type Purpose,
  type ShareEvent,
  type Step,
  type Upstream,
} from './share-state.js';
import { leaveSubscriptions, stopWaiting, subscribe, unsubscribe } from './subscriptions.js';
import { forgetClientTasks, taskIn } from './task-owners.js';
import type { Manner } from './turns.js';
import { want, whyHeldBack } from './upstream-life.js';

/** One message of a client, and the array that it came in. */
interface Said {
  readonly client: Client;
  readonly line: string;
  readonly batch: number | undefined;
}

export function takeClientLine(step: Step, client: Client, line: string): void {
  const reading = readStrictly(line);
  if (reading.kind === 'batch') takeBatch(step, client, line, reading.items);
  else take(step, { client, line, batch: undefined }, reading);
}

function take(step: Step, said: Said, reading: RpcReading): void {
  const { client, line, batch } = said;
  switch (reading.kind) {
    case 'blank':
      return;
    case 'junk':
      answer(step, { client: client.id, batch }, errorLine(NO_ID, 'parse', shareError('notJson')));
      return;
    case 'batch':
    case 'invalid': {
      const id = 'id' in reading && reading.id !== undefined ? sliceOf(line, reading.id) : NO_ID;
      const message = shareError('noMessage');
      answer(step, { client: client.id, batch }, errorLine(id, 'invalidRequest', message));
      return;
    }
    case 'request':
      takeRequest(step, said, reading);
      return;
    case 'notification':
      takeNotification(step, client, line, reading);
      return;
    case 'response':
      takeAnswer(step, client, line, reading);
      return;
  }
}

/**
 * Part of 2025-03-26 alone, where receiving them is a must. Servers drop them, so each message goes up by
 * itself.
 */
function takeBatch(step: Step, client: Client, line: string, items: readonly Span[]): void {
  const lines = items.map((item) => sliceOf(line, item));
  const readings = lines.map((one) => readStrictly(one));
  const answered = readings.filter(({ kind }) => kind !== 'notification' && kind !== 'response').length;
  if (lines.length === 0) {
    tell(step, client.id, errorLine(NO_ID, 'invalidRequest', shareError('emptyBatch')));
    return;
  }
  const batch = step.state.nextId;
  step.state.nextId += 1;
  client.batches.set(batch, { missing: answered, answers: [] });
  for (const [n, reading] of readings.entries()) take(step, { client, line: lines[n] ?? '', batch }, reading);
  if (answered === 0) client.batches.delete(batch);
}

/** Longer than it may be: nobody else may suffer for it. */
export function takeTooLong(
  step: Step,
  client: Client,
  event: Extract<ShareEvent, { kind: 'client-too-long' }>,
): void {
  const id = idOfCut(event.head, event.tail) ?? NO_ID;
  const { messageBytes } = step.state.terms.limits;
  const message = tooLongText(event.bytes, messageBytes);
  tell(step, client.id, errorLine(id, 'invalidRequest', message));
}

function takeRequest(step: Step, said: Said, request: RpcRequest): void {
  const { client, line, batch } = said;
  const to = { client: client.id, batch, idToken: sliceOf(line, request.id) };
  if (request.method === 'initialize') {
    takeInitialize(step, said, request);
    return;
  }
  if (request.method === 'ping' && client.era !== 'stateless') {
    answer(step, to, resultLine(to.idToken, EMPTY_RESULT));
    return;
  }
  client.era ??= 'stateless';
  const up = step.state[client.era];
  const refusal = whyNot(step, said, request, up);
  if (refusal !== undefined) {
    refuse(step, to, refusal.name, refusal.message);
    return;
  }
  want(step, up);
  if (settleByUri(step, said, request, up)) return;
  passUp(step, said, request, up);
}

interface Refusal {
  readonly name: 'internal' | 'invalidParams';
  readonly message: string;
}

function whyNot(step: Step, { client, line }: Said, request: RpcRequest, up: Upstream): Refusal | undefined {
  const { terms } = step.state;
  const { requestsInFlight, waitingBytes } = terms.limits;
  const internal = (message: string): Refusal => ({ name: 'internal', message });
  const heldBack = whyHeldBack(step.state, up);
  if (heldBack !== undefined) return internal(heldBack);
  if (client.requests.size >= requestsInFlight)
    return internal(
      shareError(
        'overLimit',
        `${client.requests.size} requests are unanswered`,
        'requestsInFlight',
        requestsInFlight,
      ),
    );
  if (client.waitingBytes + line.length > waitingBytes)
    return internal(
      shareError(
        'overLimit',
        `${client.waitingBytes + line.length} bytes would wait`,
        'waitingBytes',
        waitingBytes,
      ),
    );
  if (terms.sharing === 'per-client' || !/^tasks\/(?!list$)/.test(request.method)) return undefined;
  const task = taskIn(line, request.params);
  const isOwn = task !== undefined && up.taskOwners.get(task) === client.id;
  return isOwn ? undefined : { name: 'invalidParams', message: shareError('foreignTask') };
}

function takeInitialize(step: Step, { client, line, batch }: Said, request: RpcRequest): void {
  const { state } = step;
  const up = state.handshake;
  client.era = 'handshake';
  client.capabilities = capabilitiesIn(line, request.params);
  if (up.separatedBy !== undefined && client.wish === 'by-name') {
    // It had joined before the server showed what it is.
    step.acts.push({ kind: 'separate', clients: [client.id], why: up.separatedBy });
    return;
  }
  const wait = waitForGreeting(line, request, client.id, batch);
  const heldBack = whyHeldBack(state, up);
  if (heldBack !== undefined) {
    refuse(step, wait, 'internal', heldBack);
    return;
  }
  if (up.phase.kind === 'ready') {
    answerGreeting(step, up, wait);
    return;
  }
  if (state.terms.sharing === 'per-client') up.ownGreeting = line;
  up.greetingWaits.push(wait);
  want(step, up);
}

/** What is counted is settled here, unless the server must hear of it. */
function settleByUri(step: Step, { client, line, batch }: Said, request: RpcRequest, up: Upstream): boolean {
  if (up.era !== 'handshake') return false;
  const uri = /^resources\/(?:un)?subscribe$/.test(request.method) ? uriIn(line, request) : undefined;
  if (uri === undefined) return false;
  const idToken = sliceOf(line, request.id);
  const to = { client: client.id, batch, idToken, key: valueKey(idToken) };
  if (request.method === 'resources/subscribe') {
    subscribe(step, up, uri, { ...to, isGivenBack: false });
    return true;
  }
  if (unsubscribe(up, uri, client) === 'for-server') return false;
  answerEmpty(step, to);
  return true;
}

const PURPOSES: Readonly<Record<string, Purpose>> = {
  'logging/setLevel': 'set-level',
  'tools/list': 'list-tools',
  'tasks/list': 'list-tasks',
  'resources/unsubscribe': 'unsubscribe',
  'subscriptions/listen': 'listen',
  'server/discover': 'discover',
};

function passUp(step: Step, said: Said, request: RpcRequest, up: Upstream): void {
  const { client, batch } = said;
  const idToken = sliceOf(said.line, request.id);
  const level = request.method === 'logging/setLevel' ? levelIn(said.line, request) : undefined;
  const line =
    level === undefined ? said.line : askForLevel(step, up, client, { line: said.line, request, level });
  const { params } = request;
  const tokenAt = params && spanAt(line, params, ['_meta', 'progressToken']);
  const token = tokenAt && sliceOf(line, tokenAt);
  const isToken = token !== undefined && /^["\-0-9]/.test(token);
  const logAt = params && spanAt(line, params, ['_meta', META.logLevel]);
  openRequest(
    step,
    up,
    {
      client: client.id,
      idToken,
      key: valueKey(idToken),
      batch,
      purpose: PURPOSES[request.method] ?? 'pass',
      subject: level === undefined ? toolIn(line, request) : (LOG_LEVELS[level] ?? ''),
      turn: turnOf(step, request),
      wantsLog: logAt !== undefined,
    },
    (id) => {
      if (isToken) up.tokens.set(id, { client: client.id, token, task: undefined });
      return replaceIn(line, [
        { at: idSpan(request, line, said.line), by: String(id) },
        ...(isToken && tokenAt !== undefined ? [{ at: tokenAt, by: String(id) }] : []),
      ] satisfies Replacement[]);
    },
  );
}

/** The level stands in the parameters: where they come before the id, another level has moved it. */
function idSpan(request: RpcRequest, line: string, original: string): Span {
  const moved = line.length - original.length;
  const isBehind = request.params !== undefined && request.params.from < request.id.from;
  return isBehind ? { from: request.id.from + moved, to: request.id.to + moved } : request.id;
}

function toolIn(line: string, { method, params }: RpcRequest): string {
  return (method === 'tools/call' ? textIn(line, params, 'name') : undefined) ?? '';
}

function turnOf({ state }: Step, { method }: RpcRequest): Manner | 'by-tool' {
  if (state.terms.order === 'concurrent' || method === 'subscriptions/listen') return 'untracked';
  if (method === 'tools/call') return 'by-tool';
  // One that waits for a task must not keep away what the task waits for.
  return method.startsWith('tasks/') ? 'untracked' : 'alone';
}

function takeNotification(step: Step, client: Client, line: string, notification: RpcNotification): void {
  switch (notification.method) {
    case 'notifications/initialized':
      return;
    case 'notifications/cancelled':
      cancel(step, client, line, notification);
      return;
    case 'notifications/progress':
      takeClientProgress(step, client, line, notification);
      return;
    case 'notifications/roots/list_changed':
    case 'notifications/tasks/status':
      // The roots and tasks of one client mean nothing to the others.
      if (step.state.terms.sharing === 'per-client') passOn(step, client, line);
      return;
    default:
      passOn(step, client, line);
      return;
  }
}

function passOn(step: Step, client: Client, line: string): void {
  const up = client.era === undefined ? undefined : step.state[client.era];
  if (up?.phase.kind === 'ready') sendUp(step, up, line);
}

function cancel(step: Step, client: Client, line: string, { params }: RpcNotification): void {
  const at = params && lastOf(membersOf(line, params.from), 'requestId');
  if (at === undefined) return;
  const key = valueKey(sliceOf(line, at));
  const found = findRequest(step, client.requests.get(key));
  if (found === undefined) {
    const wait = stopWaiting(step.state.handshake, client.id, key);
    // Passed on as it is, it would cancel another client's.
    if (wait === undefined) note(step, `client ${client.id} cancelled what is not open`);
    else leaveUnanswered(step, wait);
    return;
  }
  const { up, pending } = found;
  drop(step, up, pending, replaceIn(line, [{ at, by: String(pending.id) }]));
  leaveUnanswered(step, { client: client.id, batch: pending.batch });
}

function findRequest({ state }: Step, id: number | undefined) {
  for (const era of ERAS) {
    const pending = id === undefined ? undefined : state[era].pending.get(id);
    if (pending !== undefined) return { up: state[era], pending };
  }
  return undefined;
}

/** No answer is wanted any more. @param cancellation what the server is told, if it has the request */
function drop(step: Step, up: Upstream, pending: Pending, cancellation: string): void {
  up.tokens.delete(pending.id);
  cancelRequest(step, up, pending, cancellation);
}

/** The client is gone: nothing of it stays, and nobody waits for its answers. */
export function clientLeft(step: Step, client: Client): void {
  step.state.clients.delete(client.id);
  for (const era of ERAS) {
    const up = step.state[era];
    up.greetingWaits = up.greetingWaits.filter((wait) => wait.client !== client.id);
    for (const pending of [...up.pending.values()])
      if (pending.client === client.id)
        drop(step, up, pending, cancellationLine(String(pending.id), 'the client has gone'));
    answerForClient(step, up, client.id);
    forgetClientTasks(up, client.id);
    for (const [id, token] of up.tokens) if (token.client === client.id) up.tokens.delete(id);
  }
  leaveSubscriptions(step, step.state.handshake, client.id);
  adjustLevel(step, step.state.handshake);
}
