/** The command line of `npm run bench`. */
import fs from 'node:fs';
import { EXIT, readArguments, refuse as refuseFor } from '../support/command-line.mjs';

const SEE_HELP = '; npm run bench -- --help lists the options';

/** @param {readonly string[]} groups */
const helpText = (groups) => `npm run bench [-- options]

  --only <groups>   these groups only, with commas between: ${groups.join(', ')}
  --rounds <n>      so many rounds, instead of each group's own number
  --quick           an eighth of the rounds, and of the stream: to see that it works
  --node <path>     take the first rows with this Node too; may be repeated
                    (or SOLOD_BENCH_NODES=<path>,<path>)
  --json            print JSON instead of the table
  --write-docs      write the tables into docs/performance.md
  --help            print this

Exit codes: 0 whether targets are met or missed; ${EXIT.software} if something could not be measured;
${EXIT.usage} usage.
`;

/** @param {string} message @returns {never} */
const refuse = (message) => refuseFor('bench', `${message}${SEE_HELP}`);

function parse() {
  return readArguments(
    'bench',
    {
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        node: { type: 'string', multiple: true },
        quick: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
        'write-docs': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    },
    SEE_HELP,
  ).values;
}

/** @param {string | undefined} text @returns {number | undefined} */
function roundsFrom(text) {
  if (text === undefined) return undefined;
  const rounds = Number(text);
  return Number.isInteger(rounds) && rounds > 0
    ? rounds
    : refuse(`--rounds ${text} is not a number of rounds`);
}

/**
 * Ends the process for --help and for a mistake.
 * @template {string} Group
 * @param {readonly Group[]} all
 */
export function readOptions(all) {
  const { only, rounds, node = [], quick, json, help, 'write-docs': writesDocs } = parse();
  if (help) {
    process.stdout.write(helpText(all));
    process.exit(0);
  }
  const asked = only?.split(',') ?? all;
  const stranger = asked.find((group) => !all.some((each) => each === group));
  if (stranger !== undefined) refuse(`there is no group ${stranger}`);
  if (writesDocs && (only !== undefined || quick))
    refuse('--write-docs takes a whole run, without --only and --quick');
  const nodes = [...node, ...(process.env.SOLOD_BENCH_NODES ?? '').split(',').filter(Boolean)];
  for (const file of nodes) if (!fs.existsSync(file)) refuse(`there is no Node at ${file}`);
  const groups = asked.flatMap((group) => all.filter((each) => each === group));
  return { groups, rounds: roundsFrom(rounds), nodes, isQuick: quick, isJson: json, writesDocs };
}
