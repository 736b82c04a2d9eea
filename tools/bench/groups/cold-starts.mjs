/** Calls without a daemon: the first call, a kick, and a hundred callers at once. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { FRONT_DOOR, NATIVE_CLIENT, SOLOD } from '../../support/paths.mjs';
import { signalTo } from '../../support/processes.mjs';
import { NOTHING, peer } from '../bench-sandbox.mjs';
import { timeGathered, waiting } from '../gathered-callers.mjs';
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
  /** What every such tool needs: a Node that listens, and a program that asks. */
  const floor =
    (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    async () => {
      sandbox.makeCold();
      fs.rmSync(socket, { force: true });
      const server = { program: NODE, args: [peer('bare-server.cjs'), socket] };
      const { ms, pid } = await launcher.reach(socket, server);
      signalTo(pid, 'SIGTERM');
      return ms + (await launcher.run({ program, args }));
    };
  const byNode = floor(NODE, '-e', '0');
  const natively = fs.existsSync(NATIVE_CLIENT) ? await nativeActs(bench, floor('/bin/true')) : {};
  const taken = await bench.rounds(ROUNDS, { own, floor: byNode, control: byNode, ...natively });
  sandbox.makeCold();
  sandbox.makeCold(NATIVE_STATE);
  const against = {
    group: 'cold',
    against: `${LISTENS}, and node -e 0`,
    references: taken.floor,
    unit: 'ms',
  };
  const what = 'solod call, first call of a cold name';
  return [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({ ...against, what, values: taken.own, target: { atMost: 1.3 } }),
    ...nativeRows(taken),
  ];
}

const LISTENS = 'node server.cjs until it listens';
const NATIVE_STATE = 'state-native';
/** Until a daemon has left its compiled code for the next one. */
const KEPT_MS = 2_000;

/**
 * @param {Workbench} bench
 * @param {import('../rounds.mjs').Act} nativeFloor
 */
async function nativeActs(bench, nativeFloor) {
  const { sandbox } = bench;
  const first = bench.launcher(sandbox.env());
  const again = bench.launcher(sandbox.env(NATIVE_STATE));
  const nativeFirst = async () => {
    sandbox.makeCold();
    return first.run({ program: FRONT_DOOR, args: ['call', NOTHING] });
  };
  const nativeAgain = async () => {
    sandbox.endDaemons();
    return again.run({ program: FRONT_DOOR, args: ['call', NOTHING] });
  };
  await nativeAgain();
  await delay(KEPT_MS);
  return { nativeFloor, nativeControl: nativeFloor, nativeFirst, nativeAgain };
}

/** @param {Record<string, number[] | undefined>} taken @returns {Row[]} */
function nativeRows({ nativeFloor: references, nativeControl, nativeFirst, nativeAgain }) {
  if (!references || !nativeControl || !nativeFirst || !nativeAgain) return [];
  const against = { group: 'cold', against: `${LISTENS}, and /bin/true`, references, unit: 'ms' };
  const [first, again] = ['first call of a cold name', 'the daemon of the name has ended'];
  const target = { atMost: 1.25 };
  return [
    ratioRow({ ...against, what: 'the same (control)', values: nativeControl }),
    ratioRow({ ...against, what: `bin/solod call, ${first}, natively`, values: nativeFirst, target }),
    ratioRow({ ...against, what: `bin/solod call, ${again}, natively`, values: nativeAgain, target }),
  ];
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

/** @typedef {{ program: string, args: readonly string[] }} Caller */

/** @param {Workbench} bench @param {string} state @param {Caller} caller */
const storm = (bench, state, caller) =>
  timeGathered(bench, { count: CLIENTS, ...caller, gatherMs: GATHER_MS, state });

/** @param {Workbench} bench @param {Caller} caller */
function stormActs(bench, caller) {
  const { sandbox } = bench;
  const warm = async () => {
    sandbox.solod(['call', NOTHING], { env: sandbox.env(WARM_STATE) });
    return storm(bench, WARM_STATE, caller);
  };
  const cold = async () => {
    sandbox.makeCold();
    return storm(bench, 'state', caller);
  };
  return { cold, warm, control: warm };
}

const WARM_STATE = 'state-warm';

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureStorm(bench) {
  const { sandbox } = bench;
  const byNode = stormActs(bench, { program: NODE, args: STORM });
  const natively = fs.existsSync(NATIVE_CLIENT)
    ? stormActs(bench, waiting(FRONT_DOOR, 'call', NOTHING))
    : undefined;
  const taken = await bench.rounds(
    STORM_ROUNDS,
    {
      ...byNode,
      ...(natively && {
        nativeCold: natively.cold,
        nativeWarm: natively.warm,
        nativeControl: natively.control,
      }),
    },
    { withinMs: STORMS_MS },
  );
  sandbox.makeCold();
  sandbox.forget(WARM_STATE);
  return [...stormRows('by Node', taken, 1.15), ...(natively ? nativeStormRows(taken) : [])];
}

/**
 * @param {string} engine
 * @param {{ cold: number[], warm: number[], control: number[] }} taken
 * @param {number} atMost
 * @returns {Row[]}
 */
function stormRows(engine, { cold, warm, control }, atMost) {
  const callers = `${CLIENTS} callers at once`;
  const against = { group: 'storm', against: `${callers}, warm, ${engine}`, references: warm, unit: 'ms' };
  return [
    ratioRow({ ...against, what: 'the same (control)', values: control }),
    ratioRow({ ...against, what: `${callers}, cold, ${engine}`, values: cold, target: { atMost } }),
  ];
}

/** @param {Record<string, number[]> & { cold: number[] }} taken @returns {Row[]} */
function nativeStormRows({ cold: references, nativeCold = [], nativeWarm = [], nativeControl = [] }) {
  const rows = stormRows('natively', { cold: nativeCold, warm: nativeWarm, control: nativeControl }, 1.3);
  const callers = `${CLIENTS} callers at once, cold`;
  const against = { group: 'storm', against: `${callers}, by Node`, references, unit: 'ms' };
  const what = `${callers}, natively`;
  return [...rows, ratioRow({ ...against, what, values: nativeCold, target: { below: 0.3 } })];
}
