/** What must hold, held against what was seen. Everything is judged afterwards, from three accounts of what happened. */
import { ENDS } from './ledger-service.mjs';

/**
 * @typedef {import('./ledger-service.mjs').LedgerLine} LedgerLine
 * @typedef {import('./actions.mjs').Call} Call
 * @typedef {import('./chaos-sandbox.mjs').Client} Client
 * @typedef {{ atMs: number, what: string, text: string }} Violation
 * @typedef {Record<string, any> & { kind: string, atMs: number, name: string }} Observed a line of the observer's
 */

// --- requests ---------------------------------------------------------------------------------------------------------

/** The command's exit codes that say: nothing was begun. */
const NOT_BEGUN = [69, 70, 71, 73, 75];
const LOST = 76;

/** @param {Call} call @returns {{ kind: 'done' | 'aborted' | 'lost' | 'not-begun' | 'killed' | 'odd', outcome: string }} */
function reported({ kind, client }) {
  const { code, signal, sent, endedMs } = client;
  const outcome = endedMs === undefined ? 'never ended' : String(signal ?? code);
  if (endedMs === undefined) return { kind: 'odd', outcome };
  if (code === (kind === 'failing' ? ENDS.failing : 0)) return { kind: 'done', outcome };
  if (code === ENDS.aborted) return { kind: 'aborted', outcome };
  if (code === LOST) return { kind: 'lost', outcome };
  if (NOT_BEGUN.includes(code ?? -1)) return { kind: 'not-begun', outcome };
  if (wasKilled(sent, code, signal)) return { kind: 'killed', outcome };
  return { kind: 'odd', outcome };
}

/** @param {NodeJS.Signals[]} sent @param {number | null} code @param {NodeJS.Signals | null} signal */
function wasKilled(sent, code, signal) {
  if (signal !== null) return sent.includes(signal);
  return (code === 130 && sent.includes('SIGINT')) || (code === 143 && sent.includes('SIGTERM'));
}

/**
 * @param {Iterable<Call>} calls
 * @param {LedgerLine[]} ledger
 */
export function judgeCalls(calls, ledger) {
  /** @type {Map<string, LedgerLine[]>} */
  const lines = new Map();
  for (const line of ledger) lines.set(line.id, [...(lines.get(line.id) ?? []), line]);
  /** @type {Violation[]} */
  const violations = [];
  /** @type {Record<string, number>} */
  const outcomes = {};
  for (const call of calls) {
    const own = lines.get(call.id) ?? [];
    const report = reported(call);
    const key = `${report.outcome}, ${did(own)}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
    const wrong = wrongWith(call, report.kind, own);
    if (wrong === undefined) continue;
    const atMs = own[0]?.atMs ?? call.client.endedMs ?? call.client.startedMs;
    const story = own.map((line) => `${line.what} by pid ${line.pid}`).join(', ') || 'nothing in the ledger';
    const text = `call ${call.id} (${call.kind}, pid ${call.client.pid}) ended with ${report.outcome}; ${story}; stderr: ${call.client.stderr.trim()}`;
    violations.push({ atMs, what: wrong, text });
  }
  return { violations, outcomes };
}

/** @param {LedgerLine[]} lines */
function did(lines) {
  const last = lines.at(-1)?.what ?? 'not begun';
  return lines.length > 2 ? `${last}, ${lines.length} lines` : last;
}

/** @param {Call} call @param {ReturnType<typeof reported>['kind']} kind @param {LedgerLine[]} lines @returns {string | undefined} */
function wrongWith({ id, input, client }, kind, lines) {
  const times = (/** @type {string} */ what) => lines.filter((line) => line.what === what).length;
  if (times('begun') > 1) return 'doubled call';
  switch (kind) {
    case 'done':
      if (times('finished') !== 1) return 'lost call: reported as done, and not carried out';
      return client.stdout === `done ${id} ${input}` ? undefined : 'lost output';
    case 'aborted':
      return times('aborted') === 1 ? undefined : 'an aborted call that was not';
    case 'not-begun':
      // Begun and aborted is the service's answer to a caller that went away: seen in the table of outcomes.
      return times('finished') === 0 ? undefined : 'a call that was carried out, reported as not begun';
    case 'odd':
      return client.endedMs === undefined ? 'a call that never ended' : 'an exit code that says nothing';
    default:
      return undefined;
  }
}

/**
 * faketime(1) stays as the parent of what it runs: killed with it or through it, it ends with 1 and these words; or it does not
 * begin at all, because one that was killed before has left a semaphore of the same process id.
 */
const isFaketimesEnd = (/** @type {Client} */ { code, stderr }) =>
  code === 1 && /(^|\n)Caught (Killed|Terminated|Interrupt|Hangup)\s*$|^faketime: sem_open:/.test(stderr);

/** What the commands may end with that call nothing. */
const ENDINGS = [0, ...NOT_BEGUN, LOST];

/** @param {Client[]} clients @returns {Violation[]} */
export function judgeCommands(clients) {
  const odd = clients.filter((client) => {
    const { what, code, signal, sent, endedMs, stderr } = client;
    if (what === 'call' || isFaketimesEnd(client)) return false;
    if (endedMs === undefined) return true;
    // A daemon on its way out kills itself when that takes too long, as it does while it is stopped.
    if (what === 'serve' && signal === 'SIGKILL')
      return !sent.includes(signal) && !stderr.includes('ending: ');
    return !ENDINGS.includes(code ?? -1) && !wasKilled(sent, code, signal);
  });
  return odd.map(({ what, pid, code, signal, stderr, startedMs, endedMs }) => ({
    atMs: endedMs ?? startedMs,
    what: `an ending of ${what} that no documentation knows`,
    text: `pid ${pid}: ${endedMs === undefined ? 'never ended' : (signal ?? code)}: ${stderr.trim()}`,
  }));
}

// --- daemons ----------------------------------------------------------------------------------------------------------

const keyOf = (/** @type {{ pid: number, startTime: string }} */ { pid, startTime }) => `${pid} ${startTime}`;

/**
 * Daemons, as the ledger knows them, for a service is loaded by whoever has claimed; each with the last moment at which it
 * was demonstrably still there.
 * @param {LedgerLine[]} ledger @param {Observed[]} observed
 */
export function daemonsOf(ledger, observed) {
  /** @type {Map<string, { name: string, pid: number, startTime: string, loadedMs: number, seenMs: number }>} */
  const daemons = new Map();
  for (const { name, pid, startTime, atMs } of ledger) {
    const known = daemons.get(keyOf({ pid, startTime }));
    if (known === undefined)
      daemons.set(keyOf({ pid, startTime }), { name, pid, startTime, loadedMs: atMs, seenMs: atMs });
    else known.seenMs = Math.max(known.seenMs, atMs);
  }
  for (const { kind, pid, startTime, seenMs } of observed) {
    const known = kind === 'sighting' ? daemons.get(keyOf({ pid, startTime })) : undefined;
    if (known !== undefined) known.seenMs = Math.max(known.seenMs, seenMs);
  }
  return [...daemons.values()].sort((a, b) => a.loadedMs - b.loadedMs);
}

/** @param {ReturnType<typeof daemonsOf>} daemons @returns {Violation[]} */
function judgeTogether(daemons) {
  return daemons.flatMap((later, n) =>
    daemons
      .slice(0, n)
      .filter(({ name, seenMs }) => name === later.name && seenMs > later.loadedMs)
      .map((earlier) => ({
        atMs: later.loadedMs,
        what: 'two daemons',
        text: `of ${later.name}: pid ${earlier.pid} was still there ${(earlier.seenMs - later.loadedMs).toFixed(1)} ms after pid ${later.pid} had loaded the service`,
      })),
  );
}

/** @param {Observed[]} observed @returns {Violation[]} */
function judgeAnswers(observed) {
  const answers = observed.filter(({ kind, status }) => kind === 'status' && status !== undefined);
  const lastSeenMs = (/** @type {Observed} */ { pid, atMs }) => {
    const sockets = observed.filter(
      (line) => line.kind === 'sighting' && line.pid === pid && line.firstMs <= atMs,
    );
    return Math.max(0, ...sockets.map(({ seenMs }) => seenMs));
  };
  return answers.flatMap((later, n) =>
    answers
      .slice(0, n)
      .filter(
        (earlier) =>
          earlier.name === later.name &&
          earlier.status.pid !== later.status.pid &&
          lastSeenMs(earlier) > later.atMs,
      )
      .map((earlier) => ({
        atMs: later.atMs,
        what: 'two daemons that both answer',
        text: `of ${later.name}: ${JSON.stringify(earlier.status)} and ${JSON.stringify(later.status)}`,
      })),
  );
}

/** So long two public listeners may be there that run: time enough to withdraw, on a machine that has other things to do. */
const WITHDRAWAL_MS = 1_000;

/** @param {Observed[]} observed @returns {Violation[]} */
function judgeSuspicions(observed) {
  return observed
    .filter(
      ({ kind, atMs, sinceMs }) =>
        (kind === 'suspicion' || kind === 'dissolved') && atMs - sinceMs > WITHDRAWAL_MS,
    )
    .filter(({ sinceMs }, n, all) => all.findIndex((other) => other.sinceMs === sinceMs) === n)
    .map(({ sinceMs, name }) => ({
      atMs: sinceMs,
      what: 'two public listeners',
      text: `of ${name}, neither stopped, for more than ${WITHDRAWAL_MS} ms`,
    }));
}

/** @param {Observed[]} observed @returns {Violation[]} */
function judgePointer(observed) {
  /** @type {Map<string, number>} */
  const before = new Map();
  return observed.flatMap(({ kind, name, current, atMs }) => {
    if (kind !== 'change') return [];
    const was = before.get(name) ?? 0;
    before.set(name, current);
    return current < was
      ? [{ atMs, what: '`current` went down', text: `of ${name}: ${was}, then ${current || 'none'}` }]
      : [];
  });
}

/** @param {ReturnType<typeof daemonsOf>} daemons @param {Observed[]} observed @returns {Violation[]} */
function judgeAdrift(daemons, observed) {
  const known = new Map(daemons.map((daemon) => [keyOf(daemon), daemon]));
  return observed
    .filter(({ kind, pid, startTime, sinceMs }) => {
      const loadedMs = kind === 'adrift' ? known.get(keyOf({ pid, startTime }))?.loadedMs : undefined;
      return loadedMs !== undefined && loadedMs < sinceMs;
    })
    .filter(({ pid }, n, all) => all.findIndex((other) => other.pid === pid) === n)
    .map(({ pid, name, sinceMs, standing, current }) => ({
      atMs: sinceMs,
      what: 'a daemon that nobody finds',
      text: `of ${name}: pid ${pid} listens, ${standing}, and current is ${current || 'not there'}`,
    }));
}

/** @param {LedgerLine[]} ledger @param {Observed[]} observed @returns {Violation[]} */
export function judgeDaemons(ledger, observed) {
  const daemons = daemonsOf(ledger, observed);
  return [
    ...judgeTogether(daemons),
    ...judgeAnswers(observed),
    ...judgeSuspicions(observed),
    ...judgePointer(observed),
    ...judgeAdrift(daemons, observed),
  ];
}
