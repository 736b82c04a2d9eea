/** A gibibyte through stdin and stdout, beside socat over the same kind of socket; and how much memory it takes on both sides. */
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { residentMib } from '../support/processes.mjs';
import { SOLOD, service } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';

const ROUNDS = 5;
const MIB = 1024 * 1024;
const ECHO = service('echo');
/** As much as Node reads at once. socat's own is 8 KiB, which would make it slower. */
const SOCAT_BLOCK = ['-b', '65536'];
const PEEK_EVERY_MS = 20;
const POUR_MS = 300_000;

const quoted = (words) => words.map((word) => `'${word}'`).join(' ');

/** @returns {Promise<number>} MiB per second, of which all have arrived */
async function pour(bench, mib, client) {
  const line = `head -c ${mib * MIB} /dev/zero | ${quoted(client)} | wc -c`;
  const begun = performance.now();
  const counted = Number(bench.place.run('sh', ['-c', line], { timeout: POUR_MS }));
  const seconds = (performance.now() - begun) / 1000;
  if (counted !== mib * MIB) throw new Error(`${client.join(' ')}: ${counted} bytes came through`);
  return mib / seconds;
}

/** A server that sends back what comes. socat alone can't (PIPE): it would wait for itself. */
async function startSocat(bench, socat) {
  const socket = path.join(bench.place.scratch, 'socat.sock');
  bench.place.start(socat, [...SOCAT_BLOCK, `UNIX-LISTEN:${socket},fork`, 'EXEC:cat'], { stdio: 'ignore' });
  for (let tries = 0; !fs.existsSync(socket); tries++) {
    if (tries > 500) throw new Error('socat does not listen');
    await delay(10);
  }
  // It ends half a second after its input unless it is told to wait.
  return [socat, ...SOCAT_BLOCK, '-t', '60', '-', `UNIX-CONNECT:${socket}`];
}

/** @returns {Promise<{ client: number, daemon: number }>} the most that each has had, in MiB */
async function peaks(bench, mib, daemonPid) {
  // The shell says which process the client becomes.
  const client = `sh -c 'echo $$ >&2; exec "$@"' client ${quoted([process.execPath, SOLOD, 'call', ECHO])}`;
  const line = `head -c ${mib * MIB} /dev/zero | ${client} | wc -c`;
  const child = bench.place.start('sh', ['-c', line], { stdio: ['ignore', 'ignore', 'pipe'] });
  let pid = 0;
  child.stderr.on('data', (text) => {
    pid ||= Number(text);
  });
  let most = 0;
  while (child.exitCode === null) {
    const seen = residentMib(pid, 'VmHWM');
    if (seen > most) most = seen;
    await delay(PEEK_EVERY_MS);
  }
  return { client: most, daemon: residentMib(daemonPid, 'VmHWM') };
}

/** Four times as much goes through: what is held on the way does not grow with it. The first part warms both up. */
async function measureMemory(bench, mib) {
  const { pid } = bench.place.daemonOf(ECHO);
  const few = await peaks(bench, mib / 4, pid);
  const many = await peaks(bench, mib, pid);
  const row = {
    group: 'stream',
    against: `${mib / 4} MiB through it`,
    unit: 'MiB',
    target: { atMost: 1.25 },
  };
  return ['client', 'daemon'].map((who) =>
    ratioRow({
      ...row,
      what: `peak memory of the ${who}, ${mib} MiB through it`,
      values: [many[who]],
      references: [few[who]],
    }),
  );
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureStream(bench) {
  const mib = bench.isQuick ? 128 : 1024;
  bench.place.solod(['call', ECHO, '--', 'x']);
  const memory = fs.existsSync('/proc/self/status') ? await measureMemory(bench, mib) : [];
  const socat = bench.program('socat', ['socat']);
  if (socat === undefined) {
    bench.place.endDaemons();
    return memory;
  }
  const other = await startSocat(bench, socat);
  const acts = {
    own: () => pour(bench, mib, [process.execPath, SOLOD, 'call', ECHO]),
    socat: () => pour(bench, mib, other),
    control: () => pour(bench, mib, other),
  };
  const taken = await bench.rounds(ROUNDS, acts, { what: `${mib} MiB` });
  bench.place.endDaemons();
  const against = { group: 'stream', against: 'socat', references: taken.socat, unit: 'MiB/s' };
  const what = `solod call, ${mib} MiB through stdin and stdout`;
  return [
    ratioRow({ ...against, what: 'socat (control)', values: taken.control }),
    ratioRow({ ...against, what, values: taken.own, target: { atLeast: 0.7 } }),
    ...memory,
  ];
}
