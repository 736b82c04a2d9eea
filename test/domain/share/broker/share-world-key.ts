/**
 * A text that two worlds have in common if they go on alike. Left out is what only tells one name from
 * another: hosts may be exchanged, ids of requests and connections may be others, and clocks may stand
 * elsewhere.
 */

import type { Pending, ShareState, Upstream } from '../../../../src/domain/share/broker/share-state.js';
import type { World, WorldHost } from './share-world.js';

/** What no two worlds of a search differ in. */
const CONSTANT = new Set(['terms', 'limits', 'version', 'capabilities', 'nonce', 'nextId', 'stateless']);

export function keyOf(world: World): string {
  const parts = world.hosts.map((host) => text(hostPart(host, withoutHosts)));
  const keys = ordersOf(parts).map((order) => keyInOrder(world, order));
  return keys.reduce((least, key) => (key < least ? key : least));
}

/** By their texts; hosts that look alike may stand in any order. */
function ordersOf(parts: readonly string[], taken: readonly number[] = []): readonly (readonly number[])[] {
  const left = parts.map((_, n) => n).filter((n) => !taken.includes(n));
  if (left.length === 0) return [taken];
  const least = left.map((n) => parts[n] ?? '').reduce((one, other) => (other < one ? other : one));
  return left.filter((n) => parts[n] === least).flatMap((n) => ordersOf(parts, [...taken, n]));
}

function keyInOrder(world: World, order: readonly number[]): string {
  const names = new Names(world, order);
  return text({
    hosts: order
      .flatMap((n) => world.hosts[n] ?? [])
      .map((host) => hostPart(host, (line) => names.hostsIn(line))),
    broker: world.broker && brokerPart(world.broker, world.nowMs, names),
    up: world.server?.up.map((line) => names.linesIds(line)),
    down: world.server?.down.map((line) => names.linesIds(line)),
    begun: world.begun.map((who) => names.hostsIn(`"${who}"`)).sort(),
    kills: world.kills,
    violations: world.violations,
  });
}

const text = (value: unknown): string =>
  JSON.stringify(value, (name, part) => {
    if (CONSTANT.has(name)) return undefined;
    return part instanceof Map || part instanceof Set ? [...part] : part;
  });

/** A request says which host it is of: `"0:1"`. */
const WHO = /"(\d):(\d)"/g;
const withoutHosts = (line: string): string => line.replace(WHO, '"?:$2"');

function hostPart(host: WorldHost, shown: (line: string) => string): unknown {
  const { relay, left, asked, state, link, answers } = host;
  const { rounds, nextBatch: _, sent: __, waiting, requests, ...rest } = relay;
  // The number in an id of a replay tells rounds apart that are over.
  const line = (raw: string): string => shown(raw).replace(/(solod-replay-[a-z]+)-\d+/g, '$1');
  return {
    relay: rest,
    hasHadBroker: rounds > 0,
    waiting: waiting.map(line),
    // Which of its lines a request was matters only to a broker that ends in good order; here all are killed.
    requests: [...requests].map(([key, { sentAs, line: kept, ...request }]) => [
      key,
      { ...request, wasSent: sentAs !== undefined, line: kept && line(kept) },
    ]),
    up: link?.up.map(line),
    left,
    asked,
    state,
    answers: [...answers].sort(),
  };
}

class Names {
  readonly #requests = new Map<number, number>();
  readonly #clients: ReadonlyMap<number, number>;
  readonly #ranks: ReadonlyMap<number, number>;

  constructor(world: World, order: readonly number[]) {
    this.#ranks = new Map(order.map((n, rank) => [n, rank]));
    const linked = world.hosts.flatMap(({ link }, n) =>
      link === undefined ? [] : [[link.client, this.#ranks.get(n) ?? n] as const],
    );
    this.#clients = new Map(linked);
  }

  request(id: number): number {
    const name = this.#requests.get(id) ?? this.#requests.size;
    this.#requests.set(id, name);
    return name;
  }

  /** Those that no host has any more have left: the broker knows nothing of them. */
  client(id: number | undefined): number | undefined {
    return id === undefined ? undefined : (this.#clients.get(id) ?? -id);
  }

  hostsIn(line: string): string {
    return line.replace(WHO, (_, n, asked) => `"${this.#ranks.get(Number(n))}:${asked}"`);
  }

  /** A line between the broker and the server: its id is the broker's. */
  linesIds(line: string): string {
    const renamed = line.replace(
      /"(id|requestId)":(\d+)/,
      (_, name, id) => `"${name}":${this.request(Number(id))}`,
    );
    return this.hostsIn(renamed);
  }
}

function brokerPart({ clients, handshake }: ShareState, nowMs: number, names: Names): unknown {
  return {
    // First, because the order of requests gives them their names.
    upstream: upstreamPart(handshake, nowMs, names),
    clients: [...clients.values()].map(({ id, requests, ...rest }) => ({
      ...rest,
      id: names.client(id),
      requests: [...requests].map(([key, request]) => [key, names.request(request)]),
    })),
  };
}

function upstreamPart(up: Upstream, nowMs: number, names: Names): unknown {
  const { phase, pending, turns, greeting, greetingWaits, idleSinceMs: _, ...rest } = up;
  const since = Object.entries(phase).map(([name, value]) => [
    name,
    name.endsWith('Ms') ? Number(value) - nowMs : value,
  ]);
  return {
    ...rest,
    phase: since,
    isGreeted: greeting !== undefined,
    greetingWaits: greetingWaits.map((wait) => ({ ...wait, client: names.client(wait.client) })),
    pending: [...pending.values()].map((one) => pendingPart(one, names)),
    lanes: [...turns.lanes].map(([client, ids]) => [
      names.client(client),
      ids.map((id) => names.request(id)),
    ]),
    running: [...turns.running].map(([id, manner]) => [names.request(id), manner]),
  };
}

const pendingPart = ({ id, client, line, ...rest }: Pending, names: Names): unknown => ({
  ...rest,
  id: names.request(id),
  client: names.client(client),
  line: line && names.linesIds(line),
});
