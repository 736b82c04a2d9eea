/**
 * One round of a scenario: no daemon, or one that has just answered; clients gather, the strike, they start,
 * and all is counted.
 */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../support/command-line.mjs';
import { waitUntil } from '../support/time.mjs';
import { StartBarrier } from './start-barrier.mjs';
import { countFates, fateOf } from './verdict.mjs';

/** A client that has not ended by then hangs, and is ended. */
const CLIENT_MS = 10_000;
/** Clients that still run by then only wait for something: another round may have the machine meanwhile. */
const BUSY_MS = 3_000;
/** A process that is still starting shows up by then. */
const QUIET_MS = 250;
/** How long a daemon without an address, or one that gives way, has to notice. */
const GIVE_WAY_MS = 3_000;
const POLL_MS = 100;
const FIRST_CALLS_MAX = 3;
const SAID_MAX = 200;

/**
 * @typedef {import('./scenarios.mjs').Scenario} Scenario
 * @typedef {import('./scenarios.mjs').Stage} Stage
 * @typedef {import('./tool.mjs').Installed} Installed
 * @typedef {import('./start-barrier.mjs').Ended & { expected: string, fate: import('./verdict.mjs').Fate }}
 *   Told
 * @typedef {{ barriers: StartBarrier[], clients: number, lock: import('./machine-lock.mjs').MachineLock }}
 *   Means
 */

/**
 * @param {Scenario} scenario
 * @param {Installed} installed
 * @param {number} clients
 * @param {import('./machine-lock.mjs').MachineLock} lock
 * @returns {Promise<import('./verdict.mjs').Round>}
 */
export async function playRound(scenario, installed, clients, lock) {
  /** @type {StartBarrier[]} */
  const barriers = [];
  /** @type {Stage} */
  const stage = { installed, fillers: [], daemons: () => daemonsBeside(installed, barriers) };
  try {
    return await play(scenario, stage, { barriers, clients, lock });
  } catch (error) {
    return { kind: 'not-prepared', why: messageOf(error) };
  } finally {
    for (const filler of stage.fillers) filler.destroy();
    for (const barrier of barriers) await barrier.close();
    installed.stop();
  }
}

/**
 * @param {Scenario} scenario
 * @param {Stage} stage
 * @param {Means} means
 * @returns {Promise<import('./verdict.mjs').Round>}
 */
async function play(scenario, stage, means) {
  const { barriers } = means;
  const { folder, reset } = stage.installed;
  reset();
  forgetStarts(folder);
  if (scenario.isCold !== true && !(await warmUp(stage, barriers)))
    return { kind: 'not-prepared', why: 'no daemon answered a first call' };
  const lots = [];
  for (const strike of scenario.strikes) lots.push(await burst(scenario, strike, stage, means));
  const left = await daemonsLeft(stage);
  const clients = barriers.flatMap(({ pids }) => pids);
  return playedOf(lots, left, startedIn(folder).filter((pid) => !clients.includes(pid)).length);
}

/** @param {Installed} installed @param {readonly StartBarrier[]} barriers */
function daemonsBeside(installed, barriers) {
  const clients = new Set(barriers.flatMap(({ pids }) => pids));
  return installed.daemons().filter((pid) => !clients.has(pid));
}

/** @param {Stage} stage @param {StartBarrier[]} barriers @param {number} clients */
async function gather({ installed }, barriers, clients) {
  const barrier = new StartBarrier(path.join(installed.folder, `barrier-${barriers.length}`));
  barriers.push(barrier);
  for (let n = 0; n < clients; n++) {
    const call = installed.call(n);
    barrier.add({ ...call, env: { ...call.env, ...countingIn(installed.folder) } });
  }
  await barrier.gathered();
  return barrier;
}

/** Every Node process writes down that it has started. @param {string} folder */
const countingIn = (folder) => ({ NODE_OPTIONS: `--require=${path.join(folder, 'count.cjs')}` });

/** @param {string} folder */
export function installCounter(folder) {
  const file = JSON.stringify(startsFile(folder));
  const source = `require('node:fs').appendFileSync(${file}, process.pid + '\\n');\n`;
  fs.writeFileSync(path.join(folder, 'count.cjs'), source);
}

/** @param {string} folder */
const startsFile = (folder) => path.join(folder, 'started');

/** @param {string} folder */
const forgetStarts = (folder) => fs.writeFileSync(startsFile(folder), '');

/** @param {string} folder @returns {number[]} the process ids of the Node processes that have started */
const startedIn = (folder) => [
  ...new Set(fs.readFileSync(startsFile(folder), 'utf8').split('\n').filter(Boolean).map(Number)),
];

/**
 * Some tools give up a start early, and other rounds run beside this one: then it is tried from nothing
 * again.
 * @param {Stage} stage
 * @param {StartBarrier[]} barriers
 * @returns {Promise<boolean>} whether there is a daemon that answers
 */
async function warmUp(stage, barriers) {
  const { folder, reset, stop } = stage.installed;
  for (let attempt = 0; attempt < FIRST_CALLS_MAX; attempt++) {
    const barrier = await gather(stage, barriers, 1);
    barrier.open();
    const [first] = await endsOf(stage, barrier);
    if (first?.fate === 'right') return true;
    stop();
    reset();
    forgetStarts(folder);
  }
  return false;
}

/**
 * @param {Scenario} scenario
 * @param {import('./scenarios.mjs').Strike} strike
 * @param {Stage} stage
 * @param {Means} means
 */
async function burst({ undo }, strike, stage, { barriers, clients, lock }) {
  const barrier = await gather(stage, barriers, clients);
  await lock.acquire();
  try {
    await strike(stage);
    barrier.open();
    const all = endsOf(stage, barrier);
    // On time, whichever round has the lock by then.
    if (undo !== undefined) await lock.releasedDuring(delay(undo.afterMs).then(() => undo.act(stage)));
    await Promise.race([all, delay(BUSY_MS)]);
    return all;
  } finally {
    lock.release();
  }
}

/** @param {Stage} stage @param {StartBarrier} barrier that is open @returns {Promise<Told[]>} */
async function endsOf({ installed }, barrier) {
  const timer = setTimeout(() => {
    for (const { end } of barrier.clients) end();
  }, CLIENT_MS);
  const all = await Promise.all(barrier.clients.map(({ ended }) => ended));
  clearTimeout(timer);
  // Asked for only now: which version has to answer was settled after the clients had come to the barrier.
  return all.map((end, n) => {
    const { expected } = installed.call(n);
    return { ...end, expected: expected.stdout, fate: fateOf(end, expected) };
  });
}

/**
 * @param {Stage} stage
 * @returns {Promise<number>} how many daemons are left: one, or as many as there are when the time is over
 */
async function daemonsLeft({ daemons }) {
  await delay(QUIET_MS);
  await waitUntil(() => daemons().length === 1, { withinMs: GIVE_WAY_MS, everyMs: POLL_MS });
  return daemons().length;
}

/**
 * @param {readonly Told[][]} lots
 * @param {number} left
 * @param {number} started
 * @returns {import('./verdict.mjs').Played}
 */
function playedOf(lots, left, started) {
  const clients = lots.flat();
  const failed = clients.filter(({ fate }) => fate === 'failed');
  return {
    ...{ kind: 'played', left, started },
    tookMs: lots.reduce((sum, lot) => sum + Math.max(...lot.map(({ tookMs }) => tookMs)), 0),
    fates: countFates(clients.map(({ fate }) => fate)),
    said: clients.flatMap(complaintOf),
    codes: failed.map(({ code }) => code),
  };
}

/** @param {Told} client @returns {string[]} */
function complaintOf({ fate, code, signal, stdout, stderr, expected }) {
  const said = stderr.trim().replaceAll('\n', ' ').slice(0, SAID_MAX);
  if (fate === 'failed') return [`failed, ${signal ?? `exit code ${code}`}: ${said}`];
  return fate === 'wrong'
    ? [`answered ${JSON.stringify(stdout)} instead of ${JSON.stringify(expected)}`]
    : [];
}
