/**
 * Rounds. On a machine that does other things as well, two timings say something about each other only if
 * they were taken side by side: each round performs every act once.
 */
import { performance } from 'node:perf_hooks';

/**
 * @typedef {() => Promise<number>} Act resolves to what it measured
 * @typedef {Record<string, Act>} Acts
 */

/** However slow the machine is: fewer rounds say nothing. */
export const FEWEST_ROUNDS = 5;

/**
 * @template {Acts} A
 * @typedef {{
 *   rounds: number, withinMs: number, warmUps?: number, acts: A, tick: (done: number, of: number) => void,
 * }} Plan `withinMs`: after that time no more rounds begin, except for the fewest; `warmUps`: how often each
 *   act is performed before, without being counted
 */

/**
 * @template {Acts} A
 * @typedef {{ [Name in keyof A]: number[] }} Taken what each act measured, round by round
 */

/**
 * Performs every act once a round. Each round begins with another act, so that no act always comes after the
 * same one.
 * @template {Acts} A
 * @param {Plan<A>} plan
 * @returns {Promise<Taken<A>>} rejects if an act does: there are no gaps
 */
export async function inTurns({ rounds, withinMs, warmUps = 1, acts, tick }) {
  const all = Object.entries(acts).map(([name, act]) => ({
    name,
    act,
    values: /** @type {number[]} */ ([]),
  }));
  for (let warmUp = 0; warmUp < warmUps; warmUp++) for (const { act } of all) await act();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - begun >= withinMs) break;
    tick(round, rounds);
    const turn = round % all.length;
    for (const { act, values } of [...all.slice(turn), ...all.slice(0, turn)]) values.push(await act());
  }
  return /** @type {Taken<A>} */ (Object.fromEntries(all.map(({ name, values }) => [name, values])));
}
