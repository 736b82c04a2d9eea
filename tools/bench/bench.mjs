// `npm run bench`: what solod costs, beside other tools that do the same work, on this machine. What is
// compared takes turns round by round, and is compared within a round. Progress goes to stderr, the table to
// stdout, and table, numbers and picture to tools/bench/results. docs/performance.md says what each row
// means.
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { atExit, EXIT, messageOf, showProgress } from '../support/command-line.mjs';
import { withTable } from '../support/markdown.mjs';
import { RESULTS, ROOT } from '../support/paths.mjs';
import { build, buildNativeClient, installPeers } from '../support/prepare.mjs';
import { BenchSandbox } from './bench-sandbox.mjs';
import { chart } from './chart.mjs';
import { loadText, machineText, versionsOf } from './circumstances.mjs';
import { measureFirstCall, measureKick, measureStorm } from './groups/cold-starts.mjs';
import { measureFormattingAndLinting } from './groups/format-and-lint.mjs';
import { measureGrowth } from './groups/growth.mjs';
import { measureIdle } from './groups/idle-memory.mjs';
import { measureNative, measureNodes, measureProcesses } from './groups/no-op-calls.mjs';
import { measureStatusLine } from './groups/status-line.mjs';
import { measureStream } from './groups/stream.mjs';
import { measureWire } from './groups/wire-exchanges.mjs';
import { measureWorkers } from './groups/worker-calls.mjs';
import { readOptions } from './options.mjs';
import { reportText, shortTable } from './table.mjs';
import { Workbench } from './workbench.mjs';

/** In the order in which they are measured: first those that a busy machine disturbs most. */
const GROUPS = {
  processes: measureProcesses,
  native: measureNative,
  work: measureFormattingAndLinting,
  line: measureStatusLine,
  wire: measureWire,
  first: measureFirstCall,
  kick: measureKick,
  growth: measureGrowth,
  nodes: measureNodes,
  idle: measureIdle,
  storm: measureStorm,
  workers: measureWorkers,
  stream: measureStream,
};
/** @typedef {keyof typeof GROUPS} Group */

/** What is measured is built from the sources as they are now. */
function prepare() {
  if (!build()) process.exit(EXIT.software);
  buildNativeClient();
  installPeers();
}

/**
 * A group that fails does not keep the others from their turn.
 * @param {Workbench} bench
 * @param {readonly Group[]} groups
 */
async function measureAll(bench, groups) {
  const rows = [];
  const failures = [];
  for (const group of groups) {
    bench.begin(group);
    try {
      rows.push(...(await GROUPS[group](bench)));
    } catch (error) {
      failures.push({ group, message: messageOf(error) });
    } finally {
      bench.sandbox.endDaemons();
    }
  }
  showProgress('');
  return { rows, failures };
}

/** @typedef {import('./table.mjs').Results} Results */

/** @param {Results} results */
function writeResults(results) {
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.writeFileSync(path.join(RESULTS, 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
  fs.writeFileSync(path.join(RESULTS, 'bench.md'), `${shortTable(results.rows)}\n\n${reportText(results)}`);
  fs.writeFileSync(path.join(RESULTS, 'bench.svg'), chart(results.rows));
}

/** @param {Results} results */
function writeDocs(results) {
  fs.writeFileSync(path.join(ROOT, 'docs', 'performance.svg'), chart(results.rows));
  writeInto(path.join('docs', 'performance.md'), reportText(results).trimEnd());
}

/** @param {string} name of a document @param {string} text */
function writeInto(name, text) {
  const file = path.join(ROOT, name);
  fs.writeFileSync(file, withTable('npm run bench', fs.readFileSync(file, 'utf8'), text));
}

const options = readOptions(/** @type {Group[]} */ (Object.keys(GROUPS)));
prepare();
const sandbox = new BenchSandbox();
atExit(() => sandbox.dispose());

const { nodes, rounds, isQuick } = options;
const bench = new Workbench({ sandbox, nodes, rounds, isQuick });
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
writeResults(results);
if (options.writesDocs && failures.length === 0) writeDocs(results);
process.stdout.write(options.isJson ? `${JSON.stringify(results, null, 2)}\n` : reportText(results));
for (const { group, message } of failures) console.error(`bench: ${group} could not be measured: ${message}`);
process.exit(failures.length === 0 ? 0 : EXIT.software);
