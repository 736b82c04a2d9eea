/** The command line of `examples/prettierd` does what that of prettierd does. */

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { NewMachine, ROOT } from './readme-blocks.js';

const PEERS = path.join(ROOT, 'tools/bench/peers');
const VERSIONS = JSON.parse(readFileSync(path.join(PEERS, 'package.json'), 'utf8')).dependencies;
const THEIRS = 'node_modules/@fsouza/prettierd/bin/prettierd';
const INSTALL_MS = 60_000;

const machine = new NewMachine();
afterAll(() => machine.close());
const installed = install();
const LEFT_OUT = installed === undefined ? ' (skipped: npm can not install prettierd here)' : '';

/** @returns the folder with prettierd and Prettier in it */
function install(): string | undefined {
  if (existsSync(path.join(PEERS, THEIRS))) return PEERS;
  const folder = path.join(machine.path, 'peers');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'package.json'), '{}');
  const packages = ['@fsouza/prettierd', 'prettier'].map((name) => `${name}@${VERSIONS[name]}`);
  const quick = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--fetch-retries=0'];
  spawnSync('npm', ['install', ...quick, ...packages], { cwd: folder, stdio: 'ignore', timeout: INSTALL_MS });
  return existsSync(path.join(folder, THEIRS)) ? folder : undefined;
}

const TEXT = 'export function greet( name:string ) { return "x"+name }\n';
const { folder } = machine;
const DEFAULTS = path.join(folder, 'defaults.json');

interface Told {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[], input: string, env: object = {}): Promise<Told> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: path.join(folder, 'project'),
    env: { HOME: machine.home, PATH: machine.searchPath, XDG_RUNTIME_DIR: machine.path, ...env },
  });
  const told = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      told[stream] += text;
    });
  // A program that does not read its input may be gone.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout: told.stdout, stderr: told.stderr }));
  });
}

/** Theirs colours errors into a pipe, too. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a control sequence begins with one.
const plain = (told: Told): Told => ({ ...told, stdout: told.stdout.replace(/\x1b\[\d+m/g, '') });

describe.skipIf(installed === undefined)(`as with prettierd${LEFT_OUT}`, () => {
  const theirs = (args: readonly string[], input = '', env: object = {}): Promise<Told> =>
    run(path.join(installed ?? '', THEIRS), args, input, env);
  const ours = (args: readonly string[], input = '', env: object = {}): Promise<Told> =>
    run(path.join(folder, 'prettierd/prettierd.mjs'), args, input, env);

  machine.copyIn(path.join(ROOT, 'examples'));
  machine.addPackages('solod');
  const own = path.join(folder, 'prettierd/node_modules');
  const project = path.join(folder, 'project');
  for (const modules of [own, path.join(project, 'local/node_modules')]) {
    mkdirSync(modules, { recursive: true });
    symlinkSync(path.join(installed ?? '', 'node_modules/prettier'), path.join(modules, 'prettier'));
  }
  mkdirSync(path.join(project, 'inner'));
  writeFileSync(path.join(project, '.prettierignore'), 'ignored.ts\n');
  writeFileSync(path.join(project, 'other-ignore'), 'a.ts\n');
  writeFileSync(path.join(project, 'inner/.prettierrc'), '{"semi":false}');
  writeFileSync(path.join(project, 'inner/.editorconfig'), 'root=true\n[*]\nindent_style=tab\n');
  writeFileSync(DEFAULTS, '{"singleQuote":true}');

  // Both daemons end here, also if a test before has failed.
  afterAll(async () => {
    await theirs(['stop']);
    await ours(['stop']);
  });

  it('start, status, stop', async () => {
    for (const words of ['status', 'stop', 'start', 'start', 'status', 'stop-local', 'status', 'stop'])
      expect(await ours([words]), words).toEqual(await theirs([words]));
    await theirs(['start']);
    await ours(['start']);
    const [their, our] = [await theirs(['stop']), await ours(['stop'])];
    expect(our).toEqual({ ...their, stdout: 'stopped prettierd\n' });
    expect(await ours(['status'])).toEqual(await theirs(['status']));
  });

  it('restart leaves a daemon', async () => {
    expect(await ours(['restart'])).toEqual({ code: 0, stdout: '', stderr: 'Not running\n' });
    expect(await ours(['restart'])).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await ours(['status'])).toEqual({ code: 0, stdout: 'Running', stderr: '' });
  });

  it.each(['--version', '--help', '--debug-info'])('%s, in words of its own', async (option) => {
    const [their, our] = [await theirs([option, 'a.ts']), await ours([option, 'a.ts'])];
    expect(our).toMatchObject({ code: their.code, stderr: their.stderr });
    const rest = ({ stdout }: Told): string => stdout.split('\n').slice(1).join('\n');
    if (option !== '--help') expect(rest(our)).toBe(rest(their));
  });

  const CASES: readonly (readonly [what: string, args: readonly string[], input: string, env?: object])[] = [
    ['a file', ['a.ts'], TEXT],
    ['with an absolute path', [path.join(project, 'inner/a.ts')], TEXT],
    ['another language', ['a.md'], '*  a\n* b\n'],
    ['stdin-filepath', ['--stdin-filepath', 'a.ts'], TEXT],
    ['an ignored file', ['ignored.ts'], TEXT],
    ['another ignore file', ['--ignore-path', 'other-ignore', 'a.ts'], TEXT],
    ['an ignore file without a name', ['a.ts', '--ignore-path'], TEXT],
    ['what is in node_modules', ['node_modules/a.ts'], TEXT],
    ['the configuration of a directory', ['inner/a.ts'], TEXT],
    ['no configuration', ['inner/a.ts', '--no-config'], TEXT],
    ['no .editorconfig', ['inner/a.ts', '--no-editorconfig'], TEXT],
    ['options', ['a.ts', '--tab-width=8', '--single-quote', '--no-semi', '--end-of-line=crlf'], TEXT],
    ['options over files', ['inner/a.ts', '--semi'], TEXT],
    ['files over options', ['inner/a.ts', '--semi', '--config-precedence=file-override'], TEXT],
    ['files alone', ['inner/a.ts', '--semi', '--config-precedence=prefer-file'], TEXT],
    ['defaults', ['a.ts'], TEXT, { PRETTIERD_DEFAULT_CONFIG: DEFAULTS }],
    ['defaults where there is a file', ['inner/a.ts'], TEXT, { PRETTIERD_DEFAULT_CONFIG: DEFAULTS }],
    ['a Prettier of the project', ['local/a.ts'], TEXT, { PRETTIERD_LOCAL_PRETTIER_ONLY: '1' }],
    ['none of the project', ['a.ts'], TEXT, { PRETTIERD_LOCAL_PRETTIER_ONLY: '1' }],
    ['the same, empty', ['a.ts'], TEXT, { PRETTIERD_LOCAL_PRETTIER_ONLY: '' }],
    ['a byte order mark', ['a.ts'], `\ufeff${TEXT}`],
    ['an error in the text', ['a.ts'], 'let = = 3'],
    ['without colours', ['a.ts', '--no-color'], 'let = = 3'],
    ['an option that can not be', ['a.ts', '--print-width=x'], TEXT],
    ['another parser', ['a.ts', '--parser=babel'], 'let a:string'],
    ['a kind of file that nobody knows', ['a.unknown'], TEXT],
    ['check: not formatted', ['--check', 'a.ts'], TEXT],
    ['check: formatted', ['--check', 'a.ts'], 'a;\n'],
    ['an empty text', ['a.ts'], ''],
    ['no file', [], TEXT],
    ['neither file nor text', [], ''],
    ['two files', ['a.ts', 'b.ts'], TEXT],
    ['an option with its value beside it', ['a.ts', '--tab-width', '8'], TEXT],
    ['flush-cache', ['flush-cache'], ''],
    ['invoke', ['invoke', 'a.ts'], TEXT],
    ['invoke alone', ['invoke'], TEXT],
  ];

  it.each(CASES.map(([what, args, input, env]) => ({ what, args, input, env })))('$what', async (one) => {
    const { args, input, env } = one;
    const [their, our] = [await theirs(args, input, env), await ours(args, input, env)];
    expect(our).toEqual(plain(their));
  });
});
