/** The results in words: a table for each group, and a short one of all that has a target. */

/** @typedef {import('./rounds.mjs').Row} Row */

/** @param {number} value three digits that count */
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

const signed = (value) => `${value < 0 ? '' : '+'}${value.toFixed(1)}`;

/** @param {readonly string[]} head @param {readonly (readonly string[])[]} lines @returns {string} Markdown that reads well as it is */
export function markdownTable(head, lines) {
  const all = [head, ...lines].map((cells) => cells.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = head.map((_, column) => Math.max(3, ...all.map((cells) => (cells[column] ?? '').length)));
  const lineOf = (cells) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  const [first = [], ...rest] = all;
  return [lineOf(first), rule, ...rest.map(lineOf)].join('\n');
}

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
    row.kind === 'ratio' ? row.median.toFixed(2) : resultText(row).split(' (')[0],
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

/** When and where; the load says how busy the machine was. @param {{ date: string, node: string, machine: string, load: string }} results */
export const factsText = ({ date, node, machine, load }) =>
  `${date}, Node ${node}, ${machine}; load average ${load}.`;

/**
 * @param {{ date: string, node: string, machine: string, load: string, tookMinutes: number, versions: Readonly<Record<string, string>>,
 *   rows: readonly Row[], leftOut: readonly { what: string, why: string }[] }} results
 */
export function reportText({ date, node, machine, load, tookMinutes, versions, rows, leftOut }) {
  const measuredWith = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const missing = leftOut.map(({ what, why }) => `\n\nLeft out: ${what} (${why}).`).join('');
  const facts = factsText({ date, node, machine, load });
  return `${facts} It took ${tookMinutes.toFixed(1)} minutes.\n\nWith ${measuredWith.join(', ')}.\n\n${summaryText(rows)}${missing}\n\n${fullTable(rows)}\n`;
}
