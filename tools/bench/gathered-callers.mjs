/** Many callers that are released at one instant. */
import fs from 'node:fs';
import path from 'node:path';
import { nowMs, waitUntil } from '../support/time.mjs';

/** @import { Workbench } from './workbench.mjs' */

/** The same for a caller that is not Node: a shell waits, and becomes it. */
const WAITING = [
  '-c',
  'printf . >>"$BENCH_READY"; : <"$BENCH_RELEASE"; unset BENCH_RELEASE; exec "$@"',
  'sh',
];

/**
 * @param {string} program @param {readonly string[]} args
 * @returns {{ program: string, args: readonly string[] }} waits for its release, and runs that
 */
export const waiting = (program, ...args) => ({ program: '/bin/sh', args: [...WAITING, program, ...args] });

/**
 * @param {Workbench} bench
 * @param {object} callers
 * @param {number} callers.count
 * @param {string} callers.program
 * @param {readonly string[]} callers.args it waits as `peers/wait-for-release.cjs` does
 * @param {number} callers.gatherMs how long they may take until all wait
 * @param {string} [callers.state] the state directory
 * @returns {Promise<number>} milliseconds from the release of all to the end of the last
 */
export async function timeGathered({ sandbox }, { count, program, args, gatherMs, state }) {
  const ready = sandbox.write('ready', '');
  const fifo = path.join(sandbox.scratch, 'release');
  if (!fs.existsSync(fifo)) sandbox.run('mkfifo', [fifo]);
  const env = { ...sandbox.env(state), BENCH_READY: ready, BENCH_RELEASE: fifo };
  const start = () => sandbox.start(program, args, { env, stdio: 'ignore' });
  const ended = Array.from({ length: count }, start).map(
    (child) => new Promise((resolve) => child.once('exit', resolve)),
  );
  const areReady = () => fs.statSync(ready).size >= count;
  if (!(await waitUntil(areReady, { withinMs: gatherMs, everyMs: 20 })))
    throw new Error(`${count} callers did not gather`);
  // For reading and writing: this open does not block, and a late caller finds the fifo open.
  const release = fs.openSync(fifo, 'r+');
  const begunMs = nowMs();
  const codes = await Promise.all(ended);
  const ms = nowMs() - begunMs;
  fs.closeSync(release);
  const failed = codes.filter((code) => code !== 0).length;
  if (failed > 0) throw new Error(`${failed} of ${count} callers got no answer`);
  return ms;
}
