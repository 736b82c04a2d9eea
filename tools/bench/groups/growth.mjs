/** Whether a call costs more beside many others: daemons, generations, entries of the ledger. */
import fs from 'node:fs';
import path from 'node:path';
import { SOLOD } from '../../support/paths.mjs';
import { NOTHING } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';

/** @typedef {import('../workbench.mjs').Workbench} Workbench */

const ROUNDS = 40;
/** So many of each. */
const MANY = 100;
/** Living daemons take 40 MB each; the others are the directories of dead ones. */
const LIVING = 20;
const LIVING_QUICK = 4;

/** @param {Workbench} bench @param {string} state @param {string[]} args */
const run = ({ sandbox }, state, ...args) => sandbox.solod(args, { env: sandbox.env(state) });

/**
 * @param {Workbench} bench
 * @param {string} state
 * @returns {string} the directory of the name, with a daemon in it
 */
function startIn(bench, state) {
  run(bench, state, 'call', NOTHING);
  return bench.sandbox.daemonOf(NOTHING, bench.sandbox.env(state)).directory;
}

/**
 * Makes a generation whose owner has gone: its socket refuses.
 * @param {string} dead a generation that a killed daemon has left
 * @param {string} directory of the name
 * @param {number} number of the new generation
 */
function addDeadGeneration(dead, directory, number) {
  const generation = path.join(directory, String(number));
  fs.mkdirSync(generation, { mode: 0o700 });
  fs.linkSync(path.join(dead, 'sock'), path.join(generation, 'sock'));
  fs.copyFileSync(path.join(dead, 'owner.json'), path.join(generation, 'owner.json'));
}

/** @param {Workbench} bench @returns {string} the generation of a daemon that was killed */
function killOne(bench) {
  const directory = startIn(bench, 'state-dead');
  const { pid } = bench.sandbox.daemonOf(NOTHING, bench.sandbox.env('state-dead'));
  process.kill(pid, 'SIGKILL');
  return path.join(directory, fs.readlinkSync(path.join(directory, 'current')));
}

/**
 * @param {Workbench} bench
 * @param {string} dead a generation
 * @returns {string} the name of a state directory
 */
function growDaemons(bench, dead) {
  const state = 'state-daemons';
  startIn(bench, state);
  const living = bench.isQuick ? LIVING_QUICK : LIVING;
  for (let n = 1; n < MANY; n++) {
    if (n < living) run(bench, state, 'call', NOTHING, `--name=living-${n}`);
    else {
      const directory = path.join(bench.sandbox.state(state), `dead-${n}`);
      fs.mkdirSync(directory, { mode: 0o700 });
      addDeadGeneration(dead, directory, 1);
      fs.symlinkSync('1', path.join(directory, 'current'));
    }
  }
  return state;
}

/**
 * The hundredth daemon of its name; its predecessors are still there, as if nothing had swept them.
 * @param {Workbench} bench @param {string} dead a generation @returns {string} the name of a state directory
 */
function growGenerations(bench, dead) {
  const state = 'state-generations';
  const directory = startIn(bench, state);
  run(bench, state, 'stop', NOTHING);
  fs.rmSync(path.join(directory, '1'), { recursive: true, force: true });
  fs.rmSync(path.join(directory, 'current'), { force: true });
  addDeadGeneration(dead, directory, MANY - 1);
  fs.symlinkSync(String(MANY - 1), path.join(directory, 'current'));
  startIn(bench, state);
  for (let n = 1; n < MANY; n++)
    if (!fs.existsSync(path.join(directory, String(n)))) addDeadGeneration(dead, directory, n);
  return state;
}

/**
 * The lines of one start, a hundred times.
 * @param {Workbench} bench
 * @returns {string} the name of a state directory
 */
function growLedger(bench) {
  const state = 'state-ledger';
  const ledger = path.join(startIn(bench, state), 'spawns.jsonl');
  fs.writeFileSync(ledger, fs.readFileSync(ledger, 'utf8').repeat(MANY));
  return state;
}

/** @param {Workbench} bench @returns {Promise<import('../rows.mjs').Row[]>} */
export async function measureGrowth(bench) {
  bench.say('laying out a hundred of each');
  const dead = killOne(bench);
  startIn(bench, 'state-one');
  const call = (/** @type {string} */ state) => {
    const launcher = bench.launcher(bench.sandbox.env(state));
    return () => launcher.run({ program: process.execPath, args: [SOLOD, 'call', NOTHING] });
  };
  const { one, control, daemons, generations, ledger } = await bench.rounds(ROUNDS, {
    one: call('state-one'),
    control: call('state-one'),
    daemons: call(growDaemons(bench, dead)),
    generations: call(growGenerations(bench, dead)),
    ledger: call(growLedger(bench)),
  });
  bench.sandbox.endDaemons();
  const against = { group: 'growth', against: 'one of each', references: one, unit: 'ms' };
  const beside = (/** @type {string} */ many, /** @type {number[]} */ values) =>
    ratioRow({ ...against, what: `solod call, warm, beside ${many}`, values, target: { atMost: 1.05 } });
  return [
    ratioRow({ ...against, what: 'one of each (control)', values: control }),
    beside(`${MANY} daemons`, daemons),
    beside(`${MANY} generations`, generations),
    beside(`the ledger of ${MANY} starts`, ledger),
  ];
}
