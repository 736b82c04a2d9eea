/** What a run is asked for. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { CALLS_MAX, tools } from './compared-tools.mjs';
import { SCENARIOS } from './scenarios.mjs';

const USAGE = 64;
export const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const NONE = /** @type {string[]} */ ([]);

const OPTIONS = /** @type {const} */ ({
  rounds: { type: 'string', default: '50' },
  'rival-rounds': { type: 'string', default: '5' },
  clients: { type: 'string', default: '8' },
  minutes: { type: 'string', default: '14' },
  only: { type: 'string', multiple: true, default: NONE },
  scenario: { type: 'string', multiple: true, default: NONE },
  results: { type: 'string', default: path.join(ROOT, 'tools', 'bench', 'results') },
  json: { type: 'boolean', default: false },
  'write-docs': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
});

const HELP = `npm run rivals -- [options]

  --rounds <n>         of each scenario for solod (50)
  --rival-rounds <n>   and for the others (5)
  --clients <n>        at once, ${CALLS_MAX} at most (8)
  --minutes <n>        no round begins later (14)
  --only <tool>        ${tools.map(({ name }) => `"${name}"`).join(', ')}; more than once for more
  --scenario <key>     ${SCENARIOS.map(({ key }) => key).join(', ')}; more than once for more
  --results <folder>   where rivals.json and rivals.md are put (tools/bench/results)
  --json               prints the results as JSON
  --write-docs         puts the tables into README.md and docs/performance.md
  --help

Exit codes: 0 nothing is wrong with solod, 1 something is, or the known-bad control passed, or something was left behind; ${USAGE} usage.
`;

/** @param {string} message @returns {never} */
export function refuse(message) {
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

/** @template T @param {string} name @param {readonly string[]} asked @param {readonly T[]} all @param {(each: T) => string} nameOf */
function among(name, asked, all, nameOf) {
  const stranger = asked.find((each) => !all.map(nameOf).includes(each));
  if (stranger !== undefined) refuse(`--${name}: there is no "${stranger}"`);
  return all.filter((each) => asked.length === 0 || asked.includes(nameOf(each)));
}

function parse() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

/** Ends the process where there is nothing to be run. */
export function readOptions() {
  const { minutes, only, scenario, help, ...values } = parse();
  if (help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  if (!(Number(minutes) > 0)) refuse('--minutes is a number above 0');
  if (values['write-docs'] && only.length + scenario.length > 0)
    refuse('--write-docs takes a whole run, without --only and --scenario');
  return {
    rounds: whole('rounds', values.rounds),
    rivalRounds: whole('rival-rounds', values['rival-rounds']),
    clients: whole('clients', values.clients, CALLS_MAX),
    forMs: Number(minutes) * 60_000,
    tools: among('only', only, tools, ({ name }) => name),
    scenarios: among('scenario', scenario, SCENARIOS, ({ key }) => key),
    results: values.results,
    json: values.json,
    writesDocs: values['write-docs'],
  };
}
