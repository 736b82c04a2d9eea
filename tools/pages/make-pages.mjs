/** The pages that are made of solod's own tables. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from '../support/load-sources.mjs';
import { markdownTable, withTable } from '../support/markdown.mjs';
import { ROOT } from '../support/paths.mjs';
import { panelsOf, pictureOf } from './before-after.mjs';
import { exampleOf, examplesOfTable } from './examples.mjs';
import { speedTable } from './speed-table.mjs';

const TEXTS = 'src/app/texts';
/** Tables of messages: file without its ending, and export. */
const TABLES = /** @type {const} */ ([
  ['src/app/texts/runtime-text', 'TROUBLE'],
  ['src/app/texts/worker-text', 'WORKER_TROUBLE'],
  ['src/app/texts/program-text', 'PROGRAM_TROUBLE'],
  ['src/app/texts/command-text', 'COMMAND_TROUBLE'],
  ['src/app/texts/install-text', 'INSTALL_TROUBLE'],
  ['src/app/commands/share/share-text', 'SHARE_TROUBLE'],
  ['src/app/texts/usage-text', 'USAGE'],
]);
const WARNINGS = ['lock-error', 'overrode-lock'];
/** Messages that no table of TypeScript has. */
const OTHERS = /** @type {const} */ ([['SOLOD_E_NOT_EXECUTED', '<program>: <error>']]);

const FILES = {
  pages: 'src/app/manual/error-pages.ts',
  explain: 'src/app/manual/explain.ts',
  topics: 'src/app/manual/topics.ts',
  commands: 'src/app/options/command-table.ts',
  options: 'src/app/options/option-table.ts',
  failures: `${TEXTS}/failure-text.ts`,
  complaint: `${TEXTS}/complaint.ts`,
  codes: 'src/domain/text/error-code.ts',
  exits: 'src/app/environment/exit-codes.ts',
};

const MADE = 'This page is made of the tables of solod: `npm run pages` writes it.';

/** @returns {Promise<Map<string, string>>} the text of each page, by its path in the repository */
export async function makePages() {
  const modules = await load(ROOT, [...Object.values(FILES), ...TABLES.map(([file]) => `${file}.ts`)]);
  /** @param {keyof typeof FILES} name */
  const part = (name) => modules.get(FILES[name]);
  const examples = examplesIn(modules, part);
  const { COMMANDS } = part('commands');
  const names = Object.keys(COMMANDS);
  return new Map([
    ['docs/troubleshooting.md', troubleshooting(part, examples)],
    ['docs/reference.md', reference(part)],
    ['docs/commands.md', index(COMMANDS, names)],
    ...names.map((name) => /** @type {const} */ ([pageOf(name), commandPage(part, name)])),
    [
      'docs/before-after.svg',
      pictureOf(panelsOf(documentAt('docs/share.md'), documentAt('docs/performance.md'))),
    ],
    [
      'README.md',
      withTable('npm run bench', documentAt('README.md'), speedTable(documentAt('docs/performance.md'))),
    ],
    ...race(),
  ]);
}

/** @param {string} file */
const documentAt = (file) => readFileSync(path.join(ROOT, file), 'utf8');

const RACE = 'classic';

/** @returns {[string, string][]} the race of the usual way, as the search finds and draws it */
function race() {
  const scratch = mkdtempSync(path.join(tmpdir(), 'solod-pages-'));
  try {
    const svg = path.join(scratch, 'race.svg');
    const explorer = path.join(ROOT, 'tools/explore/explore.mjs');
    const { stdout } = spawnSync(process.execPath, [explorer, RACE, '--svg', svg], { encoding: 'utf8' });
    const [story = '', verdict = ''] = stdout.split('\n\n');
    const block = `\`\`\`text\n${story.trimEnd()}\n\n${verdict.split('\n')[0]}\n\`\`\``;
    const page = 'docs/how-it-works.md';
    return [
      ['docs/race.svg', readFileSync(svg, 'utf8')],
      [page, withTable(`npm run explore -- ${RACE}`, documentAt(page), block)],
    ];
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @param {string} name */
const pageOf = (name) => `docs/commands/${name.replace(' ', '-')}.md`;

/**
 * @param {Map<string, any>} modules @param {(name: keyof typeof FILES) => any} part
 * @returns {Map<string, string>} a sentence for each code
 */
function examplesIn(modules, part) {
  const { sentence, kickWarning } = part('failures');
  const { codeFor } = part('codes');
  const { textOf } = part('complaint');
  const kinds = [...Object.keys(part('exits').FAILURE_EXITS), 'declined'];
  const ofTables = TABLES.flatMap(([file, table]) => {
    const source = `${file}.ts`;
    return examplesOfTable(modules.get(source)[table], documentAt(source), textOf);
  });
  return new Map([
    ...kinds.map((kind) => /** @type {const} */ ([codeFor(kind), exampleOf(kind, sentence)])),
    ...WARNINGS.map((kind) => /** @type {const} */ ([codeFor(`kick-${kind}`), exampleOf(kind, kickWarning)])),
    ...ofTables,
    ...OTHERS,
  ]);
}

/** @param {(name: keyof typeof FILES) => any} part @param {Map<string, string>} examples */
function troubleshooting(part, examples) {
  const { exitOf } = part('explain');
  const groups = Object.entries(part('pages').ERROR_GROUPS).map(([title, pages]) => {
    const entries = Object.entries(/** @type {Record<string, any>} */ (pages)).map(([code, page]) =>
      entryOf(code, page, examples.get(code), exitOf(code)),
    );
    return `## ${title}\n\n${entries.join('\n\n')}`;
  });
  return [
    '# Troubleshooting by message',
    'Each message about a failure ends in a code, such as `[SOLOD_E_TIMED_OUT]`. Look for the code here, or ask solod:\n\n' +
      '```sh\nsolod explain SOLOD_E_TIMED_OUT\n```',
    'A code keeps its meaning in later versions; the sentence before it may change. `solod doctor` looks for causes by itself.',
    ...groups,
    `${MADE}\n`,
  ].join('\n\n');
}

/**
 * @param {string} code
 * @param {{ happened: string, where: string, todo: string }} page
 * @param {string | undefined} example
 * @param {number | undefined} exit
 */
function entryOf(code, { happened, where, todo }, example, exit) {
  const shown = example === undefined ? [] : [`\`\`\`text\nsolod: ${example}\n\`\`\``];
  const exits = exit === undefined ? [] : [`- **Exit code:** ${exit}`];
  const facts = [`- **What happened:** ${happened}`, `- **Where:** ${where}`, `- **What to do:** ${todo}`];
  return [`### ${code}`, ...shown, [...facts, ...exits].join('\n')].join('\n\n');
}

/** @param {(name: keyof typeof FILES) => any} part */
function reference(part) {
  const sections = Object.values(part('topics').TOPICS).map(({ title, rows }) => {
    const lines = rows.map((/** @type {readonly string[]} */ [name = '', meaning = '']) => [
      `\`${name}\``,
      angled(meaning),
    ]);
    return `## ${title}\n\n${markdownTable(['', ''], lines)}`;
  });
  return ['# Reference', '`solod help <topic>` prints each part.', ...sections, `${MADE}\n`].join('\n\n');
}

/** @param {Record<string, { summary: string }>} commands @param {readonly string[]} names */
function index(commands, names) {
  const lines = names.map((name) => [
    `[solod ${name}](commands/${name.replace(' ', '-')}.md)`,
    angled(commands[name]?.summary ?? ''),
  ]);
  return [
    '# Commands',
    '`solod <command> --help` prints the options of a command, `solod help <topic>` a part of the [reference](reference.md).',
    markdownTable(['command', 'what it does'], lines),
    `${MADE}\n`,
  ].join('\n\n');
}

/** @param {(name: keyof typeof FILES) => any} part @param {string} name */
function commandPage(part, name) {
  const { operand, summary } = part('commands').COMMANDS[name];
  const { COMMAND_OPTIONS, OPTIONS, optionHelp } = part('options');
  const lines = COMMAND_OPTIONS[name].map((/** @type {string} */ option) => {
    const { argument, help } = optionHelp(name, option);
    const { short } = OPTIONS[option];
    const flags = `${short === undefined ? '' : `-${short}, `}--${option}`;
    return [`\`${argument === undefined ? flags : `${flags} ${argument}`}\``, angled(help)];
  });
  const options =
    lines.length === 0 ? [] : [`## Options\n\n${markdownTable(['option', 'what it does'], lines)}`];
  const before = operand.startsWith('[command') ? '-- <command> [args...]' : operand;
  return [
    `# solod ${name}`,
    `${summary[0]?.toUpperCase()}${angled(summary.slice(1))}.`,
    `\`\`\`sh\nsolod ${name}${lines.length === 0 ? '' : ' [options]'}${before === '' ? '' : ` ${before}`}\n\`\`\``,
    ...options,
    'See [values, exit codes, environment](../reference.md), and [messages](../troubleshooting.md).',
    `${MADE}\n`,
  ].join('\n\n');
}

/** An angle bracket of a text would be taken for HTML. @param {string} text */
const angled = (text) => text.replace(/`[^`]*`|[<{]/g, (part) => (part.length > 1 ? part : `\\${part}`));
