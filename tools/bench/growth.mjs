/** Whether a call costs more where much has been going on: other daemons, generations, entries of the ledger. */
import fs from 'node:fs';
import path from 'node:path';
import { SOLOD, service } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';

const ROUNDS = 40;
/** So many times as much of each. */
const MANY = 100;
/** Living ones take 40 MB each; the rest are the directories of dead ones. */
const LIVING = 20;
const NOTHING = service('nothing');

const run = (bench, state, ...args) => bench.place.solod(args, { env: bench.place.env(state) });

/** @returns the directory of the name, with a daemon in it */
function startIn(bench, state) {
  run(bench, state, 'call', NOTHING);
  return bench.place.daemonOf(NOTHING, bench.place.env(state)).directory;
}

/** A generation whose owner has gone: its socket refuses. @param {string} dead one that was left so */
function layGeneration(dead, directory, number) {
  const made = path.join(directory, String(number));
  fs.mkdirSync(made, { mode: 0o700 });
  fs.linkSync(path.join(dead, 'sock'), path.join(made, 'sock'));
  fs.copyFileSync(path.join(dead, 'owner.json'), path.join(made, 'owner.json'));
}

/** @returns the generation of a daemon that was killed */
function killOne(bench) {
  const directory = startIn(bench, 'state-dead');
  const { pid } = bench.place.daemonOf(NOTHING, bench.place.env('state-dead'));
  process.kill(pid, 'SIGKILL');
  return path.join(directory, fs.readlinkSync(path.join(directory, 'current')));
}

function growDaemons(bench, dead) {
  const state = 'state-daemons';
  startIn(bench, state);
  const living = bench.isQuick ? LIVING / 5 : LIVING;
  for (let n = 1; n < MANY; n++) {
    if (n < living) run(bench, state, 'call', NOTHING, `--name=living-${n}`);
    else {
      const directory = path.join(bench.place.state(state), `dead-${n}`);
      fs.mkdirSync(directory, { mode: 0o700 });
      layGeneration(dead, directory, 1);
      fs.symlinkSync('1', path.join(directory, 'current'));
    }
  }
  return state;
}

/** The hundredth daemon of its name, whose predecessors lie there as if nobody had swept. */
function growGenerations(bench, dead) {
  const state = 'state-generations';
  const directory = startIn(bench, state);
  run(bench, state, 'stop', NOTHING);
  fs.rmSync(path.join(directory, '1'), { recursive: true, force: true });
  fs.rmSync(path.join(directory, 'current'), { force: true });
  layGeneration(dead, directory, MANY - 1);
  fs.symlinkSync(String(MANY - 1), path.join(directory, 'current'));
  startIn(bench, state);
  for (let n = 1; n < MANY; n++)
    if (!fs.existsSync(path.join(directory, String(n)))) layGeneration(dead, directory, n);
  return state;
}

/** The lines of one start, a hundred times. */
function growLedger(bench) {
  const state = 'state-ledger';
  const ledger = path.join(startIn(bench, state), 'spawns.jsonl');
  fs.writeFileSync(ledger, fs.readFileSync(ledger, 'utf8').repeat(MANY));
  return state;
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureGrowth(bench) {
  bench.say('laying out a hundred of each');
  const dead = killOne(bench);
  startIn(bench, 'state-one');
  const states = {
    one: 'state-one',
    control: 'state-one',
    [`${MANY} daemons`]: growDaemons(bench, dead),
    [`${MANY} generations`]: growGenerations(bench, dead),
    [`the ledger of ${MANY} starts`]: growLedger(bench),
  };
  const acts = Object.fromEntries(
    Object.entries(states).map(([name, state]) => {
      const launcher = bench.launcher(bench.place.env(state));
      return [name, () => launcher.run({ program: process.execPath, args: [SOLOD, 'call', NOTHING] })];
    }),
  );
  const { one, control, ...grown } = await bench.rounds(ROUNDS, acts);
  bench.place.endDaemons();
  const against = { group: 'growth', against: 'one of each', references: one, unit: 'ms' };
  return [
    ratioRow({ ...against, what: 'one of each (control)', values: control }),
    ...Object.entries(grown).map(([name, values]) =>
      ratioRow({ ...against, what: `solod call, warm, beside ${name}`, values, target: { atMost: 1.05 } }),
    ),
  ];
}
