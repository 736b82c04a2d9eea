/**
 * Holds every command against what its caller was told, and every call against the ledger too. All of it
 * after the run.
 */
import { ENDS } from './ledger-service.mjs';

/**
 * @typedef {import('./ledger-service.mjs').LedgerLine} LedgerLine
 * @typedef {import('./actions.mjs').Call} Call
 * @typedef {import('./chaos-sandbox.mjs').Client} Client
 * @typedef {{ atMs: number, what: string, text: string }} Violation
 * @typedef {'done' | 'aborted' | 'lost' | 'not-begun' | 'killed' | 'odd'} Report what the exit code told the
 *   caller
 */

/** The command's exit codes that say that the service was never called. */
const NOT_BEGUN = [69, 70, 71, 73, 75];
/** The exit code that says that nobody knows whether the service was called. */
const LOST = 76;

/** @param {Call} call @returns {{ kind: Report, outcome: string }} */
function reportOf({ kind, client }) {
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

/**
 * @param {readonly NodeJS.Signals[]} sent
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
function wasKilled(sent, code, signal) {
  if (signal !== null) return sent.includes(signal);
  return (code === 130 && sent.includes('SIGINT')) || (code === 143 && sent.includes('SIGTERM'));
}

/**
 * @param {Iterable<Call>} calls
 * @param {readonly LedgerLine[]} ledger
 * @returns {{ violations: Violation[], outcomes: Record<string, number> }} `outcomes`: how often each exit
 *   code met each entry
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
    const report = reportOf(call);
    const key = `${report.outcome}, ${lastEntry(own)}`;
    outcomes[key] = (outcomes[key] ?? 0) + 1;
    const what = wrongWith(call, report.kind, own);
    if (what !== undefined) violations.push(violationOf(call, own, { what, outcome: report.outcome }));
  }
  return { violations, outcomes };
}

/**
 * @param {Call} call
 * @param {readonly LedgerLine[]} lines
 * @param {{ what: string, outcome: string }} found
 * @returns {Violation}
 */
function violationOf({ id, kind, client }, lines, { what, outcome }) {
  const atMs = lines[0]?.atMs ?? client.endedMs ?? client.startedMs;
  const entries =
    lines.map((line) => `${line.what} by pid ${line.pid}`).join(', ') || 'nothing in the ledger';
  const call = `call ${id} (${kind}, pid ${client.pid})`;
  return { atMs, what, text: `${call} ended with ${outcome}; ${entries}; stderr: ${client.stderr.trim()}` };
}

/** @param {readonly LedgerLine[]} lines */
function lastEntry(lines) {
  const last = lines.at(-1)?.what ?? 'not begun';
  return lines.length > 2 ? `${last}, ${lines.length} lines` : last;
}

/**
 * @param {Call} call
 * @param {Report} kind
 * @param {readonly LedgerLine[]} lines
 * @returns {string | undefined}
 */
function wrongWith({ id, input, client }, kind, lines) {
  const times = (/** @type {string} */ what) => lines.filter((line) => line.what === what).length;
  if (times('begun') > 1) return 'doubled call';
  switch (kind) {
    case 'done':
      if (times('finished') !== 1) return 'lost call: reported as done, and not carried out';
      return client.stdout === `done ${id} ${input}` ? undefined : 'lost output';
    case 'aborted':
      return times('aborted') === 1 ? undefined : 'a call reported as aborted that was not';
    case 'not-begun':
      // Begun and aborted is how the service answers a caller that went away; the table of outcomes shows it.
      return times('finished') === 0 ? undefined : 'a call that was carried out, reported as not begun';
    case 'odd':
      return client.endedMs === undefined ? 'a call that never ended' : 'an exit code that is not documented';
    case 'lost':
    case 'killed':
      return undefined;
  }
}

/**
 * faketime(1) stays the parent of what it runs. Killed with it or through it, it ends with 1 and these words;
 * or it does not start, because a killed one left a semaphore of the same process id.
 */
const isEndOfFaketime = (/** @type {Client} */ { code, stderr }) =>
  code === 1 && /(^|\n)Caught (Killed|Terminated|Interrupt|Hangup)\s*$|^faketime: sem_open:/.test(stderr);

/** The exit codes of commands other than `call`. */
const DOCUMENTED = [0, ...NOT_BEGUN, LOST];

/** @param {Client} client */
function isOdd(client) {
  const { what, code, signal, sent, endedMs, stderr } = client;
  if (what === 'call' || isEndOfFaketime(client)) return false;
  if (endedMs === undefined) return true;
  // A daemon kills itself if its shutdown takes too long, as it does while the daemon is stopped.
  if (what === 'serve' && signal === 'SIGKILL') return !sent.includes(signal) && !stderr.includes('ending: ');
  return !DOCUMENTED.includes(code ?? -1) && !wasKilled(sent, code, signal);
}

/** @param {readonly Client[]} clients @returns {Violation[]} */
export const judgeCommands = (clients) =>
  clients.filter(isOdd).map(({ what, pid, code, signal, stderr, startedMs, endedMs }) => ({
    atMs: endedMs ?? startedMs,
    what: `${what} ended in an undocumented way`,
    text: `pid ${pid}: ${endedMs === undefined ? 'never ended' : (signal ?? code)}: ${stderr.trim()}`,
  }));
