/** The results as tables. */
import { figuresTable } from '../support/markdown.mjs';
import { range, rangeText } from './verdict.mjs';

/**
 * @typedef {import('./verdict.mjs').Row} Row
 * @typedef {{
 *   node: string, kernel: string, cores: number, clients: number, asked: { rounds: number, rivalRounds:
 *   number },
 *   minutes: number, rows: Row[], leftOut: string[],
 * }} Results
 */

const HEAD = [
  '',
  'rounds',
  'daemons left',
  'not one',
  'right',
  'wrong',
  'silent',
  'failed',
  'hanging',
  'started',
  'ms',
];

/** @param {Row} row */
function cells({ tool, rounds, unprepared, left, fates, started, medianMs }) {
  const { right, wrong, silent, failed, hanging } = fates;
  const played = unprepared.length === 0 ? String(rounds) : `${rounds} (${unprepared.length} not prepared)`;
  const figures = [left.notOne, right, wrong, silent, failed, hanging].map(String);
  return [tool, played, rangeText(left), ...figures, rangeText(started), medianMs?.toFixed(0) ?? '–'];
}

/**
 * @param {Results} results @param {readonly { key: string, title: string, ours?: boolean }[]} scenarios
 * @returns {string} everything, scenario by scenario
 */
export function wholeTable(results, scenarios) {
  const { rows, leftOut } = results;
  const parts = scenarios.flatMap((scenario) => {
    const own = rows.filter((row) => row.scenario === scenario.key);
    if (own.length === 0) return [];
    return [
      `### ${scenario.title}`,
      figuresTable(HEAD, own.map(cells)),
      ...strangersText(scenario, own, rows),
    ];
  });
  return [factsText(results), ...parts, ...leftOutText(leftOut)].join('\n\n');
}

/** @param {{ ours?: boolean }} scenario @param {readonly Row[]} own @param {readonly Row[]} rows */
function strangersText({ ours }, own, rows) {
  if (ours === true) return ['For solod alone.'];
  const strangers = new Set(
    rows.map(({ tool }) => tool).filter((name) => !own.some(({ tool }) => tool === name)),
  );
  return strangers.size === 0
    ? []
    : [`Not played, for there is nothing of the kind: ${[...strangers].join('; ')}.`];
}

/** @param {readonly string[]} leftOut */
const leftOutText = (leftOut) => (leftOut.length === 0 ? [] : [`Left out: ${leftOut.join('; ')}.`]);

/** @param {Results} results */
function factsText({ node, kernel, cores, clients, asked, minutes, rows }) {
  const versions = [...new Map(rows.map(({ tool, version }) => [tool, version]))];
  const told = versions.map(([tool, version]) => `${tool} ${version}`).join('; ');
  return [
    `Node ${node}, Linux ${kernel}, ${cores} cores; ${clients} clients at once.`,
    `Asked for were ${asked.rounds} rounds of solod and ${asked.rivalRounds} of the others;`,
    `it took ${minutes.toFixed(1)} minutes in all. Versions: ${told}.`,
  ].join(' ');
}

/** @type {readonly (readonly [string, string])[]} */
const SHORT = [
  ['cold', 'cold start'],
  ['killed', 'after SIGKILL'],
  ['address-deleted', 'file deleted'],
  ['stopped', 'stopped for 2 s'],
  ['backlog', 'full backlog'],
  ['versions', 'two versions'],
];

/** @param {Row | undefined} row */
function summary(row) {
  if (row === undefined) return '–';
  if (row.rounds === 0) return 'no daemon';
  const clients = Object.values(row.fates).reduce((sum, count) => sum + count, 0);
  return `${rangeText(row.left)}, ${share(row.fates.right / clients)}`;
}

/** Rounded down, so that only all of them are 100 %. @param {number} part */
const share = (part) => `${Math.floor(part * 100)} %`;

/**
 * @param {Results} results
 * @returns {string} daemons left and clients answered right, a line for each tool
 */
export function shortTable({ rows }) {
  const tools = [...new Set(rows.map(({ tool }) => tool))];
  const rowsOf = (/** @type {string} */ tool) =>
    rows.filter((row) => row.tool === tool && SHORT.some(([key]) => key === row.scenario));
  const body = tools.map((tool) => [
    tool,
    rangeText(range(rowsOf(tool).map(({ rounds }) => rounds))),
    ...SHORT.map(([key]) => summary(rows.find((row) => row.tool === tool && row.scenario === key))),
  ]);
  return figuresTable(['', 'rounds', ...SHORT.map(([, title]) => title)], body);
}
