/**
 * The tools that are compared, each by what its documentation says: how it is installed into a place of its own, how it is called, and
 * where it keeps its address. Who its daemons are the kernel says, never the tool.
 */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { inhabitantsOf, signalTo } from '../support/processes.mjs';
import * as programs from './tool-programs.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const rivals = path.join(root, 'tools', 'bench', 'peers', 'node_modules');
const nativeClient = path.join(root, 'native', 'target', 'release', 'solod-client');

/** So many different calls each tool is ready for; each has an answer of its own. */
export const CALLS_MAX = 64;

/**
 * @typedef {{ code: number, stdout: string }} Answer
 * @typedef {{ program: string, args: string[], env: Record<string, string>, cwd: string, input: string, expected: Answer }} Call
 * @typedef {'A' | 'B'} Version
 * @typedef {{ path: string } | { host: string, port: number }} Endpoint
 * @typedef {{ address: () => string, socket?: () => string, directory?: () => string }} Parts what can be deleted of a living
 *   daemon's: that by which its clients find it, the socket where that is another file, and the whole directory
 * @typedef {{
 *   call: (n: number) => Call,
 *   reset: () => void,
 *   parts: Parts,
 *   endpoint: () => Endpoint,
 *   renew?: (version: Version) => void,
 * }} Setting what is particular to a tool in a place; `reset`, after `stop`: as if it had never been called; without `renew` it has no
 *   notion of versions
 * @typedef {Setting & { tool: Tool, place: string, daemons: () => number[], stop: () => void }} Installed
 * @typedef {{
 *   name: string, isRival: boolean, version: () => string, missing: () => string | undefined,
 *   prepare: (place: string) => Installed,
 * }} Tool `prepare` fills an empty directory, in which all of it stays
 */

/** @param {string} name @returns {string} */
const versionOf = (name) =>
  JSON.parse(fs.readFileSync(path.join(rivals, name, 'package.json'), 'utf8')).version;

const own = () => JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')).version;

/** @param {string} place @returns {Record<string, string>} nothing of the caller's but this Node, and every directory in the place */
function environment(place) {
  return {
    PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: place,
    TMPDIR: path.join(place, 'tmp'),
    XDG_RUNTIME_DIR: path.join(place, 'run'),
    XDG_STATE_HOME: path.join(place, 'run'),
    XDG_CACHE_HOME: path.join(place, 'tmp'),
    XDG_CONFIG_HOME: path.join(place, 'tmp'),
  };
}

/** Another process may be about to read it. @param {string} file @param {string} text */
function replaceFile(file, text) {
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

/** @param {string} place @param {Record<string, string>} files */
function write(place, files) {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(place, name), text);
}

/** @param {string} place */
const linkPackages = (place) => fs.symlinkSync(rivals, path.join(place, 'node_modules'));

/** @param {string} directory */
function emptied(directory) {
  fs.rmSync(directory, { recursive: true, force: true });
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
}

/** Ends every process of a place by its id. @param {string} place */
export function endAll(place) {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let attempt = 0; attempt < 200; attempt++) {
    const left = inhabitantsOf(place);
    if (left.length === 0) return;
    // SIGKILL reaches stopped processes, too.
    for (const pid of left) signalTo(pid, 'SIGKILL');
    Atomics.wait(pause, 0, 0, 5);
  }
}

/**
 * @param {Omit<Tool, 'prepare' | 'missing' | 'version'> & { package?: string, version?: () => string,
 *   missing?: () => string | undefined, setting: (place: string) => Setting }} particulars
 * @returns {Tool}
 */
function toolOf({ setting, package: from, version, missing, ...facts }) {
  /** @type {Tool} */
  const tool = {
    ...facts,
    version: version ?? (() => versionOf(from ?? '')),
    missing: missing ?? (() => (fs.existsSync(path.join(rivals, from ?? '')) ? undefined : 'not installed')),
    prepare: (place) => {
      const empty = () => {
        for (const name of ['run', 'tmp']) emptied(path.join(place, name));
      };
      empty();
      const made = setting(place);
      const reset = () => {
        empty();
        made.reset();
      };
      return {
        ...made,
        ...{ tool, place, reset },
        daemons: () => inhabitantsOf(place),
        stop: () => endAll(place),
      };
    },
  };
  return tool;
}

/** @param {string} file @returns {Endpoint} of a file that begins with the port, or has it after `before` words */
function portIn(file, before = 0) {
  const port = Number(fs.readFileSync(file, 'utf8').split(' ')[before]);
  return { host: '127.0.0.1', port };
}

/** solod is copied, so that a build in the checkout disturbs nobody. @param {string} place */
function copySolod(place) {
  fs.cpSync(path.join(root, 'dist'), path.join(place, 'dist'), { recursive: true });
  if (fs.existsSync(nativeClient)) fs.copyFileSync(nativeClient, path.join(place, 'solod-client'));
  fs.writeFileSync(path.join(place, 'package.json'), '{ "type": "module" }\n');
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(place, 'node_modules'));
}

/**
 * Longer than it takes, and shorter than clients are waited for here: who does not get an answer says so.
 */
const SOLOD_TIMEOUT = '--timeout=8s';

/** @param {string} place @param {string[]} command what comes before `call` @returns {Setting} */
function solodSetting(place, [program = '', ...before]) {
  copySolod(place);
  const service = path.join(place, 'service.mjs');
  const state = path.join(place, 'run', 'solod');
  /** @type {Version} */
  let version = 'A';
  const renew = (/** @type {Version} */ to) => {
    version = to;
    replaceFile(service, programs.solodService(to));
  };
  renew('A');
  const directory = () => path.join(state, fs.readdirSync(state)[0] ?? '');
  const address = () => path.join(directory(), 'current');
  const socket = () => fs.realpathSync(path.join(address(), 'sock'));
  return {
    call: (n) => ({
      program,
      args: [...before, 'call', SOLOD_TIMEOUT, service, '--', String(n)],
      env: { ...environment(place), SOLOD: 'on', SOLOD_DIR: state },
      ...{ cwd: place, input: '', expected: { code: 0, stdout: programs.answerOf(n, version) } },
    }),
    reset: () => renew('A'),
    parts: { address, socket, directory },
    endpoint: () => ({ path: socket() }),
    renew,
  };
}

const solod = toolOf({
  name: 'solod',
  isRival: false,
  version: own,
  missing: () => (fs.existsSync(path.join(root, 'dist', 'solod.cjs')) ? undefined : 'not built'),
  setting: (place) => solodSetting(place, [process.execPath, path.join(place, 'dist', 'solod.cjs')]),
});

const solodNative = toolOf({
  name: 'solod, native client',
  isRival: false,
  version: own,
  missing: () => (fs.existsSync(nativeClient) ? undefined : 'not built: node scripts/native.mjs build'),
  setting: (place) => solodSetting(place, [path.join(place, 'solod-client')]),
});

const core = toolOf({
  name: 'core_d',
  isRival: true,
  package: 'core_d',
  setting: (place) => {
    linkPackages(place);
    write(place, { 'client.cjs': programs.coreClient, 'service.cjs': programs.coreService });
    const address = () => path.join(place, 'run', '.rival_d');
    return {
      call: (n) => ({
        program: process.execPath,
        args: [path.join(place, 'client.cjs'), String(n)],
        env: environment(place),
        ...{ cwd: place, input: '', expected: { code: 0, stdout: programs.answerOf(n, 'A') } },
      }),
      reset: () => {},
      parts: { address },
      endpoint: () => portIn(address()),
    };
  },
});

const prettierd = toolOf({
  name: 'prettierd',
  isRival: true,
  package: '@fsouza/prettierd',
  setting: (place) => {
    linkPackages(place);
    const address = () => path.join(place, 'run', '.prettierd', `.prettierd@${encodeURIComponent(place)}`);
    return {
      call: (n) => ({
        program: process.execPath,
        args: [path.join(rivals, '@fsouza', 'prettierd', 'bin', 'prettierd'), 'subject.js'],
        env: environment(place),
        cwd: place,
        input: `const  answer=${n}`,
        expected: { code: 0, stdout: `const answer = ${n};\n` },
      }),
      reset: () => {},
      parts: { address },
      endpoint: () => portIn(address()),
    };
  },
});

/** eslint_d keeps its address in the folder of the eslint that it finds: the place has a copy of that one package. @param {string} place */
function copyEslint(place) {
  const packages = path.join(place, 'node_modules');
  fs.mkdirSync(packages);
  for (const name of fs.readdirSync(rivals))
    if (name !== 'eslint') fs.symlinkSync(path.join(rivals, name), path.join(packages, name));
  fs.cpSync(path.join(rivals, 'eslint'), path.join(packages, 'eslint'), { recursive: true });
  fs.rmSync(path.join(packages, 'eslint', '.eslint_d'), { force: true });
}

const NAMES_ALONE = `
module.exports = (results) =>
  results.flatMap(({ messages }) => messages.map(({ message }) => /'(.*?)'/.exec(message)?.[1] ?? message)).join('\\n');
`;

const eslint = toolOf({
  name: 'eslint_d',
  isRival: true,
  package: 'eslint_d',
  setting: (place) => {
    copyEslint(place);
    write(place, {
      'eslint.config.cjs': "module.exports = [{ rules: { 'no-unused-vars': 'warn' } }];\n",
      'names.cjs': NAMES_ALONE,
    });
    for (let n = 0; n < CALLS_MAX; n++) write(place, { [`subject-${n}.js`]: `const answer${n} = ${n};\n` });
    const address = () => path.join(place, 'node_modules', 'eslint', '.eslint_d');
    // What it holds its daemon to is the project's manifest.
    const renew = (/** @type {Version} */ version) =>
      replaceFile(path.join(place, 'package.json'), `{ "name": "rival", "description": "${version}" }\n`);
    renew('A');
    return {
      call: (n) => ({
        program: process.execPath,
        args: [
          path.join(rivals, 'eslint_d', 'bin', 'eslint_d.js'),
          ...['--format', './names.cjs', `subject-${n}.js`],
        ],
        env: environment(place),
        ...{ cwd: place, input: '', expected: { code: 0, stdout: `answer${n}\n` } },
      }),
      reset: () => {
        fs.rmSync(address(), { force: true });
        renew('A');
      },
      parts: { address },
      endpoint: () => portIn(address(), 1),
      renew,
    };
  },
});

const sockDaemon = toolOf({
  name: 'sock-daemon',
  isRival: true,
  package: 'sock-daemon',
  setting: (place) => {
    linkPackages(place);
    write(place, { 'classes.mjs': programs.sockClasses, 'client.mjs': programs.sockClient });
    const directory = () => path.join(place, '.rival');
    const address = () => path.join(directory(), 'daemon', 'socket');
    /** @type {Version} */
    let version = 'A';
    const renew = (/** @type {Version} */ to) => {
      version = to;
      replaceFile(path.join(place, 'daemon.mjs'), programs.sockDaemon(to));
    };
    renew('A');
    return {
      call: (n) => ({
        program: process.execPath,
        args: [path.join(place, 'client.mjs'), String(n)],
        env: environment(place),
        ...{ cwd: place, input: '', expected: { code: 0, stdout: programs.answerOf(n, version) } },
      }),
      reset: () => {
        fs.rmSync(directory(), { recursive: true, force: true });
        renew('A');
      },
      parts: { address, directory },
      endpoint: () => ({ path: address() }),
      renew,
    };
  },
});

const naive = toolOf({
  name: 'bind, probe, unlink, bind',
  isRival: true,
  version: () => 'as it stands here',
  missing: () => undefined,
  setting: (place) => {
    write(place, { 'naive.cjs': programs.naive });
    const address = () => path.join(place, 'naive.sock');
    return {
      call: (n) => ({
        program: process.execPath,
        args: [path.join(place, 'naive.cjs'), String(n)],
        env: environment(place),
        ...{ cwd: place, input: '', expected: { code: 0, stdout: programs.answerOf(n, 'A') } },
      }),
      reset: () => fs.rmSync(address(), { force: true }),
      parts: { address },
      endpoint: () => ({ path: address() }),
    };
  },
});

/** The known-bad one, by which the torture shows that it can find something. */
export const CONTROL = naive.name;

export const tools = [solod, solodNative, core, prettierd, eslint, sockDaemon, naive];
