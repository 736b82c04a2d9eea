// `npm run bench`: what solod costs, beside what else does the same work, on this machine. What is compared takes turns, round by round,
// and is compared within a round. Progress goes to stderr, the table to stdout, and table, numbers and picture to bench/results.
// docs/performance.md says what each row means.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { withTable } from '../support/markdown.mjs';
import { BENCH, NATIVE, PEERS, Place, ROOT } from './bench-sandbox.mjs';
import { chart } from './chart.mjs';
import { measureFirstCall, measureKick, measureStorm } from './cold-starts.mjs';
import { measureFormattingAndLinting } from './format-and-lint.mjs';
import { measureGrowth } from './growth.mjs';
import { measureIdle } from './idle-memory.mjs';
import { measureNative, measureNodes, measureProcesses } from './no-op-calls.mjs';
import { measure as measureStatusLine } from './status-line.mjs';
import { measureStream } from './stream.mjs';
import { factsText, reportText, shortTable } from './table.mjs';
import { measureWire } from './wire-exchanges.mjs';
import { Workbench } from './workbench.mjs';

const USAGE = 64;
const UNMEASURED = 70;

/** In the order in which they are taken: first what a busy machine disturbs most. */
const GROUPS = {
  processes: measureProcesses,
  native: measureNative,
  work: measureFormattingAndLinting,
  line: measureLine,
  wire: measureWire,
  first: measureFirstCall,
  kick: measureKick,
  growth: measureGrowth,
  nodes: measureNodes,
  idle: measureIdle,
  storm: measureStorm,
  stream: measureStream,
};

/** It starts its processes by itself, from Node: it has something to say to each. @param {Workbench} bench */
async function measureLine(bench) {
  if (fs.existsSync(NATIVE)) return measureStatusLine({ rounds: bench.count(100) });
  bench.leaveOut('the status line', 'the native client is not built: there is no cargo');
  return [];
}

const HELP = `npm run bench [-- options]

  --only <groups>   of these alone, with commas between: ${Object.keys(GROUPS).join(', ')}
  --rounds <n>      so many rounds, instead of each group's own number
  --quick           an eighth of the rounds, and of the stream: to see that it works
  --node <path>     take the first rows with this Node, too; may be given again (or SOLOD_BENCH_NODES=<path>,<path>)
  --json            print JSON instead of the table
  --write-docs      put the tables into README.md and docs/performance.md
  --help            this

It ends with 0 whether targets are met or missed; with ${UNMEASURED} where something could not be measured; with ${USAGE} for a mistake in the above.
`;

function readOptions() {
  const string = { type: 'string' };
  const boolean = { type: 'boolean', default: false };
  try {
    const { values } = parseArgs({
      options: {
        ...{ only: string, rounds: string, node: { ...string, multiple: true } },
        ...{ quick: boolean, json: boolean, 'write-docs': boolean, help: boolean },
      },
    });
    return checked(values);
  } catch (error) {
    console.error(`bench: ${error.message}; npm run bench -- --help lists what there is`);
    process.exit(USAGE);
  }
}

function checked({ only, rounds, node = [], ...rest }) {
  const groups = only?.split(',') ?? Object.keys(GROUPS);
  for (const group of groups)
    if (!Object.hasOwn(GROUPS, group)) throw new Error(`there is no group ${group}`);
  const count = rounds === undefined ? undefined : Number(rounds);
  if (count !== undefined && !(Number.isInteger(count) && count > 0))
    throw new Error(`--rounds ${rounds} is no number of rounds`);
  if (rest['write-docs'] && (only !== undefined || rest.quick))
    throw new Error('--write-docs needs the whole run, without --only and --quick');
  const nodes = [...node, ...(process.env.SOLOD_BENCH_NODES ?? '').split(',').filter(Boolean)];
  for (const file of nodes) if (!fs.existsSync(file)) throw new Error(`there is no Node at ${file}`);
  return { groups, rounds: count, nodes, ...rest };
}

/** @param {string} what @param {string} program @param {string[]} args */
function make(what, program, args) {
  console.error(`${what} …`);
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) console.error(`bench: ${what}: it did not work out`);
  return status === 0;
}

/** What is measured is what the sources say now. */
function prepare() {
  if (!make('building', process.execPath, ['scripts/build.mjs'])) process.exit(UNMEASURED);
  make('building the native client', process.execPath, ['scripts/native.mjs', 'build']);
  if (!fs.existsSync(path.join(PEERS, 'node_modules')))
    make('installing what solod is measured against', 'npm', [
      'ci',
      '--prefix',
      'tools/bench/peers',
      '--ignore-scripts',
    ]);
}

function versionsOf(bench) {
  const { dependencies } = JSON.parse(fs.readFileSync(path.join(PEERS, 'package.json'), 'utf8'));
  const { version } = JSON.parse(fs.readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const ng = bench.program('ng', ['ng-nailgun', 'ng']);
  const socat = bench.program('socat', ['socat']);
  const said = (program, flag, pattern) =>
    pattern.exec(spawnSync(program, [flag], { encoding: 'utf8' }).stdout)?.[1];
  return {
    solod: version,
    ...dependencies,
    ...(ng === undefined ? {} : { ng: said(ng, '--nailgun-version', /(\d[\d.]*)/) ?? '?' }),
    ...(socat === undefined ? {} : { socat: said(socat, '-V', /socat version (\S+)/) ?? '?' }),
  };
}

function machineText() {
  const [cpu] = os.cpus();
  const gib = Math.round(os.totalmem() / 1024 ** 3);
  return `${os.cpus().length} × ${cpu?.model.trim() ?? os.arch()}, ${gib} GiB, ${os.type()} ${os.release()}`;
}

/** One group that fails leaves the others their turn. */
async function measureAll(bench, groups) {
  const rows = [];
  const failures = [];
  for (const group of groups) {
    bench.begin(group);
    try {
      rows.push(...(await GROUPS[group](bench)));
    } catch (error) {
      failures.push({ group, message: error instanceof Error ? error.message : String(error) });
    } finally {
      bench.place.endDaemons();
    }
  }
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
  return { rows, failures };
}

const loadText = () => os.loadavg().map((load) => load.toFixed(1))[0];

function write(results) {
  const folder = path.join(BENCH, 'results');
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(path.join(folder, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
  fs.writeFileSync(path.join(folder, 'bench.md'), reportText(results));
  fs.writeFileSync(path.join(folder, 'bench.svg'), chart(results.rows));
}

function writeDocs(results) {
  fs.writeFileSync(path.join(ROOT, 'docs', 'performance.svg'), chart(results.rows));
  for (const [file, text] of [
    ['README.md', `${factsText(results)}\n\n${shortTable(results.rows)}`],
    ['docs/performance.md', reportText(results)],
  ]) {
    const target = path.join(ROOT, file);
    fs.writeFileSync(target, withTable('npm run bench', fs.readFileSync(target, 'utf8'), text.trimEnd()));
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
prepare();
const place = new Place();
// Whatever way this process goes, the others go with it.
process.on('exit', () => place.dispose());
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
  process.on(signal, () => process.exit(128 + os.constants.signals[signal]));

const bench = new Workbench({ place, nodes: options.nodes, rounds: options.rounds, isQuick: options.quick });
const begun = performance.now();
const loadBefore = loadText();
const { rows, failures } = await measureAll(bench, options.groups);
const results = {
  date: new Date().toISOString().slice(0, 10),
  node: process.versions.node,
  machine: machineText(),
  load: `${loadBefore} before, ${loadText()} after`,
  tookMinutes: (performance.now() - begun) / 60_000,
  versions: versionsOf(bench),
  rows,
  leftOut: bench.leftOut,
  failures,
};
write(results);
if (options['write-docs'] && failures.length === 0) writeDocs(results);
process.stdout.write(options.json ? `${JSON.stringify(results, null, 2)}\n` : reportText(results));
for (const { group, message } of failures) console.error(`bench: ${group} could not be measured: ${message}`);
process.exit(failures.length === 0 ? 0 : UNMEASURED);
