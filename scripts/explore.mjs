// `npm run explore`: runs the shipped state machines through every order of their calls, with a kill before any of them.
//   npm run explore                                       lists the scenarios
//   npm run explore -- 3-candidates [--kills 3]           searches one of them
//   npm run explore -- without-step-6 --svg story.svg     tells the shortest counterexample, and draws it
//   npm run explore -- without-step-6 --replay story.txt  plays a story again
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const { SCENARIOS, scheduleFrom, search, shortestViolation, storySvg, storyText, tell } = await import(
  path.join(root, 'dist', 'testing.js')
);

const fail = (sentence) => {
  console.error(`explore: ${sentence}`);
  process.exit(64);
};

function readArguments() {
  try {
    return parseArgs({
      options: {
        kills: { type: 'string', default: '0' },
        states: { type: 'string', default: '20000000' },
        time: { type: 'string', default: 'when-idle' },
        svg: { type: 'string' },
        replay: { type: 'string' },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return fail(error.message);
  }
}

const { values, positionals } = readArguments();
const [name] = positionals;
if (name === undefined) {
  for (const scenario of SCENARIOS) console.log(`${scenario.name.padEnd(24)} ${scenario.about}`);
  process.exit(0);
}
const scenario = SCENARIOS.find((candidate) => candidate.name === name);
if (scenario === undefined) fail(`there is no scenario ${name}; without arguments the scenarios are listed`);
const [kills, statesMax] = [Number(values.kills), Number(values.states)];
if (!Number.isInteger(kills) || kills < 0) fail(`--kills ${values.kills} is no number of kills`);
if (!Number.isInteger(statesMax) || statesMax < 1) fail(`--states ${values.states} is no number of states`);
if (!['when-idle', 'any-time'].includes(values.time)) fail(`--time ${values.time}: when-idle or any-time`);

const first = scenario.world(kills);
const { settings, atEnd } = scenario;

function show(schedule, what) {
  const lines = tell(first, schedule, settings);
  console.log(storyText(lines));
  console.log(`\n${what}`);
  if (values.svg !== undefined) writeFileSync(values.svg, storySvg(lines, `${scenario.name}: ${what}`));
}

if (values.replay !== undefined) {
  const text = readFileSync(values.replay, 'utf8').split('\n\n')[0];
  show(scheduleFrom(text, first, settings), 'replayed');
  process.exit(0);
}

const begun = performance.now();
const seconds = () => ((performance.now() - begun) / 1000).toFixed(1);
const rate = (states) => Math.round(states / Math.max(0.001, (performance.now() - begun) / 1000));
const onProgress = (states, depth) => {
  if (process.stderr.isTTY)
    process.stderr.write(`\r${states} states, ${rate(states)} a second, depth ${depth} `);
};
const options = {
  settings,
  time: values.time,
  statesMax,
  onProgress,
  ...(values.time === 'when-idle' ? { atEnd } : {}),
};
const result = search(first, options);
if (process.stderr.isTTY) process.stderr.write('\n');
const facts = `${scenario.name}, at most ${kills} kills: ${result.states} states in ${seconds()} s (${rate(result.states)} a second)`;
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
