// `npm run rivals`: the torture table. Clients that start at one instant meet a cold name, a killed daemon,
// deleted files, a stopped daemon, a full backlog, another version: of solod, and of other tools that keep a
// daemon. How many daemons are left, and which clients got their answer?
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { atExit, showProgress } from '../support/command-line.mjs';
import { withTable } from '../support/markdown.mjs';
import { ROOT } from '../support/paths.mjs';
import { buildIfMissing, installPeers } from '../support/prepare.mjs';
import { inhabitantsOf } from '../support/processes.mjs';
import { Sandbox } from '../support/sandbox.mjs';
import { nowMs } from '../support/time.mjs';
import { CONTROL } from './compared-tools.mjs';
import { readOptions, refuse } from './options.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { playAll, prepareJobs } from './schedule.mjs';
import { shortTable, wholeTable } from './table.mjs';
import { rowOf, violationsOf } from './verdict.mjs';

/** The path of a socket holds 107 bytes, and solod's longest takes 69 of them below this. */
const SCRATCH_MAX = 38;
const options = readOptions();
if (process.platform !== 'linux') refuse('processes are read from /proc, which only Linux has');

function makeWhatIsMissing() {
  const isOurs = options.tools.some(({ isRival }) => !isRival);
  const isTheirs = options.tools.some(({ isRival, name }) => isRival && name !== CONTROL);
  if ((isOurs && !buildIfMissing()) || (isTheirs && !installPeers())) process.exit(1);
}

makeWhatIsMissing();
const sandbox = new Sandbox('rivals');
const { scratch } = sandbox;
atExit(() => {
  sandbox.dispose();
  const left = inhabitantsOf(scratch);
  if (left.length === 0 && !fs.existsSync(scratch)) return;
  console.error(`rivals: left behind: ${[...left.map((pid) => `process ${pid}`), scratch].join(', ')}`);
  process.exitCode = 1;
});
if (scratch.length > SCRATCH_MAX)
  refuse(`${scratch} is too long for the path of a socket; set a shorter TMPDIR`);

const beganMs = nowMs();
const { jobs, leftOut } = prepareJobs(options, scratch);
const roundsInAll = jobs.reduce((sum, { wanted }) => sum + wanted, 0);

/** @param {import('./schedule.mjs').Job} job */
function tell({ tool, scenario, wanted, done }) {
  const played = jobs.reduce((sum, job) => sum + job.done.length, 0);
  const text = `${tool.name}, ${scenario.title}: round ${done.length} of ${wanted}`;
  showProgress(`${played} of ${roundsInAll} rounds; ${text}`);
  if (!process.stderr.isTTY && done.length === wanted)
    console.error(`${((nowMs() - beganMs) / 60_000).toFixed(1)} min: ${text}`);
}

await playAll(jobs, beganMs + options.forMs, tell);
showProgress('');

/** @param {import('./schedule.mjs').Job} job */
function rowOfJob({ tool, scenario, clients, done }) {
  const { key, mayFail = [] } = scenario;
  const row = rowOf({ scenario: key, tool: tool.name, version: tool.version(), clients, mayFail }, done);
  return { ...row, said: row.said.map((text) => text.replaceAll(scratch, '…')) };
}

const rows = jobs.map(rowOfJob);
const results = {
  node: process.versions.node,
  kernel: /^\d+\.\d+/.exec(os.release())?.[0] ?? os.release(),
  cores: os.availableParallelism(),
  clients: options.clients,
  asked: { rounds: options.rounds, rivalRounds: options.rivalRounds },
  minutes: (nowMs() - beganMs) / 60_000,
  rows,
  leftOut,
};
const whole = wholeTable(results, SCENARIOS);
const short = shortTable(results);

fs.mkdirSync(options.results, { recursive: true });
fs.writeFileSync(path.join(options.results, 'rivals.json'), `${JSON.stringify(results, null, 2)}\n`);
fs.writeFileSync(path.join(options.results, 'rivals.md'), `${short}\n\n${whole}\n`);

/** @param {string} name @param {string} table */
function writeInto(name, table) {
  const file = path.join(ROOT, name);
  fs.writeFileSync(file, withTable('npm run rivals', fs.readFileSync(file, 'utf8'), table));
}

if (options.writesDocs) writeInto('README.md', short);
if (options.writesDocs) writeInto('docs/performance.md', whole);
console.log(options.isJson ? JSON.stringify(results) : `${short}\n\n${whole}`);

const ours = jobs.filter(({ tool }) => !tool.isRival).map(({ tool }) => tool.name);
const wrong = rows
  .filter(({ tool }) => ours.includes(tool))
  .flatMap((row) => violationsOf(row).map((what) => `${row.tool}: ${what}`));
for (const what of wrong) console.error(what);
const control = rows.filter(({ tool }) => tool === CONTROL);
const isBlunt = control.length > 0 && control.every(({ left }) => left.notOne === 0);
if (isBlunt) console.error(`the scenarios found nothing: "${CONTROL}" always left one daemon`);
process.exit(wrong.length > 0 || isBlunt ? 1 : 0);
