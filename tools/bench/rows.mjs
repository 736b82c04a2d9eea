/** What is made of timings: a row compares one thing with another, round by round. */
import { median, spreadOf } from '../support/statistics.mjs';

/**
 * @typedef {{ atMost: number } | { below: number } | { atLeast: number }} Target
 * @typedef {'met' | 'missed'} Verdict
 * @typedef {'ratio' | 'difference'} Kind
 * @typedef {{
 *   group: string, what: string, against: string, kind: Kind, median: number, low: number, high: number,
 *   rounds: number,
 *   unit: string, own: number, other: number, target: Target | undefined, verdict: Verdict | undefined,
 * }} Row one line of a table; `own` and `other` are medians in `unit`
 * @typedef {{
 *   group: string, what: string, against: string, values: readonly number[], references: readonly number[],
 *   unit: string,
 *   target?: Target | undefined,
 * }} Comparison `references` are of the same rounds as `values`
 */

/** @param {readonly number[]} values @param {readonly number[]} references of the same rounds */
export const ratiosWithin = (values, references) =>
  values.map((value, round) => value / (references[round] ?? Number.NaN));

/** @param {number} value @param {Target} target */
export function isMet(value, target) {
  if ('atMost' in target) return value <= target.atMost;
  if ('below' in target) return value < target.below;
  return value >= target.atLeast;
}

/** A ratio: so many times as much. @param {Comparison} comparison @returns {Row} */
export function ratioRow(comparison) {
  return row('ratio', ratiosWithin(comparison.values, comparison.references), comparison);
}

/** A difference: more by so much. @param {Comparison} comparison @returns {Row} */
export function differenceRow(comparison) {
  const { values, references } = comparison;
  const more = values.map((value, round) => value - (references[round] ?? Number.NaN));
  return row('difference', more, comparison);
}

/** @param {Kind} kind @param {readonly number[]} compared @param {Comparison} comparison @returns {Row} */
function row(kind, compared, { group, what, against, values, references, unit, target }) {
  const spread = spreadOf(compared);
  const medians = { own: median(values), other: median(references) };
  const verdict = verdictOf(spread.median, target);
  return { group, what, against, kind, ...spread, rounds: values.length, unit, ...medians, target, verdict };
}

/** @param {number} value @param {Target | undefined} target @returns {Verdict | undefined} */
function verdictOf(value, target) {
  if (target === undefined) return undefined;
  return isMet(value, target) ? 'met' : 'missed';
}
