// `npm run rivals`: the torture table. Clients that are let go at one instant meet a cold name, a killed daemon, deleted files, a stopped
// daemon, a full backlog, another version: of solod, and of others that keep a daemon. How many daemons are left, and who got its answer?
//
// Several scenarios are under way at once, but only one has the floor: the others wait for a clock.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { inhabitantsOf, nowMs } from './chaos/kernel.mjs';
import { shortTable, wholeTable, withTable } from './rivals/table.mjs';
import { CALLS_MAX, CONTROL, endAll, tools } from './rivals/tools.mjs';
import { Floor, installCounter, playRound, SCENARIOS } from './rivals/torture.mjs';
import { rowOf, violationsOf } from './rivals/verdict.mjs';

const USAGE = 64;
const LANES = 4;
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const bench = path.join(root, 'bench');
/** A socket's path holds 107 bytes; in a place, solod's longest takes 69 of them. */
const SCRATCH_MAX = 38;

const OPTIONS = /** @type {const} */ ({
  rounds: { type: 'string', default: '50' },
  'rival-rounds': { type: 'string', default: '5' },
  clients: { type: 'string', default: '8' },
  minutes: { type: 'string', default: '13.5' },
  only: { type: 'string', multiple: true, default: [] },
  scenario: { type: 'string', multiple: true, default: [] },
  results: { type: 'string', default: path.join(bench, 'results') },
  json: { type: 'boolean', default: false },
  'write-docs': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

const HELP = `npm run rivals -- [options]

  --rounds <n>         of each scenario for solod (50)
  --rival-rounds <n>   and for the others (5)
  --clients <n>        at once, ${CALLS_MAX} at most (8)
  --minutes <n>        no round begins later (13.5)
  --only <tool>        ${tools.map(({ name }) => `"${name}"`).join(', ')}; more than once for more
  --scenario <key>     ${SCENARIOS.map(({ key }) => key).join(', ')}; more than once for more
  --results <folder>   where rivals.json and rivals.md are put (bench/results)
  --json               prints the results as JSON
  --write-docs         puts the tables into README.md and docs/performance.md
  --help

Exit codes: 0 nothing is wrong with solod, 1 something is, or the known-bad control passed, or something was left behind; ${USAGE} usage.
`;

/** @param {string} message @returns {never} */
function refuse(message) {
  console.error(`rivals: ${message}; see --help`);
  process.exit(USAGE);
}

/** @param {string} name @param {string} text @param {number} most */
function whole(name, text, most = 10_000) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    refuse(`--${name} is a whole number from 1 to ${most}`);
  return value;
}

/** @param {string} name @param {readonly string[]} asked @param {readonly string[]} known */
function among(name, asked, known) {
  const stranger = asked.find((each) => !known.includes(each));
  if (stranger !== undefined) refuse(`--${name}: there is no "${stranger}"`);
  return known.filter((each) => asked.length === 0 || asked.includes(each));
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const options = readOptions();
if (options.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
const plan = {
  rounds: whole('rounds', options.rounds),
  rivalRounds: whole('rival-rounds', options['rival-rounds']),
  clients: whole('clients', options.clients, CALLS_MAX),
  tools: among(
    'only',
    options.only,
    tools.map(({ name }) => name),
  ),
  scenarios: among(
    'scenario',
    options.scenario,
    SCENARIOS.map(({ key }) => key),
  ),
};
const minutes = Number(options.minutes);
if (!(minutes > 0)) refuse('--minutes is a number above 0');
if (options['write-docs'] && options.only.length + options.scenario.length > 0)
  refuse('--write-docs takes a whole run, without --only and --scenario');
const chosen = tools.filter(({ name }) => plan.tools.includes(name));

// --- what is needed ---------------------------------------------------------------------------------------------------

/** @param {string} program @param {string[]} args */
function make(program, ...args) {
  const made = spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 'inherit'] });
  if (made.status === 0) return;
  console.error(`rivals: "${program} ${args.join(' ')}" failed; run it by itself to see why`);
  process.exit(1);
}

/** @param {string} file */
const readJson = (file) => JSON.parse(fs.readFileSync(file, 'utf8'));

function hasPackages() {
  const wanted = Object.entries(readJson(path.join(bench, 'package.json')).dependencies);
  return wanted.every(([name, version]) => {
    const manifest = path.join(bench, 'node_modules', name, 'package.json');
    return fs.existsSync(manifest) && readJson(manifest).version === version;
  });
}

if (chosen.some(({ isRival }) => !isRival) && !fs.existsSync(path.join(root, 'dist', 'solod.cjs')))
  make(process.execPath, 'scripts/build.mjs');
if (chosen.some(({ isRival, name }) => isRival && name !== CONTROL) && !hasPackages())
  make('npm', 'ci', '--prefix', 'bench', '--ignore-scripts');

// --- where it happens, and how it ends --------------------------------------------------------------------------------

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

// --- the rounds -------------------------------------------------------------------------------------------------------

/**
 * @typedef {{
 *   tool: import('./rivals/tools.mjs').Tool, scenario: import('./rivals/torture.mjs').Scenario, wanted: number, clients: number,
 *   installed: import('./rivals/tools.mjs').Installed, isUnderWay: boolean, done: import('./rivals/verdict.mjs').Round[],
 * }} Job
 */

/** @type {string[]} */
const leftOut = [];

/** @param {import('./rivals/tools.mjs').Tool} tool @param {number} number @returns {Job[]} */
function jobsOf(tool, number) {
  const missing = tool.missing();
  if (missing !== undefined) leftOut.push(`${tool.name}: ${missing}`);
  if (missing !== undefined) return [];
  const scenarios = SCENARIOS.filter(
    ({ key, ours }) => plan.scenarios.includes(key) && !(ours === true && tool.isRival),
  );
  return scenarios.flatMap((scenario, index) => {
    const place = path.join(scratch, `${number}-${index}`);
    fs.mkdirSync(place, { mode: 0o700 });
    const installed = tool.prepare(place);
    installCounter(place);
    if (!scenario.suits(installed)) return [];
    const wanted = Math.min(
      tool.isRival ? plan.rivalRounds : plan.rounds,
      scenario.rounds ?? Number.POSITIVE_INFINITY,
    );
    return [
      {
        tool,
        scenario,
        wanted,
        clients: scenario.clients ?? plan.clients,
        installed,
        isUnderWay: false,
        done: [],
      },
    ];
  });
}

const jobs = chosen.flatMap(jobsOf);
const [beganMs, floor] = [nowMs(), new Floor()];
const untilMs = beganMs + minutes * 60_000;

/** Everybody in turn. @returns {Job | undefined} */
const next = () =>
  jobs
    .filter(({ isUnderWay, done, wanted }) => !isUnderWay && done.length < wanted)
    .toSorted((a, b) => a.done.length - b.done.length)[0];

async function lane() {
  for (let job = next(); job !== undefined && nowMs() < untilMs; job = next()) {
    job.isUnderWay = true;
    job.done.push(await playRound(job.scenario, job.installed, job.clients, floor));
    job.isUnderWay = false;
    tell(job);
  }
}

/** @param {Job} job */
function tell({ tool, scenario, wanted, done }) {
  const all = jobs.reduce((sum, job) => sum + job.wanted, 0);
  const played = jobs.reduce((sum, job) => sum + job.done.length, 0);
  const text = `${tool.name}, ${scenario.title}: round ${done.length} of ${wanted}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${played} of ${all} rounds; ${text}`);
  else if (done.length === wanted) console.error(`${((nowMs() - beganMs) / 60_000).toFixed(1)} min: ${text}`);
}

await Promise.all(Array.from({ length: LANES }, lane));
if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');

// --- what came of it --------------------------------------------------------------------------------------------------

const rows = jobs.map(({ tool, scenario, clients, done }) =>
  rowOf(
    {
      scenario: scenario.key,
      tool: tool.name,
      version: tool.version(),
      clients,
      mayFail: scenario.mayFail ?? [],
    },
    done,
  ),
);
const results = {
  node: process.versions.node,
  kernel: /^\d+\.\d+/.exec(os.release())?.[0] ?? os.release(),
  cores: os.availableParallelism(),
  clients: plan.clients,
  minutes: (nowMs() - beganMs) / 60_000,
  rows: rows.map((row) => ({ ...row, said: row.said.map((text) => text.replaceAll(scratch, '…')) })),
  leftOut,
};
const isOurs = (/** @type {string} */ tool) => chosen.some(({ name, isRival }) => name === tool && !isRival);
const wrong = rows
  .filter(({ tool }) => isOurs(tool))
  .flatMap((row) => violationsOf(row).map((what) => `${row.tool}: ${what}`));
const everything = wholeTable(results, SCENARIOS);
const short = shortTable(results);

fs.mkdirSync(options.results, { recursive: true });
fs.writeFileSync(path.join(options.results, 'rivals.json'), `${JSON.stringify(results, null, 2)}\n`);
fs.writeFileSync(path.join(options.results, 'rivals.md'), `${short}\n\n${everything}\n`);
if (options['write-docs'])
  for (const [file, table] of [
    ['README.md', short],
    ['docs/performance.md', everything],
  ])
    fs.writeFileSync(
      path.join(root, file),
      withTable('npm run rivals', fs.readFileSync(path.join(root, file), 'utf8'), table),
    );

console.log(options.json ? JSON.stringify(results) : `${short}\n\n${everything}`);
for (const what of wrong) console.error(what);
const control = rows.filter(({ tool }) => tool === CONTROL);
const isBlunt = control.length > 0 && control.every(({ left }) => left.notOne === 0);
if (isBlunt) console.error(`the torture did not bite: "${CONTROL}" always left one daemon`);
process.exit(wrong.length > 0 || isBlunt ? 1 : 0);
