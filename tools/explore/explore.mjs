// `npm run explore`: runs the shipped procedures through every order of their calls, with a kill before any
// of them.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { EXIT, messageOf, readArguments, refuse as refuseFor } from '../support/command-line.mjs';
import { loadTesting } from '../support/product.mjs';

const { SCENARIOS, scheduleFrom, search, shortestViolation, storySvg, storyText, tell } = await loadTesting();

/** @typedef {import('../support/product.mjs').Rules} Rules */
/** @typedef {import('../support/product.mjs').Action} Action */

const HELP = `Usage: npm run explore                           lists the scenarios
       npm run explore -- <scenario> [options]   searches every order of its calls

How often each of these may happen to the simulated machine, at any point (0 by default):
  --kills N  --faults N  --pauses N  --restarts N  --stops N  --ticks N
  --removals N
      a process is killed; a call fails; a process stops for a second; a process is started again;
      a daemon is asked to stop; time passes; somebody removes \`current\`

  --time when-idle|any-time   time passes when no process can do anything else, or at any point
  --reductions all|none       see ARCHITECTURE.md
  --states N                  gives up after so many states
  --svg FILE                  draws the schedule that is found or replayed
  --replay FILE               plays a story again
  --help                      prints this

Exit codes: 0 nothing wrong was found, 1 something was, ${EXIT.gaveUp} it gave up, ${EXIT.usage} usage.`;

/** A violation is searched again for its shortest schedule, which takes fewer states. */
const SHORTER_STATES_MAX = 400_000;

/** @param {string} message @returns {never} */
const refuse = (message) => refuseFor('explore', message);

const number = /** @type {const} */ ({ type: 'string', default: '0' });
const { values, positionals } = readArguments('explore', {
  options: {
    ...{ kills: number, faults: number, pauses: number, restarts: number, stops: number, ticks: number },
    removals: number,
    states: { type: 'string', default: '30000000' },
    time: { type: 'string', default: 'when-idle' },
    reductions: { type: 'string', default: 'all' },
    svg: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
  allowPositionals: true,
});

/**
 * @param {'kills' | 'faults' | 'pauses' | 'restarts' | 'stops' | 'ticks' | 'removals' | 'states'} option
 * @param {number} [least]
 */
function numberOf(option, least = 0) {
  const value = Number(values[option]);
  if (!Number.isInteger(value) || value < least)
    refuse(`--${option} ${values[option]} is not a number of ${option}`);
  return value;
}

/**
 * @template {string} Choice
 * @param {'time' | 'reductions'} option
 * @param {readonly Choice[]} known
 * @returns {Choice}
 */
function choiceOf(option, known) {
  const choice = known.find((each) => each === values[option]);
  return choice ?? refuse(`--${option} ${values[option]}: ${known.join(' or ')}`);
}

function chosenScenario() {
  const [name] = positionals;
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  if (name === undefined) {
    for (const { name, about } of SCENARIOS) console.log(`${name.padEnd(34)} ${about}`);
    process.exit(0);
  }
  const found = SCENARIOS.find((candidate) => candidate.name === name);
  return found ?? refuse(`there is no scenario ${name}; without arguments the scenarios are listed`);
}

const scenario = chosenScenario();
const limits = {
  kills: numberOf('kills'),
  faults: numberOf('faults'),
  pauses: numberOf('pauses'),
  restarts: numberOf('restarts'),
  stops: numberOf('stops'),
  ticks: numberOf('ticks'),
  removals: numberOf('removals'),
};
const first = scenario.world(limits);
/** @type {Rules} */
const rules = {
  settings: scenario.settings,
  time: choiceOf('time', /** @type {const} */ (['when-idle', 'any-time'])),
  reductions: choiceOf('reductions', /** @type {const} */ (['all', 'none'])),
};

/** @param {readonly Action[]} schedule @param {string} what is said about it */
function show(schedule, what) {
  const lines = tell(first, schedule, rules);
  console.log(storyText(lines));
  console.log(`\n${what}`);
  if (values.svg !== undefined) writeFileSync(values.svg, storySvg(lines, `${scenario.name}: ${what}`));
}

/** @param {string} file */
function replay(file) {
  if (!existsSync(file)) refuse(`--replay ${file}: there is no such file`);
  try {
    const [story = ''] = readFileSync(file, 'utf8').split('\n\n');
    show(scheduleFrom(story, first, rules), 'replayed');
  } catch (error) {
    refuse(`--replay ${file}: ${messageOf(error)}`);
  }
}

const begun = performance.now();
const seconds = () => (performance.now() - begun) / 1000;

/** @param {number} states @param {number} depth */
function onProgress(states, depth) {
  if (!process.stderr.isTTY) return;
  const rate = Math.round(states / Math.max(0.001, seconds()));
  process.stderr.write(`\r${states} states, ${rate} a second, depth ${depth} `);
}

/** @param {number} states */
function factsText(states) {
  const allowed = Object.entries(limits).filter(([, count]) => count > 0);
  const disturbances = allowed.map(([limit, count]) => `${count} ${limit}`).join(', ');
  const disturbed = disturbances === '' ? 'undisturbed' : `at most ${disturbances}`;
  const cpuSeconds = (process.cpuUsage().user / 1e6).toFixed(1);
  const time = `${seconds().toFixed(1)} s (${cpuSeconds} s of CPU)`;
  return `${scenario.name}, ${disturbed}: ${states} states in ${time}`;
}

function explore() {
  const options = {
    ...rules,
    statesMax: numberOf('states', 1),
    onProgress,
    ...(rules.time === 'when-idle' ? { atEnd: scenario.atEnd } : {}),
  };
  const result = search(first, options);
  if (process.stderr.isTTY) process.stderr.write('\n');
  const facts = factsText(result.states);
  switch (result.kind) {
    case 'exhausted': {
      const { depth, ends, spawnsMax } = result;
      const extent = `depth ${depth}, ${ends} ends, at most ${spawnsMax} processes started`;
      console.log(`${facts}: all of them seen, ${extent}; nothing wrong`);
      return;
    }
    case 'gave-up':
      console.log(`${facts}: not finished`);
      process.exitCode = EXIT.gaveUp;
      return;
    case 'violated': {
      const shorter = shortestViolation(first, { ...options, statesMax: SHORTER_STATES_MAX });
      const { schedule, what } = shorter.kind === 'violated' ? shorter : result;
      show(schedule, what);
      console.log(facts);
      process.exitCode = 1;
    }
  }
}

if (values.replay === undefined) explore();
else replay(values.replay);
