/**
 * Hosts, their sides, a broker and a server as plain data, all of them the real machines but hosts and
 * server, which only say what a test has them say. Lines are on their way until somebody delivers them, and
 * whatever is killed takes with it what it had.
 */

import { stepShare } from '../../../../src/domain/share/broker/share-machine.js';
import {
  emptyShare,
  type ShareEvent,
  type ShareState,
} from '../../../../src/domain/share/broker/share-state.js';
import { nextWakeMs } from '../../../../src/domain/share/broker/upstream-life.js';
import { DEFAULT_LIMITS } from '../../../../src/domain/share/messages/share-limits.js';
import {
  emptyRelay,
  type RelayEvent,
  type RelayState,
  stepRelay,
} from '../../../../src/domain/share/relay/relay-machine.js';
import { TERMS } from './share-bench.js';

export interface WorldHost {
  readonly relay: RelayState;
  /** What it has still to ask, after the handshake. */
  left: number;
  asked: number;
  state: 'new' | 'there' | 'gone';
  /**
   * Its lines on their way to the broker; undefined where it has no connection. Those on their way back
   * arrive at once: that is nobody's business but the host's, and a broker that is killed does not take them
   * with it.
   */
  link: { readonly up: string[]; readonly client: number } | undefined;
  /** What has been answered, by id; a request that is there twice has been answered twice. */
  readonly answers: string[];
}

export interface World {
  readonly hosts: readonly WorldHost[];
  broker: ShareState | undefined;
  brokers: number;
  clients: number;
  nowMs: number;
  /** Lines on their way; undefined where no process runs. */
  server: { readonly up: string[]; readonly down: string[] } | undefined;
  /** Every request that a server has begun: none twice. */
  readonly begun: string[];
  kills: { host: number; broker: number; server: number };
  /** How many lines a killed broker is said to have taken. */
  readonly lie: number | undefined;
  readonly violations: string[];
}

export function emptyWorld(hosts: number, requests: number, kills: World['kills'], lie?: number): World {
  return {
    hosts: Array.from({ length: hosts }, () => ({
      relay: emptyRelay(DEFAULT_LIMITS),
      left: requests,
      asked: 0,
      state: 'new',
      link: undefined,
      answers: [],
    })),
    broker: undefined,
    brokers: 0,
    clients: 0,
    nowMs: 0,
    server: undefined,
    begun: [],
    kills: { ...kills },
    lie,
    violations: [],
  };
}

export type WorldAction = readonly [name: ActionName, host: number];

type ActionName =
  | 'ask'
  | 'connect'
  | 'take-up'
  | 'serve'
  | 'hear'
  | 'wake'
  | 'kill-host'
  | 'kill-broker'
  | 'kill-server';

/** What may happen next. Time passes only when nothing else does. */
export function actionsIn(world: World): readonly WorldAction[] {
  const actions: WorldAction[] = [];
  for (const [n, host] of world.hosts.entries()) {
    if (host.state === 'gone') continue;
    // Of hosts that have done nothing yet only the first may begin: other orders are these with the names
    // exchanged.
    const isUntouched = (one: WorldHost): boolean => one.state === 'new' && one.link === undefined;
    if (isUntouched(host) && world.hosts.slice(0, n).some(isUntouched)) continue;
    // The second request does not wait for the first one's answer; the handshake's is waited for.
    if (host.state === 'new' || (host.left > 0 && host.answers.includes('hello'))) actions.push(['ask', n]);
    if (host.link === undefined) actions.push(['connect', n]);
    if ((host.link?.up.length ?? 0) > 0 && world.broker !== undefined) actions.push(['take-up', n]);
    if (world.kills.host > 0) actions.push(['kill-host', n]);
  }
  if ((world.server?.up.length ?? 0) > 0) actions.push(['serve', 0]);
  if ((world.server?.down.length ?? 0) > 0) actions.push(['hear', 0]);
  const isBusy = actions.some(([name]) => name !== 'kill-host');
  if (!isBusy && world.broker !== undefined && nextWakeMs(world.broker) !== undefined)
    actions.push(['wake', 0]);
  if (world.kills.broker > 0 && world.broker !== undefined) actions.push(['kill-broker', 0]);
  if (world.kills.server > 0 && world.server !== undefined) actions.push(['kill-server', 0]);
  return actions;
}

/** Whether the action is one that must be possible for ever, lest somebody wait for ever. */
export const isKill = ([name]: WorldAction): boolean => name.startsWith('kill-');

export function takeAction(world: World, [name, n]: WorldAction): void {
  const host = world.hosts[n];
  if (host === undefined) throw new Error(`no host ${n}`);
  switch (name) {
    case 'ask':
      ask(world, host, n);
      return;
    case 'connect':
      connect(world, host, n);
      return;
    case 'take-up':
      toBroker(world, {
        kind: 'client-line',
        client: host.link?.client ?? 0,
        line: host.link?.up.shift() ?? '',
      });
      return;
    case 'serve':
      serve(world, world.server?.up.shift() ?? '');
      return;
    case 'hear':
      toBroker(world, {
        kind: 'server-line',
        era: 'handshake',
        line: world.server?.down.shift() ?? '',
      });
      return;
    case 'wake':
      world.nowMs = (world.broker && nextWakeMs(world.broker)) ?? world.nowMs;
      toBroker(world, { kind: 'woke' });
      return;
    case 'kill-host':
      killHost(world, host);
      return;
    case 'kill-broker':
      killBroker(world);
      return;
    case 'kill-server':
      killServer(world);
      return;
  }
}

const greeting =
  '{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18"}}';

/** All hosts use the same ids. */
function ask(world: World, host: WorldHost, n: number): void {
  if (host.state === 'new') {
    host.state = 'there';
    toRelay(world, host, n, { kind: 'host-line', line: greeting });
    return;
  }
  host.left -= 1;
  host.asked += 1;
  const params = `{"name":"t","arguments":{"who":"${n}:${host.asked}"}}`;
  const line = `{"jsonrpc":"2.0","id":${host.asked},"method":"tools/call","params":${params}}`;
  toRelay(world, host, n, { kind: 'host-line', line });
}

function connect(world: World, host: WorldHost, n: number): void {
  if (world.broker === undefined) {
    world.brokers += 1;
    world.broker = emptyShare({ ...TERMS, nonce: `n${world.brokers}`, idleMs: undefined });
  }
  world.clients += 1;
  host.link = { up: [], client: world.clients };
  toBroker(world, { kind: 'joined', client: world.clients, wish: 'by-name' });
  toRelay(world, host, n, { kind: 'broker-opened' });
}

function toRelay(world: World, host: WorldHost, n: number, event: RelayEvent): void {
  for (const act of stepRelay(host.relay, event)) {
    if (act.kind === 'to-broker') host.link?.up.push(act.line);
    if (act.kind === 'to-host') heard(world, host, n, act.line);
  }
}

function heard(world: World, host: WorldHost, n: number, line: string): void {
  const { id, method, result } = JSON.parse(line);
  if (method !== undefined) return;
  const who = result?.who;
  if (host.answers.includes(String(id))) world.violations.push(`host ${n} was answered ${id} twice`);
  if (who !== undefined && who !== `${n}:${id}`) world.violations.push(`host ${n} got ${who} for ${id}`);
  if (id !== 'hello' && !(id >= 1 && id <= host.asked)) world.violations.push(`host ${n} got ${line}`);
  host.answers.push(String(id));
}

function toBroker(world: World, event: ShareEvent): void {
  if (world.broker === undefined) return;
  for (const act of stepShare(world.broker, event, world.nowMs)) {
    switch (act.kind) {
      case 'to-client':
        toClient(world, act.client, act.line);
        break;
      case 'to-server':
        world.server?.up.push(act.line);
        break;
      case 'start':
        if (world.server !== undefined) world.violations.push('two servers at once');
        world.server = { up: [], down: [] };
        toBroker(world, { kind: 'started', era: 'handshake' });
        break;
      case 'end':
        world.violations.push('the server was ended');
        break;
      case 'separate':
      case 'note':
        break;
    }
  }
}

function toClient(world: World, client: number, line: string): void {
  const n = world.hosts.findIndex(({ link }) => link?.client === client);
  const host = world.hosts[n];
  if (host !== undefined) toRelay(world, host, n, { kind: 'broker-line', line });
}

function serve(world: World, line: string): void {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  const say = (result: object): void =>
    void world.server?.down.push(JSON.stringify({ jsonrpc: '2.0', result, id }));
  if (method === 'initialize') {
    say({ protocolVersion: '2025-11-25', capabilities: { tools: {} } });
    return;
  }
  const { who } = params.arguments;
  if (world.begun.includes(who)) world.violations.push(`${who} was begun twice`);
  world.begun.push(who);
  say({ who });
}

function killHost(world: World, host: WorldHost): void {
  world.kills.host -= 1;
  host.state = 'gone';
  const { link } = host;
  host.link = undefined;
  if (link !== undefined) toBroker(world, { kind: 'left', client: link.client });
}

/** Its server reads the end of its input, and ends too. */
function killBroker(world: World): void {
  world.kills.broker -= 1;
  world.broker = undefined;
  world.server = undefined;
  for (const [n, host] of world.hosts.entries()) {
    if (host.link === undefined) continue;
    host.link = undefined;
    toRelay(world, host, n, { kind: 'broker-lost', taken: world.lie, words: 'killed' });
  }
}

/** What it had printed by then is still read. */
function killServer(world: World): void {
  world.kills.server -= 1;
  const { down = [] } = world.server ?? {};
  for (const line of down.splice(0)) toBroker(world, { kind: 'server-line', era: 'handshake', line });
  world.server = undefined;
  toBroker(world, { kind: 'ended', era: 'handshake', words: 'killed', start: 'ran' });
}

/** Nothing is left to happen but kills: everybody who still is there has every answer. */
export function checkEnd(world: World): void {
  for (const [n, host] of world.hosts.entries()) {
    if (host.state !== 'there') continue;
    const expected = ['hello', ...Array.from({ length: host.asked }, (_, at) => String(at + 1))];
    for (const id of expected)
      if (!host.answers.includes(id)) world.violations.push(`host ${n} waits for ${id} for ever`);
  }
}
