/** The packages of a release where each installer puts them: the command is native there, or Node's. */

import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BUILD_MS, buildClient, hasCargo, LEFT_OUT } from '../../native/client.js';
import { type Registry, serveRegistry } from '../support/registry.js';
import { BUN, findInstaller, without } from '../support/runtimes.js';
import { type Ended, ROOT, type Sandbox, sandbox } from '../support/sandbox.js';

const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string };

interface Installer {
  readonly name: string;
  /** The program, with what comes before its arguments; undefined if it is not there. */
  readonly command: readonly string[] | undefined;
  /** Why it is skipped although it is there. */
  readonly unfit?: string;
  readonly args: readonly string[];
  /** Yarn's setting. */
  readonly nodeLinker?: 'pnp';
  /** What a user runs then, in the project. */
  readonly program: (project: string) => string;
}

const inProject = (project: string): string => path.join(project, 'node_modules/.bin/solod');

/** Where `npx` puts what it runs. */
function inCache(project: string): string {
  const cache = path.join(project, 'home/.npm/_npx');
  const [folder = 'none'] = readdirSync(cache);
  return inProject(path.join(cache, folder));
}

const onNode = (program: string | undefined): readonly string[] | undefined =>
  program === undefined ? undefined : [process.execPath, program];
const alone = (program: string | undefined): readonly string[] | undefined =>
  program === undefined ? undefined : [program];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
/** What pnpm 11 needs. */
const isNode22 = major > 22 || (major === 22 && minor >= 13);

const QUIET = ['--no-audit', '--no-fund'];
const INSTALLERS: readonly Installer[] = [
  { name: 'npm', command: ['npm'], args: ['install', ...QUIET, 'solod'], program: inProject },
  { name: 'npx', command: ['npx'], args: ['--yes', 'solod', '--version'], program: inCache },
  { name: 'pnpm-10', command: onNode(findInstaller('pnpm-10')), args: ['add', 'solod'], program: inProject },
  {
    name: 'pnpm-11',
    command: onNode(findInstaller('pnpm-11')),
    unfit: isNode22 ? '' : ' (skipped: it needs Node 22.13)',
    args: ['add', 'solod'],
    program: inProject,
  },
  { name: 'pnpm-12', command: alone(findInstaller('pnpm-12')), args: ['add', 'solod'], program: inProject },
  { name: 'yarn-1', command: onNode(findInstaller('yarn-1')), args: ['add', 'solod'], program: inProject },
  { name: 'yarn-4', command: onNode(findInstaller('yarn-4')), args: ['add', 'solod'], program: inProject },
  { name: 'bun', command: alone(BUN), args: ['add', 'solod'], program: inProject },
  {
    name: 'bun --linker isolated',
    command: alone(BUN),
    args: ['add', '--linker', 'isolated', 'solod'],
    program: inProject,
  },
];

/** They differ from the others in where the links are. */
const GLOBAL: readonly Installer[] = [
  {
    name: 'npm --global',
    command: ['npm'],
    args: ['install', ...QUIET, '--global', '--prefix', 'global', 'solod'],
    program: (project) => path.join(project, 'global/bin/solod'),
  },
  {
    name: 'pnpm-10 --global',
    command: onNode(findInstaller('pnpm-10')),
    args: ['add', '--global', 'solod'],
    program: (project) => path.join(project, 'commands/solod'),
  },
  {
    name: 'yarn-1 global',
    command: onNode(findInstaller('yarn-1')),
    args: ['global', 'add', '--prefix', 'global', '--global-folder', 'packages', 'solod'],
    program: (project) => path.join(project, 'global/bin/solod'),
  },
  {
    name: 'bun --global',
    command: alone(BUN),
    args: ['add', '--global', 'solod'],
    program: (project) => path.join(project, 'home/.bun/bin/solod'),
  },
];

/** Yarn's own layout: archives, and a loader that finds packages in them. */
const PLUG_AND_PLAY: Installer = {
  name: 'yarn-4, plug and play',
  command: onNode(findInstaller('yarn-4')),
  args: ['add', 'solod'],
  nodeLinker: 'pnp',
  program: (project) => project,
};

/** @returns what stands in the names of tests, the second one if they are skipped */
function named({ name, command, unfit = '' }: Installer): { readonly name: string; readonly left: string } {
  return { name, left: without(name, command?.[0]) || unfit };
}

/** What the scripts need that some installers put on the PATH. */
const TOOLS = ['sh', 'dirname', 'readlink', 'sed', 'uname'];

/** A PATH without Node: what answers there is native. */
function pathWithoutNode(box: Sandbox): string {
  const folder = path.join(box.path, 'tools');
  mkdirSync(folder);
  for (const tool of TOOLS) {
    const found = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' });
    symlinkSync(found.trim(), path.join(folder, tool));
  }
  return folder;
}

/** Nothing of the caller's: no settings of npm, no cache, no home. */
function environment(project: string): NodeJS.ProcessEnv {
  const home = path.join(project, 'home');
  const cleared = Object.keys(process.env).map((name) => [name, undefined] as const);
  return {
    ...Object.fromEntries(cleared),
    PATH: `${path.dirname(process.execPath)}:${project}/commands:${process.env.PATH}`,
    PNPM_HOME: `${project}/commands`,
    // Yarn 1 puts root's cache outside of its home.
    YARN_CACHE_FOLDER: `${home}/yarn`,
    HOME: home,
    TMPDIR: tmpdir(),
  };
}

/** @returns what a user runs */
async function install(box: Sandbox, installer: Installer, registry: Registry): Promise<string> {
  const project = path.join(box.path, 'project');
  const home = path.join(project, 'home');
  mkdirSync(home, { recursive: true });
  writeFileSync(
    path.join(project, 'package.json'),
    '{ "name": "empty", "version": "1.0.0", "private": true }',
  );
  // The end of the project for Yarn, which would look above it.
  writeFileSync(path.join(project, 'yarn.lock'), '');
  writeFileSync(path.join(home, '.npmrc'), `registry=${registry.url}/\n`);
  writeFileSync(
    path.join(home, '.yarnrc.yml'),
    [
      `npmRegistryServer: '${registry.url}'`,
      "unsafeHttpWhitelist: ['127.0.0.1']",
      `nodeLinker: ${installer.nodeLinker ?? 'node-modules'}`,
      'enableTelemetry: false',
      '',
    ].join('\n'),
  );
  const [program = '', ...before] = installer.command ?? [];
  const options = { cwd: project, env: environment(project) };
  const { code, stdout, stderr } = await box.exec(program, [...before, ...installer.args], options);
  expect({ code, said: code === 0 ? '' : `${stdout}${stderr}` }).toEqual({ code: 0, said: '' });
  return installer.program(project);
}

/** The packages of a release, one registry where a client is for this machine, and one where none is. */
class Release {
  readonly #path = mkdtempSync(path.join(tmpdir(), 'solod-release-'));
  readonly #open: Registry[] = [];

  constructor() {
    const pack = [path.join(ROOT, 'scripts/native.mjs'), 'pack', this.#path];
    execFileSync(process.execPath, pack, { stdio: 'pipe' });
  }

  /** @param cpus of the two clients */
  async serve(cpus: { readonly 'linux-x64': string; readonly 'linux-arm64': string }): Promise<Registry> {
    const folder = mkdtempSync(path.join(this.#path, 'registry-'));
    const clients = Object.entries(cpus).map(([kind, cpu]) => this.#client(folder, kind, cpu));
    const others = ['@types/node', 'undici-types'].map((name) => path.join(ROOT, 'node_modules', name));
    const registry = await serveRegistry([path.join(this.#path, 'solod'), ...clients, ...others], folder);
    this.#open.push(registry);
    return registry;
  }

  /** The client of this machine, as the one of that kind. */
  #client(folder: string, kind: string, cpu: string): string {
    const client = path.join(folder, kind);
    cpSync(path.join(this.#path, `client-linux-${process.arch}`), client, { recursive: true });
    const file = path.join(client, 'package.json');
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as object;
    writeFileSync(file, JSON.stringify({ ...manifest, name: `@solod/client-${kind}`, cpu: [cpu] }));
    return client;
  }

  dispose(): void {
    for (const registry of this.#open) registry.close();
    rmSync(this.#path, { recursive: true, force: true });
  }
}

const said = ({ code, stdout, stderr }: Ended) => ({ code, stdout: stdout.toString(), stderr });

/** The kinds of what `doctor` finds. */
async function findings(box: Sandbox, program: string): Promise<string[]> {
  const { stdout } = await box.exec(program, ['doctor', '--json']);
  const report = JSON.parse(stdout.toString()) as { findings: { kind: string }[] };
  return report.findings.map(({ kind }) => kind);
}

describe.skipIf(!hasCargo)(`the packages of a release${LEFT_OUT}`, () => {
  let release: Release;
  let withClient: Registry;
  let withoutClient: Registry;
  beforeAll(async () => {
    buildClient();
    release = new Release();
    withClient = await release.serve({ 'linux-x64': 'x64', 'linux-arm64': 'arm64' });
    withoutClient = await release.serve({ 'linux-x64': 's390x', 'linux-arm64': 's390x' });
  }, BUILD_MS);
  afterAll(() => release?.dispose());

  for (const installer of [...INSTALLERS, ...GLOBAL]) {
    const { name, left } = named(installer);
    it.skipIf(left !== '')(`${name}: the command is the native client${left}`, async () => {
      const box = sandbox();
      const program = await install(box, installer, withClient);
      const service = box.service();
      const first = await box.exec(program, ['call', service, '--', 'a']);
      expect(said(first)).toMatchObject({ code: 0, stderr: '' });
      const { pid } = JSON.parse(first.stdout.toString()) as { pid: number };

      const env = { PATH: pathWithoutNode(box) };
      const asked = await box.exec(program, ['--version'], { env });
      expect(said(asked)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
      const second = await box.exec(program, ['call', service, '--', 'b'], { env });
      expect(said(second)).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(second.stdout.toString())).toMatchObject({ args: ['b'], pid });
      expect(await findings(box, program)).toContain('native-client');
    });
  }

  for (const installer of INSTALLERS) {
    const { name, left } = named(installer);
    it.skipIf(left !== '')(`${name}: the command is Node's without one${left}`, async () => {
      const box = sandbox();
      const program = await install(box, installer, withoutClient);
      const asked = await box.exec(program, ['--version']);
      expect(said(asked)).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
      const called = await box.exec(program, ['call', box.service(), '--', 'a']);
      expect(JSON.parse(called.stdout.toString())).toMatchObject({ args: ['a'] });
      const { code } = await box.exec(program, ['--version'], { env: { PATH: pathWithoutNode(box) } });
      expect(code).toBe(71);
    });
  }

  const { name, left } = named(PLUG_AND_PLAY);
  // Yarn itself runs the command there, with Node.
  it.skipIf(left !== '')(`${name}: the command answers${left}`, async () => {
    const box = sandbox();
    const project = await install(box, PLUG_AND_PLAY, withClient);
    const [program = '', ...before] = PLUG_AND_PLAY.command ?? [];
    const run = (...args: readonly string[]) =>
      box.exec(program, [...before, 'solod', ...args], { cwd: project, env: environment(project) });
    expect(said(await run('--version'))).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
    const called = await run('call', box.service(), '--state-dir', box.state, '--', 'a');
    expect(JSON.parse(called.stdout.toString())).toMatchObject({ args: ['a'] });
  });
});
