/**
 * The client's side of a shared server: passes lines between a host and a broker, and keeps what the next
 * broker must be told where one dies. Its host sees an error for what was under way, and nothing else.
 */

import { asciiJson, lastOf, membersOf, replaceIn, sliceOf } from '../messages/json-spans.js';
import { capabilitiesIn, uriIn } from '../messages/message-fields.js';
import { cancellationLine, errorLine, listChangedLines, NO_ID } from '../messages/rpc-lines.js';
import {
  idOfCut,
  type RpcReading,
  type RpcRequest,
  type RpcResponse,
  readMessage,
  valueKey,
} from '../messages/rpc-message.js';
import { shareError, shareWarning, tooLongText } from '../messages/share-errors.js';
import type { ShareLimits } from '../messages/share-limits.js';

/** A request of the host's that has no answer yet. */
interface HostRequest {
  readonly idToken: string;
  /** Stands for the array that it came in. */
  readonly batch: number | undefined;
  /** Where in the order of all lines to this broker; undefined where it has not been sent. */
  readonly sentAs: number | undefined;
  /** The whole line, where it is short enough to be kept. */
  readonly line: string | undefined;
  readonly method: string;
  readonly subject: string;
}

/** What a host has set up, and the next broker is told again. */
interface Session {
  greeting: string | undefined;
  isInitialized: boolean;
  logLevel: string | undefined;
  readonly subscriptions: Set<string>;
}

export interface RelayState {
  readonly limits: ShareLimits;
  link: 'closed' | 'open';
  host: 'there' | 'ended';
  /** How many brokers there were before. */
  rounds: number;
  /** Lines of the host's that no broker has been sent. */
  waiting: string[];
  /** How many lines this broker has been sent. */
  sent: number;
  nextBatch: number;
  readonly requests: Map<string, HostRequest>;
  readonly session: Session;
  /** The ids under which the host was asked something, as they stand in a message. */
  readonly questions: Set<string>;
}

export type RelayEvent =
  | { readonly kind: 'host-line'; readonly line: string }
  | { readonly kind: 'host-too-long'; readonly head: string; readonly tail: string; readonly bytes: number }
  | { readonly kind: 'host-ended' }
  | { readonly kind: 'broker-opened' }
  | { readonly kind: 'broker-line'; readonly line: string }
  /** `taken`: how many lines it has seen, where it said so. */
  | { readonly kind: 'broker-lost'; readonly taken: number | undefined; readonly words: string }
  /** There is none, and has not been for a while: nobody is to wait any longer. */
  | { readonly kind: 'broker-missing'; readonly words: string };

export type RelayAct =
  | { readonly kind: 'to-host'; readonly line: string }
  | { readonly kind: 'to-broker'; readonly line: string }
  /** The host needs nothing more. */
  | { readonly kind: 'finish' };

/** What the client's side goes by, also where it is written in another language. */
export const RELAY = {
  /** Longer requests are not kept in case that a broker goes before it has seen them. */
  keptBytes: 64 * 1024,
  /** Begins the ids of what is told the next broker; no host's own. */
  replay: 'solod-replay-',
  /** How long a host that says no more is still answered, in milliseconds. */
  lastAnswersMs: 2_000,
  /** A session without a broker waits no longer than that, in milliseconds: then its requests get errors. */
  patienceMs: 10_000,
  /** What may wait for a broker before the host is read no more, in bytes. */
  unsentBytes: 1024 * 1024,
  /**
   * Set to `node`, it keeps the client's side in Node. A user may set it; the native client sets it where it
   * leaves something to Node.
   */
  clientVariable: 'SOLOD_SHARE_CLIENT',
  /** Why a question to the host is taken back. */
  takenBack: 'the server has ended',
  /** What a broker is taken to do that ends a session in good order. */
  ends: 'it ends, or makes room for another',
  /** What ends a session that its host has left. */
  cancelled: 'the session was cancelled',
} as const;

export const lostText = (words: string): string => shareError('brokerLost', words);
export const missingText = (words: string): string => shareError('noBroker', words);
export const cutOffText = (bytes: number | string): string => shareWarning('cutOff', bytes);

export const emptyRelay = (limits: ShareLimits): RelayState => ({
  limits,
  link: 'closed',
  host: 'there',
  rounds: 0,
  waiting: [],
  sent: 0,
  nextBatch: 0,
  requests: new Map(),
  session: { greeting: undefined, isInitialized: false, logLevel: undefined, subscriptions: new Set() },
  questions: new Set(),
});

/** @param state is changed */
export function stepRelay(state: RelayState, event: RelayEvent): readonly RelayAct[] {
  const acts: RelayAct[] = [];
  take(state, acts, event);
  // A host that has ended still reads what it asked for.
  const isDone = state.host === 'ended' && state.requests.size === 0;
  return isDone ? [...acts, { kind: 'finish' }] : acts;
}

function take(state: RelayState, acts: RelayAct[], event: RelayEvent): void {
  switch (event.kind) {
    case 'host-line':
      takeHostLine(state, acts, event.line);
      return;
    case 'host-too-long': {
      const id = idOfCut(event.head, event.tail) ?? NO_ID;
      const { messageBytes } = state.limits;
      const line = errorLine(id, 'invalidRequest', tooLongText(event.bytes, messageBytes));
      // An answer that the server waits for: it gets another one.
      if (state.questions.delete(id)) send(state, acts, line);
      else acts.push({ kind: 'to-host', line });
      return;
    }
    case 'host-ended':
      state.host = 'ended';
      return;
    case 'broker-opened':
      opened(state, acts);
      return;
    case 'broker-line':
      takeBrokerLine(state, acts, event.line);
      return;
    case 'broker-lost':
      lost(state, acts, event);
      return;
    case 'broker-missing':
      state.waiting = [];
      failRequests(state, acts, [...state.requests.keys()], missingText(event.words));
      return;
  }
}

function takeHostLine(state: RelayState, acts: RelayAct[], line: string): void {
  const reading = readMessage(line);
  const sentAs = state.link === 'open' ? state.sent : undefined;
  if (reading.kind === 'batch') {
    state.nextBatch += 1;
    for (const item of reading.items) {
      const part = sliceOf(line, item);
      note(state, part, readMessage(part), { sentAs, batch: state.nextBatch, line: undefined });
    }
  } else
    note(state, line, reading, {
      sentAs,
      batch: undefined,
      line: line.length > RELAY.keptBytes ? undefined : line,
    });
  if (state.link === 'closed') state.waiting.push(line);
  else send(state, acts, line);
}

function send(state: RelayState, acts: RelayAct[], line: string): void {
  state.sent += 1;
  acts.push({ kind: 'to-broker', line });
}

type Sending = Pick<HostRequest, 'sentAs' | 'batch' | 'line'>;

/** What the host says that must be known later. */
function note(state: RelayState, line: string, reading: RpcReading, sending: Sending): void {
  switch (reading.kind) {
    case 'request':
      noteRequest(state, line, reading, sending);
      return;
    case 'notification':
      if (reading.method === 'notifications/initialized') state.session.isInitialized = true;
      if (reading.method === 'notifications/cancelled') noteCancellation(state, line, reading.params);
      return;
    case 'response':
      state.questions.delete(sliceOf(line, reading.id));
      return;
    case 'batch':
    case 'blank':
    case 'junk':
    case 'invalid':
      return;
  }
}

function noteRequest(state: RelayState, line: string, request: RpcRequest, sending: Sending): void {
  const idToken = sliceOf(line, request.id);
  const { method } = request;
  if (method === 'initialize') state.session.greeting = line;
  const subject = subjectOf(line, request);
  state.requests.set(valueKey(idToken), { ...sending, idToken, method, subject });
}

/** What is told the next broker, if the request is granted. */
function subjectOf(line: string, request: RpcRequest): string {
  if (request.method === 'logging/setLevel')
    return request.params === undefined ? '' : sliceOf(line, request.params);
  return /^resources\/(?:un)?subscribe$/.test(request.method) ? (uriIn(line, request) ?? '') : '';
}

function noteCancellation(state: RelayState, line: string, params: RpcRequest['params']): void {
  const at = params && lastOf(membersOf(line, params.from), 'requestId');
  const key = at && valueKey(sliceOf(line, at));
  const request = key === undefined ? undefined : state.requests.get(key);
  if (key !== undefined && request?.method !== 'initialize') state.requests.delete(key);
}

function takeBrokerLine(state: RelayState, acts: RelayAct[], line: string): void {
  const reading = readMessage(line);
  if (reading.kind === 'batch') {
    for (const item of reading.items) {
      const part = readMessage(sliceOf(line, item));
      if (part.kind === 'response') noteAnswer(state, sliceOf(line, item), part);
    }
  } else if (reading.kind === 'response') {
    const token = sliceOf(line, reading.id);
    if (token.startsWith(`"${RELAY.replay}`)) {
      takeReplayed(acts, line, reading);
      return;
    }
    noteAnswer(state, line, reading);
  } else if (reading.kind === 'request') state.questions.add(sliceOf(line, reading.id));
  acts.push({ kind: 'to-host', line });
}

function noteAnswer(state: RelayState, line: string, response: RpcResponse): void {
  const key = valueKey(sliceOf(line, response.id));
  const request = state.requests.get(key);
  state.requests.delete(key);
  if (request === undefined || response.result === undefined) return;
  const { session } = state;
  if (request.method === 'logging/setLevel') session.logLevel = request.subject;
  if (request.method === 'resources/subscribe') session.subscriptions.add(request.subject);
  if (request.method === 'resources/unsubscribe') session.subscriptions.delete(request.subject);
}

/** The next broker has answered the host's own handshake: whatever it lists may be other than before. */
function takeReplayed(acts: RelayAct[], line: string, { id, result }: RpcResponse): void {
  if (!sliceOf(line, id).startsWith(`"${RELAY.replay}greeting`) || result === undefined) return;
  for (const changed of listChangedLines(capabilitiesIn(line, result)))
    acts.push({ kind: 'to-host', line: changed });
}

function opened(state: RelayState, acts: RelayAct[]): void {
  state.link = 'open';
  state.sent = 0;
  if (state.rounds > 0) replay(state, acts);
  const waiting = state.waiting;
  state.waiting = [];
  for (const line of waiting) {
    for (const key of keysIn(line)) {
      const request = state.requests.get(key);
      if (request !== undefined) state.requests.set(key, { ...request, sentAs: state.sent });
    }
    send(state, acts, line);
  }
}

function keysIn(line: string): readonly string[] {
  const reading = readMessage(line);
  const lines = reading.kind === 'batch' ? reading.items.map((item) => sliceOf(line, item)) : [line];
  return lines.flatMap((one) => {
    const part = readMessage(one);
    return part.kind === 'request' ? [valueKey(sliceOf(one, part.id))] : [];
  });
}

function replay(state: RelayState, acts: RelayAct[]): void {
  const { greeting, isInitialized, logLevel, subscriptions } = state.session;
  const isAsking = [...state.requests.values()].some(({ method }) => method === 'initialize');
  const reading = greeting === undefined ? undefined : readMessage(greeting);
  // Where the handshake itself was under way, it goes again as it is.
  if (greeting === undefined || reading?.kind !== 'request' || isAsking) return;
  const id = (what: string): string => `"${RELAY.replay}${what}-${state.rounds}"`;
  send(state, acts, replaceIn(greeting, [{ at: reading.id, by: id('greeting') }]));
  if (isInitialized) send(state, acts, '{"jsonrpc":"2.0","method":"notifications/initialized"}');
  const again = (what: string, method: string, params: string): void =>
    send(state, acts, `{"jsonrpc":"2.0","id":${id(what)},"method":"${method}","params":${params}}`);
  if (logLevel !== undefined) again('level', 'logging/setLevel', logLevel);
  let n = 0;
  for (const uri of subscriptions) {
    n += 1;
    again(`subscription-${n}`, 'resources/subscribe', `{"uri":${asciiJson(uri)}}`);
  }
}

function lost(
  state: RelayState,
  acts: RelayAct[],
  event: Extract<RelayEvent, { kind: 'broker-lost' }>,
): void {
  if (state.link === 'closed') return;
  state.link = 'closed';
  state.rounds += 1;
  for (const token of state.questions)
    acts.push({ kind: 'to-host', line: cancellationLine(token, RELAY.takenBack) });
  state.questions.clear();
  const failed: string[] = [];
  for (const [key, request] of state.requests) {
    if (isUnseen(request, event.taken) && request.line !== undefined) {
      state.requests.set(key, { ...request, sentAs: undefined });
      state.waiting.push(request.line);
    } else failed.push(key);
  }
  failRequests(state, acts, failed, lostText(event.words));
}

function failRequests(state: RelayState, acts: RelayAct[], keys: readonly string[], message: string): void {
  const batches = new Map<number, string[]>();
  for (const key of keys) {
    const request = state.requests.get(key);
    state.requests.delete(key);
    if (request === undefined) continue;
    const line = errorLine(request.idToken, 'internal', message);
    if (request.batch === undefined) acts.push({ kind: 'to-host', line });
    else batches.set(request.batch, [...(batches.get(request.batch) ?? []), line]);
  }
  for (const lines of batches.values()) acts.push({ kind: 'to-host', line: `[${lines.join(',')}]` });
}

/**
 * Nothing of it can have been carried out: the handshake is the broker's to answer, and a line that it has
 * not taken is not the server's.
 */
function isUnseen({ method, sentAs }: HostRequest, taken: number | undefined): boolean {
  return method === 'initialize' || sentAs === undefined || (taken !== undefined && sentAs >= taken);
}
