// `npm run rivals`: the torture table. Clients that are let go at one instant meet a cold name, a killed daemon, deleted files, a stopped
// daemon, a full backlog, another version: of solod, and of others that keep a daemon. How many daemons are left, and who got its answer?
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inhabitantsOf, nowMs } from '../support/processes.mjs';
import { CONTROL, endAll } from './compared-tools.mjs';
import { ROOT, readOptions, refuse } from './options.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { playAll, prepareJobs } from './schedule.mjs';
import { shortTable, wholeTable, withTable } from './table.mjs';
import { rowOf, violationsOf } from './verdict.mjs';

/** A socket's path holds 107 bytes; in a place, solod's longest takes 69 of them. */
const SCRATCH_MAX = 38;
const options = readOptions();
if (process.platform !== 'linux') refuse('who lives is read from /proc, which Linux alone has');

/** @param {string} program @param {string[]} args */
function make(program, ...args) {
  const made = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 'inherit'] });
  if (made.status === 0) return;
  console.error(`rivals: "${program} ${args.join(' ')}" failed; run it by itself to see why`);
  process.exit(1);
}

/** @param {string} file */
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

function hasPackages() {
  const peers = path.join(ROOT, 'tools', 'bench', 'peers');
  const wanted = Object.entries(readJson(path.join(peers, 'package.json')).dependencies);
  return wanted.every(([name, version]) => {
    const manifest = path.join(peers, 'node_modules', name, 'package.json');
    return fs.existsSync(manifest) && readJson(manifest).version === version;
  });
}

function makeWhatIsMissing() {
  const isOurs = options.tools.some(({ isRival }) => !isRival);
  if (isOurs && !fs.existsSync(path.join(ROOT, 'dist', 'solod.cjs')))
    make(process.execPath, 'scripts/build.mjs');
  const isTheirs = options.tools.some(({ isRival, name }) => isRival && name !== CONTROL);
  if (isTheirs && !hasPackages()) make('npm', 'ci', '--prefix', 'tools/bench/peers', '--ignore-scripts');
}

makeWhatIsMissing();
const scratch = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'solod-rivals-'));
// Whatever way this process goes, the others go with it.
process.on('exit', () => {
  endAll(scratch);
  fs.rmSync(scratch, { recursive: true, force: true });
  const left = inhabitantsOf(scratch);
  if (left.length === 0 && !fs.existsSync(scratch)) return;
  console.error(`rivals: left behind: ${[...left.map((pid) => `process ${pid}`), scratch].join(', ')}`);
  process.exitCode = 1;
});
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]))
  process.on(signal, () => process.exit(code));
if (scratch.length > SCRATCH_MAX) refuse(`${scratch} is too long for a socket's path; name a shorter TMPDIR`);

const beganMs = nowMs();
const { jobs, leftOut } = prepareJobs(options, scratch);
const roundsInAll = jobs.reduce((sum, { wanted }) => sum + wanted, 0);

/** @param {import('./schedule.mjs').Job} job */
function tell({ tool, scenario, wanted, done }) {
  const played = jobs.reduce((sum, job) => sum + job.done.length, 0);
  const text = `${tool.name}, ${scenario.title}: round ${done.length} of ${wanted}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${played} of ${roundsInAll} rounds; ${text}`);
  else if (done.length === wanted) console.error(`${((nowMs() - beganMs) / 60_000).toFixed(1)} min: ${text}`);
}

await playAll(jobs, beganMs + options.forMs, tell);
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

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
console.log(options.json ? JSON.stringify(results) : `${short}\n\n${whole}`);

const ours = jobs.filter(({ tool }) => !tool.isRival).map(({ tool }) => tool.name);
const wrong = rows
  .filter(({ tool }) => ours.includes(tool))
  .flatMap((row) => violationsOf(row).map((what) => `${row.tool}: ${what}`));
for (const what of wrong) console.error(what);
const control = rows.filter(({ tool }) => tool === CONTROL);
const isBlunt = control.length > 0 && control.every(({ left }) => left.notOne === 0);
if (isBlunt) console.error(`the torture did not bite: "${CONTROL}" always left one daemon`);
process.exit(wrong.length > 0 || isBlunt ? 1 : 0);
