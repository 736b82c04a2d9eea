/** The results of a run as text. */
import { label } from './chaos-sandbox.mjs';
import { ofKind } from './judge-daemons.mjs';

const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
const LINES_MAX = 100;

/**
 * @typedef {{ title: string, story: string } & import('./judge-calls.mjs').Violation} ToldViolation
 * @typedef {{
 *   title: string, commands: number, daemons: { served: number, started: number }, outcomes: Record<string,
 *   number>,
 *   counts: Record<string, number>, observer: import('./observer.mjs').Totals & { suspicions: number,
 *   longestSuspicionMs: number },
 *   violations: ToldViolation[],
 * }} Played what came of one state directory
 * @typedef {{
 *   seed: number, seconds: number, names: string[], skipped: string[], scenarios: Played[], violations:
 *   ToldViolation[],
 * }} Summary
 */

/**
 * All that was done and seen around a moment, in order.
 * @param {number} atMs
 * @param {{
 *   timeline: readonly import('./chaos-sandbox.mjs').Moment[], ledger: readonly
 *   import('./ledger-service.mjs').LedgerLine[],
 *   observed: readonly import('./observer.mjs').Observed[],
 * }} accounts
 * @returns {string}
 */
export function storyAround(atMs, { timeline, ledger, observed }) {
  const moments = [
    ...timeline,
    ...ledger.map((line) => ({
      atMs: line.atMs,
      text: `  service of ${line.name}, pid ${line.pid}: ${line.what} ${line.id}`,
    })),
    ...ofKind(observed, 'change').map((line) => ({ atMs: line.atMs, text: `  ${line.name}: ${line.text}` })),
  ];
  const near = moments
    .filter((moment) => moment.atMs > atMs - BEFORE_MS && moment.atMs < atMs + AFTER_MS)
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-LINES_MAX);
  return near.map((moment) => `${(moment.atMs - atMs).toFixed(1).padStart(9)} ms  ${moment.text}`).join('\n');
}

/** @param {Record<string, number>} counts */
function countsText(counts) {
  const rows = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return rows.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`).join('\n');
}

/** @param {Played['observer']} observer */
function observerText(observer) {
  const { samples, medianGapMs, longestGapMs, listeners, published, suspicions, longestSuspicionMs } =
    observer;
  return (
    `seen: ${samples} samples, ${medianGapMs} ms apart (median; at most ${longestGapMs.toFixed(1)} ms); ` +
    `at most ${listeners} listeners at once, ${published} of them public; ` +
    `${suspicions} times two public ones that ran, for at most ${longestSuspicionMs.toFixed(1)} ms`
  );
}

/** @param {Played} played */
function playedText({ title, daemons, commands, outcomes, counts, observer }) {
  const { actions = 0, ...others } = counts;
  return [
    `${title}: ${actions} actions, ${commands} commands`,
    `${daemons.started} daemons were started, and ${daemons.served} served`,
    'calls, by exit code and by what the service wrote down:',
    countsText(outcomes),
    'what was done to them:',
    countsText(others),
    observerText(observer),
    ...(observer.published > 1 ? [`most that were public at once: ${observer.most}`] : []),
  ].join('\n');
}

/** @param {Summary} summary */
export function summaryText({ seed, seconds, names, skipped, scenarios, violations }) {
  const head = `chaos: seed ${seed}, ${seconds} s, names ${names.join(', ')}`;
  const skips = skipped.map((what) => `skipped: ${what}`);
  return [head, ...scenarios.map(playedText), ...skips, `violations: ${violations.length}`].join('\n');
}

/**
 * @param {import('./chaos-sandbox.mjs').ChaosSandbox} sandbox
 * @param {number} leftS
 * @param {Record<string, number>} counts
 */
export function progressLine({ clients, open }, leftS, counts) {
  const last = clients.at(-1);
  const now = last === undefined ? '' : label(last).slice(0, 40);
  const { actions = 0 } = counts;
  const left = `${leftS.toFixed(0).padStart(4)} s left`;
  return `${left}, ${actions} actions, ${clients.length} commands, ${open.length} running; ${now}`;
}
