// `npm run explore`: runs the shipped state machines through every order of their calls, with a kill before any of them.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const { SCENARIOS, scheduleFrom, search, shortestViolation, storySvg, storyText, tell } = await import(
  path.join(root, 'dist', 'testing.js')
);

const HELP = `Usage: npm run explore                           lists the scenarios
       npm run explore -- <scenario> [options]   searches every order of its calls

How often each of these may happen to the simulated machine, at any point (0 by default):
  --kills N  --faults N  --pauses N  --restarts N  --stops N  --ticks N
      a process is killed; a call fails; a process stands still for a second, or begins anew; a daemon is asked to stop; time passes

  --time when-idle|any-time   time passes when nobody can do anything else, or at any point
  --reductions all|none       what ARCHITECTURE.md says of them
  --states N                  gives up after so many states
  --svg FILE                  draws the schedule that is found or replayed
  --replay FILE               plays a story again
  --help                      says this

Ends with 0 if nothing was found wrong, 1 if something was, 75 if it gave up, 64 for arguments that make no sense.`;

const fail = (sentence) => {
  console.error(`explore: ${sentence}`);
  process.exit(64);
};

/** How often each thing may be done to the simulated machine. */
const LIMITS = ['kills', 'faults', 'pauses', 'restarts', 'stops', 'ticks'];

function readArguments() {
  try {
    return parseArgs({
      options: {
        ...Object.fromEntries(LIMITS.map((limit) => [limit, { type: 'string', default: '0' }])),
        states: { type: 'string', default: '30000000' },
        time: { type: 'string', default: 'when-idle' },
        reductions: { type: 'string', default: 'all' },
        svg: { type: 'string' },
        replay: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return fail(error.message);
  }
}

function numberOf(option, least) {
  const number = Number(values[option]);
  if (!Number.isInteger(number) || number < least)
    fail(`--${option} ${values[option]} is no number of ${option}`);
  return number;
}

function oneOf(option, ...known) {
  if (!known.includes(values[option])) fail(`--${option} ${values[option]}: ${known.join(' or ')}`);
  return values[option];
}

const { values, positionals } = readArguments();
const [name] = positionals;
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (name === undefined) {
  for (const scenario of SCENARIOS) console.log(`${scenario.name.padEnd(34)} ${scenario.about}`);
  process.exit(0);
}
const scenario = SCENARIOS.find((candidate) => candidate.name === name);
if (scenario === undefined) fail(`there is no scenario ${name}; without arguments the scenarios are listed`);
const limits = Object.fromEntries(LIMITS.map((limit) => [limit, numberOf(limit, 0)]));
const { settings, atEnd } = scenario;
const first = scenario.world(limits);
const rules = {
  settings,
  time: oneOf('time', 'when-idle', 'any-time'),
  reductions: oneOf('reductions', 'all', 'none'),
};

function show(schedule, what) {
  const lines = tell(first, schedule, rules);
  console.log(storyText(lines));
  console.log(`\n${what}`);
  if (values.svg !== undefined) writeFileSync(values.svg, storySvg(lines, `${scenario.name}: ${what}`));
}

function storyIn(file) {
  try {
    return scheduleFrom(readFileSync(file, 'utf8').split('\n\n')[0], first, rules);
  } catch (error) {
    return fail(`--replay ${file}: ${error.message}`);
  }
}

if (values.replay !== undefined) {
  show(storyIn(values.replay), 'replayed');
  process.exit(0);
}

const begun = performance.now();
const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
const cpuSeconds = () => (process.cpuUsage().user / 1e6).toFixed(1);
const rate = (states) => Math.round(states / Math.max(0.001, (performance.now() - begun) / 1000));
const onProgress = (states, depth) => {
  if (process.stderr.isTTY)
    process.stderr.write(`\r${states} states, ${rate(states)} a second, depth ${depth} `);
};
const options = {
  ...rules,
  statesMax: numberOf('states', 1),
  onProgress,
  ...(rules.time === 'when-idle' ? { atEnd } : {}),
};
const result = search(first, options);
if (process.stderr.isTTY) process.stderr.write('\n');
const allowed = LIMITS.filter((limit) => limits[limit] > 0).map((limit) => `${limits[limit]} ${limit}`);
const facts = `${scenario.name}, ${allowed.length === 0 ? 'undisturbed' : `at most ${allowed.join(', ')}`}: ${result.states} states in ${seconds()} s, ${cpuSeconds()} s of them computing`;
switch (result.kind) {
  case 'exhausted':
    console.log(
      `${facts}: every one seen, depth ${result.depth}, ${result.ends} ends, at most ${result.spawnsMax} processes started; nothing wrong`,
    );
    break;
  case 'gave-up':
    console.log(`${facts}: not finished`);
    process.exitCode = 75;
    break;
  case 'violated': {
    const shorter = shortestViolation(first, { ...options, statesMax: 400_000 });
    const { schedule, what } = shorter.kind === 'violated' ? shorter : result;
    show(schedule, what);
    console.log(facts);
    process.exitCode = 1;
  }
}
