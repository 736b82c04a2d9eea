/** Judges clients by their ends, and tools by their rounds. Pure. */
import { lowerMedian } from '../support/statistics.mjs';

/**
 * @typedef {'right' | 'wrong' | 'silent' | 'failed' | 'hanging'} Fate `wrong`: success, with another answer;
 *   `silent`: success, and nothing was done; `failed`: the exit code says so
 * @typedef {{
 *   kind: 'played', left: number, started: number, tookMs: number, fates: Record<Fate, number>, said:
 *   string[],
 *   codes: (number | null)[],
 * }} Played `left`: daemons; `started`: processes beside the clients; `codes`: of the clients that failed
 * @typedef {Played | { kind: 'not-prepared', why: string }} Round
 * @typedef {{
 *   scenario: string, tool: string, version: string, clients: number, rounds: number, unprepared: string[],
 *   left: { least: number, most: number, notOne: number }, started: { least: number, most: number },
 *   fates: Record<Fate, number>, medianMs: number | undefined, said: string[], untyped: number,
 * }} Row `unprepared`: why rounds never came to the strike; `untyped`: clients that failed in a way that the
 *   scenario does not allow
 */

/** @type {readonly Fate[]} */
const FATES = ['right', 'wrong', 'silent', 'failed', 'hanging'];
const SAID_MAX = 4;

/**
 * @param {{ code: number | null, stdout: string, wasEnded: boolean }} ended
 * @param {import('./tool.mjs').Answer} expected
 * @returns {Fate}
 */
export function fateOf({ code, stdout, wasEnded }, expected) {
  if (wasEnded) return 'hanging';
  if (code !== expected.code) return 'failed';
  if (stdout === expected.stdout) return 'right';
  return stdout === '' ? 'silent' : 'wrong';
}

/** @param {readonly Fate[]} fates */
export function countFates(fates) {
  const counts = /** @type {Record<Fate, number>} */ (Object.fromEntries(FATES.map((fate) => [fate, 0])));
  for (const fate of fates) counts[fate] += 1;
  return counts;
}

/**
 * @param {{ scenario: string, tool: string, version: string, clients: number, mayFail: readonly number[] }}
 *   of `mayFail`: the exit codes that are an honest answer in the scenario
 * @param {readonly Round[]} all
 * @returns {Row}
 */
export function rowOf({ mayFail, ...of }, all) {
  const rounds = all.filter((round) => round.kind === 'played');
  const left = rounds.map((round) => round.left);
  const started = rounds.map((round) => round.started);
  const fates = countFates([]);
  for (const round of rounds) for (const fate of FATES) fates[fate] += round.fates[fate];
  const untyped = rounds.flatMap(({ codes }) => codes).filter((code) => !mayFail.includes(code ?? -1));
  return {
    ...of,
    rounds: rounds.length,
    unprepared: all.flatMap((round) => (round.kind === 'not-prepared' ? [round.why] : [])),
    left: { ...range(left), notOne: left.filter((count) => count !== 1).length },
    started: range(started),
    fates,
    medianMs: lowerMedian(rounds.map(({ tookMs }) => tookMs)),
    said: [...new Set(rounds.flatMap(({ said }) => said))].slice(0, SAID_MAX),
    untyped: untyped.length,
  };
}

/** @param {readonly number[]} values */
export const range = (values) =>
  values.length === 0 ? { least: 0, most: 0 } : { least: Math.min(...values), most: Math.max(...values) };

/**
 * Right is: one daemon is left, and every client has its answer, or failed in a way that the scenario allows.
 * @param {Row} row
 * @returns {string[]} what is wrong
 */
export function violationsOf({ scenario, left, fates, untyped, unprepared, rounds }) {
  const found = [];
  if (rounds === 0) found.push('no round took place');
  if (left.notOne > 0)
    found.push(`${left.notOne} of ${rounds} rounds did not leave one daemon but ${rangeText(left)}`);
  if (untyped > 0) found.push(`${untyped} clients failed in a way that nothing there justifies`);
  for (const fate of /** @type {const} */ (['wrong', 'silent', 'hanging']))
    if (fates[fate] > 0) found.push(`${fates[fate]} clients: ${fate}`);
  if (unprepared.length > 0)
    found.push(`${unprepared.length} rounds could not be prepared, the first: ${unprepared[0]}`);
  return found.map((what) => `${scenario}: ${what}`);
}

/** @param {{ least: number, most: number }} range @returns {string} */
export const rangeText = ({ least, most }) => (least === most ? String(least) : `${least}–${most}`);
