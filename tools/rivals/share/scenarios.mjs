/** What is done to each way of sharing, and what is counted. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { inhabitantsOf, lookUp, readOr, signalTo } from '../../support/processes.mjs';
import { nowMs, waitUntil } from '../../support/time.mjs';
import { counted, Session } from './session.mjs';

/**
 * @typedef {import('./ways.mjs').Way} Way
 * @typedef {import('./ways.mjs').Stage} Stage
 * @typedef {import('./session.mjs').Fate} Fate
 */

const GONE = { withinMs: 10_000, everyMs: 10 };

/** A server that dies again and again is held back for seconds. */
const RECOVERED = { withinMs: 10_000, everyMs: 5 };

/** A way with its bridge up, and sessions that are open. */
export class Trial {
  /** @type {Session[]} */
  sessions = [];

  /** @param {Way} way @param {Stage} stage */
  constructor(way, stage) {
    this.way = way;
    this.stage = stage;
  }

  /** @param {number} count of sessions */
  async open(count) {
    await this.way.bridge?.(this.stage);
    // One first, so that the others find what there is.
    await this.add();
    await Promise.all(Array.from({ length: count - 1 }, () => this.add()));
    return this;
  }

  async add() {
    const session = new Session(this.way.address(this.stage));
    await session.open();
    this.sessions.push(session);
    return session;
  }

  async close() {
    await Promise.all(this.sessions.map((session) => session.close()));
  }

  /** Servers that live. Each has written down its id. */
  servers() {
    const file = path.join(this.stage.folder, 'pids');
    const pids = fs.existsSync(file)
      ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)
      : [];
    return pids.filter((pid) => lookUp(pid).activity !== 'dead');
  }

  /** The process that all sessions go through. */
  bridges() {
    const { isBridge = () => false } = this.way;
    return inhabitantsOf(this.stage.folder).filter((pid) => isBridge(readOr(`/proc/${pid}/cmdline`)));
  }

  /** @returns {number[]} the processes that a host has started for its session */
  clients() {
    return this.sessions.flatMap(({ pid }) => pid ?? []);
  }

  /** @returns {Set<number>} the processes that belong to it */
  processes() {
    return new Set(inhabitantsOf(this.stage.folder));
  }
}

/**
 * All sessions at once, whose requests have the same ids, because each SDK counts from 0.
 * @param {Trial} trial
 * @param {number} callsEach
 */
export async function collidingCalls({ sessions }, callsEach) {
  const fates = sessions.flatMap((session, n) =>
    Array.from({ length: callsEach }, (_, call) => session.call(`${n}:${call}`, call % 5)),
  );
  return counted(await Promise.all(fates));
}

/**
 * Sessions call without a pause while a process is killed again and again.
 * @param {Trial} trial
 * @param {(round: number) => readonly number[]} victims
 * @param {number} rounds
 */
export async function killedUnderLoad(trial, victims, rounds) {
  let isOver = false;
  /** @type {Fate[]} */
  const fates = [];
  const load = trial.sessions.map(async (session, n) => {
    for (let call = 0; !isOver; call++) {
      const fate = await session.call(`${n}:${call}`, call % 5);
      fates.push(fate);
      // A session that fails at once would fail a thousand times.
      if (fate !== 'right') await delay(20);
    }
  });
  let kills = 0;
  for (let round = 0; round < rounds; round++) {
    const right = () => fates.filter((fate) => fate === 'right').length;
    const before = right();
    // As many as there are at work, or what is left of them does not answer any more.
    await waitUntil(() => right() > before + trial.sessions.length, RECOVERED);
    const pids = victims(round);
    for (const pid of pids) kills += signalTo(pid, 'SIGKILL') ? 1 : 0;
    await waitUntil(() => pids.every((pid) => lookUp(pid).activity === 'dead'), GONE);
  }
  isOver = true;
  await Promise.all(load);
  // Numbers of a trial in which nothing died would look good.
  if (kills === 0) throw new Error(`${trial.way.name}: nothing was killed`);
  const goOn = await Promise.all(trial.sessions.map(goesOn));
  return { ...counted(fates), kills, goOn: goOn.filter(Boolean).length };
}

/**
 * @param {Session} session
 * @returns {Promise<boolean>} whether it is answered again, without being opened again
 */
async function goesOn(session) {
  const deadlineMs = nowMs() + RECOVERED.withinMs;
  while (nowMs() < deadlineMs) {
    if ((await session.call('last')) === 'right') return true;
    await delay(100);
  }
  return false;
}

/** @param {Iterable<number>} pids @returns {{ rssMib: number, pssMib: number }} what they take together */
export function memoryOf(pids) {
  let [rssKib, pssKib] = [0, 0];
  for (const pid of pids) {
    const rollup = readOr(`/proc/${pid}/smaps_rollup`);
    rssKib += Number(/^Rss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
    pssKib += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return { rssMib: rssKib / 1024, pssMib: pssKib / 1024 };
}

/** @param {Session | undefined} session @returns {Promise<number>} milliseconds for one small call */
export async function callMs(session) {
  const beganMs = nowMs();
  if ((await session?.call('x')) !== 'right') throw new Error('a call that is measured went wrong');
  return nowMs() - beganMs;
}

/** @param {Trial} trial @returns {Promise<number>} milliseconds until another session is ready */
export async function readyMs(trial) {
  const beganMs = nowMs();
  const session = await trial.add();
  const tookMs = nowMs() - beganMs;
  trial.sessions.pop();
  await session.close();
  return tookMs;
}
