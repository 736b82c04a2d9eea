/** Which round comes next: every tool in every scenario in turn, a few at once, until the time is over. */
import fs from 'node:fs';
import path from 'node:path';
import { nowMs } from '../support/time.mjs';
import { MachineLock } from './machine-lock.mjs';
import { installCounter, playRound } from './round.mjs';

/** Most rounds wait for a timer, and only one of them holds the lock. */
const ROUNDS_AT_ONCE = 4;

/**
 * @typedef {{
 *   tool: import('./tool.mjs').Tool, scenario: import('./scenarios.mjs').Scenario, wanted: number, clients:
 *   number,
 *   installed: import('./tool.mjs').Installed, isUnderWay: boolean, done: import('./verdict.mjs').Round[],
 * }} Job all rounds of one tool in one scenario
 * @typedef {Pick< ReturnType<typeof import('./options.mjs').readOptions>, 'tools' | 'scenarios' | 'rounds' |
 *   'rivalRounds' | 'clients' >} Plan
 */

/** @param {Plan} plan @param {string} scratch @returns {{ jobs: Job[], leftOut: string[] }} */
export function prepareJobs(plan, scratch) {
  const missing = plan.tools.flatMap((tool) => {
    const why = tool.missing();
    return why === undefined ? [] : [{ tool, why }];
  });
  const present = plan.tools.filter((tool) => !missing.some((each) => each.tool === tool));
  return {
    jobs: present.flatMap((tool, number) =>
      plan.scenarios.flatMap((scenario, index) =>
        prepareJob(plan, tool, scenario, path.join(scratch, `${number}-${index}`)),
      ),
    ),
    leftOut: missing.map(({ tool, why }) => `${tool.name}, ${why}`),
  };
}

/**
 * @param {Plan} plan @param {Job['tool']} tool @param {Job['scenario']} scenario @param {string} folder
 * @returns {Job[]} none if the scenario does not apply to the tool
 */
function prepareJob({ rounds, rivalRounds, clients }, tool, scenario, folder) {
  if (scenario.ours === true && tool.isRival) return [];
  fs.mkdirSync(folder, { mode: 0o700 });
  const installed = tool.prepare(folder);
  if (!scenario.appliesTo(installed)) return [];
  installCounter(folder);
  const wanted = Math.min(tool.isRival ? rivalRounds : rounds, scenario.rounds ?? Number.POSITIVE_INFINITY);
  const facts = { tool, scenario, wanted, clients: scenario.clients ?? clients };
  return [{ ...facts, installed, isUnderWay: false, done: [] }];
}

/**
 * @param {readonly Job[]} jobs
 * @param {number} untilMs of the monotonic clock: no round begins later
 * @param {(job: Job) => void} tell called after each round
 */
export async function playAll(jobs, untilMs, tell) {
  const lock = new MachineLock();
  /** @returns {Job | undefined} */
  const next = () =>
    jobs
      .filter(({ isUnderWay, done, wanted }) => !isUnderWay && done.length < wanted)
      .toSorted((a, b) => a.done.length - b.done.length)[0];
  const work = async () => {
    for (let job = next(); job !== undefined && nowMs() < untilMs; job = next()) {
      job.isUnderWay = true;
      job.done.push(await playRound(job.scenario, job.installed, job.clients, lock));
      job.isUnderWay = false;
      tell(job);
    }
  };
  await Promise.all(Array.from({ length: ROUNDS_AT_ONCE }, work));
}
