/** Whole processes, from their start to their end: a call that does nothing, in every way there is. */
import fs from 'node:fs';
import path from 'node:path';
import { tools } from '../../rivals/compared-tools.mjs';
import { FRONT_DOOR, NATIVE_CLIENT, SOLOD } from '../../support/paths.mjs';
import { NOTHING, peer } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { Launcher } from '../launcher.mjs' */
/** @import { Act } from '../rounds.mjs' */
/** @import { Row } from '../rows.mjs' */
/** @import { Workbench } from '../workbench.mjs' */

const ROUNDS = 40;
/** These take a millisecond each: there is time for more of them. */
const NATIVE_ROUNDS = 400;
const RIVALS = ['core_d', 'sock-daemon'];

/** @param {Workbench} bench @param {string} node @param {NodeJS.ProcessEnv} env with a daemon */
function ownActs(bench, node, env) {
  const launcher = bench.launcher(env);
  const act =
    (/** @type {string[]} */ ...args) =>
    () =>
      launcher.run({ program: node, args });
  const socket = path.join(bench.sandbox.daemonOf(NOTHING, env).directory, 'current', 'sock');
  return {
    bare: act('-e', '0'),
    control: act('-e', '0'),
    handWritten: act(peer('hand-written.cjs'), socket),
    call: act(SOLOD, 'call', NOTHING),
    loser: act(SOLOD, 'serve', NOTHING),
    kick: act(SOLOD, 'kick', NOTHING),
  };
}

/**
 * Rivals that take a service which does next to nothing.
 * @param {Workbench} bench
 * @returns {Record<string, Act>}
 */
function rivalActs(bench) {
  /** @type {Record<string, Act>} */
  const acts = {};
  for (const tool of tools.filter(({ name }) => RIVALS.includes(name))) {
    const missing = tool.missing();
    if (missing !== undefined) {
      bench.leaveOut(tool.name, missing);
      continue;
    }
    const { program, args, env, cwd, expected } = tool.prepare(bench.sandbox.folder(tool.name)).call(1);
    const launcher = bench.launcher({ ...bench.sandbox.env(), ...env });
    const bytes = expected.stdout.length;
    acts[tool.name] = () => launcher.run({ program, args, cwd, bytes });
  }
  return acts;
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureProcesses(bench) {
  bench.sandbox.solod(['call', NOTHING]);
  const own = ownActs(bench, process.execPath, bench.sandbox.env());
  /** @type {typeof own & Record<string, Act>} */
  const acts = { ...own, ...rivalActs(bench) };
  const taken = await bench.rounds(ROUNDS, acts);
  bench.sandbox.endDaemons();
  const rows = ownRows(taken, { call: 1.25, handWritten: 1.05, loser: 1.4 });
  const against = { against: 'node -e 0', references: taken.bare, unit: 'ms', group: 'no-op' };
  for (const name of RIVALS) {
    const values = taken[name];
    if (values !== undefined) rows.push(ratioRow({ ...against, what: `${name}, warm, no-op`, values }));
  }
  return rows;
}

/**
 * @param {{ [Name in keyof ReturnType<typeof ownActs>]: number[] }} taken
 * @param {{ call: number, handWritten?: number, loser?: number }} most the targets
 * @param {string} [on] which Node, if it is not this one
 * @returns {Row[]}
 */
function ownRows(taken, most, on = '') {
  const against = { group: `no-op${on}`, against: 'node -e 0', references: taken.bare, unit: 'ms' };
  const atMost = (/** @type {number | undefined} */ value) =>
    value === undefined ? undefined : { atMost: value };
  const call = { ...against, what: `solod call, warm, no-op${on}`, values: taken.call };
  const handWritten = { against: 'a client written by hand', references: taken.handWritten };
  const loser = { what: `solod serve, a loser of the claim${on}`, values: taken.loser };
  return [
    ratioRow({ ...against, what: 'node -e 0 (control)', values: taken.control }),
    ratioRow({ ...call, target: atMost(most.call) }),
    ratioRow({ ...call, ...handWritten, target: atMost(most.handWritten) }),
    ratioRow({ ...against, what: `a client written by hand${on}`, values: taken.handWritten }),
    ratioRow({ ...against, ...loser, target: atMost(most.loser) }),
    ratioRow({ ...against, what: `solod kick, daemon there${on}`, values: taken.kick }),
  ];
}

/** The same with other versions of Node. @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureNodes(bench) {
  if (bench.nodes.length === 0) bench.leaveOut('other versions of Node', 'none is named: --node <path>');
  const rows = [];
  for (const node of bench.nodes) {
    const version = bench.sandbox.run(node, ['--version']).trim().slice(1);
    const env = bench.sandbox.env(`state-${version}`, node);
    bench.sandbox.run(node, [SOLOD, 'call', NOTHING], { env });
    const taken = await bench.rounds(ROUNDS, ownActs(bench, node, env), { what: `Node ${version}` });
    bench.sandbox.endDaemons();
    rows.push(...ownRows(taken, { call: 1.2 }, `, Node ${version}`));
  }
  return rows;
}

/** @param {Workbench} bench @param {Launcher} launcher @returns {{ ng?: Act }} */
function nailgunAct(bench, launcher) {
  const ng = bench.program('ng', ['ng-nailgun', 'ng']);
  if (ng === undefined) return {};
  const socket = path.join(bench.sandbox.daemonOf(NOTHING).directory, 'current', 'sock');
  return { ng: () => launcher.run({ program: ng, args: ['--nailgun-server', `local:${socket}`, 'x'] }) };
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureNative(bench) {
  if (!fs.existsSync(NATIVE_CLIENT)) {
    bench.leaveOut('the native client', 'not built: there is no cargo');
    return [];
  }
  bench.sandbox.solod(['call', NOTHING]);
  const launcher = bench.launcher(bench.sandbox.env());
  const act =
    (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    () =>
      launcher.run({ program, args });
  const taken = await bench.rounds(NATIVE_ROUNDS, {
    bare: act('/bin/true'),
    control: act('/bin/true'),
    native: act(NATIVE_CLIENT, 'call', NOTHING),
    kick: act(NATIVE_CLIENT, 'kick', NOTHING),
    frontDoor: act(FRONT_DOOR, 'call', NOTHING),
    loser: act(NATIVE_CLIENT, 'serve', NOTHING),
    ...nailgunAct(bench, launcher),
  });
  bench.sandbox.endDaemons();
  const against = { group: 'native', against: '/bin/true', references: taken.bare, unit: 'ms' };
  const call = { ...against, what: 'solod-client call, warm, no-op', values: taken.native };
  const rows = [
    ratioRow({ ...against, what: '/bin/true (control)', values: taken.control }),
    ratioRow({ ...call, target: { atMost: 1.35 } }),
  ];
  if (taken.ng !== undefined) {
    rows.push(ratioRow({ ...call, against: 'ng', references: taken.ng, target: { below: 1 } }));
    rows.push(ratioRow({ ...against, what: 'ng, the same daemon', values: taken.ng }));
  }
  rows.push(ratioRow({ ...against, what: 'solod-client kick, daemon there', values: taken.kick }));
  const door = { ...against, what: 'bin/solod call, warm, no-op, natively', values: taken.frontDoor };
  rows.push(ratioRow({ ...door, target: { atMost: 3.2 } }));
  const loser = { ...against, what: 'solod serve, a loser of the claim, natively', values: taken.loser };
  rows.push(ratioRow({ ...loser, target: { atMost: 3 } }));
  return rows;
}
