/** One state directory, for so many seconds: acts at random, an observer beside them, and quiet at the end. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import readline from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../support/environment.mjs';
import { nowMs } from '../support/processes.mjs';
import { CLIENTS_MAX, PROCESSES_MAX } from './actions.mjs';

const OBSERVER = path.join(path.dirname(fileURLToPath(import.meta.url)), 'observer.mjs');
/** The time that is told is rounded. */
const HELD_MORE_MS = 200;
/** How long a command may take that nobody disturbs any more: its own time is 10 s at most, and the work takes 2.5 s. */
const QUIET_MS = 25_000;

/**
 * @typedef {import('./judge-daemons.mjs').Observed} Observed
 * @param {string} root @param {string[]} names
 */
export async function startObserver(root, names) {
  const child = spawn(process.execPath, [OBSERVER, JSON.stringify({ root, names })], {
    env: plainEnvironment(),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  /** @type {Observed[]} */
  const observed = [];
  const lines = readline.createInterface({ input: child.stdout });
  const ended = new Promise((resolve) => lines.once('close', resolve));
  const ready = new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => observed.push(JSON.parse(line)));
  await Promise.race([ready, ended]);
  return {
    observed,
    end: async () => {
      child.stdin.end();
      await ended;
      if (observed.at(-1)?.kind !== 'end') throw new Error('the observer ended before its time');
    },
  };
}

/** @param {import('./chaos-sandbox.mjs').World} world */
const isCrowded = (world) =>
  world.open.filter(({ what }) => what !== 'serve').length >= CLIENTS_MAX ||
  world.open.length + world.daemons().length >= PROCESSES_MAX;

/** @param {import('./random-choices.mjs').Choices} choices */
function pauseMs(choices) {
  const ms = choices.fraction();
  return choices.weighted([
    { weight: 16, ms: ms * 25 },
    { weight: 3, ms: 25 + ms * 125 },
    { weight: 1, ms: 0 },
    { weight: 0.6, ms: 300 + ms * 700 },
  ]).ms;
}

/**
 * @param {import('./actions.mjs').Stage} stage
 * @param {{ acts: import('./actions.mjs').Act[], seconds: number, choices: import('./random-choices.mjs').Choices, progress: () => void }} plan
 */
export async function play(stage, { acts, seconds, choices, progress }) {
  const untilMs = nowMs() + seconds * 1_000;
  const isOver = () => stage.isOver() || nowMs() >= untilMs;
  while (!isOver()) {
    const { act } = choices.weighted(acts);
    const own = choices.fork();
    const ms = pauseMs(choices);
    while (isCrowded(stage.world) && !isOver()) await delay(5);
    await act({ ...stage, isOver }, own);
    stage.counts.acts = (stage.counts.acts ?? 0) + 1;
    progress();
    await delay(Math.min(ms, Math.max(0, untilMs - nowMs())));
  }
}

/**
 * Nobody is disturbed any more: everybody gets an answer, and who asks then gets a daemon.
 * @param {import('./actions.mjs').Stage} stage
 * @returns {Promise<import('./judge-daemons.mjs').Violation[]>}
 */
export async function settle({ world, state, names }) {
  world.mend();
  world.note('everything is mended; nobody is disturbed any more');
  const commands = world.open.filter(({ what }) => what !== 'serve');
  const hung = await ended(commands);
  const last = await Promise.all(names.map((name) => lastCall(world, state, name)));
  const stops = names.map((name) => world.start(state, ['stop', '--name', name, world.service(name)]));
  await ended(stops);
  await ended(world.open, 2_000);
  return [
    ...hung.map((client) => wrong(client, 'a command that does not end')),
    ...last.filter(({ code }) => code !== 0).map((client) => wrong(client, 'no daemon after the storm')),
    // 69: it was idle, and has ended by itself.
    ...stops
      .filter(({ code }) => code !== 0 && code !== 69)
      .map((client) => wrong(client, 'a daemon that does not stop')),
    ...world.open.map((client) => wrong(client, 'a process that stays')),
  ];
}

/**
 * Where daemons were killed again and again at their start, the next one is held back, for the time that is told.
 * @param {import('./chaos-sandbox.mjs').World} world @param {string} state @param {string} name
 */
async function lastCall(world, state, name) {
  const args = (/** @type {string} */ id) => [
    'call',
    '--name',
    name,
    world.service(name),
    '--',
    id,
    'short',
    '0',
  ];
  const first = world.start(state, args(`last-${name}`));
  await ended([first]);
  const held = /next try comes in ([0-9.]+) s/.exec(first.stderr);
  if (held === null) return first;
  await delay(Number(held[1]) * 1_000 + HELD_MORE_MS);
  const second = world.start(state, args(`last-of-all-${name}`));
  await ended([second]);
  return second;
}

/** @param {import('./chaos-sandbox.mjs').Client[]} clients @param {number} [withinMs] @returns {Promise<import('./chaos-sandbox.mjs').Client[]>} those that did not */
async function ended(clients, withinMs = QUIET_MS) {
  const left = () => clients.filter(({ endedMs }) => endedMs === undefined);
  for (const untilMs = nowMs() + withinMs; left().length > 0 && nowMs() < untilMs; ) await delay(10);
  return left();
}

/** @param {import('./chaos-sandbox.mjs').Client} client @param {string} what */
function wrong({ args, pid, code, stderr }, what) {
  return {
    atMs: nowMs(),
    what,
    text: `${args.join(' ')} (pid ${pid}): ${code ?? 'did not end'}: ${stderr.trim()}`,
  };
}
