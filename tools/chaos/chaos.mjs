// `npm run chaos [-- --seconds 60] [--seed N] [--json] [--with-deletions]`: real processes of the built
// command, started, stopped, killed and disturbed at random. An observer counts who listens, and a ledger who
// was called.
//
// The seed repeats the choices, not the timing of the kernel. With --with-deletions the directory, `current`
// and generations are deleted too, which solod never does by itself: two daemons are allowed then, and only
// calls are judged.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { atExit, readArguments, refuse, showProgress } from '../support/command-line.mjs';
import { buildIfMissing } from '../support/prepare.mjs';
import { readOr } from '../support/processes.mjs';
import { nowMs } from '../support/time.mjs';
import { ACTIONS, DELETING, FILLING } from './actions.mjs';
import { ChaosSandbox } from './chaos-sandbox.mjs';
import { judgeCalls, judgeCommands } from './judge-calls.mjs';
import { daemonsOf, judgeDaemons, ofKind } from './judge-daemons.mjs';
import { RandomChoices } from './random-choices.mjs';
import { progressLine, storyAround, summaryText } from './report.mjs';
import { play, settle, startObserver } from './scenario.mjs';

/** The share of the time that the small disk gets. */
const SMALL_DISK_SHARE = 0.25;
const SMALL_DISK_SIZE = '192k';
const SEEDS = 1e9;

function readOptions() {
  const { values } = readArguments('chaos', {
    options: {
      seconds: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * SEEDS)) },
      json: { type: 'boolean', default: false },
      'with-deletions': { type: 'boolean', default: false },
    },
  });
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  if (!(seconds > 0) || !Number.isInteger(seed)) refuse('chaos', '--seconds and --seed are numbers');
  return { seconds, seed, isJson: values.json, withDeletions: values['with-deletions'] };
}

const { seconds, seed, isJson, withDeletions } = readOptions();
if (!buildIfMissing()) process.exit(1);
const choices = new RandomChoices(seed);
const sandbox = new ChaosSandbox();
atExit(() => sandbox.dispose());

const hasFaketime = spawnSync('faketime', ['--version']).status === 0;
const skipped = hasFaketime
  ? []
  : ['faketime, which is not installed: clocks are off inside Node only, not for the times of files'];

/** @param {readonly string[]} names @returns {import('./ledger-service.mjs').LedgerLine[]} */
function ledgerOf(names) {
  const lines = readFileSync(sandbox.ledger, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter(({ name }) => names.includes(name));
}

/**
 * @param {string} state
 * @param {readonly string[]} names
 * @returns {number} how many processes callers have started to serve
 */
function countStarts(state, names) {
  const files = names.flatMap((name) => [
    path.join(state, name, 'spawns.jsonl'),
    path.join(state, name, 'spawns.jsonl.1'),
  ]);
  const pids = files.flatMap((file) => readOr(file).match(/"pid":[1-9]\d*/g) ?? []);
  return new Set(pids).size;
}

/** @param {readonly import('./observer.mjs').Observed[]} observed */
function observerFacts(observed) {
  const [end] = ofKind(observed, 'end');
  if (end === undefined) throw new Error('the observer ended too early');
  const { kind: _, ...totals } = end;
  const dissolved = ofKind(observed, 'dissolved');
  const longestSuspicionMs = Math.max(0, ...dissolved.map(({ atMs, sinceMs }) => atMs - sinceMs));
  return { ...totals, suspicions: dissolved.length, longestSuspicionMs };
}

/** @param {string} state @param {string[]} names @returns {import('./actions.mjs').Stage} */
const stageFor = (state, names) => ({
  ...{ sandbox, state, names, clocks: hasFaketime ? 'faketime' : 'preload' },
  ...{ calls: new Map(), counts: {}, isOver: () => false },
});

/**
 * @param {string} title
 * @param {import('./actions.mjs').Stage} stage
 * @param {readonly import('./actions.mjs').Action[]} actions
 * @param {number} forSeconds
 */
async function perform(title, stage, actions, forSeconds) {
  for (const name of stage.names) sandbox.writeService(name, 'whole');
  const observer = await startObserver(stage.state, stage.names);
  const untilMs = nowMs() + forSeconds * 1_000;
  const progress = () => {
    const leftS = Math.max(0, (untilMs - nowMs()) / 1_000);
    showProgress(`${title}: ${progressLine(sandbox, leftS, stage.counts)}`);
  };
  await play(stage, { actions, seconds: forSeconds, choices: choices.fork(), progress });
  const unsettled = await settle(stage);
  await observer.end();
  showProgress('');
  return { unsettled, observed: observer.observed };
}

/**
 * @param {string} title
 * @param {string} state
 * @param {string[]} names
 * @param {readonly import('./actions.mjs').Action[]} actions
 * @param {number} forSeconds @returns {Promise<import('./report.mjs').Played>}
 */
async function scenario(title, state, names, actions, forSeconds) {
  const stage = stageFor(state, names);
  const before = sandbox.clients.length;
  const { unsettled, observed } = await perform(title, stage, actions, forSeconds);
  const clients = sandbox.clients.slice(before);
  const ledger = ledgerOf(names);
  const { violations, outcomes } = judgeCalls(stage.calls.values(), ledger);
  const daemons = withDeletions ? [] : judgeDaemons(ledger, observed);
  const accounts = { timeline: sandbox.timeline, ledger, observed };
  const inForeground = clients.filter(({ what }) => what === 'serve').length;
  return {
    title,
    commands: clients.length,
    daemons: {
      served: daemonsOf(ledger, observed).length,
      started: countStarts(state, names) + inForeground,
    },
    outcomes,
    counts: stage.counts,
    observer: observerFacts(observed),
    violations: [...unsettled, ...violations, ...judgeCommands(clients), ...daemons].map((violation) => ({
      ...violation,
      title,
      story: storyAround(violation.atMs, accounts),
    })),
  };
}

const smallDisk = process.getuid?.() === 0 ? sandbox.smallDisk('small', SMALL_DISK_SIZE) : undefined;
if (smallDisk === undefined) skipped.push('the disk that fills up, which takes root and mount(8)');
const names = choices.chance(0.5) ? ['first'] : ['first', 'second'];
const smallSeconds = smallDisk === undefined ? 0 : seconds * SMALL_DISK_SHARE;
const actions = withDeletions ? [...ACTIONS, DELETING] : ACTIONS;
console.error(`chaos: seed ${seed}, ${seconds} s, in ${sandbox.scratch}`);

const scenarios = [
  await scenario('a plain disk', sandbox.folder('state'), names, actions, seconds - smallSeconds),
];
if (smallDisk !== undefined)
  scenarios.push(
    await scenario('a disk that fills up', smallDisk, ['small'], [...actions, FILLING], smallSeconds),
  );

const violations = scenarios.flatMap((played) => played.violations);
for (const { what, text, title, story } of violations)
  console.error(`\n${what} (${title}): ${text}\n${story}`);
const summary = { seed, seconds, names, skipped, scenarios, violations };
console.log(isJson ? JSON.stringify(summary) : summaryText(summary));
process.exit(violations.length > 0 ? 1 : 0);
