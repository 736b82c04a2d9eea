/** What an idle daemon keeps in memory, beside a Node that only listens. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { peer, service } from './place.mjs';
import { differenceRow } from './rounds.mjs';

const PAIRS = 5;
/** V8 collects what the start has left behind in its first idle moments; that is the start's cost. */
const SETTLE_MS = 10_000;
const NOTHING = service('nothing');

/** @param {number | undefined} pid @returns {number} MB */
function residentMb(pid) {
  const kib = /^VmRSS:\s+(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kib) * 1024) / 1e6;
}

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
    return { daemon: place.daemonOf(NOTHING, env).pid, bare: bare(), control: bare() };
  });
  bench.say(`${PAIRS} daemons settle`);
  await delay(SETTLE_MS);
  const of = (who) =>
    pairs.map((pair) => residentMb(typeof pair[who] === 'number' ? pair[who] : pair[who].pid));
  const taken = { daemon: of('daemon'), bare: of('bare'), control: of('control') };
  for (const pair of pairs) for (const child of [pair.bare, pair.control]) child.kill();
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
