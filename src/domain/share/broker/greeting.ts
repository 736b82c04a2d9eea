/**
 * The handshake: once with the server, and from then on answered to each client from what the server said.
 */

import { asciiJson, type Replacement, replaceIn, sliceOf, spanAt } from '../messages/json-spans.js';
import { capabilitiesIn, versionIn } from '../messages/message-fields.js';
import { isHandshakeVersion, NEWEST_HANDSHAKE, versionFor } from '../messages/protocol-words.js';
import { listChangedLines, notificationLine, refusalLine, requestLine } from '../messages/rpc-lines.js';
import { type RpcRequest, type RpcResponse, readMessage } from '../messages/rpc-message.js';
import { answer, note, sendUp, tell } from './deliveries.js';
import { adjustLevel } from './log-levels.js';
import { sendWaiting } from './pending-requests.js';
import { separate, sessionSignIn } from './session-signs.js';
import {
  clientsOf,
  type GreetingWait,
  type Pending,
  type ShareTerms,
  type Step,
  type Upstream,
} from './share-state.js';
import { renewSubscriptions } from './subscriptions.js';

/**
 * What a server has to answer `initialize`, in milliseconds: servers that are fetched from a registry first
 * take their time.
 */
const GREETING_MS = 120_000;

/** The process runs: the broker introduces itself, or the one client that there is. */
export function greet(step: Step, up: Upstream, version: string): void {
  const { state } = step;
  const id = state.nextId;
  state.nextId += 1;
  const own = {
    client: undefined,
    idToken: '',
    key: '',
    batch: undefined,
    wantsLog: false,
    subject: '',
  } as const;
  // Not in line: nothing else may go before it.
  up.pending.set(id, { ...own, id, purpose: 'greet', turn: 'untracked', line: undefined });
  up.phase = { kind: 'greeting', untilMs: state.nowMs + GREETING_MS, version };
  sendUp(
    step,
    up,
    up.ownGreeting === undefined ? brokersGreeting(state.terms, id, version) : withId(up.ownGreeting, id),
  );
}

function brokersGreeting({ offered, version: own }: ShareTerms, id: number, version: string): string {
  const capabilities = offered.map((name) => `${asciiJson(name)}:{}`).join(',');
  const clientInfo = `{"name":"solod","version":${asciiJson(own)}}`;
  return requestLine(
    String(id),
    'initialize',
    `{"protocolVersion":"${version}","capabilities":{${capabilities}},"clientInfo":${clientInfo}}`,
  );
}

function withId(line: string, id: number): string {
  const reading = readMessage(line);
  return reading.kind === 'request' ? replaceIn(line, [{ at: reading.id, by: String(id) }]) : line;
}

/** @returns why the process serves nobody; undefined where it does */
export function greetingAnswered(
  step: Step,
  up: Upstream,
  pending: Pending,
  line: string,
  response: RpcResponse,
): string | undefined {
  up.pending.delete(pending.id);
  if (up.phase.kind !== 'greeting') return undefined;
  if (response.result === undefined) return greetingRefused(step, up, up.phase.version, line, response);
  const sign = sessionSignIn(line, response.result);
  if (sign !== undefined && separate(step, up, sign) === 'end') return sign;
  const isFirst = up.greeting === undefined;
  const version = versionIn(line, response.result);
  up.greeting = { line, version, capabilities: capabilitiesIn(line, response.result) };
  up.phase = { kind: 'ready', sinceMs: step.state.nowMs };
  sendUp(step, up, notificationLine('notifications/initialized'));
  const returning = clientsOf(step, 'handshake').filter(({ isGreeted }) => isGreeted);
  const waits = up.greetingWaits;
  up.greetingWaits = [];
  for (const wait of waits) answerGreeting(step, up, wait);
  if (!isFirst) for (const { id } of returning) tellOfChanges(step, up, id);
  adjustLevel(step, up);
  renewSubscriptions(step, up);
  sendWaiting(step, up);
  return undefined;
}

function tellOfChanges(step: Step, up: Upstream, client: number): void {
  for (const line of listChangedLines(up.greeting?.capabilities ?? [])) tell(step, client, line);
}

/** A server that wants an older version should answer with it; some refuse. */
function greetingRefused(
  step: Step,
  up: Upstream,
  tried: string,
  line: string,
  response: RpcResponse,
): string | undefined {
  const wishes = up.greetingWaits
    .map(({ wish }) => wish)
    .filter((wish) => isHandshakeVersion(wish) && wish < tried);
  const next = wishes.sort().at(-1);
  if (tried === NEWEST_HANDSHAKE && up.ownGreeting === undefined && next !== undefined) {
    greet(step, up, next);
    return undefined;
  }
  const error = response.error === undefined ? 'null' : sliceOf(line, response.error);
  note(step, `the server refused the handshake: ${error}`);
  const waits = up.greetingWaits;
  up.greetingWaits = [];
  for (const wait of waits) answer(step, wait, refusalLine(wait.idToken, error));
  return 'the server refused the handshake';
}

/** As the server answered, with the client's id and a version that the client understands. */
export function answerGreeting(step: Step, up: Upstream, wait: GreetingWait): void {
  const { greeting } = up;
  const client = step.state.clients.get(wait.client);
  if (greeting === undefined || client === undefined) return;
  const reading = readMessage(greeting.line);
  if (reading.kind !== 'response' || reading.result === undefined) return;
  const isAlone = step.state.terms.sharing === 'per-client';
  const version = isAlone ? greeting.version : versionFor(wait.wish, greeting.version);
  const replacements: Replacement[] = [{ at: reading.id, by: wait.idToken }];
  const at = spanAt(greeting.line, reading.result, ['protocolVersion']);
  if (at !== undefined && version !== greeting.version) replacements.push({ at, by: asciiJson(version) });
  client.isGreeted = true;
  client.version = version;
  answer(step, wait, replaceIn(greeting.line, replacements));
}

export const waitForGreeting = (
  line: string,
  request: RpcRequest,
  client: number,
  batch: number | undefined,
): GreetingWait => ({
  client,
  batch,
  idToken: sliceOf(line, request.id),
  wish: versionIn(line, request.params),
});
