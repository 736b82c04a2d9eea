/** Which round comes next: every tool in every scenario in turn, a few at once, until the time is over. */
import fs from 'node:fs';
import path from 'node:path';
import { nowMs } from '../support/processes.mjs';
import { Floor, installCounter, playRound } from './scenarios.mjs';

/** Most wait for a clock, and only one has the floor. */
const LANES = 4;

/**
 * @typedef {{
 *   tool: import('./compared-tools.mjs').Tool, scenario: import('./scenarios.mjs').Scenario, wanted: number, clients: number,
 *   installed: import('./compared-tools.mjs').Installed, isUnderWay: boolean, done: import('./verdict.mjs').Round[],
 * }} Job
 * @typedef {Pick<ReturnType<typeof import('./options.mjs').readOptions>, 'tools' | 'scenarios' | 'rounds' | 'rivalRounds' | 'clients'>} Plan
 */

/** @param {Plan} plan @param {string} scratch @returns {{ jobs: Job[], leftOut: string[] }} */
export function prepareJobs(plan, scratch) {
  const missing = plan.tools.flatMap((tool) => {
    const why = tool.missing();
    return why === undefined ? [] : [{ tool, why }];
  });
  const there = plan.tools.filter((tool) => !missing.some((each) => each.tool === tool));
  return {
    jobs: there.flatMap((tool, number) =>
      plan.scenarios.flatMap((scenario, index) =>
        prepareJob(plan, tool, scenario, path.join(scratch, `${number}-${index}`)),
      ),
    ),
    leftOut: missing.map(({ tool, why }) => `${tool.name}, ${why}`),
  };
}

/**
 * @param {Plan} plan @param {Job['tool']} tool @param {Job['scenario']} scenario @param {string} place
 * @returns {Job[]} none where the tool has not what the scenario is about
 */
function prepareJob({ rounds, rivalRounds, clients }, tool, scenario, place) {
  if (scenario.ours === true && tool.isRival) return [];
  fs.mkdirSync(place, { mode: 0o700 });
  const installed = tool.prepare(place);
  if (!scenario.suits(installed)) return [];
  installCounter(place);
  const wanted = Math.min(tool.isRival ? rivalRounds : rounds, scenario.rounds ?? Number.POSITIVE_INFINITY);
  const facts = { tool, scenario, wanted, clients: scenario.clients ?? clients };
  return [{ ...facts, installed, isUnderWay: false, done: [] }];
}

/** @param {readonly Job[]} jobs @param {number} untilMs no round begins later @param {(job: Job) => void} tell */
export async function playAll(jobs, untilMs, tell) {
  const floor = new Floor();
  /** @returns {Job | undefined} */
  const next = () =>
    jobs
      .filter(({ isUnderWay, done, wanted }) => !isUnderWay && done.length < wanted)
      .toSorted((a, b) => a.done.length - b.done.length)[0];
  const lane = async () => {
    for (let job = next(); job !== undefined && nowMs() < untilMs; job = next()) {
      job.isUnderWay = true;
      job.done.push(await playRound(job.scenario, job.installed, job.clients, floor));
      job.isUnderWay = false;
      tell(job);
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}
