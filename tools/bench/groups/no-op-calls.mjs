/** Whole processes, from their start to their end: a call that does nothing, in every way there is. */
import fs from 'node:fs';
import path from 'node:path';
import { tools } from '../../rivals/compared-tools.mjs';
import { NATIVE_CLIENT, SOLOD } from '../../support/paths.mjs';
import { NOTHING, peer } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { Launcher } from '../launcher.mjs' */
/** @import { Act } from '../rounds.mjs' */
/** @import { Row } from '../rows.mjs' */
/** @import { Workbench } from '../workbench.mjs' */

const ROUNDS = 40;
/** These take a millisecond each: there is time for more of them. */
const NATIVE_ROUNDS = 400;
/** V8 takes some rounds until a daemon is at its full speed. */
const WARM_UPS = 10;
const RIVALS = ['core_d', 'sock-daemon'];
const INSTALLED_CALL = 'node_modules/.bin/solod call, warm, no-op';

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

/** The command as a project has it. @param {Workbench} bench @returns {{ installed?: Act }} */
function installedAct(bench) {
  if (!fs.existsSync(NATIVE_CLIENT)) return {};
  const program = bench.sandbox.install().command;
  const launcher = bench.launcher(bench.sandbox.env());
  return { installed: () => launcher.run({ program, args: ['call', NOTHING] }) };
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureProcesses(bench) {
  bench.sandbox.solod(['call', NOTHING]);
  const own = ownActs(bench, process.execPath, bench.sandbox.env());
  /** @type {typeof own & Record<string, Act>} */
  const acts = { ...own, ...rivalActs(bench), ...installedAct(bench) };
  const taken = await bench.rounds(ROUNDS, acts, { warmUps: WARM_UPS });
  bench.sandbox.endDaemons();
  const rows = ownRows(taken, 1.05);
  const against = { against: 'node -e 0', references: taken.bare, unit: 'ms', group: 'no-op' };
  if (taken.installed !== undefined)
    rows.push(
      ratioRow({ ...against, what: INSTALLED_CALL, values: taken.installed, target: { atMost: 0.1 } }),
    );
  for (const name of RIVALS) {
    const values = taken[name];
    if (values !== undefined) rows.push(ratioRow({ ...against, what: `${name}, warm, no-op`, values }));
  }
  return rows;
}

/**
 * @param {{ [Name in keyof ReturnType<typeof ownActs>]: number[] }} taken
 * @param {number} [handWritten] the most that a call may take of a client written by hand
 * @param {string} [on] which Node, if it is not this one
 * @returns {Row[]}
 */
function ownRows(taken, handWritten, on = '') {
  const against = { group: `no-op${on}`, against: 'node -e 0', references: taken.bare, unit: 'ms' };
  const call = { ...against, what: `solod call, warm, no-op${on}`, values: taken.call };
  const target = handWritten === undefined ? undefined : { atMost: handWritten };
  const loser = { what: `solod serve, a loser of the claim${on}`, values: taken.loser };
  return [
    ratioRow({ ...against, what: 'node -e 0 (control)', values: taken.control }),
    ratioRow(call),
    ratioRow({ ...call, against: 'a client written by hand', references: taken.handWritten, target }),
    ratioRow({ ...against, what: `a client written by hand${on}`, values: taken.handWritten }),
    ratioRow({ ...against, ...loser }),
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
    rows.push(...ownRows(taken, undefined, `, Node ${version}`));
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
  const { client } = bench.sandbox.install();
  const launcher = bench.launcher(bench.sandbox.env());
  const act =
    (/** @type {string} */ program, /** @type {string[]} */ ...args) =>
    () =>
      launcher.run({ program, args });
  const taken = await bench.rounds(NATIVE_ROUNDS, {
    bare: act('/bin/true'),
    control: act('/bin/true'),
    native: act(client, 'call', NOTHING),
    kick: act(client, 'kick', NOTHING),
    ...installedAct(bench),
    loser: act(client, 'serve', NOTHING),
    ...nailgunAct(bench, launcher),
  });
  bench.sandbox.endDaemons();
  const against = { group: 'native', against: '/bin/true', references: taken.bare, unit: 'ms' };
  const call = { ...against, what: 'solod-client call, warm, no-op', values: taken.native };
  const rows = [
    ratioRow({ ...against, what: '/bin/true (control)', values: taken.control }),
    ratioRow({ ...call, target: { atMost: 1.6 } }),
  ];
  if (taken.ng !== undefined) {
    rows.push(ratioRow({ ...call, against: 'ng', references: taken.ng, target: { atMost: 0.8 } }));
    rows.push(ratioRow({ ...against, what: 'ng, the same daemon', values: taken.ng }));
  }
  rows.push(ratioRow({ ...against, what: 'solod-client kick, daemon there', values: taken.kick }));
  if (taken.installed !== undefined)
    rows.push(
      ratioRow({ ...against, what: INSTALLED_CALL, values: taken.installed, target: { atMost: 3.2 } }),
    );
  const loser = { ...against, what: 'solod serve, a loser of the claim, natively', values: taken.loser };
  rows.push(ratioRow({ ...loser, target: { atMost: 3 } }));
  return rows;
}
