/** Whole processes, from their start to their end: a call that does nothing, by every way there is. */
import fs from 'node:fs';
import path from 'node:path';
import { tools } from '../rivals/compared-tools.mjs';
import { NATIVE, peer, SOLOD, service } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';

const NOTHING = service('nothing');
const ROUNDS = 40;
/** A millisecond each: there is time for more of them. */
const NATIVE_ROUNDS = 400;

/** @param {import('./workbench.mjs').Workbench} bench @param {string} node */
function ownCommands(bench, node, env) {
  const { directory } = bench.place.daemonOf(NOTHING, env);
  const socket = path.join(directory, 'current', 'sock');
  return {
    bare: { program: node, args: ['-e', '0'] },
    control: { program: node, args: ['-e', '0'] },
    handWritten: { program: node, args: [peer('hand-written.cjs'), socket] },
    call: { program: node, args: [SOLOD, 'call', NOTHING] },
    loser: { program: node, args: [SOLOD, 'serve', NOTHING] },
    kick: { program: node, args: [SOLOD, 'kick', NOTHING] },
  };
}

/** Those that a service can be given which does next to nothing. @param {import('./workbench.mjs').Workbench} bench */
function rivalActs(bench) {
  const acts = {};
  for (const tool of tools.filter(({ name }) => name === 'core_d' || name === 'sock-daemon')) {
    const missing = tool.missing();
    if (missing !== undefined) {
      bench.leaveOut(tool.name, missing);
      continue;
    }
    const { program, args, env, cwd, expected } = tool.prepare(bench.place.folder(tool.name)).call(1);
    const launcher = bench.launcher({ ...bench.place.env(), ...env });
    const bytes = expected.stdout.length;
    acts[tool.name] = () => launcher.run({ program, args, cwd, bytes });
  }
  return acts;
}

const actsOf = (launcher, commands) =>
  Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, () => launcher.run(command)]));

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureProcesses(bench) {
  const env = bench.place.env();
  bench.place.solod(['call', NOTHING]);
  const acts = actsOf(bench.launcher(env), ownCommands(bench, process.execPath, env));
  const taken = await bench.rounds(ROUNDS, { ...acts, ...rivalActs(bench) });
  bench.place.endDaemons();
  const rows = ownRows(taken, { call: 1.25, handWritten: 1.05, loser: 1.4 });
  const against = { against: 'node -e 0', references: taken.bare, unit: 'ms', group: 'no-op' };
  for (const name of ['core_d', 'sock-daemon'])
    if (taken[name]) rows.push(ratioRow({ ...against, what: `${name}, warm, no-op`, values: taken[name] }));
  return rows;
}

/**
 * @param {Record<string, number[]>} taken
 * @param {{ call: number, handWritten?: number, loser?: number }} most what is to be reached
 * @param {string} [on] which Node, where it is not this one
 */
function ownRows(taken, most, on = '') {
  const against = { group: `no-op${on}`, against: 'node -e 0', references: taken.bare, unit: 'ms' };
  const atMost = (value) => (value === undefined ? undefined : { atMost: value });
  const call = { ...against, what: `solod call, warm, no-op${on}`, values: taken.call };
  const handWritten = { against: 'a client written by hand', references: taken.handWritten };
  const rest = [
    [`a client written by hand${on}`, taken.handWritten, undefined],
    [`solod serve, a loser of the claim${on}`, taken.loser, most.loser],
    [`solod kick, daemon there${on}`, taken.kick, undefined],
  ];
  return [
    ratioRow({ ...against, what: 'node -e 0 (control)', values: taken.control }),
    ratioRow({ ...call, target: atMost(most.call) }),
    ratioRow({ ...call, ...handWritten, target: atMost(most.handWritten) }),
    ...rest.map(([what, values, value]) => ratioRow({ ...against, what, values, target: atMost(value) })),
  ];
}

/** The same on other versions of Node. @param {import('./workbench.mjs').Workbench} bench */
export async function measureNodes(bench) {
  if (bench.nodes.length === 0) bench.leaveOut('other versions of Node', 'none is named: --node <path>');
  const rows = [];
  for (const node of bench.nodes) {
    const version = bench.place.run(node, ['--version']).trim().slice(1);
    const env = bench.place.env(`state-${version}`, node);
    bench.place.run(node, [SOLOD, 'call', NOTHING], { env });
    const acts = actsOf(bench.launcher(env), ownCommands(bench, node, env));
    const taken = await bench.rounds(ROUNDS, acts, { what: `Node ${version}` });
    bench.place.endDaemons();
    rows.push(...ownRows(taken, { call: 1.2 }, `, Node ${version}`));
  }
  return rows;
}

/** @param {import('./workbench.mjs').Workbench} bench */
function nativeCommands(bench, directory) {
  const ng = bench.program('ng', ['ng-nailgun', 'ng']);
  const socket = `local:${path.join(directory, 'current', 'sock')}`;
  return {
    bare: { program: '/bin/true', args: [] },
    control: { program: '/bin/true', args: [] },
    native: { program: NATIVE, args: ['call', NOTHING] },
    kick: { program: NATIVE, args: ['kick', NOTHING] },
    ...(ng === undefined ? {} : { ng: { program: ng, args: ['--nailgun-server', socket, 'x'] } }),
  };
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureNative(bench) {
  if (!fs.existsSync(NATIVE)) {
    bench.leaveOut('the native client', 'not built: there is no cargo');
    return [];
  }
  const env = bench.place.env();
  bench.place.solod(['call', NOTHING]);
  const { directory } = bench.place.daemonOf(NOTHING, env);
  const commands = nativeCommands(bench, directory);
  const taken = await bench.rounds(NATIVE_ROUNDS, actsOf(bench.launcher(env), commands));
  bench.place.endDaemons();
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
  return rows;
}
