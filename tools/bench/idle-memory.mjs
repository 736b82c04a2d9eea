/** What an idle daemon keeps in memory, beside a Node that only listens. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMib, signalTo } from '../support/processes.mjs';
import { peer, service } from './bench-sandbox.mjs';
import { differenceRow } from './rounds.mjs';

const PAIRS = 5;
/** V8 collects what the start has left behind in its first idle moments; that is the start's cost. */
const SETTLE_MS = 10_000;
const MB_IN_MIB = 1.048576;
const NOTHING = service('nothing');

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureIdle(bench) {
  if (!fs.existsSync('/proc/self/status')) {
    bench.leaveOut('resident memory', 'there is no /proc here');
    return [];
  }
  const { place } = bench;
  const bare = () => {
    const socket = path.join(place.scratch, `idle-${Math.random()}.sock`);
    return place.start(process.execPath, [peer('bare-server.cjs'), socket], { stdio: 'ignore' });
  };
  const pairs = Array.from({ length: PAIRS }, (_, n) => {
    const env = place.env(`state-idle-${n}`);
    place.solod(['call', NOTHING], { env });
    return { daemon: place.daemonOf(NOTHING, env).pid, bare: bare().pid, control: bare().pid };
  });
  bench.say(`${PAIRS} daemons settle`);
  await delay(SETTLE_MS);
  const of = (who) => pairs.map((pair) => residentMib(pair[who]) * MB_IN_MIB);
  const taken = { daemon: of('daemon'), bare: of('bare'), control: of('control') };
  for (const pair of pairs) for (const pid of [pair.bare, pair.control]) signalTo(pid, 'SIGTERM');
  place.endDaemons();
  const against = { group: 'idle', against: 'a Node that listens', references: taken.bare, unit: 'MB' };
  return [
    differenceRow({ ...against, what: 'a Node that listens (control)', values: taken.control }),
    differenceRow({
      ...against,
      what: 'an idle daemon, resident memory',
      values: taken.daemon,
      target: { atMost: 8 },
    }),
  ];
}
