/** The results as text: a table for each group, and a short table of the rows that have a target. */
import { markdownTable } from '../support/markdown.mjs';

/**
 * @typedef {import('./rows.mjs').Row} Row
 * @typedef {{
 *   date: string, node: string, machine: string, load: string, tookMinutes: number, versions:
 *   Readonly<Record<string, string>>,
 *   rows: readonly Row[], leftOut: readonly { what: string, why: string }[],
 * }} Results
 */

/** @param {number} value @returns {string} about three significant digits */
export function shortNumber(value) {
  if (!Number.isFinite(value)) return '?';
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
  return value.toFixed(size >= 10 ? 1 : 2);
}

/** @param {Row['target']} target @param {Row['kind']} kind @param {string} unit */
export function targetText(target, kind, unit) {
  if (target === undefined) return '';
  const suffix = kind === 'difference' ? ` ${unit} more` : '';
  if ('atMost' in target) return `at most ${target.atMost}${suffix}`;
  if ('below' in target) return `below ${target.below}${suffix}`;
  return `at least ${target.atLeast}${suffix}`;
}

/** @param {Row} row */
export function resultText({ kind, median, low, high, unit }) {
  if (kind === 'difference') return `${signed(median)} ${unit} (${signed(low)} to ${signed(high)})`;
  return `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}

/** @param {number} value */
const signed = (value) => `${value < 0 ? '' : '+'}${value.toFixed(1)}`;

const HEAD = ['what', 'against', 'ratio (quartiles)', 'target', '', 'medians', 'rounds'];

/** @param {Row} row */
function cellsOf(row) {
  const { what, against, kind, target, verdict = '', own, other, unit, rounds } = row;
  const medians = `${shortNumber(own)} / ${shortNumber(other)} ${unit}`;
  return [what, against, resultText(row), targetText(target, kind, unit), verdict, medians, String(rounds)];
}

/** @param {readonly Row[]} rows */
export function fullTable(rows) {
  return [...grouped(rows)]
    .map(([group, some]) => `#### ${group}\n\n${markdownTable(HEAD, some.map(cellsOf))}`)
    .join('\n\n');
}

/** @param {readonly Row[]} rows @returns {Map<string, Row[]>} */
export function grouped(rows) {
  /** @type {Map<string, Row[]>} */
  const groups = new Map();
  for (const row of rows) groups.set(row.group, [...(groups.get(row.group) ?? []), row]);
  return groups;
}

/** @param {readonly Row[]} rows */
export function shortTable(rows) {
  const judged = rows.filter(({ target }) => target !== undefined);
  const lines = judged.map((row) => [
    row.what,
    row.against,
    row.kind === 'ratio' ? row.median.toFixed(2) : (resultText(row).split(' (')[0] ?? ''),
    `${targetText(row.target, row.kind, row.unit)}: ${row.verdict}`,
  ]);
  return markdownTable(['what', 'against', 'ratio', 'target'], lines);
}

/** @param {readonly Row[]} rows */
export function summaryText(rows) {
  const judged = rows.filter(({ verdict }) => verdict !== undefined);
  const missed = judged.filter(({ verdict }) => verdict === 'missed');
  const names = missed.map(
    ({ what, against, median }) => `${what} against ${against} (${median.toFixed(2)})`,
  );
  const rest = names.length === 0 ? '' : ` Missed: ${names.join('; ')}.`;
  return `${judged.length - missed.length} of ${judged.length} targets met.${rest}`;
}

/**
 * When and where; the load says how busy the machine was.
 * @param {Pick<Results, 'date' | 'node' | 'machine' | 'load'>} results
 */
const factsText = ({ date, node, machine, load }) =>
  `${date}, Node ${node}, ${machine}; load average ${load}.`;

/** @param {Results} results */
export function reportText({ date, node, machine, load, tookMinutes, versions, rows, leftOut }) {
  const facts = factsText({ date, node, machine, load });
  const measuredWith = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const parts = [
    `${facts} It took ${tookMinutes.toFixed(1)} minutes.`,
    `With ${measuredWith.join(', ')}.`,
    summaryText(rows),
    ...leftOut.map(({ what, why }) => `Left out: ${what} (${why}).`),
    fullTable(rows),
  ];
  return `${parts.join('\n\n')}\n`;
}
