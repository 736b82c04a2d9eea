/** The figures of the README: real work with solod, with a tool's own daemon, and cold. */
import { markdownTable } from '../support/markdown.mjs';

const HEAD = ['', 'solod', 'its own daemon', 'without a daemon'];
const INSTALLED = 'node_modules/.bin/solod call';

/** @param {string} performance docs/performance.md @returns {string} */
export function speedTable(performance) {
  const ms = (/** @type {string} */ what) => `${Math.round(medianOf(performance, what) * 10) / 10} ms`;
  const own = (/** @type {string} */ tool) => `${tool}: ${ms(`${tool} (control)`)}`;
  const cold = (/** @type {string} */ tool) => `${tool}: ${ms(`${tool}, cold`)}`;
  return markdownTable(HEAD, [
    ['format one file', ms(`${INSTALLED}, formatting one file`), own('prettierd'), cold('prettier')],
    ['lint one file', ms(`${INSTALLED}, linting one file`), own('eslint_d'), cold('eslint')],
    ['do nothing', ms(`${INSTALLED}, warm, no-op`), '', `node -e 0: ${ms('node -e 0 (control)')}`],
  ]);
}

/**
 * @param {string} performance docs/performance.md @param {string} what the first cell of a row
 * @returns {number} its median, in milliseconds
 */
export function medianOf(performance, what) {
  const row = performance.split('\n').find((line) => line.startsWith(`| ${what} `));
  const [, digits] = /\| ([\d.,]+) \/ [\d.,]+ ms +\|/.exec(row ?? '') ?? [];
  if (digits === undefined) throw new Error(`docs/performance.md has no median of ${what}`);
  return Number(digits.replaceAll(',', ''));
}
