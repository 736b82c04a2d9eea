/**
 * Rounds, and what is made of them. On a machine that does other things as well, two timings say something of each other only if they
 * were taken side by side: each round performs every act once, and a ratio is taken within a round.
 */
import { performance } from 'node:perf_hooks';

/**
 * @typedef {{ median: number, low: number, high: number }} Spread the median, and the quartiles around it
 * @typedef {{ atMost: number } | { below: number } | { atLeast: number }} Target
 * @typedef {{
 *   group: string, what: string, against: string, kind: 'ratio' | 'difference', median: number, low: number, high: number,
 *   rounds: number, unit: string, own: number, other: number, target: Target | undefined, verdict: 'met' | 'missed' | undefined,
 * }} Row one line of the table; `own` and `other` are medians in `unit`
 */

/** @param {readonly number[]} values @param {number} share between 0 and 1 @returns {number} between two values: on the line */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/** @param {readonly number[]} values @returns {Spread} */
export function spreadOf(values) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** @param {readonly number[]} values @param {readonly number[]} references of the same rounds */
export const ratiosWithin = (values, references) =>
  values.map((value, round) => value / (references[round] ?? Number.NaN));

/** @param {number} value @param {Target} target */
export function isMet(value, target) {
  if ('atMost' in target) return value <= target.atMost;
  if ('below' in target) return value < target.below;
  return value >= target.atLeast;
}

/**
 * @param {{ group: string, what: string, against: string, values: readonly number[], references: readonly number[], unit: string,
 *   target?: Target | undefined }} taken
 * @returns {Row}
 */
export function ratioRow({ values, references, ...rest }) {
  return row('ratio', ratiosWithin(values, references), { values, references, ...rest });
}

/** The same for what is more by so much, not so many times as much. @param {Parameters<typeof ratioRow>[0]} taken @returns {Row} */
export function differenceRow({ values, references, ...rest }) {
  const more = values.map((value, round) => value - (references[round] ?? Number.NaN));
  return row('difference', more, { values, references, ...rest });
}

function row(kind, compared, { group, what, against, values, references, unit, target }) {
  const spread = spreadOf(compared);
  const verdict = target === undefined ? undefined : isMet(spread.median, target) ? 'met' : 'missed';
  const medians = { own: median(values), other: median(references) };
  return { group, what, against, kind, ...spread, rounds: values.length, unit, ...medians, target, verdict };
}

/** However slow the machine is: less than this says nothing. */
export const FEWEST_ROUNDS = 5;

/**
 * Performs every act once a round. Each round begins with another one, so that none always comes after the same.
 *
 * @template {string} Name
 * @typedef {{
 *   rounds: number, withinMs: number, warmUps?: number, acts: Record<Name, () => Promise<number>>,
 *   tick: (done: number, of: number) => void,
 * }} Plan an act resolves to what it measured. `withinMs`: when that is over, no more rounds are begun, but for the fewest; `warmUps`: how
 *   often each act is performed beforehand, and not counted
 *
 * @param {Plan} plan
 * @returns {Promise<Record<Name, number[]>>}
 */
export async function inTurns({ rounds, withinMs, warmUps = 1, acts, tick }) {
  const names = Object.keys(acts);
  const taken = Object.fromEntries(names.map((name) => [name, []]));
  for (let warmUp = 0; warmUp < warmUps; warmUp++) for (const name of names) await acts[name]();
  const begun = performance.now();
  for (let round = 0; round < rounds; round++) {
    if (round >= FEWEST_ROUNDS && performance.now() - begun >= withinMs) break;
    tick(round, rounds);
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) taken[name].push(await acts[name]());
  }
  return taken;
}
