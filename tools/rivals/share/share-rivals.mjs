/** Sixteen sessions and one MCP server, in each way: what they are told, what dies, what it costs. */
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { median } from '../../support/statistics.mjs';
import { callMs, collidingCalls, killedUnderLoad, memoryOf, readyMs, Trial } from './scenarios.mjs';
import { ECHO_SERVER, EVERYTHING, WAYS } from './ways.mjs';

/**
 * @typedef {import('./ways.mjs').Way} Way
 * @typedef {Awaited<ReturnType<typeof collidingCalls>> & { servers: number }} Answers
 * @typedef {Awaited<ReturnType<typeof killedUnderLoad>>} Kills
 * @typedef {{ processes: number, rssMib: number, pssMib: number, sessionsRssMib: number }} Idle
 * @typedef {{ answers: Answers, serverKilled: Kills, bridgeKilled: Kills | undefined, inTurn: Kills |
 *   undefined, idle: Idle, callMs: number, readyMs: number }} Seen
 * @typedef {Seen & { name: string, version: string, isOurs: boolean }} ShareRow
 * @typedef {{ sessions: number, callsEach: number, kills: number, rows: ShareRow[] }} ShareResults
 */

const CALLS_EACH = 50;
/** Sessions that call while something is killed. */
export const LOADED = 8;
const FEW_KILLS = 3;
/** Until what was started has done its first work, in milliseconds. */
const SETTLE_MS = 2_000;
/** Times are taken in blocks, some seconds apart; the block counts in which the machine was least busy. */
const BLOCKS = 8;
const LATENCY_ROUNDS = 150;
const READY_ROUNDS = 7;

/** @returns {Promise<number>} a port that nobody listens on */
const freePort = () =>
  new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });

/**
 * @template T
 * @param {import('../../support/sandbox.mjs').Sandbox} sandbox
 * @param {Way} way
 * @param {'echo' | 'everything'} server
 * @param {number} sessions
 * @param {(trial: Trial) => Promise<T>} act
 */
async function tried(sandbox, way, server, sessions, act) {
  tried.count += 1;
  const folder = sandbox.folder(`${tried.count}`);
  const script = server === 'echo' ? [ECHO_SERVER, path.join(folder, 'pids')] : [EVERYTHING];
  const trial = new Trial(way, { folder, command: [process.execPath, ...script], port: await freePort() });
  try {
    await trial.open(sessions);
    return await act(trial);
  } finally {
    await trial.close();
    sandbox.endProcesses();
  }
}
tried.count = 0;

/** @param {Trial} trial @returns {Promise<Idle>} */
async function idle(trial) {
  await delay(SETTLE_MS);
  const pids = trial.processes();
  return { processes: pids.size, ...memoryOf(pids), sessionsRssMib: memoryOf(trial.clients()).rssMib };
}

/**
 * @param {import('../../support/sandbox.mjs').Sandbox} sandbox
 * @param {Way} way
 * @param {{ sessions: number, kills: number }} asked
 */
async function rowOf(sandbox, way, { sessions, kills }) {
  const { name, version, isOurs, isBridge } = way;
  const answers = await tried(sandbox, way, 'echo', sessions, async (trial) => ({
    ...(await collidingCalls(trial, CALLS_EACH)),
    servers: trial.servers().length,
  }));
  /** @param {number} rounds @param {(trial: Trial, round: number) => readonly number[]} victims */
  const killed = (rounds, victims) =>
    tried(sandbox, way, 'echo', LOADED, (trial) =>
      killedUnderLoad(trial, (round) => victims(trial, round), rounds),
    );
  const serverKilled = await killed(FEW_KILLS, (trial) => trial.servers());
  const bridgeKilled = isBridge && (await killed(FEW_KILLS, (trial) => trial.bridges()));
  const inTurn = isOurs
    ? await killed(kills, (trial, round) => (round % 2 === 0 ? trial.servers() : trial.bridges()))
    : undefined;
  return {
    name,
    version,
    isOurs,
    answers,
    serverKilled,
    bridgeKilled,
    inTurn,
    idle: await tried(sandbox, way, 'everything', sessions, idle),
  };
}

/**
 * All ways take turns, so that a busy moment of the machine meets all of them.
 * @param {readonly Trial[]} trials
 * @param {number} rounds
 * @param {(trial: Trial) => Promise<number>} measure
 * @returns {Promise<number[]>} the median of each
 */
async function medians(trials, rounds, measure) {
  const taken = trials.map(() => /** @type {number[]} */ ([]));
  for (let round = 0; round < rounds; round++)
    for (const [n, trial] of trials.entries()) taken[n]?.push(await measure(trial));
  return taken.map(median);
}

/**
 * @param {import('../../support/sandbox.mjs').Sandbox} sandbox
 * @param {readonly Way[]} ways
 * @returns {Promise<{ calls: number[], readies: number[] }>}
 */
async function times(sandbox, ways) {
  /** @type {Trial[]} */
  const trials = [];
  for (const [n, way] of ways.entries()) {
    const folder = sandbox.folder(`times-${n}`);
    const command = [process.execPath, ECHO_SERVER, path.join(folder, 'pids')];
    trials.push(await new Trial(way, { folder, command, port: await freePort() }).open(1));
  }
  const blocks = [];
  for (let block = 0; block < BLOCKS; block++) {
    const calls = await medians(trials, LATENCY_ROUNDS, ({ sessions }) => callMs(sessions[0]));
    blocks.push({ calls, readies: await medians(trials, READY_ROUNDS, readyMs) });
    await delay(SETTLE_MS);
  }
  await Promise.all(trials.map((trial) => trial.close()));
  sandbox.endProcesses();
  const sum = (/** @type {number[]} */ values) => values.reduce((all, value) => all + value, 0);
  return blocks.reduce((best, block) => (sum(block.calls) < sum(best.calls) ? block : best));
}

/**
 * @param {import('../../support/sandbox.mjs').Sandbox} sandbox
 * @param {{ sessions: number, kills: number, only: readonly string[] }} asked `kills`: of servers and brokers
 *   in turn
 * @param {(text: string) => void} tell
 * @returns {Promise<ShareResults>}
 */
export async function playShare(sandbox, { sessions, kills, only }, tell) {
  const ways = WAYS.filter(({ name }) => only.length === 0 || only.includes(name));
  const rows = [];
  for (const way of ways) {
    tell(way.name);
    rows.push(await rowOf(sandbox, way, { sessions, kills }));
  }
  tell('times');
  const { calls, readies } = await times(sandbox, ways);
  return {
    sessions,
    callsEach: CALLS_EACH,
    kills,
    rows: rows.map((row, n) => ({
      ...row,
      callMs: calls[n] ?? Number.NaN,
      readyMs: readies[n] ?? Number.NaN,
    })),
  };
}
