/**
 * Real work: one file is formatted and one file is linted, in every way with the same prettier and eslint.
 */
import fs from 'node:fs';
import path from 'node:path';
import { tools } from '../../rivals/compared-tools.mjs';
import { NATIVE_CLIENT, PEER_PACKAGES, ROOT, SOLOD } from '../../support/paths.mjs';
import { ratioRow } from '../rows.mjs';

/** @import { Command } from '../launcher.mjs' */
/** @import { Workbench } from '../workbench.mjs' */
/** @typedef {{ cold: Command, rival: Command, own: Command, native?: Command }} Commands */

const ROUNDS = 40;
/** V8 takes some rounds until a formatter is at its full speed. */
const WARM_UPS = 10;
/** A real file of ordinary length, in which both tools find something. */
const SUBJECT = 'subject.mjs';
const CONFIG = `module.exports = [
  require('@eslint/js').configs.recommended,
  { rules: { 'no-ternary': 'error', 'no-undefined': 'error', 'prefer-const': 'error', eqeqeq: 'error' } },
];
`;
const NODE = process.execPath;

/** @param {string[]} parts */
const installed = (...parts) => path.join(PEER_PACKAGES, ...parts);

/** A project for the rivals and for solod. @param {Workbench} bench @returns {string} its folder */
function prepareProject(bench) {
  const project = bench.sandbox.folder('project');
  // It brings a copy of eslint, in whose folder its daemon keeps its address.
  tools.find(({ name }) => name === 'eslint_d')?.prepare(project);
  fs.symlinkSync(ROOT, path.join(project, 'node_modules', 'solod'));
  fs.writeFileSync(path.join(project, 'eslint.config.cjs'), CONFIG);
  fs.copyFileSync(path.join(ROOT, 'examples', 'eslint.mjs'), path.join(project, SUBJECT));
  for (const name of ['prettier', 'eslint'])
    fs.copyFileSync(path.join(ROOT, 'examples', `${name}.mjs`), path.join(project, `${name}.mjs`));
  return project;
}

/** @param {Workbench} bench @param {string[]} call @returns {Pick<Commands, 'own' | 'native'>} */
const ownCommands = ({ sandbox }, call) => ({
  own: { program: NODE, args: [SOLOD, ...call] },
  ...(fs.existsSync(NATIVE_CLIENT) ? { native: { program: sandbox.install().command, args: call } } : {}),
});

/**
 * @param {Commands} commands
 * @param {Partial<Command>} more what all of them have in common
 * @returns {Record<string, Command>}
 */
const withAll = (commands, more) =>
  Object.fromEntries(Object.entries(commands).map(([name, command]) => [name, { ...command, ...more }]));

/** @param {Workbench} bench @param {string} project */
function formattingCommands(bench, project) {
  const stdin = ['--stdin-filepath', SUBJECT];
  const commands = {
    cold: { program: NODE, args: [installed('prettier', 'bin', 'prettier.cjs'), ...stdin] },
    rival: { program: NODE, args: [installed('@fsouza', 'prettierd', 'bin', 'prettierd'), SUBJECT] },
    ...ownCommands(bench, ['call', path.join(project, 'prettier.mjs'), '--', ...stdin]),
  };
  return withAll(commands, { cwd: project, input: path.join(project, SUBJECT) });
}

/** @param {Workbench} bench @param {string} project */
function lintingCommands(bench, project) {
  const eslint = path.join(project, 'node_modules', 'eslint', 'bin', 'eslint.js');
  const commands = {
    cold: { program: NODE, args: [eslint, SUBJECT] },
    rival: { program: NODE, args: [installed('eslint_d', 'bin', 'eslint_d.js'), SUBJECT] },
    ...ownCommands(bench, ['call', path.join(project, 'eslint.mjs'), '--', SUBJECT]),
  };
  return withAll(commands, { cwd: project, code: 1 });
}

/**
 * Runs each command once: a command with another output does other work.
 * @param {Workbench} bench
 * @param {Record<string, Command>} commands
 * @returns {Record<string, Command>} the same, which expect the length of that output
 * @throws if two outputs differ
 */
function agreeing(bench, commands) {
  const outputs = Object.entries(commands).map(([name, command]) => {
    const { program, args, input, cwd = '/', code = 0 } = command;
    const stdin = input === undefined ? {} : { input: fs.readFileSync(input) };
    return { name, command, text: bench.sandbox.run(program, args, { cwd, code, ...stdin }) };
  });
  const [first, ...others] = outputs;
  for (const { name, text } of others)
    if (text.trimEnd() !== first?.text.trimEnd())
      throw new Error(`${name} and ${first?.name} do not print the same:\n${text}\n${first?.text}`);
  return Object.fromEntries(
    outputs.map(({ name, command, text }) => [name, { ...command, bytes: Buffer.byteLength(text) }]),
  );
}

/**
 * @typedef {{
 *   work: string, tool: string, rival: string, commands: Record<string, Command>,
 *   target?: import('../rows.mjs').Target, nativeTarget?: import('../rows.mjs').Target,
 * }} Compared
 * @param {Workbench} bench
 * @param {Compared} compared
 * @returns {Promise<import('../rows.mjs').Row[]>}
 */
async function measureWork(bench, { work, tool, rival, commands, target, nativeTarget }) {
  const agreed = agreeing(bench, commands);
  const launcher = bench.launcher(bench.sandbox.env());
  const act = (/** @type {string} */ name) => {
    const command = agreed[name];
    if (command === undefined) throw new Error(`there is no command ${name}`);
    return () => launcher.run(command);
  };
  const own = { cold: act('cold'), rival: act('rival'), own: act('own') };
  const ownNative = agreed.native === undefined ? {} : { native: act('native') };
  const acts = { ...own, ...ownNative, control: act('rival') };
  const taken = await bench.rounds(ROUNDS, acts, { what: work, warmUps: WARM_UPS });
  bench.sandbox.endDaemons();
  const against = { group: 'work', against: rival, references: taken.rival, unit: 'ms' };
  const call = { ...against, what: `solod call, ${work}`, values: taken.own };
  const rows = [
    ratioRow({ ...against, what: `${rival} (control)`, values: taken.control }),
    ratioRow({ ...call, target }),
  ];
  const native = { ...against, what: `node_modules/.bin/solod call, ${work}` };
  if (taken.native !== undefined)
    rows.push(ratioRow({ ...native, values: taken.native, target: nativeTarget }));
  rows.push(ratioRow({ ...against, what: `${tool}, cold`, values: taken.cold }));
  rows.push(ratioRow({ ...call, against: `${tool}, cold`, references: taken.cold }));
  return rows;
}

/** @param {Workbench} bench @returns {Promise<import('../rows.mjs').Row[]>} */
export async function measureFormattingAndLinting(bench) {
  if (!fs.existsSync(installed('eslint_d'))) {
    bench.leaveOut('formatting and linting', 'prettierd and eslint_d are not installed');
    return [];
  }
  const project = prepareProject(bench);
  const formatting = await measureWork(bench, {
    ...{ work: 'formatting one file', tool: 'prettier', rival: 'prettierd' },
    ...{ commands: formattingCommands(bench, project), nativeTarget: { atMost: 0.25 } },
  });
  const linting = await measureWork(bench, {
    ...{ work: 'linting one file', tool: 'eslint', rival: 'eslint_d' },
    ...{ commands: lintingCommands(bench, project), target: { atMost: 0.6 } },
  });
  return [...formatting, ...linting];
}
