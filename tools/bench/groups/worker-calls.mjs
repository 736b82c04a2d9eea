/** Callers whose calls each keep a processor busy: in workers, beside processes that have the tool loaded. */
import { SOLOD } from '../../support/paths.mjs';
import { peer, service } from '../bench-sandbox.mjs';
import { timeGathered } from '../gathered-callers.mjs';
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

/** @param {Workbench} bench @param {readonly string[]} args of Node */
const atOnce = (bench, args) =>
  timeGathered(bench, { count: CALLERS, program: process.execPath, args, gatherMs: GATHER_MS });

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
