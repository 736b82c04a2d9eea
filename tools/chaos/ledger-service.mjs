/**
 * The service that is called: it writes down all that it begins and ends, each with one write(2) to the end
 * of a file, the ledger.
 */

/**
 * @typedef {'loaded' | 'loaded-broken' | 'begun' | 'finished' | 'aborted'} Entry
 * @typedef {{ atMs: number, what: Entry, id: string, name: string, pid: number, startTime: string }}
 *   LedgerLine
 */

/** The exit codes that the service ends with; solod itself uses none of them. */
export const ENDS = { failing: 3, aborted: 9 };

/**
 * @param {{ ledger: string, name: string, state: 'whole' | 'broken' }} settings
 * @returns {string} the source of the service
 */
export function serviceText({ ledger, name, state }) {
  return `
import { openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { text } from 'node:stream/consumers';

const ledger = openSync(${JSON.stringify(ledger)}, 'a');
const startTime = readFileSync('/proc/self/stat', 'latin1').split(') ').pop().split(' ')[19];
const note = (what, id = '') =>
  writeSync(ledger, JSON.stringify({
    atMs: Number(process.hrtime.bigint()) / 1e6,
    what, id, name: ${JSON.stringify(name)}, pid: process.pid, startTime,
  }) + '\\n');
${state === 'broken' ? "note('loaded-broken'); throw new Error('broken for a while');" : "note('loaded');"}
// Some load slowly, and callers wait meanwhile.
await delay((process.pid % 7) * 40);

async function work(kind, ms, { stdin, signal }) {
  if (kind === 'slow') await delay(ms, undefined, { signal });
  if (kind === 'deaf') await delay(ms);
  return kind === 'stdin' ? await text(stdin) : '';
}

export default async ({ args: [id, kind, ms], stdin, stdout, signal }) => {
  note('begun', id);
  try {
    const read = await work(kind, Number(ms), { stdin, signal });
    note('finished', id);
    stdout.write('done ' + id + ' ' + read);
    return kind === 'failing' ? ${ENDS.failing} : 0;
  } catch {
    note('aborted', id);
    return ${ENDS.aborted};
  }
};
`;
}
