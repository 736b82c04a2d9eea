/** Real work: one file formatted, one file linted, by everybody with the very same prettier and eslint. */
import fs from 'node:fs';
import path from 'node:path';
import { tools } from '../rivals/compared-tools.mjs';
import { NATIVE, PEERS, ROOT, SOLOD } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';

const ROUNDS = 40;
/** V8 needs some rounds until a formatter is as fast as it will be. */
const WARM_UPS = 10;
/** A real file of ordinary length, in which both find something to say. */
const SUBJECT = 'subject.mjs';
const CONFIG = `module.exports = [
  require('@eslint/js').configs.recommended,
  { rules: { 'no-ternary': 'error', 'no-undefined': 'error', 'prefer-const': 'error', eqeqeq: 'error' } },
];
`;

/** A project that is the rivals' as well as solod's. @param {import('./workbench.mjs').Workbench} bench */
function prepareProject(bench) {
  const project = bench.place.folder('project');
  // It brings a copy of eslint, in whose folder its daemon keeps its address.
  tools.find(({ name }) => name === 'eslint_d')?.prepare(project);
  fs.symlinkSync(ROOT, path.join(project, 'node_modules', 'solod'));
  fs.writeFileSync(path.join(project, 'eslint.config.cjs'), CONFIG);
  fs.copyFileSync(path.join(ROOT, 'examples', 'eslint.mjs'), path.join(project, SUBJECT));
  for (const name of ['prettier', 'eslint'])
    fs.copyFileSync(path.join(ROOT, 'examples', `${name}.mjs`), path.join(project, `${name}.mjs`));
  return project;
}

const NODE = process.execPath;
const installed = (...parts) => path.join(PEERS, 'node_modules', ...parts);

function formattingCommands(project) {
  const input = path.join(project, SUBJECT);
  const call = ['call', path.join(project, 'prettier.mjs'), '--', '--stdin-filepath', SUBJECT];
  return {
    cold: {
      program: NODE,
      args: [installed('prettier', 'bin', 'prettier.cjs'), '--stdin-filepath', SUBJECT],
      input,
    },
    rival: {
      program: NODE,
      args: [installed('@fsouza', 'prettierd', 'bin', 'prettierd'), SUBJECT],
      input,
    },
    own: { program: NODE, args: [SOLOD, ...call], input },
    native: { program: NATIVE, args: call, input },
  };
}

function lintingCommands(project) {
  const call = ['call', path.join(project, 'eslint.mjs'), '--', SUBJECT];
  const code = 1;
  return {
    cold: {
      program: NODE,
      args: [path.join(project, 'node_modules', 'eslint', 'bin', 'eslint.js'), SUBJECT],
      code,
    },
    rival: { program: NODE, args: [installed('eslint_d', 'bin', 'eslint_d.js'), SUBJECT], code },
    own: { program: NODE, args: [SOLOD, ...call], code },
    native: { program: NATIVE, args: call, code },
  };
}

/** Whoever prints something else does other work. @returns {number} how many bytes all of them print */
function agreedBytes(bench, cwd, commands) {
  const outputs = Object.entries(commands).map(([name, { program, args, input, code }]) => {
    const text = bench.place.run(program, args, {
      cwd,
      code,
      ...(input === undefined ? {} : { input: fs.readFileSync(input) }),
    });
    return { name, text };
  });
  const [first = { name: '', text: '' }, ...others] = outputs;
  for (const { name, text } of others)
    if (text.trimEnd() !== first.text.trimEnd())
      throw new Error(`${name} and ${first.name} do not print the same:\n${text}\n${first.text}`);
  return Object.fromEntries(outputs.map(({ name, text }) => [name, Buffer.byteLength(text)]));
}

async function measureWork(bench, { group, work, tool, rival, commands, cwd }) {
  if (!fs.existsSync(NATIVE)) delete commands.native;
  const bytes = agreedBytes(bench, cwd, commands);
  const launcher = bench.launcher(bench.place.env());
  const acts = Object.fromEntries(
    Object.entries({ ...commands, control: commands.rival }).map(([name, command]) => [
      name,
      () => launcher.run({ ...command, cwd, bytes: bytes[name] ?? bytes.rival }),
    ]),
  );
  const taken = await bench.rounds(ROUNDS, acts, { what: work, warmUps: WARM_UPS });
  bench.place.endDaemons();
  const against = { group, against: rival, references: taken.rival, unit: 'ms' };
  const what = `solod call, ${work}`;
  const rows = [
    ratioRow({ ...against, what: `${rival} (control)`, values: taken.control }),
    ratioRow({ ...against, what, values: taken.own, target: { atMost: 0.6 } }),
  ];
  if (taken.native !== undefined)
    rows.push(ratioRow({ ...against, what: `solod-client call, ${work}`, values: taken.native }));
  rows.push(ratioRow({ ...against, what: `${tool}, cold`, values: taken.cold }));
  rows.push(
    ratioRow({ ...against, what, against: `${tool}, cold`, values: taken.own, references: taken.cold }),
  );
  return rows;
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureFormattingAndLinting(bench) {
  if (!fs.existsSync(installed('eslint_d'))) {
    bench.leaveOut(
      'formatting and linting',
      'prettierd and eslint_d are not installed: npm ci --prefix tools/bench/peers',
    );
    return [];
  }
  const cwd = prepareProject(bench);
  const formatting = { group: 'work', work: 'formatting one file', tool: 'prettier', rival: 'prettierd' };
  const linting = { group: 'work', work: 'linting one file', tool: 'eslint', rival: 'eslint_d' };
  return [
    ...(await measureWork(bench, { ...formatting, commands: formattingCommands(cwd), cwd })),
    ...(await measureWork(bench, { ...linting, commands: lintingCommands(cwd), cwd })),
  ];
}
