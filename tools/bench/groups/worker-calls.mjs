/** Callers whose calls each keep a processor busy: in workers, beside processes that have the tool loaded. */
import fs from 'node:fs';
import path from 'node:path';
import { SOLOD } from '../../support/paths.mjs';
import { nowMs, waitUntil } from '../../support/time.mjs';
import { peer, service } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { Workbench } from '../workbench.mjs' */
/** @import { Row } from '../rows.mjs' */

const ROUNDS = 12;
const ROUNDS_MS = 240_000;
const CALLERS = 8;
const GATHER_MS = 60_000;
const COMPUTE = service('compute');
/** Takes about a second. */
const BELOW = '2500000';
const NODE = process.execPath;

/**
 * @param {Workbench} bench
 * @param {readonly string[]} args of Node
 * @returns {Promise<number>} milliseconds from the release of all processes to the end of the last
 */
async function atOnce({ sandbox }, args) {
  const ready = sandbox.write('ready', '');
  const fifo = path.join(sandbox.scratch, 'release');
  if (!fs.existsSync(fifo)) sandbox.run('mkfifo', [fifo]);
  const env = { ...sandbox.env(), BENCH_READY: ready, BENCH_RELEASE: fifo };
  const all = Array.from({ length: CALLERS }, () => sandbox.start(NODE, args, { env, stdio: 'ignore' }));
  const ended = all.map((child) => new Promise((resolve) => child.once('exit', resolve)));
  const areReady = () => fs.statSync(ready).size >= CALLERS;
  if (!(await waitUntil(areReady, { withinMs: GATHER_MS, everyMs: 20 })))
    throw new Error('the callers did not gather');
  const release = fs.openSync(fifo, 'r+');
  const begunMs = nowMs();
  const codes = await Promise.all(ended);
  const ms = nowMs() - begunMs;
  fs.closeSync(release);
  const failed = codes.filter((code) => code !== 0).length;
  if (failed > 0) throw new Error(`${failed} of ${CALLERS} callers failed`);
  return ms;
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureWorkers(bench) {
  const { sandbox } = bench;
  sandbox.makeCold();
  sandbox.solod(['call', COMPUTE, '--workers=auto', '--', '10']);
  const callers = ['--require', peer('wait-for-release.cjs'), SOLOD, 'call', COMPUTE, '--', BELOW];
  const own = () => atOnce(bench, callers);
  const plain = () => atOnce(bench, [peer('loaded-tool.mjs'), COMPUTE, BELOW]);
  const taken = await bench.rounds(ROUNDS, { own, plain, control: plain }, { withinMs: ROUNDS_MS });
  const processes = `${CALLERS} processes with the tool loaded`;
  const against = { group: 'workers', against: processes, references: taken.plain, unit: 'ms' };
  const what = `${CALLERS} callers at once, --workers=auto`;
  return [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({ ...against, what, values: taken.own, target: { atMost: 1.15 } }),
  ];
}
