/** The scenarios: what is done to the daemon of a tool while its clients wait at the barrier. */
import fs from 'node:fs';
import net from 'node:net';
import { lookUp, signalTo } from '../support/processes.mjs';
import { waitUntil } from '../support/time.mjs';

const STOPPED_MS = 2_000;
const BACKLOG_MS = 1_000;
const KILLED_WITHIN_MS = 2_000;

/** solod's exit codes for a daemon that exists and does not answer in time. */
const DOES_NOT_ANSWER = [69, 75];

/**
 * @typedef {import('./tool.mjs').Installed} Installed
 * @typedef {{ installed: Installed, daemons: () => number[], fillers: net.Socket[] }} Stage
 * @typedef {(stage: Stage) => void | Promise<void>} Strike
 * @typedef {{
 *   key: string, title: string, clients?: number, rounds?: number, ours?: boolean, mayFail?: readonly
 *   number[], isCold?: boolean,
 *   appliesTo: (installed: Installed) => boolean, strikes: readonly Strike[],
 *   undo?: { afterMs: number, act: (stage: Stage) => void },
 * }} Scenario each of the `strikes` comes while a new lot of clients waits, right before they start, and
 *   `undo` some time later; `isCold`: there is no daemon before; `mayFail`: exit codes that are an honest
 *   answer here; `ours`: for solod alone
 */

const always = () => true;

/** @param {'address' | 'socket' | 'directory'} part @param {string} title @returns {Scenario} */
const deletion = (part, title) => ({
  key: `${part}-deleted`,
  title,
  appliesTo: ({ parts }) => parts[part] !== undefined,
  strikes: [({ installed }) => fs.rmSync(installed.parts[part]?.() ?? '', { recursive: true })],
});

/** @param {Stage} stage @param {NodeJS.Signals} signal */
function signalAll({ daemons }, signal) {
  for (const pid of daemons()) signalTo(pid, signal);
}

/** @type {Strike} */
async function kill({ daemons }) {
  const pids = daemons();
  for (const pid of pids) signalTo(pid, 'SIGKILL');
  const areDead = () => pids.every((pid) => lookUp(pid).activity === 'dead');
  await waitUntil(areDead, { withinMs: KILLED_WITHIN_MS, everyMs: 1 });
}

const FILLERS_AT_ONCE = 64;
const FILLERS_MAX = 2_048;
/** A connection to a TCP socket whose backlog is full is not refused, but not accepted either. */
const UNANSWERED_MS = 150;

/** Stops the daemon, and fills its socket with silent connections until it takes no more. @type {Strike} */
async function fillBacklog(stage) {
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
    // An event that came while this process was held up is handled before setImmediate().
    const timer = setTimeout(() => setImmediate(resolve, false), UNANSWERED_MS);
    const settle = (/** @type {boolean} */ taken) => {
      clearTimeout(timer);
      resolve(taken);
    };
    socket.once('connect', () => settle(true)).on('error', () => settle(false));
  });

/** @param {Stage} stage */
function emptyBacklog(stage) {
  for (const filler of stage.fillers) filler.destroy();
  signalAll(stage, 'SIGCONT');
}

/** @type {readonly Scenario[]} */
export const SCENARIOS = [
  { key: 'cold', title: 'cold start', appliesTo: always, isCold: true, strikes: [() => {}] },
  { key: 'killed', title: 'after SIGKILL of the daemon', appliesTo: always, strikes: [kill] },
  deletion('address', 'socket or port file (solod: current) deleted'),
  deletion('socket', "the generation's socket deleted"),
  deletion('directory', 'whole directory deleted'),
  {
    key: 'stopped',
    title: `daemon SIGSTOPped, continued after ${STOPPED_MS / 1_000} s`,
    appliesTo: always,
    mayFail: DOES_NOT_ANSWER,
    strikes: [(stage) => signalAll(stage, 'SIGSTOP')],
    undo: { afterMs: STOPPED_MS, act: (stage) => signalAll(stage, 'SIGCONT') },
  },
  {
    key: 'backlog',
    title: `backlog full, let go after ${BACKLOG_MS / 1_000} s`,
    appliesTo: always,
    mayFail: DOES_NOT_ANSWER,
    strikes: [fillBacklog],
    undo: { afterMs: BACKLOG_MS, act: emptyBacklog },
  },
  {
    key: 'versions',
    title: 'two versions in turn',
    appliesTo: ({ renew }) => renew !== undefined,
    strikes: [({ installed }) => installed.renew?.('B'), ({ installed }) => installed.renew?.('A')],
  },
  {
    key: 'crowd',
    title: 'cold start, 50 clients',
    clients: 50,
    rounds: 5,
    ours: true,
    appliesTo: always,
    isCold: true,
    strikes: [() => {}],
  },
];
