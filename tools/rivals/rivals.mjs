// `npm run rivals`: the torture table. Clients that start at one instant meet a cold name, a killed daemon,
// deleted files, a stopped daemon, a full backlog, another version: of solod, and of other tools that keep a
// daemon. How many daemons are left, and which clients got their answer?
// And the table of sharing: sixteen sessions, one MCP server, by solod share and by what people use today.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { atExit, showProgress } from '../support/command-line.mjs';
import { withTable } from '../support/markdown.mjs';
import { ROOT } from '../support/paths.mjs';
import { buildIfMissing, buildNativeClient, installPeers } from '../support/prepare.mjs';
import { inhabitantsOf } from '../support/processes.mjs';
import { Sandbox } from '../support/sandbox.mjs';
import { nowMs } from '../support/time.mjs';
import { CONTROL } from './compared-tools.mjs';
import { readOptions, refuse } from './options.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { playAll, prepareJobs } from './schedule.mjs';
import { playShare } from './share/share-rivals.mjs';
import { shareTable, shareViolations } from './share/share-table.mjs';
import { SHARE_PEERS } from './share/ways.mjs';
import { shortTable, wholeTable } from './table.mjs';
import { rowOf, violationsOf } from './verdict.mjs';

/** The path of a socket holds 107 bytes, and solod's longest takes 69 of them below this. */
const SCRATCH_MAX = 38;
const options = readOptions();
if (process.platform !== 'linux') refuse('processes are read from /proc, which only Linux has');

/** @param {'daemons' | 'share'} table */
const plays = (table) => options.table === undefined || options.table === table;

function makeWhatIsMissing() {
  const isOurs = options.tools.some(({ isRival }) => !isRival);
  const isTheirs = options.tools.some(({ isRival, name }) => isRival && name !== CONTROL);
  if ((isOurs && !buildIfMissing()) || (plays('daemons') && isTheirs && !installPeers())) process.exit(1);
  if (plays('share') && !(buildNativeClient() && installPeers(SHARE_PEERS))) process.exit(1);
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

/** @param {string} name @param {string} table @param {string} [mark] */
function writeInto(name, table, mark = 'npm run rivals') {
  const file = path.join(ROOT, name);
  fs.writeFileSync(file, withTable(mark, fs.readFileSync(file, 'utf8'), table));
}

/** @param {string} name @param {unknown} results @param {string} text */
function keep(name, results, text) {
  fs.mkdirSync(options.results, { recursive: true });
  fs.writeFileSync(path.join(options.results, `${name}.json`), `${JSON.stringify(results, null, 2)}\n`);
  fs.writeFileSync(path.join(options.results, `${name}.md`), `${text}\n`);
  console.log(options.isJson ? JSON.stringify(results) : text);
}

/** @returns {Promise<string[]>} what is wrong with solod */
async function playDaemons() {
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
  const rows = jobs.map(rowOfJob);
  const results = {
    ...machine(),
    clients: options.clients,
    asked: { rounds: options.rounds, rivalRounds: options.rivalRounds },
    minutes: (nowMs() - beganMs) / 60_000,
    rows,
    leftOut,
  };
  const [short, whole] = [shortTable(results), wholeTable(results, SCENARIOS)];
  keep('rivals', results, `${short}\n\n${whole}`);
  if (options.writesDocs) writeInto('docs/performance.md', whole);

  const ours = jobs.filter(({ tool }) => !tool.isRival).map(({ tool }) => tool.name);
  const wrong = rows
    .filter(({ tool }) => ours.includes(tool))
    .flatMap((row) => violationsOf(row).map((what) => `${row.tool}: ${what}`));
  const control = rows.filter(({ tool }) => tool === CONTROL);
  const isBlunt = control.length > 0 && control.every(({ left }) => left.notOne === 0);
  return isBlunt ? [...wrong, `the scenarios found nothing: "${CONTROL}" always left one daemon`] : wrong;
}

/** @param {import('./schedule.mjs').Job} job */
function rowOfJob({ tool, scenario, clients, done }) {
  const { key, mayFail = [] } = scenario;
  const row = rowOf({ scenario: key, tool: tool.name, version: tool.version(), clients, mayFail }, done);
  return { ...row, said: row.said.map((text) => text.replaceAll(scratch, '…')) };
}

const machine = () => ({
  node: process.versions.node,
  kernel: /^\d+\.\d+/.exec(os.release())?.[0] ?? os.release(),
  cores: os.availableParallelism(),
});

/** @returns {Promise<string[]>} what is wrong with solod share */
async function playSharing() {
  const asked = { sessions: options.sessions, kills: options.kills, only: options.ways };
  const played = await playShare(sandbox, asked, (text) => console.error(`sharing: ${text}`));
  const results = { ...machine(), ...played };
  const table = shareTable(results);
  keep('rivals-share', results, table);
  if (options.writesDocs) writeInto('docs/share.md', table, 'npm run rivals -- --table share');
  return shareViolations(results);
}

const wrong = [
  ...(plays('daemons') ? await playDaemons() : []),
  ...(plays('share') ? await playSharing() : []),
];
for (const what of wrong) console.error(what);
process.exit(wrong.length > 0 ? 1 : 0);
