/**
 * What a broker keeps of one command: its clients, and the processes that serve them. Plain data;
 * `share-machine` changes it.
 */

import type { ShareLimits } from '../messages/share-limits.js';
import type { Manner, Turns } from './turns.js';

export type ClientId = number;

/**
 * The handshake era (2024-11-05 to 2025-11-25) begins with `initialize`, the stateless one (2026-07-28) with
 * any other request. The first message pins a server to its era, so each has a process of its own.
 */
export type Era = 'handshake' | 'stateless';
export const ERAS: readonly Era[] = ['handshake', 'stateless'];

export interface ShareTerms {
  /** `per-client`: there is one client at most, and all of the server is its own. */
  readonly sharing: 'shared' | 'per-client';
  /** `serial`: one request at a time, but for tools that are marked as reading only. */
  readonly order: 'concurrent' | 'serial';
  /** Client capabilities that the server is told of, for all clients. */
  readonly offered: readonly string[];
  /** How long a process stays that nobody uses, in milliseconds; undefined for ever. */
  readonly idleMs: number | undefined;
  readonly limits: ShareLimits;
  /** What this broker calls itself in handshakes. */
  readonly version: string;
  /** Part of ids that clients are asked under: those of an earlier broker mean nothing to this one. */
  readonly nonce: string;
}

/** `by-name`: a process of its own where the server turns out to keep state per session. */
export type SharingWish = 'shared' | 'by-name';

export interface Client {
  readonly id: ClientId;
  readonly wish: SharingWish;
  era: Era | undefined;
  /** The handshake has been answered. */
  isGreeted: boolean;
  /** The protocol version that it was told; undefined in the stateless era. */
  version: string | undefined;
  /** The names of those that it declared. */
  capabilities: readonly string[];
  /** The lowest level of log messages that it asked for, as an index of `LOG_LEVELS`. */
  logLevel: number | undefined;
  /** Its requests that are unanswered: its own ids' keys to those under which they went to the server. */
  readonly requests: Map<string, number>;
  readonly batches: Map<number, Batch>;
  /** Bytes of its requests that have not been sent to the server. */
  waitingBytes: number;
}

/** An array of requests, answered in one array. */
export interface Batch {
  missing: number;
  readonly answers: string[];
}

export type Purpose =
  | 'pass'
  /** Stays open, and its id names a subscription. */
  | 'listen'
  | 'set-level'
  | 'list-tools'
  | 'list-tasks'
  | 'discover'
  | 'subscribe'
  | 'unsubscribe'
  | 'greet';

/** A request that the server has, or is to get. */
export interface Pending {
  readonly id: number;
  /** Undefined where it is the broker's own: its answer goes to nobody. */
  readonly client: ClientId | undefined;
  /** The client's id, as it wrote it. */
  readonly idToken: string;
  readonly key: string;
  readonly purpose: Purpose;
  readonly batch: number | undefined;
  /** What is subscribed to, or the level that is asked for. */
  readonly subject: string;
  /** `by-tool`: whether the tool that it calls, which is its subject, is known to read only. */
  readonly turn: Manner | 'by-tool';
  /** It asked for log messages (2026-07-28). */
  readonly wantsLog: boolean;
  /** The request, as long as it has not been sent. */
  line: string | undefined;
}

/** Whom a progress token is for, beyond the request's answer where that made a task. */
export interface TokenOwner {
  readonly client: ClientId;
  /** As the client wrote it. */
  readonly token: string;
  task: string | undefined;
}

/** A request of the server's that a client is to answer. */
export interface Asked {
  readonly client: ClientId;
  /** The server's id, and its progress token, as it wrote them. */
  readonly idToken: string;
  readonly token: string | undefined;
}

/** Who has asked for the updates of one resource. */
export interface Subscription {
  readonly uri: string;
  readonly subscribers: Set<ClientId>;
  /** The request that is to begin it, and who waits for its answer. */
  beginning: { readonly request: number; waiting: readonly SubscriptionWait[] } | undefined;
}

export interface SubscriptionWait {
  readonly client: ClientId;
  readonly idToken: string;
  readonly key: string;
  readonly batch: number | undefined;
  /** The client has unsubscribed since. */
  readonly isGivenBack: boolean;
}

export interface GreetingWait {
  readonly client: ClientId;
  readonly idToken: string;
  readonly batch: number | undefined;
  /** The version that the client asked for. */
  readonly wish: string;
}

export type Phase =
  /** No process, and no reason for one. */
  | { readonly kind: 'absent' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'greeting'; readonly untilMs: number; readonly version: string }
  | { readonly kind: 'ready'; readonly sinceMs: number }
  /** Has been asked to end. */
  | { readonly kind: 'ending' }
  /** It died: another is started then. */
  | { readonly kind: 'resting'; readonly untilMs: number };

/** What `initialize` came to. */
export interface Greeting {
  /** The server's line. */
  readonly line: string;
  readonly version: string;
  readonly capabilities: readonly string[];
}

export interface Upstream {
  readonly era: Era;
  phase: Phase;
  /** How many processes in a row died young. */
  failures: number;
  /** Why the last one is gone. */
  lastWords: string;
  greeting: Greeting | undefined;
  /** The `initialize` of a client that is alone, to be sent as it is. */
  ownGreeting: string | undefined;
  greetingWaits: GreetingWait[];
  readonly pending: Map<number, Pending>;
  readonly turns: Turns;
  readonly tokens: Map<number, TokenOwner>;
  readonly asked: Map<string, Asked>;
  readonly subscriptions: Map<string, Subscription>;
  readonly taskOwners: Map<string, ClientId>;
  readonly elicitations: Map<string, ClientId>;
  readonly readOnlyTools: Set<string>;
  /** What the server was last asked for; undefined for nothing. */
  logLevel: number | undefined;
  /** How it showed that it keeps state per session; then only clients stay that asked to share. */
  separatedBy: string | undefined;
  /** It does not speak the stateless era; the clients that asked go on to the other one. */
  isForeign: boolean;
  /** Nobody has used it since; undefined while somebody does. */
  idleSinceMs: number | undefined;
}

export interface ShareState {
  readonly terms: ShareTerms;
  nowMs: number;
  nextId: number;
  readonly clients: Map<ClientId, Client>;
  readonly handshake: Upstream;
  readonly stateless: Upstream;
}

/**
 * What a broker is told, in the order in which it happened. Lines are without line feeds, a character per
 * byte.
 */
export type ShareEvent =
  | { readonly kind: 'joined'; readonly client: ClientId; readonly wish: SharingWish }
  | { readonly kind: 'client-line'; readonly client: ClientId; readonly line: string }
  | {
      readonly kind: 'client-too-long';
      readonly client: ClientId;
      readonly head: string;
      readonly tail: string;
      readonly bytes: number;
    }
  | { readonly kind: 'left'; readonly client: ClientId }
  | { readonly kind: 'started'; readonly era: Era }
  | { readonly kind: 'server-line'; readonly era: Era; readonly line: string }
  | {
      readonly kind: 'server-too-long';
      readonly era: Era;
      readonly head: string;
      readonly tail: string;
      readonly bytes: number;
    }
  /** The process is gone, with all that it had printed; or it could not be started. `words` says why. */
  | { readonly kind: 'ended'; readonly era: Era; readonly words: string; readonly start: 'ran' | 'refused' }
  | { readonly kind: 'woke' };

/** What is to be done, in this order. */
export type ShareAct =
  | { readonly kind: 'to-client'; readonly client: ClientId; readonly line: string }
  | { readonly kind: 'start'; readonly era: Era }
  | { readonly kind: 'to-server'; readonly era: Era; readonly line: string }
  /** Ends the process politely, and then less so. */
  | { readonly kind: 'end'; readonly era: Era }
  /** These clients are to leave, and to come back to a process each. */
  | { readonly kind: 'separate'; readonly clients: readonly ClientId[]; readonly why: string }
  | { readonly kind: 'note'; readonly text: string };

const emptyUpstream = (era: Era): Upstream => ({
  era,
  phase: { kind: 'absent' },
  failures: 0,
  lastWords: '',
  greeting: undefined,
  ownGreeting: undefined,
  greetingWaits: [],
  pending: new Map(),
  turns: { lanes: new Map(), running: new Map(), cancelled: new Map() },
  tokens: new Map(),
  asked: new Map(),
  subscriptions: new Map(),
  taskOwners: new Map(),
  elicitations: new Map(),
  readOnlyTools: new Set(),
  logLevel: undefined,
  separatedBy: undefined,
  isForeign: false,
  idleSinceMs: undefined,
});

export const emptyShare = (terms: ShareTerms): ShareState => ({
  terms,
  nowMs: 0,
  nextId: 1,
  clients: new Map(),
  handshake: emptyUpstream('handshake'),
  stateless: emptyUpstream('stateless'),
});

/** A step's view of the state, and where its acts go. */
export interface Step {
  readonly state: ShareState;
  readonly acts: ShareAct[];
}

export const clientsOf = ({ state }: Step, era: Era): readonly Client[] =>
  [...state.clients.values()].filter((client) => client.era === era);
