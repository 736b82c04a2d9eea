/** `resources/subscribe` counted: the first subscriber of a resource goes up, and the last one who leaves. */

import { asciiJson, replaceIn } from '../messages/json-spans.js';
import type { RpcResponse } from '../messages/rpc-message.js';
import { type Addressee, answer, answerEmpty, refuse } from './deliveries.js';
import { openOwnRequest } from './pending-requests.js';
import type {
  Client,
  ClientId,
  Pending,
  Step,
  Subscription,
  SubscriptionWait,
  Upstream,
} from './share-state.js';

export function subscribe(step: Step, up: Upstream, uri: string, wait: SubscriptionWait): void {
  const subscription = up.subscriptions.get(uri) ?? { uri, subscribers: new Set(), beginning: undefined };
  up.subscriptions.set(uri, subscription);
  if (subscription.beginning !== undefined) {
    subscription.beginning.waiting = [...subscription.beginning.waiting, wait];
  } else if (subscription.subscribers.size > 0) {
    subscription.subscribers.add(wait.client);
    answerEmpty(step, wait);
  } else begin(step, up, subscription, [wait]);
}

function begin(
  step: Step,
  up: Upstream,
  subscription: Subscription,
  waiting: readonly SubscriptionWait[],
): void {
  const { uri } = subscription;
  const call = ['resources/subscribe', `{"uri":${asciiJson(uri)}}`] as const;
  // Its number first: the answer can't come before this step is over.
  subscription.beginning = { request: step.state.nextId, waiting };
  openOwnRequest(step, up, 'subscribe', uri, call);
}

/** The server has answered the first one; all who have come since get the same answer. */
export function subscriptionAnswered(
  step: Step,
  up: Upstream,
  pending: Pending,
  line: string,
  response: RpcResponse,
): void {
  const subscription = up.subscriptions.get(pending.subject);
  if (subscription?.beginning?.request !== pending.id) return;
  const { waiting } = subscription.beginning;
  subscription.beginning = undefined;
  for (const wait of waiting) {
    if (response.result !== undefined && !wait.isGivenBack) subscription.subscribers.add(wait.client);
    answer(step, wait, replaceIn(line, [{ at: response.id, by: wait.idToken }]));
  }
  if (response.error !== undefined && subscription.subscribers.size > 0) subscription.subscribers.clear();
  dropIfUnused(step, up, subscription, response.result !== undefined ? 'granted' : 'refused');
}

/** @returns `for-server`: it is the last one, so that the server must hear of it, and answers */
export function unsubscribe(up: Upstream, uri: string, client: Client): 'settled' | 'for-server' {
  const subscription = up.subscriptions.get(uri);
  if (subscription === undefined) return 'for-server';
  const { subscribers, beginning } = subscription;
  subscribers.delete(client.id);
  if (beginning !== undefined) {
    // Who is left is known when the server has answered: another client may come until then.
    beginning.waiting = beginning.waiting.map((wait) =>
      wait.client === client.id ? { ...wait, isGivenBack: true } : wait,
    );
    return 'settled';
  }
  if (subscribers.size > 0) return 'settled';
  up.subscriptions.delete(uri);
  return 'for-server';
}

/** A client that waits for one changes its mind, or is gone. */
export function stopWaiting(up: Upstream, client: ClientId, key: string | 'any'): Addressee | undefined {
  for (const { beginning } of up.subscriptions.values()) {
    const wait = beginning?.waiting.find(
      (one) => one.client === client && (key === 'any' || one.key === key),
    );
    if (beginning === undefined || wait === undefined) continue;
    beginning.waiting = beginning.waiting.filter((one) => one !== wait);
    return wait;
  }
  return undefined;
}

export function leaveSubscriptions(step: Step, up: Upstream, client: ClientId): void {
  while (stopWaiting(up, client, 'any') !== undefined);
  for (const subscription of [...up.subscriptions.values()])
    if (subscription.subscribers.delete(client)) dropIfUnused(step, up, subscription, 'granted');
}

function dropIfUnused(
  step: Step,
  up: Upstream,
  subscription: Subscription,
  was: 'granted' | 'refused',
): void {
  if (subscription.subscribers.size > 0 || subscription.beginning !== undefined) return;
  up.subscriptions.delete(subscription.uri);
  if (was === 'refused') return;
  openOwnRequest(step, up, 'unsubscribe', subscription.uri, [
    'resources/unsubscribe',
    `{"uri":${asciiJson(subscription.uri)}}`,
  ]);
}

/**
 * The process is gone that knew of them. What was asked of it is lost; what it had granted is asked of the
 * next one.
 */
export function loseSubscriptions(step: Step, up: Upstream, message: string): void {
  for (const subscription of [...up.subscriptions.values()]) {
    const { beginning } = subscription;
    // One that has not been sent yet goes to the next process.
    if (beginning === undefined || up.pending.has(beginning.request)) continue;
    subscription.beginning = undefined;
    for (const wait of beginning.waiting) refuse(step, wait, 'internal', message);
  }
}

export function renewSubscriptions(step: Step, up: Upstream): void {
  for (const subscription of [...up.subscriptions.values()]) {
    if (subscription.beginning !== undefined) continue;
    if (subscription.subscribers.size === 0) up.subscriptions.delete(subscription.uri);
    else begin(step, up, subscription, []);
  }
}

/**
 * Who hears that a resource has changed. It may be a part of the one that was subscribed to (resources,
 * subscriptions), also where another client has subscribed to the part itself.
 */
export function subscribersOf(up: Upstream, uri: string): ReadonlySet<ClientId> {
  const all = [...up.subscriptions.values()];
  const around = all.filter((one) => isWithin(uri, one.uri));
  // A server may name parts in a way of its own.
  const concerned = around.length > 0 ? around : all.filter((one) => uri.startsWith(one.uri));
  return new Set(
    concerned.flatMap(({ subscribers, beginning }) => [
      ...subscribers,
      ...(beginning?.waiting ?? []).filter(({ isGivenBack }) => !isGivenBack).map(({ client }) => client),
    ]),
  );
}

/** RFC 3986, 2.2: what separates the parts of a URI from each other. */
const DELIMITERS = ':/?#[]@';

/** `file:///ab` begins like `file:///a`, and is not within it. */
function isWithin(uri: string, whole: string): boolean {
  if (uri === whole) return true;
  const around = [whole.at(-1), uri[whole.length]];
  return uri.startsWith(whole) && around.some((one) => one !== undefined && DELIMITERS.includes(one));
}
