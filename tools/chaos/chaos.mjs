// `node tools/chaos/chaos.mjs [--seconds 60] [--seed N] [--json] [--with-deletions]`: real processes of the built command, started,
// stopped, killed and disturbed at random, while an observer counts who listens and a ledger who was called.
//
// The seed repeats the choices, not the kernel's timing. With --with-deletions hands that are not solod's delete the directory,
// `current` and generations too: two daemons are allowed then, and only calls are judged.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nowMs, readOr } from '../support/processes.mjs';
import { ACTS, DELETING, FILLING } from './actions.mjs';
import { World } from './chaos-sandbox.mjs';
import { daemonsOf, judgeCalls, judgeCommands, judgeDaemons } from './judge-daemons.mjs';
import { Choices } from './random-choices.mjs';
import { progressLine, story, summaryText } from './report.mjs';
import { play, settle, startObserver } from './scenario.mjs';

const USAGE = 64;
/** What the small disk's share of the time is. */
const SMALL_DISK_SHARE = 0.25;
const SMALL_DISK_SIZE = '192k';

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: String(Math.floor(Math.random() * 1e9)) },
        json: { type: 'boolean', default: false },
        'with-deletions': { type: 'boolean', default: false },
      },
    });
    const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
    if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error('--seconds and --seed are numbers');
    return { seconds, seed, json: values.json, withDeletions: values['with-deletions'] };
  } catch (error) {
    console.error(`chaos: ${error instanceof Error ? error.message : error}`);
    process.exit(USAGE);
  }
}

function buildIfMissing() {
  const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
  if (existsSync(path.join(root, 'dist', 'solod.cjs'))) return;
  const built = spawnSync(process.execPath, [path.join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' });
  if (built.status !== 0) process.exit(built.status ?? 1);
}

const { seconds, seed, json, withDeletions } = readOptions();
buildIfMissing();
const choices = new Choices(seed);
const world = new World();
// Whatever way this process goes, the others go with it.
process.on('exit', () => world.dispose());
for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]))
  process.on(signal, () => process.exit(code));

const hasFaketime = spawnSync('faketime', ['--version']).status === 0;
const skipped = hasFaketime
  ? []
  : ['faketime, which is not there: clocks are off within Node alone, not for what files say'];

/** @param {string[]} names @returns {import('./ledger-service.mjs').LedgerLine[]} */
function ledgerOf(names) {
  const lines = readFileSync(world.ledger, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line)).filter(({ name }) => names.includes(name));
}

/** Every process that was started to serve: by a caller, or in the foreground, which the process says itself. */
function startedDaemons(/** @type {string} */ state, /** @type {string[]} */ names) {
  const files = names.flatMap((name) => [
    path.join(state, name, 'spawns.jsonl'),
    path.join(state, name, 'spawns.jsonl.1'),
  ]);
  const pids = files.flatMap((file) => readOr(file).match(/"pid":[1-9]\d*/g) ?? []);
  return new Set(pids).size;
}

/** @param {import('./judge-daemons.mjs').Observed[]} observed */
function observerFacts(observed) {
  const { samples, longestGapMs, listeners, published, most, medianGapMs } = observed.at(-1) ?? {};
  const dissolved = observed.filter(({ kind }) => kind === 'dissolved');
  const longestSuspicionMs = Math.max(0, ...dissolved.map(({ atMs, sinceMs }) => atMs - sinceMs));
  return {
    samples,
    medianGapMs,
    longestGapMs,
    listeners,
    published,
    most,
    suspicions: dissolved.length,
    longestSuspicionMs,
  };
}

/**
 * @param {string} title @param {string} state @param {string[]} names @param {import('./actions.mjs').Act[]} acts
 * @param {number} forSeconds
 */
async function scenario(title, state, names, acts, forSeconds) {
  for (const name of names) world.writeService(name, 'whole');
  const first = world.clients.length;
  const observer = await startObserver(state, names);
  /** @type {import('./actions.mjs').Stage} */
  const stage = {
    world,
    state,
    names,
    clocks: hasFaketime ? 'faketime' : 'preload',
    calls: new Map(),
    counts: {},
    isOver: () => false,
  };
  const untilMs = nowMs() + forSeconds * 1_000;
  const progress = () => {
    if (!process.stderr.isTTY) return;
    process.stderr.write(
      `\r\x1b[K${title}: ${progressLine(world, Math.max(0, (untilMs - nowMs()) / 1_000), stage.counts)}`,
    );
  };
  await play(stage, { acts, seconds: forSeconds, choices: choices.fork(), progress });
  const unsettled = await settle(stage);
  await observer.end();
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  const clients = world.clients.slice(first);
  const ledger = ledgerOf(names);
  const calls = judgeCalls(stage.calls.values(), ledger);
  const violations = [
    ...unsettled,
    ...calls.violations,
    ...judgeCommands(clients),
    ...(withDeletions ? [] : judgeDaemons(ledger, observer.observed)),
  ].map((violation) => ({
    ...violation,
    title,
    story: story(violation.atMs, { timeline: world.timeline, ledger, observed: observer.observed }),
  }));
  const served = daemonsOf(ledger, observer.observed).length;
  const inForeground = clients.filter(({ what }) => what === 'serve').length;
  return {
    title,
    commands: clients.length,
    daemons: { served, started: startedDaemons(state, names) + inForeground },
    outcomes: calls.outcomes,
    counts: stage.counts,
    observer: observerFacts(observer.observed),
    violations,
  };
}

const smallDisk = process.getuid?.() === 0 ? world.smallDisk('small', SMALL_DISK_SIZE) : undefined;
if (smallDisk === undefined) skipped.push('the disk that fills up, which takes root and mount(8)');
const names = choices.chance(0.5) ? ['first'] : ['first', 'second'];
const smallSeconds = smallDisk === undefined ? 0 : seconds * SMALL_DISK_SHARE;
const acts = withDeletions ? [...ACTS, DELETING] : ACTS;
console.error(`chaos: seed ${seed}, ${seconds} s, in ${world.scratch}`);

const scenarios = [
  await scenario('a plain disk', world.directory('state'), names, acts, seconds - smallSeconds),
];
if (smallDisk !== undefined)
  scenarios.push(
    await scenario('a disk that fills up', smallDisk, ['small'], [...acts, FILLING], smallSeconds),
  );

const violations = scenarios.flatMap((played) => played.violations);
const summary = { seed, seconds, names, skipped, scenarios, violations };
for (const { what, text, title, story: told } of violations)
  console.error(`\n${what} (${title}): ${text}\n${told}`);
console.log(json ? JSON.stringify(summary) : summaryText(summary));
process.exit(violations.length > 0 ? 1 : 0);
