/** One state directory for some seconds: actions at random, an observer beside them, and quiet at the end. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { plainEnvironment } from '../support/environment.mjs';
import { nowMs, waitUntil } from '../support/time.mjs';
import { CLIENTS_MAX, PROCESSES_MAX } from './commands.mjs';

/**
 * @typedef {import('./actions.mjs').Stage} Stage
 * @typedef {import('./chaos-sandbox.mjs').Client} Client
 * @typedef {import('./observer.mjs').Observed} Observed
 */

const OBSERVER = path.join(import.meta.dirname, 'observer.mjs');
/** The waiting time in the message is rounded. */
const HELD_MORE_MS = 200;
/**
 * How long a command may take that nothing disturbs: its own timeout is 10 s at most, and the work takes 2.5
 * s.
 */
const QUIET_MS = 25_000;
const LEAVE_MS = 2_000;
/** `stop` found no daemon: it was idle, and has ended by itself. */
const NO_DAEMON = 69;

/**
 * @param {string} root a state directory
 * @param {readonly string[]} names of daemons in it
 * @returns {Promise<{ observed: Observed[], end: () => Promise<void> }>} once the observer watches
 */
export async function startObserver(root, names) {
  const child = spawn(process.execPath, [OBSERVER, JSON.stringify({ root, names })], {
    env: plainEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  /** @type {Observed[]} */
  const observed = [];
  const lines = readline.createInterface({ input: child.stdout });
  const ended = new Promise((resolve) => lines.once('close', () => resolve(undefined)));
  const ready = new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => observed.push(JSON.parse(line)));
  await Promise.race([ready, ended]);
  return {
    observed,
    end: async () => {
      child.stdin.end();
      await ended;
      if (observed.at(-1)?.kind !== 'end') throw new Error('the observer ended too early');
    },
  };
}

/** @param {import('./chaos-sandbox.mjs').ChaosSandbox} sandbox */
const isCrowded = (sandbox) =>
  sandbox.open.filter(({ what }) => what !== 'serve').length >= CLIENTS_MAX ||
  sandbox.open.length + sandbox.daemons().length >= PROCESSES_MAX;

/** @param {import('./actions.mjs').RandomChoices} choices @returns {number} */
function pauseMs(choices) {
  const share = choices.fraction();
  return choices.weighted([
    { weight: 16, ms: share * 25 },
    { weight: 3, ms: 25 + share * 125 },
    { weight: 1, ms: 0 },
    { weight: 0.6, ms: 300 + share * 700 },
  ]).ms;
}

/**
 * @param {Stage} stage
 * @param {{
 *   actions: readonly import('./actions.mjs').Action[], seconds: number, choices:
 *   import('./actions.mjs').RandomChoices,
 *   progress: () => void,
 * }} plan
 */
export async function play(stage, { actions, seconds, choices, progress }) {
  const untilMs = nowMs() + seconds * 1_000;
  const isOver = () => stage.isOver() || nowMs() >= untilMs;
  while (!isOver()) {
    const { act } = choices.weighted(actions);
    const own = choices.fork();
    const ms = pauseMs(choices);
    while (isCrowded(stage.sandbox) && !isOver()) await delay(5);
    await act({ ...stage, isOver }, own);
    stage.counts.actions = (stage.counts.actions ?? 0) + 1;
    progress();
    await delay(Math.min(ms, Math.max(0, untilMs - nowMs())));
  }
}

/**
 * All disturbances end: every command gets an answer, and a new caller gets a daemon.
 * @param {Stage} stage
 * @returns {Promise<import('./judge-calls.mjs').Violation[]>}
 */
export async function settle({ sandbox, state, names }) {
  sandbox.undoAll();
  sandbox.note('all disturbances have ended');
  const commands = sandbox.open.filter(({ what }) => what !== 'serve');
  const hung = await unfinished(commands, QUIET_MS);
  const last = await Promise.all(names.map((name) => lastCall(sandbox, state, name)));
  const stops = names.map((name) => sandbox.start(state, ['stop', '--name', name, sandbox.service(name)]));
  await unfinished(stops, QUIET_MS);
  await unfinished(sandbox.open, LEAVE_MS);
  const failed = stops.filter(({ code }) => code !== 0 && code !== NO_DAEMON);
  return [
    ...hung.map((client) => violation(client, 'a command that does not end')),
    ...last.filter(({ code }) => code !== 0).map((client) => violation(client, 'no daemon after the storm')),
    ...failed.map((client) => violation(client, 'a daemon that does not stop')),
    ...sandbox.open.map((client) => violation(client, 'a process that stays')),
  ];
}

/**
 * If daemons were killed at their start again and again, the next start is held back for a time, which the
 * message tells.
 * @param {import('./chaos-sandbox.mjs').ChaosSandbox} sandbox @param {string} state @param {string} name
 * @returns {Promise<Client>}
 */
async function lastCall(sandbox, state, name) {
  const call = async (/** @type {string} */ id) => {
    const target = ['--name', name, sandbox.service(name)];
    const client = sandbox.start(state, ['call', ...target, '--', id, 'short', '0']);
    await unfinished([client], QUIET_MS);
    return client;
  };
  const first = await call(`last-${name}`);
  const held = /next try comes in ([0-9.]+) s/.exec(first.stderr);
  if (held === null) return first;
  await delay(Number(held[1]) * 1_000 + HELD_MORE_MS);
  return call(`last-of-all-${name}`);
}

/**
 * Waits for commands.
 * @param {readonly Client[]} clients
 * @param {number} withinMs
 * @returns {Promise<Client[]>} those that did not end
 */
async function unfinished(clients, withinMs) {
  const left = () => clients.filter(({ endedMs }) => endedMs === undefined);
  await waitUntil(() => left().length === 0, { withinMs, everyMs: 10 });
  return left();
}

/** @param {Client} client @param {string} what @returns {import('./judge-calls.mjs').Violation} */
function violation({ args, pid, code, stderr }, what) {
  const text = `${args.join(' ')} (pid ${pid}): ${code ?? 'did not end'}: ${stderr.trim()}`;
  return { atMs: nowMs(), what, text };
}
