/** How much memory an idle daemon takes, beside a Node that only listens. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMib, signalTo } from '../../support/processes.mjs';
import { NOTHING, peer } from '../bench-sandbox.mjs';
import { differenceRow } from '../rows.mjs';

const PAIRS = 5;
/** V8 collects the garbage of the start in its first idle moments; that belongs to the start. */
const SETTLE_MS = 10_000;
const MB_IN_MIB = 1.048576;

/** @param {import('../workbench.mjs').Workbench} bench @returns {Promise<import('../rows.mjs').Row[]>} */
export async function measureIdle(bench) {
  if (!fs.existsSync('/proc/self/status')) {
    bench.leaveOut('resident memory', 'there is no /proc here');
    return [];
  }
  const { sandbox } = bench;
  const startBare = (/** @type {string} */ name) => {
    const socket = path.join(sandbox.scratch, `${name}.sock`);
    return sandbox.start(process.execPath, [peer('bare-server.cjs'), socket], { stdio: 'ignore' }).pid ?? 0;
  };
  const pairs = Array.from({ length: PAIRS }, (_, n) => {
    const env = sandbox.env(`state-idle-${n}`);
    sandbox.solod(['call', NOTHING], { env });
    const daemon = sandbox.daemonOf(NOTHING, env).pid;
    return { daemon, bare: startBare(`idle-${n}`), control: startBare(`idle-control-${n}`) };
  });
  bench.say(`${PAIRS} daemons settle`);
  await delay(SETTLE_MS);
  const megabytes = (/** @type {'daemon' | 'bare' | 'control'} */ which) =>
    pairs.map((pair) => residentMib(pair[which]) * MB_IN_MIB);
  const taken = { daemon: megabytes('daemon'), bare: megabytes('bare'), control: megabytes('control') };
  for (const pair of pairs) for (const pid of [pair.bare, pair.control]) signalTo(pid, 'SIGTERM');
  sandbox.endDaemons();
  const against = { group: 'idle', against: 'a Node that listens', references: taken.bare, unit: 'MB' };
  const what = 'an idle daemon, resident memory';
  return [
    differenceRow({ ...against, what: 'a Node that listens (control)', values: taken.control }),
    differenceRow({ ...against, what, values: taken.daemon, target: { atMost: 8 } }),
  ];
}
