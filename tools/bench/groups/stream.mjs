/**
 * A gibibyte through stdin and stdout, beside socat over the same kind of socket; and how much memory both
 * sides take.
 */
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { NATIVE_CLIENT, SOLOD } from '../../support/paths.mjs';
import { residentMib } from '../../support/processes.mjs';
import { waitUntil } from '../../support/time.mjs';
import { service } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';

/** @typedef {import('../workbench.mjs').Workbench} Workbench */

const ROUNDS = 5;
const MIB_BYTES = 1024 * 1024;
const MIB = 1024;
const QUICK_MIB = 128;
const ECHO = service('echo');
/** As much as Node reads at once. socat's own block of 8 KiB would make it slower. */
const SOCAT_BLOCK = ['-b', '65536'];
const SOCAT_WITHIN_MS = 5_000;
const PEEK_EVERY_MS = 20;
const POUR_MS = 300_000;

/** @param {readonly string[]} words */
const quoted = (words) => words.map((word) => `'${word}'`).join(' ');

/**
 * @param {Workbench} bench
 * @param {number} mib
 * @param {readonly string[]} client
 * @returns {Promise<number>} MiB per second
 */
async function pour(bench, mib, client) {
  const line = `head -c ${mib * MIB_BYTES} /dev/zero | ${quoted(client)} | wc -c`;
  const begun = performance.now();
  const counted = Number(bench.sandbox.run('sh', ['-c', line], { timeout: POUR_MS }));
  const seconds = (performance.now() - begun) / 1000;
  if (counted !== mib * MIB_BYTES) throw new Error(`${client.join(' ')}: ${counted} bytes came through`);
  return mib / seconds;
}

/**
 * Starts a server that sends back what it gets. socat alone can't (PIPE): it would wait for itself.
 * @param {Workbench} bench @param {string} socat @returns {Promise<string[]>} the command line of its client
 */
async function startSocat({ sandbox }, socat) {
  const socket = path.join(sandbox.scratch, 'socat.sock');
  sandbox.start(socat, [...SOCAT_BLOCK, `UNIX-LISTEN:${socket},fork`, 'EXEC:cat'], { stdio: 'ignore' });
  if (!(await waitUntil(() => fs.existsSync(socket), { withinMs: SOCAT_WITHIN_MS, everyMs: 10 })))
    throw new Error('socat does not listen');
  // It ends half a second after its input unless it is told to wait.
  return [socat, ...SOCAT_BLOCK, '-t', '60', '-', `UNIX-CONNECT:${socket}`];
}

/**
 * @param {Workbench} bench @param {number} mib @param {number} daemonPid
 * @returns {Promise<{ client: number, daemon: number }>} the most memory that each has had, in MiB
 */
async function peaks(bench, mib, daemonPid) {
  // The shell prints the process id that the client gets.
  const client = `sh -c 'echo $$ >&2; exec "$@"' client ${quoted([process.execPath, SOLOD, 'call', ECHO])}`;
  const line = `head -c ${mib * MIB_BYTES} /dev/zero | ${client} | wc -c`;
  const child = bench.sandbox.start('sh', ['-c', line], { stdio: ['ignore', 'ignore', 'pipe'] });
  let pid = 0;
  child.stderr?.on('data', (text) => {
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

/**
 * Four times as much goes through: memory does not grow with it. The first quarter warms both sides up.
 * @param {Workbench} bench @param {number} mib @returns {Promise<import('../rows.mjs').Row[]>}
 */
async function measureMemory(bench, mib) {
  const { pid } = bench.sandbox.daemonOf(ECHO);
  const few = await peaks(bench, mib / 4, pid);
  const many = await peaks(bench, mib, pid);
  const against = { group: 'stream', against: `${mib / 4} MiB through it`, unit: 'MiB' };
  return /** @type {const} */ (['client', 'daemon']).map((side) =>
    ratioRow({
      ...{ ...against, what: `peak memory of the ${side}, ${mib} MiB through it`, target: { atMost: 1.25 } },
      ...{ values: [many[side]], references: [few[side]] },
    }),
  );
}

/** @param {Workbench} bench @returns {Promise<import('../rows.mjs').Row[]>} */
export async function measureStream(bench) {
  const mib = bench.isQuick ? QUICK_MIB : MIB;
  bench.sandbox.solod(['call', ECHO, '--', 'x']);
  const memory = fs.existsSync('/proc/self/status') ? await measureMemory(bench, mib) : [];
  const socat = bench.program('socat', ['socat']);
  if (socat === undefined) {
    bench.sandbox.endDaemons();
    return memory;
  }
  const socatClient = await startSocat(bench, socat);
  const installed = fs.existsSync(NATIVE_CLIENT) ? bench.sandbox.install().command : undefined;
  const acts = {
    ...(installed === undefined ? {} : { native: () => pour(bench, mib, [installed, 'call', ECHO]) }),
    own: () => pour(bench, mib, [process.execPath, SOLOD, 'call', ECHO]),
    socat: () => pour(bench, mib, socatClient),
    control: () => pour(bench, mib, socatClient),
  };
  const taken = await bench.rounds(ROUNDS, acts, { what: `${mib} MiB` });
  bench.sandbox.endDaemons();
  const against = { group: 'stream', against: 'socat', references: taken.socat, unit: 'MiB/s' };
  const what = `solod call, ${mib} MiB through stdin and stdout`;
  const target = { atLeast: 0.9 };
  const native = taken.native && { what: `node_modules/.bin/${what}`, values: taken.native };
  return [
    ratioRow({ ...against, what: 'socat (control)', values: taken.control }),
    ...(native === undefined ? [] : [ratioRow({ ...against, ...native, target })]),
    ratioRow({ ...against, what, values: taken.own, target }),
    ...memory,
  ];
}
