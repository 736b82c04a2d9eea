/** The few figures of docs/performance.md that a user cares about. */
import { markdownTable } from '../support/markdown.mjs';
import { after, INSTALLED, medianOf } from './figures.mjs';

const WORK = /** @type {const} */ ([
  ['linting one file', 'eslint', 'eslint_d'],
  ['formatting one file', 'prettier', 'prettierd'],
]);

/**
 * @param {string} performance docs/performance.md
 * @returns {(group: string, what: string) => string} a median of its tables
 */
const mediansOf = (performance) => (group, what) =>
  shown(medianOf(after(`#### ${group}`, performance), what));

/** @param {string} performance docs/performance.md @returns {string} real work, with and without solod */
export function workTable(performance) {
  const of = mediansOf(performance);
  const rows = WORK.map(([work, tool, rival]) => [
    `${work}, ${tool}`,
    `${of('work', `${tool}, cold`)} ms`,
    `${of('work', `${INSTALLED}, ${work}`)} ms`,
    `${of('work', `solod call, ${work}`)} ms`,
    `${of('work', `${rival} \\(control\\)`)} ms (${rival})`,
  ]);
  const head = ['', 'without a daemon', 'solod', 'solod, on Node', "the tool's own daemon"];
  return markdownTable(head, rows);
}

/** @param {string} performance docs/performance.md @returns {string} */
export function inShort(performance) {
  const of = mediansOf(performance);
  const own = of('native', `${INSTALLED}, warm, no-op`);
  const onNode = of('no-op', 'solod call, warm, no-op');
  const node = of('no-op', 'node -e 0 \\(control\\)');
  const first = of('cold', 'bin/solod call, first call of a cold name, natively');
  const firstOnNode = of('cold', 'solod call, first call of a cold name');
  const idle = of('idle', 'an idle daemon, resident memory');
  const facts = [
    `**What solod itself takes of a call:** ${own} ms; on Node ${onNode} ms, of which ${node} ms are Node's start.`,
    `**The first call, which starts the daemon:** ${first} ms; on Node ${firstOnNode} ms; and what the service takes to load.`,
    `**Memory of an idle daemon:** ${idle} MB, and what the service has loaded.`,
  ];
  return `${workTable(performance)}\n\n${facts.map((fact) => `- ${fact}`).join('\n')}`;
}

/** Two digits tell enough. @param {number} value */
const shown = (value) => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
