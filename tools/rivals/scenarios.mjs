/** The scenarios: what is done to a tool's daemon, while its clients wait at the gate. */
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lookUp, nowMs, signalTo } from '../support/processes.mjs';
import { Gate } from './start-barrier.mjs';
import { countFates, fateOf } from './verdict.mjs';

/** A client that has not ended by then hangs, and is ended. */
const CLIENT_MS = 10_000;
/** Clients that are still busy by then wait for something: meanwhile another lot has the floor. */
const BUSY_MS = 3_000;
/** Whoever is still starting shows up by then. */
const QUIET_MS = 250;
/** A daemon that has lost its address, or gives way, has so long to notice. */
const GIVE_WAY_MS = 3_000;
const POLL_MS = 100;
const FIRST_CALLS_MAX = 3;
const STOPPED_MS = 2_000;
const BACKLOG_MS = 1_000;

/** solod's exit codes for a daemon that is there and does not answer in time. */
const DOES_NOT_ANSWER = [69, 75];

/**
 * @typedef {import('./compared-tools.mjs').Installed} Installed
 * @typedef {{ installed: Installed, daemons: () => number[], fillers: net.Socket[] }} Stage
 * @typedef {{
 *   key: string, title: string, clients?: number, rounds?: number, ours?: boolean, mayFail?: readonly number[], isCold?: boolean,
 *   suits: (installed: Installed) => boolean,
 *   strikes: ((stage: Stage) => void | Promise<void>)[],
 *   relent?: { afterMs: number, act: (stage: Stage) => void },
 * }} Scenario each of the `strikes` comes while a new lot of clients waits, right before they are let go; `relent` so long after;
 *   `ours`: for solod alone
 */

const always = () => true;

/** @param {'address' | 'socket' | 'directory'} part @param {string} title @returns {Scenario} */
const deletion = (part, title) => ({
  key: `${part}-deleted`,
  title,
  suits: ({ parts }) => parts[part] !== undefined,
  strikes: [({ installed }) => fs.rmSync(installed.parts[part]?.() ?? '', { recursive: true })],
});

/** @param {Stage} stage @param {NodeJS.Signals} signal */
function signalAll({ daemons }, signal) {
  for (const pid of daemons()) signalTo(pid, signal);
}

/** @param {Stage} stage */
async function kill({ daemons }) {
  const pids = daemons();
  for (const pid of pids) signalTo(pid, 'SIGKILL');
  for (const untilMs = nowMs() + 2_000; nowMs() < untilMs; await delay(1))
    if (pids.every((pid) => lookUp(pid).activity === 'dead')) return;
}

const FILLERS_AT_ONCE = 64;
const FILLERS_MAX = 2_048;
/** A connection to a TCP socket whose backlog is full is not refused, but not answered either. */
const UNANSWERED_MS = 150;

/** Nobody accepts: a stopped daemon's socket is filled with connections that say nothing, until it takes no more. @param {Stage} stage */
async function fill(stage) {
  const endpoint = stage.installed.endpoint();
  signalAll(stage, 'SIGSTOP');
  while (stage.fillers.length < FILLERS_MAX) {
    const lot = Array.from({ length: FILLERS_AT_ONCE }, () => net.connect(endpoint));
    stage.fillers.push(...lot);
    const taken = await Promise.all(lot.map(isTaken));
    if (!taken.includes(true)) return;
  }
  throw new Error(`the backlog is not full with ${FILLERS_MAX} connections`);
}

/** @param {net.Socket} socket @returns {Promise<boolean>} */
const isTaken = (socket) =>
  new Promise((resolve) => {
    // Whatever came while this process was held up is heard before setImmediate().
    const timer = setTimeout(() => setImmediate(resolve, false), UNANSWERED_MS);
    const say = (/** @type {boolean} */ taken) => {
      clearTimeout(timer);
      resolve(taken);
    };
    socket.once('connect', () => say(true)).on('error', () => say(false));
  });

/** @param {Stage} stage */
function letGo(stage) {
  for (const filler of stage.fillers) filler.destroy();
  signalAll(stage, 'SIGCONT');
}

/** @type {Scenario[]} */
export const SCENARIOS = [
  { key: 'cold', title: 'cold start', suits: always, isCold: true, strikes: [() => {}] },
  { key: 'killed', title: 'after SIGKILL of the daemon', suits: always, strikes: [kill] },
  deletion('address', 'socket or port file (solod: `current`) deleted'),
  deletion('socket', "the generation's socket deleted"),
  deletion('directory', 'whole directory deleted'),
  {
    key: 'stopped',
    title: `daemon SIGSTOPped, continued after ${STOPPED_MS / 1_000} s`,
    suits: always,
    mayFail: DOES_NOT_ANSWER,
    strikes: [(stage) => signalAll(stage, 'SIGSTOP')],
    relent: { afterMs: STOPPED_MS, act: (stage) => signalAll(stage, 'SIGCONT') },
  },
  {
    key: 'backlog',
    title: `backlog full, let go after ${BACKLOG_MS / 1_000} s`,
    suits: always,
    mayFail: DOES_NOT_ANSWER,
    strikes: [fill],
    relent: { afterMs: BACKLOG_MS, act: letGo },
  },
  {
    key: 'versions',
    title: 'two versions in turn',
    suits: ({ renew }) => renew !== undefined,
    strikes: [({ installed }) => installed.renew?.('B'), ({ installed }) => installed.renew?.('A')],
  },
  {
    key: 'crowd',
    title: 'cold start, 50 clients',
    clients: 50,
    rounds: 5,
    ours: true,
    suits: always,
    isCold: true,
    strikes: [() => {}],
  },
];

/** Of the lots that are let go only the one that has the floor keeps the machine busy; who waits for something gives it to the next. */
export class Floor {
  /** @type {Promise<void>} */
  #last = Promise.resolve();
  /** @type {() => void} */
  #leave = () => {};

  async take() {
    const before = this.#last;
    /** @type {() => void} */
    let leave = () => {};
    this.#last = new Promise((resolve) => {
      leave = resolve;
    });
    await before;
    this.#leave = leave;
  }

  give() {
    this.#leave();
  }

  /** @template T @param {Promise<T>} waiting @returns {Promise<T>} */
  async aside(waiting) {
    this.give();
    try {
      return await waiting;
    } finally {
      await this.take();
    }
  }
}

/**
 * One round: nothing there, or a daemon that has just answered; clients gather, trouble, the gate opens, and all is told.
 * @param {Scenario} scenario @param {Installed} installed @param {number} clients @param {Floor} floor
 * @returns {Promise<import('./verdict.mjs').Round>}
 */
export async function playRound(scenario, installed, clients, floor) {
  /** @type {Gate[]} */
  const gates = [];
  /** @type {Stage} */
  const stage = { installed, fillers: [], daemons: () => others(installed, gates) };
  try {
    return await play(scenario, stage, { gates, clients, floor });
  } catch (error) {
    return { kind: 'not-prepared', why: error instanceof Error ? error.message : String(error) };
  } finally {
    for (const filler of stage.fillers) filler.destroy();
    for (const gate of gates) await gate.close();
    installed.stop();
  }
}

/**
 * @typedef {{ gates: Gate[], clients: number, floor: Floor }} Means
 * @param {Scenario} scenario @param {Stage} stage @param {Means} means
 * @returns {Promise<import('./verdict.mjs').Round>}
 */
async function play(scenario, stage, means) {
  const { gates } = means;
  const counter = path.join(stage.installed.place, 'started');
  stage.installed.reset();
  fs.writeFileSync(counter, '');
  if (scenario.isCold !== true && !(await warmUp(stage, gates, counter)))
    return { kind: 'not-prepared', why: 'no daemon answered a first call' };
  const lots = [];
  for (const strike of scenario.strikes) lots.push(await burst(scenario, strike, stage, means));
  const left = await settled(stage);
  const pids = gates.flatMap((gate) => gate.pids);
  const started = new Set(fs.readFileSync(counter, 'utf8').split('\n').filter(Boolean).map(Number));
  return playedOf(lots, left, [...started].filter((pid) => !pids.includes(pid)).length);
}

/** @param {Installed} installed @param {Gate[]} gates */
function others(installed, gates) {
  const clients = new Set(gates.flatMap(({ pids }) => pids));
  return installed.daemons().filter((pid) => !clients.has(pid));
}

/** @param {Stage} stage @param {Gate[]} gates @param {number} clients */
async function gather({ installed }, gates, clients) {
  const gate = new Gate(path.join(installed.place, `gate-${gates.length}`));
  gates.push(gate);
  for (let n = 0; n < clients; n++) {
    const call = installed.call(n);
    gate.add({ ...call, env: { ...call.env, ...counting(installed.place) } });
  }
  await gate.gathered();
  return gate;
}

/** Every process of Node's writes down that it has started. @param {string} place */
const counting = (place) => ({ NODE_OPTIONS: `--require=${path.join(place, 'count.cjs')}` });

/** @param {string} place */
export function installCounter(place) {
  const file = JSON.stringify(path.join(place, 'started'));
  fs.writeFileSync(
    path.join(place, 'count.cjs'),
    `require('node:fs').appendFileSync(${file}, process.pid + '\\n');\n`,
  );
}

/**
 * Some tools have little patience with a start, and other rounds are under way: from nothing again, then.
 * @param {Stage} stage @param {Gate[]} gates @param {string} counter @returns {Promise<boolean>} whether there is a daemon that answers
 */
async function warmUp(stage, gates, counter) {
  for (let attempt = 0; attempt < FIRST_CALLS_MAX; attempt++) {
    const gate = await gather(stage, gates, 1);
    gate.open();
    const [first] = await ended(stage, gate);
    if (first?.fate === 'right') return true;
    stage.installed.stop();
    stage.installed.reset();
    fs.writeFileSync(counter, '');
  }
  return false;
}

/** @param {Scenario} scenario @param {Scenario['strikes'][number]} strike @param {Stage} stage @param {Means} means */
async function burst({ relent }, strike, stage, { gates, clients, floor }) {
  const gate = await gather(stage, gates, clients);
  await floor.take();
  try {
    await strike(stage);
    gate.open();
    const all = ended(stage, gate);
    // On time, whoever has the floor by then.
    if (relent !== undefined) await floor.aside(delay(relent.afterMs).then(() => relent.act(stage)));
    await Promise.race([all, delay(BUSY_MS)]);
    return all;
  } finally {
    floor.give();
  }
}

/** @param {Stage} stage @param {Gate} gate that is open @returns {Promise<Told[]>} */
async function ended({ installed }, gate) {
  const timer = setTimeout(() => {
    for (const { end } of gate.clients) end();
  }, CLIENT_MS);
  const all = await Promise.all(gate.clients.map(({ ended }) => ended));
  clearTimeout(timer);
  // Asked for only now: which version has to answer was settled after the clients had come to the gate.
  return all.map((how, n) => {
    const { expected } = installed.call(n);
    return { ...how, expected: expected.stdout, fate: fateOf(how, expected) };
  });
}

/** @param {Stage} stage @returns {Promise<number>} how many daemons are left when there is one, or the time is over */
async function settled({ daemons }) {
  await delay(QUIET_MS);
  const untilMs = nowMs() + GIVE_WAY_MS;
  let left = daemons().length;
  for (; left !== 1 && nowMs() < untilMs; left = daemons().length) await delay(POLL_MS);
  return left;
}

/**
 * @typedef {import('./start-barrier.mjs').Ended & { expected: string, fate: import('./verdict.mjs').Fate }} Told
 * @param {Told[][]} lots @param {number} left @param {number} started
 */
function playedOf(lots, left, started) {
  const clients = lots.flat();
  const failed = clients.filter(({ fate }) => fate === 'failed');
  return {
    ...{ kind: /** @type {const} */ ('played'), left, started },
    tookMs: lots.reduce((sum, lot) => sum + Math.max(...lot.map(({ tookMs }) => tookMs)), 0),
    fates: countFates(clients.map(({ fate }) => fate)),
    said: clients.flatMap(wordsOf),
    codes: failed.map(({ code }) => code),
  };
}

/** @param {Told} client */
function wordsOf({ fate, code, signal, stdout, stderr, expected }) {
  const said = stderr.trim().replaceAll('\n', ' ').slice(0, 200);
  if (fate === 'failed') return [`failed, ${signal ?? `exit code ${code}`}: ${said}`];
  return fate === 'wrong'
    ? [`answered ${JSON.stringify(stdout)} instead of ${JSON.stringify(expected)}`]
    : [];
}
