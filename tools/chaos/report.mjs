/** What people read of it. */
import { label } from './chaos-sandbox.mjs';

const BEFORE_MS = 1_500;
const AFTER_MS = 1_500;
const LINES_MAX = 100;

/**
 * Everything that was done and seen around a moment, in order.
 * @param {number} atMs
 * @param {{ timeline: import('./chaos-sandbox.mjs').Moment[], ledger: import('./ledger-service.mjs').LedgerLine[], observed: import('./judge-daemons.mjs').Observed[] }} accounts
 * @returns {string}
 */
export function story(atMs, { timeline, ledger, observed }) {
  const moments = [
    ...timeline.map((moment) => ({ atMs: moment.atMs, text: moment.text })),
    ...ledger.map((line) => ({
      atMs: line.atMs,
      text: `  service of ${line.name}, pid ${line.pid}: ${line.what} ${line.id}`,
    })),
    ...observed
      .filter(({ kind }) => kind === 'change')
      .map((line) => ({ atMs: line.atMs, text: `  ${line.name}: ${line.text}` })),
  ];
  const near = moments
    .filter((moment) => moment.atMs > atMs - BEFORE_MS && moment.atMs < atMs + AFTER_MS)
    .sort((a, b) => a.atMs - b.atMs)
    .slice(-LINES_MAX);
  return near.map((moment) => `${(moment.atMs - atMs).toFixed(1).padStart(9)} ms  ${moment.text}`).join('\n');
}

/** @param {Record<string, number>} counts */
function table(counts) {
  const rows = Object.entries(counts).sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }));
  return rows.map(([what, count]) => `  ${String(count).padStart(6)}  ${what}`).join('\n');
}

/** @param {any} summary */
export function summaryText(summary) {
  const { seed, seconds, names, skipped, scenarios, violations } = summary;
  const parts = scenarios.map((/** @type {any} */ scenario) => {
    const { title, daemons, commands, outcomes, counts, observer } = scenario;
    return [
      `${title}: ${counts.acts ?? 0} acts, ${commands} commands, ${daemons.served} daemons served, ${daemons.started} were started`,
      'calls, by exit code and by what the service wrote down:',
      table(outcomes),
      'what was done to them:',
      table(Object.fromEntries(Object.entries(counts).filter(([what]) => what !== 'acts'))),
      `seen: ${observer.samples} samples, ${observer.medianGapMs} ms apart (median; ${observer.longestGapMs.toFixed(1)} at most); ` +
        `at most ${observer.listeners} listeners at once, of which public ${observer.published}; ` +
        `${observer.suspicions} times two public ones that ran, one of them gone within ${observer.longestSuspicionMs.toFixed(1)} ms`,
      ...(observer.published > 1 ? [`most that were public at once: ${observer.most}`] : []),
    ].join('\n');
  });
  const skips = skipped.map((/** @type {string} */ what) => `skipped: ${what}`);
  const head = `chaos: seed ${seed}, ${seconds} s, names ${names.join(', ')}`;
  return [head, ...parts, ...skips, `violations: ${violations.length}`].join('\n');
}

/** @param {import('./chaos-sandbox.mjs').World} world @param {number} leftS @param {Record<string, number>} counts */
export function progressLine(world, leftS, counts) {
  const last = world.clients.at(-1);
  const now = last === undefined ? '' : label(last).slice(0, 40);
  return `${leftS.toFixed(0).padStart(4)} s left, ${counts.acts ?? 0} acts, ${world.clients.length} commands, ${world.open.length} under way; ${now}`;
}
