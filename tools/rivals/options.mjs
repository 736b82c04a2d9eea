/** The command line of `npm run rivals`. */
import { EXIT, readArguments, refuse as refuseFor } from '../support/command-line.mjs';
import { RESULTS } from '../support/paths.mjs';
import { tools } from './compared-tools.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { CALLS_MAX } from './tool.mjs';

const ROUNDS_MAX = 10_000;
const SESSIONS_MAX = 100;
const SEE_HELP = '; see --help';

const HELP = `npm run rivals -- [options]

  --rounds <n>         rounds of each scenario for solod (50)
  --rival-rounds <n>   and for the others (5)
  --clients <n>        clients at once, at most ${CALLS_MAX} (8)
  --minutes <n>        no round begins later (14)
  --only <tool>        ${tools.map(({ name }) => `"${name}"`).join(', ')}; may be repeated
  --table <name>       only that table: daemons, share
  --kills <n>          kills of servers and brokers in turn, for the table of sharing (100)
  --sessions <n>       sessions that share a server (16)
  --way <name>         only that way of sharing; may be repeated
  --scenario <key>     ${SCENARIOS.map(({ key }) => key).join(', ')}; may be repeated
  --results <folder>   where rivals.json and rivals.md are written (tools/bench/results)
  --json               prints the results as JSON
  --write-docs         writes the tables into docs/performance.md
  --help               prints this

Exit codes: 0 nothing is wrong with solod; 1 something is, or the known-bad control passed, or something was
left behind; ${EXIT.usage} usage.
`;

/** @param {string} message @returns {never} */
export function refuse(message) {
  return refuseFor('rivals', `${message}${SEE_HELP}`);
}

/** @param {string} name @param {string} text @param {number} [most] */
function wholeNumber(name, text, most = ROUNDS_MAX) {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most)
    refuse(`--${name} is a whole number from 1 to ${most}`);
  return value;
}

/**
 * @template T
 * @param {string} option
 * @param {readonly string[]} asked names
 * @param {readonly T[]} all
 * @param {(each: T) => string} nameOf
 * @returns {T[]} those that were asked for; all of them if none was
 */
function chosen(option, asked, all, nameOf) {
  const stranger = asked.find((each) => !all.map(nameOf).includes(each));
  if (stranger !== undefined) refuse(`--${option}: there is no "${stranger}"`);
  return all.filter((each) => asked.length === 0 || asked.includes(nameOf(each)));
}

function parse() {
  return readArguments(
    'rivals',
    {
      options: {
        rounds: { type: 'string', default: '50' },
        'rival-rounds': { type: 'string', default: '5' },
        clients: { type: 'string', default: '8' },
        minutes: { type: 'string', default: '14' },
        only: { type: 'string', multiple: true },
        scenario: { type: 'string', multiple: true },
        table: { type: 'string' },
        kills: { type: 'string', default: '100' },
        sessions: { type: 'string', default: '16' },
        way: { type: 'string', multiple: true, default: [] },
        results: { type: 'string', default: RESULTS },
        json: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    SEE_HELP,
  ).values;
}

/** Ends the process for --help and for a mistake. */
export function readOptions() {
  const { minutes, only = [], scenario = [], help, ...values } = parse();
  if (help) {
    process.stdout.write(HELP);
    process.exit(0);
  }
  if (!(Number(minutes) > 0)) refuse('--minutes is a number above 0');
  const { table } = values;
  if (table !== undefined && table !== 'daemons' && table !== 'share') refuse('--table is daemons or share');
  if (values['write-docs'] && only.length + scenario.length > 0)
    refuse('--write-docs takes a whole run, without --only and --scenario');
  return {
    rounds: wholeNumber('rounds', values.rounds),
    rivalRounds: wholeNumber('rival-rounds', values['rival-rounds']),
    clients: wholeNumber('clients', values.clients, CALLS_MAX),
    forMs: Number(minutes) * 60_000,
    tools: chosen('only', only, tools, ({ name }) => name),
    scenarios: chosen('scenario', scenario, SCENARIOS, ({ key }) => key),
    /** @type {'daemons' | 'share' | undefined} */
    table: only.length + scenario.length > 0 ? 'daemons' : table,
    kills: wholeNumber('kills', values.kills),
    sessions: wholeNumber('sessions', values.sessions, SESSIONS_MAX),
    ways: values.way,
    results: values.results,
    isJson: values.json,
    writesDocs: values['write-docs'],
  };
}
