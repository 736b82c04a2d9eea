/**
 * Holds the daemons of a run against "exactly one", from the ledger and from what the observer saw. All of it
 * after the run.
 */

/**
 * @typedef {import('./ledger-service.mjs').LedgerLine} LedgerLine
 * @typedef {import('./judge-calls.mjs').Violation} Violation
 * @typedef {import('./observer.mjs').Observed} Observed
 * @typedef {{ pid: number, startTime: string }} Identity
 * @typedef {Identity & { name: string, loadedMs: number, seenMs: number }} Daemon `seenMs`: when it was last
 *   there for certain
 */

/** How long two public listeners that run may be there: enough for one to withdraw on a busy machine. */
const WITHDRAWAL_MS = 1_000;

/** @param {Identity} identity */
const keyOf = ({ pid, startTime }) => `${pid} ${startTime}`;

/**
 * @template {Observed['kind']} Kind
 * @param {readonly Observed[]} observed
 * @param {Kind} kind
 * @returns {Extract<Observed, { kind: Kind }>[]}
 */
export const ofKind = (observed, kind) =>
  /** @type {any[]} */ (observed.filter((line) => line.kind === kind));

/**
 * The daemons that the ledger knows, because only a daemon that has claimed loads the service.
 * @param {readonly LedgerLine[]} ledger @param {readonly Observed[]} observed
 * @returns {Daemon[]} in the order of their loading
 */
export function daemonsOf(ledger, observed) {
  /** @type {Map<string, Daemon>} */
  const daemons = new Map();
  for (const { name, pid, startTime, atMs } of ledger) {
    const known = daemons.get(keyOf({ pid, startTime }));
    if (known === undefined)
      daemons.set(keyOf({ pid, startTime }), { name, pid, startTime, loadedMs: atMs, seenMs: atMs });
    else known.seenMs = Math.max(known.seenMs, atMs);
  }
  for (const sighting of ofKind(observed, 'sighting')) {
    const known = daemons.get(keyOf(sighting));
    if (known !== undefined) known.seenMs = Math.max(known.seenMs, sighting.seenMs);
  }
  return [...daemons.values()].sort((a, b) => a.loadedMs - b.loadedMs);
}

/** @param {readonly Daemon[]} daemons @returns {Violation[]} */
function judgeOverlaps(daemons) {
  return daemons.flatMap((later, n) =>
    daemons
      .slice(0, n)
      .filter(({ name, seenMs }) => name === later.name && seenMs > later.loadedMs)
      .map((earlier) => ({
        atMs: later.loadedMs,
        what: 'two daemons',
        text:
          `of ${later.name}: pid ${earlier.pid} was still there ` +
          `${(earlier.seenMs - later.loadedMs).toFixed(1)} ms after pid ${later.pid} had loaded the service`,
      })),
  );
}

/** @param {readonly Observed[]} observed @returns {Violation[]} */
function judgeAnswers(observed) {
  const answers = ofKind(observed, 'status').filter(({ status }) => status !== undefined);
  const sightings = ofKind(observed, 'sighting');
  const lastSeenMs = (/** @type {(typeof answers)[number]} */ { pid, atMs }) => {
    const sockets = sightings.filter((sighting) => sighting.pid === pid && sighting.firstMs <= atMs);
    return Math.max(0, ...sockets.map(({ seenMs }) => seenMs));
  };
  return answers.flatMap((later, n) =>
    answers
      .slice(0, n)
      .filter(
        (earlier) =>
          earlier.name === later.name &&
          earlier.status?.pid !== later.status?.pid &&
          lastSeenMs(earlier) > later.atMs,
      )
      .map((earlier) => ({
        atMs: later.atMs,
        what: 'two daemons that both answer',
        text: `of ${later.name}: ${JSON.stringify(earlier.status)} and ${JSON.stringify(later.status)}`,
      })),
  );
}

/** @param {readonly Observed[]} observed @returns {Violation[]} */
function judgeSuspicions(observed) {
  return [...ofKind(observed, 'suspicion'), ...ofKind(observed, 'dissolved')]
    .filter(({ atMs, sinceMs }) => atMs - sinceMs > WITHDRAWAL_MS)
    .filter(({ sinceMs }, n, all) => all.findIndex((other) => other.sinceMs === sinceMs) === n)
    .map(({ sinceMs, name }) => ({
      atMs: sinceMs,
      what: 'two public listeners',
      text: `of ${name}, neither stopped, for more than ${WITHDRAWAL_MS} ms`,
    }));
}

/** @param {readonly Observed[]} observed @returns {Violation[]} */
function judgePointer(observed) {
  /** @type {Map<string, number>} */
  const before = new Map();
  return ofKind(observed, 'change').flatMap(({ name, current, atMs }) => {
    const was = before.get(name) ?? 0;
    before.set(name, current);
    if (current >= was) return [];
    return [{ atMs, what: '`current` went down', text: `of ${name}: ${was}, then ${current || 'none'}` }];
  });
}

/** @param {readonly Daemon[]} daemons @param {readonly Observed[]} observed @returns {Violation[]} */
function judgeAdrift(daemons, observed) {
  const loadedMs = new Map(daemons.map((daemon) => [keyOf(daemon), daemon.loadedMs]));
  return ofKind(observed, 'adrift')
    .filter((line) => (loadedMs.get(keyOf(line)) ?? Number.POSITIVE_INFINITY) < line.sinceMs)
    .filter(({ pid }, n, all) => all.findIndex((other) => other.pid === pid) === n)
    .map(({ pid, name, sinceMs, standing, current }) => ({
      atMs: sinceMs,
      what: 'a daemon that no client finds',
      text: `of ${name}: pid ${pid} listens, ${standing}, and current is ${current || 'not there'}`,
    }));
}

/** @param {readonly LedgerLine[]} ledger @param {readonly Observed[]} observed @returns {Violation[]} */
export function judgeDaemons(ledger, observed) {
  const daemons = daemonsOf(ledger, observed);
  return [
    ...judgeOverlaps(daemons),
    ...judgeAnswers(observed),
    ...judgeSuspicions(observed),
    ...judgePointer(observed),
    ...judgeAdrift(daemons, observed),
  ];
}
