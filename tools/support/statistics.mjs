/** Order statistics. */

/** @typedef {{ median: number, low: number, high: number }} Spread the median, and the quartiles around it */

/**
 * @param {readonly number[]} values
 * @param {number} share from 0 to 1
 * @returns {number} interpolated linearly between two values; NaN for none
 */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * @param {readonly number[]} values
 * @returns {number | undefined} a median that was measured: the lower of two in the middle
 */
export const lowerMedian = (values) => values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)];

/** @param {readonly number[]} values @returns {Spread} */
export function spreadOf(values) {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}
