/** The pages that are made of solod's own tables. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { otherwiseList } from '../runtimes/otherwise.mjs';
import { load } from '../support/load-sources.mjs';
import { markdownTable, withTable } from '../support/markdown.mjs';
import { ROOT } from '../support/paths.mjs';
import { panelsOf, pictureOf, textOf } from './before-after.mjs';
import { exampleOf, examplesOfTable, symptomOf, textsOfTable } from './examples.mjs';
import { inShort, workTable } from './in-short.mjs';

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
  ['src/app/texts/status-line-text', 'LINE_TROUBLE'],
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
  findings: 'src/domain/doctor/findings.ts',
  mcp: 'src/domain/share/messages/share-errors.ts',
};

/** What people meet most, in their words. */
const FIRST = /** @type {const} */ ([
  ['a call waits, and fails after ten seconds', 'SOLOD_E_TIMED_OUT'],
  ['the daemon does not come up', 'SOLOD_E_DIED_AT_START'],
  ['it failed before, and is not started again', 'SOLOD_E_CRASH_LOOP'],
  ['the daemon is there and does not answer', 'SOLOD_E_NOT_ANSWERING'],
  ['a call broke off in the middle', 'SOLOD_E_LOST'],
  ['a directory that others can write to', 'SOLOD_E_STATE_DIRECTORY_DISTRUSTED'],
  ['a sandbox or container without sockets', 'SOLOD_E_SOCKETS_FORBIDDEN'],
  ['there is no home directory', 'SOLOD_E_NO_HOME'],
  ['the home directory is on NFS', 'SOLOD_E_DOCTOR_FILE_SYSTEM_SHARED'],
  ['two daemons of one name', 'SOLOD_E_DOCTOR_SECOND_DAEMON'],
  ['a command or option is not known', 'SOLOD_E_USAGE_MALFORMED'],
]);

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
    ...figures(),
    [
      'docs/platforms.md',
      withTable('npm run pages', documentAt('docs/platforms.md'), `\n${otherwiseList()}\n`),
    ],
    ...race(),
  ]);
}

/** @param {string} file */
const documentAt = (file) => readFileSync(path.join(ROOT, file), 'utf8');

const PICTURE = /!\[[^\]]*\](?=\(docs\/before-after\.svg\))/;

/** @returns {[string, string][]} what is taken from the tables of measurements */
function figures() {
  const performance = documentAt('docs/performance.md');
  const panels = panelsOf(documentAt('docs/share.md'), performance);
  const readme = documentAt('README.md').replace(PICTURE, () => `![${textOf(panels)}]`);
  return [
    ['docs/before-after.svg', pictureOf(panels)],
    ['README.md', withTable('npm run pages', readme, `\n${workTable(performance)}\n`)],
    ['docs/performance.md', withTable('npm run pages', performance, `\n${inShort(performance)}\n`)],
  ];
}

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
  /** @type {(readonly [string, string])[]} */
  const told = [
    ...kinds.map((kind) => /** @type {const} */ ([codeFor(kind), exampleOf(kind, sentence)])),
    ...WARNINGS.map((kind) => /** @type {const} */ ([codeFor(`kick-${kind}`), exampleOf(kind, kickWarning)])),
    ...ofTables,
    ...OTHERS,
  ];
  const shown = told.map(
    ([code, text]) => /** @type {const} */ ([code, isOfLine(code) ? text : `solod: ${text}`]),
  );
  const { MCP_TROUBLE } = part('mcp');
  const mcp = textsOfTable(MCP_TROUBLE, documentAt(FILES.mcp)).map(
    ([name, text]) => /** @type {const} */ ([codeFor(`mcp-${name}`), `solod share: ${text}`]),
  );
  return new Map([...shown, ...mcp, ...findingsIn(part)]);
}

/** Nobody speaks in a status line. @param {string} code */
const isOfLine = (code) => code.startsWith('SOLOD_E_LINE_');

/**
 * @param {(name: keyof typeof FILES) => any} part
 * @returns {[string, string][]} what doctor prints, by code
 */
function findingsIn(part) {
  const { KINDS, findingOf, report } = part('findings');
  return KINDS.map((/** @type {string} */ kind) => {
    const finding = findingOf(symptomOf(kind));
    // Doctor prints what is unknown for programs alone.
    const printed = report([finding]) || `unknown  ${finding.where}: ${finding.what}`;
    return [finding.code, printed.trimEnd()];
  });
}

/** @param {(name: keyof typeof FILES) => any} part @param {Map<string, string>} examples */
function troubleshooting(part, examples) {
  const { exitOf } = part('explain');
  const groups = Object.entries(part('pages').ERROR_GROUPS).map(([title, pages]) => {
    const entries = Object.entries(/** @type {Record<string, any>} */ (pages)).map(([code, page]) =>
      code.startsWith('SOLOD_E_DOCTOR_')
        ? findingEntry(code, page, examples.get(code))
        : entryOf(code, page, examples.get(code), exitOf(code)),
    );
    return `## ${title}\n\n${entries.join('\n\n')}`;
  });
  return [
    '# Troubleshooting by message',
    'Each message about a failure ends in a code, such as `[SOLOD_E_TIMED_OUT]`. Look for the code here, or ask solod:\n\n' +
      '```sh\nsolod explain SOLOD_E_TIMED_OUT\n```',
    'A code keeps its meaning in later versions; the sentence before it may change. `solod doctor` looks for causes by itself.',
    `On this page: ${Object.keys(part('pages').ERROR_GROUPS).map(linkTo).join(', ')}.`,
    firstAid(part('pages').ERROR_PAGES),
    ...groups,
    `${MADE}\n`,
  ].join('\n\n');
}

/** @param {string} heading */
const linkTo = (heading) => `[${heading.toLowerCase()}](#${heading.toLowerCase().replaceAll(' ', '-')})`;

/** @param {Record<string, { todo: string }>} pages */
function firstAid(pages) {
  const lines = FIRST.map(([seen, code]) => [
    `${seen}: [${code.replace('SOLOD_E_', '')}](#${code.toLowerCase()})`,
    angled(pages[code]?.todo ?? ''),
  ]);
  return `## In a hurry\n\n${markdownTable(['what you see', 'what to do first'], lines)}`;
}

/**
 * @param {string} code
 * @param {{ happened: string, where: string, todo: string }} page
 * @param {string | undefined} example
 * @param {number | undefined} exit
 */
function entryOf(code, { happened, where, todo }, example, exit) {
  const shown = example === undefined ? [] : [`\`\`\`text\n${example}\n\`\`\``];
  const exits = exit === undefined ? [] : [`- **Exit code:** ${exit}`];
  const facts = [`- **What happened:** ${happened}`, `- **Where:** ${where}`, `- **What to do:** ${todo}`];
  return [`### ${code}`, ...shown, [...facts, ...exits].join('\n')].join('\n\n');
}

/**
 * Shorter: doctor itself says where, and what to do.
 * @param {string} code
 * @param {{ happened: string, todo: string }} page
 * @param {string | undefined} example
 */
function findingEntry(code, { happened, todo }, example) {
  const text = todo === 'Nothing.' ? happened : `${happened} ${todo}`;
  return [`### ${code}`, `\`\`\`text\n${example}\n\`\`\``, text].join('\n\n');
}

/** @param {(name: keyof typeof FILES) => any} part */
function reference(part) {
  const sections = Object.values(part('topics').TOPICS).map(({ title, rows }) => {
    const lines = rows.map((/** @type {readonly string[]} */ [name = '', meaning = '']) => [
      `\`${name}\``,
      angled(meaning),
    ]);
    return `## ${title}\n\n${markdownTable(['name', 'meaning'], lines)}`;
  });
  return [
    '# Reference: exit codes, environment variables, files, values',
    '`solod help <topic>` prints each part.',
    ...sections,
    `${MADE}\n`,
  ].join('\n\n');
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
