/** Calls without a daemon: the first call, a kick, and a hundred callers at once. */
import fs from 'node:fs';
import path from 'node:path';
import { NATIVE_CLIENT, SOLOD } from '../../support/paths.mjs';
import { signalTo } from '../../support/processes.mjs';
import { NOTHING, peer } from '../bench-sandbox.mjs';
import { timeGathered } from '../gathered-callers.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { Workbench } from '../workbench.mjs' */
/** @import { Row } from '../rows.mjs' */

const ROUNDS = 40;
const KICK_ROUNDS = 20;
const STORM_ROUNDS = 10;
const STORMS_MS = 150_000;
const CLIENTS = 100;
const GATHER_MS = 120_000;
const BALLAST_MIB = 400;
const NODE = process.execPath;
const STORM = ['--require', peer('wait-for-release.cjs'), SOLOD, 'call', NOTHING];

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureFirstCall(bench) {
  const { sandbox } = bench;
  const launcher = bench.launcher(sandbox.env());
  const socket = path.join(sandbox.scratch, 'bare.sock');
  const own = async () => {
    sandbox.makeCold();
    return launcher.run({ program: NODE, args: [SOLOD, 'call', NOTHING] });
  };
  /** What every such tool needs: a Node that listens, and a Node that asks. */
  const floor = async () => {
    sandbox.makeCold();
    fs.rmSync(socket, { force: true });
    const server = { program: NODE, args: [peer('bare-server.cjs'), socket] };
    const { ms, pid } = await launcher.reach(socket, server);
    signalTo(pid, 'SIGTERM');
    return ms + (await launcher.run({ program: NODE, args: ['-e', '0'] }));
  };
  const taken = await bench.rounds(ROUNDS, { own, floor, control: floor, ...nativeStart(bench) });
  sandbox.makeCold();
  const against = {
    group: 'cold',
    against: 'node server.cjs until it listens, and node -e 0',
    references: taken.floor,
    unit: 'ms',
  };
  const what = 'solod call, first call of a cold name';
  const rows = [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({ ...against, what, values: taken.own, target: { atMost: 1.3 } }),
  ];
  if (taken.native !== undefined)
    rows.push(ratioRow({ ...against, what: 'solod-client call, its daemon gone', values: taken.native }));
  return rows;
}

/**
 * The name is not quite cold: without the launch file that daemons leave, the native client would have Node
 * start one.
 * @param {Workbench} bench @returns {{ native?: import('../rounds.mjs').Act }}
 */
function nativeStart(bench) {
  if (!fs.existsSync(NATIVE_CLIENT)) return {};
  const launcher = bench.launcher(bench.sandbox.env('state-native'));
  const native = async () => {
    bench.sandbox.endDaemons();
    return launcher.run({ program: NATIVE_CLIENT, args: ['call', NOTHING] });
  };
  return { native };
}

/**
 * @param {Workbench} bench
 * @returns {string[]} what solod starts, word for word: it leaves that beside its daemon
 */
function daemonCommand({ sandbox }) {
  sandbox.makeCold();
  sandbox.solod(['call', NOTHING]);
  const launch = path.join(sandbox.daemonOf(NOTHING).directory, 'launch');
  return fs.readFileSync(launch, 'utf8').split('\0').filter(Boolean);
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureKick(bench) {
  const command = daemonCommand(bench);
  const [small, large] = [blockingActs(bench, command, 0), blockingActs(bench, command, BALLAST_MIB)];
  const taken = await bench.rounds(KICK_ROUNDS, {
    ...{ smallKick: small.kick, smallSpawn: small.spawn, smallControl: small.spawn },
    ...{ largeKick: large.kick, largeSpawn: large.spawn, largeControl: large.spawn },
  });
  bench.sandbox.makeCold();
  return [
    ...blockingRows('a small process', taken.smallKick, taken.smallSpawn, taken.smallControl),
    ...blockingRows(`a process of ${BALLAST_MIB} MiB`, taken.largeKick, taken.largeSpawn, taken.largeControl),
  ];
}

/**
 * @param {Workbench} bench
 * @param {readonly string[]} command that starts a daemon
 * @param {number} mib the memory of the host
 */
function blockingActs({ sandbox }, command, mib) {
  const log = path.join(sandbox.scratch, 'bare.log');
  const blockingMs = async (/** @type {string} */ how, /** @type {string[]} */ ...args) => {
    sandbox.makeCold();
    const printed = sandbox.run(NODE, [peer('kick-host.mjs'), how, String(mib), ...args]);
    return Number(printed.split(' ')[0]);
  };
  return { kick: () => blockingMs('kick', NOTHING), spawn: () => blockingMs('spawn', log, ...command) };
}

/**
 * @param {string} host
 * @param {number[]} kick
 * @param {number[]} spawn
 * @param {number[]} control
 * @returns {Row[]}
 */
function blockingRows(host, kick, spawn, control) {
  const against = { group: 'kick', against: `spawn().unref() in ${host}`, references: spawn, unit: 'ms' };
  const what = `kick() in ${host}, blocking time`;
  return [
    ratioRow({ ...against, what: `spawn().unref() in ${host} (control)`, values: control }),
    ratioRow({ ...against, what, values: kick, target: { atMost: 1.1 } }),
  ];
}

/** @param {Workbench} bench @param {string} state */
const storm = (bench, state) =>
  timeGathered(bench, { count: CLIENTS, args: STORM, gatherMs: GATHER_MS, state });

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureStorm(bench) {
  const { sandbox } = bench;
  const state = 'state-warm';
  const warm = async () => {
    sandbox.solod(['call', NOTHING], { env: sandbox.env(state) });
    return storm(bench, state);
  };
  const cold = async () => {
    sandbox.makeCold();
    return storm(bench, 'state');
  };
  const taken = await bench.rounds(STORM_ROUNDS, { cold, warm, control: warm }, { withinMs: STORMS_MS });
  sandbox.makeCold();
  sandbox.forget(state);
  const callers = `${CLIENTS} callers at once`;
  const against = { group: 'storm', against: `${callers}, warm`, references: taken.warm, unit: 'ms' };
  const what = `${callers}, cold`;
  return [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({ ...against, what, values: taken.cold, target: { atMost: 1.15 } }),
  ];
}
