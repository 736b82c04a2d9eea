/** Stops and kills daemons and clients, at random moments and in the middle of a start. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../support/time.mjs';
import { call, kick, serve } from './commands.mjs';

/** @import { Act, RandomChoices, Stage } from './actions.mjs' */
/** @typedef {'daemon' | 'client'} Role */

/** How long an ambush waits for a daemon that starts. */
const NEWCOMER_WITHIN_MS = 400;

/** @param {Stage} stage @param {string} what */
export function count({ counts }, what) {
  counts[what] = (counts[what] ?? 0) + 1;
}

/** @param {Stage} stage @param {Role} role @param {RandomChoices} choices @returns {number | undefined} */
function somebody({ sandbox }, role, choices) {
  const draw = choices.fraction();
  const clients = sandbox.open.filter(({ what }) => what !== 'serve');
  const pids = role === 'daemon' ? sandbox.daemons() : clients.map(({ pid }) => pid);
  return pids[Math.floor(draw * pids.length)];
}

/** Stops a process for a while, or kills it. @param {Role} role @returns {Act} */
export const strike = (role) => (stage, choices) => {
  const pid = somebody(stage, role, choices);
  const softest = role === 'client' ? 'SIGINT' : 'SIGTERM';
  const fatal = choices.oneOf(/** @type {const} */ (['SIGKILL', 'SIGKILL', 'SIGTERM', softest]));
  const ms = choices.between(20, choices.chance(0.3) ? 3_500 : 500);
  const freezes = choices.chance(0.4);
  if (pid === undefined) return;
  if (freezes) stage.sandbox.freeze(pid, ms, role);
  else if (stage.sandbox.signal(pid, fatal, role)) count(stage, `${fatal} to a ${role}`);
  if (freezes) count(stage, `SIGSTOP of a ${role}`);
};

/**
 * Waits for a process in the middle of a start, and stops or kills it there: a daemon that has its private
 * directory and is about to claim the name, or a client that is about to start a daemon.
 * @type {Act}
 */
export async function ambush(stage, choices) {
  const starts = choices.oneOf([kick, serve, serve, call]);
  const role = choices.oneOf(/** @type {const} */ (['daemon', 'daemon', 'client']));
  const pauseMs =
    role === 'client' ? choices.between(25, 250) : choices.between(0, choices.oneOf([0, 0, 2, 15]));
  const kills = choices.chance(0.35);
  const ms = choices.between(50, choices.chance(0.3) ? 4_000 : 700);
  const isVacant = choices.chance(0.5);
  if (isVacant) for (const pid of stage.sandbox.daemons()) stage.sandbox.signal(pid, 'SIGKILL', 'daemon');
  const before = new Set(role === 'daemon' ? privateNames(stage) : []);
  const client = starts(stage, choices.fork());
  const victim = role === 'client' ? client.pid : await newcomer(stage, before);
  if (victim === undefined) return;
  await delay(pauseMs);
  if (kills) stage.sandbox.signal(victim, 'SIGKILL', `${role} in the middle of a start,`);
  else stage.sandbox.freeze(victim, ms, `${role} in the middle of a start`);
  count(stage, `${kills ? 'SIGKILL' : 'SIGSTOP'} of a ${role} in the middle of a start`);
}

/** @param {Stage} stage @returns {string[]} the private directories of daemons that have not claimed yet */
function privateNames({ state, names }) {
  const entries = names.flatMap((name) => {
    try {
      return fs.readdirSync(path.join(state, name));
    } catch {
      return [];
    }
  });
  return entries.filter((entry) => /^tmp\.[0-9]+-[0-9a-z]+-[0-9]+$/.test(entry));
}

/**
 * @param {Stage} stage
 * @param {ReadonlySet<string>} before
 * @returns {Promise<number | undefined>} a daemon that was not there before
 */
async function newcomer(stage, before) {
  for (const untilMs = nowMs() + NEWCOMER_WITHIN_MS; nowMs() < untilMs && !stage.isOver(); ) {
    const found = privateNames(stage).find((entry) => !before.has(entry));
    const pid = Number(/^tmp\.([0-9]+)/.exec(found ?? '')?.[1] ?? 0);
    if (stage.sandbox.daemons().includes(pid)) return pid;
    await delay(1);
  }
  return undefined;
}
