/**
 * The tools that are compared, each as its documentation says: how it is installed into a folder of its own,
 * how it is called, and where it keeps its address. Which processes are its daemons is asked of the kernel,
 * not of the tool.
 */
import fs from 'node:fs';
import path from 'node:path';
import { NATIVE_CLIENT, PEER_PACKAGES, ROOT, SOLOD } from '../support/paths.mjs';
import { ownVersion } from '../support/prepare.mjs';
import {
  CALLS_MAX,
  defineRival,
  defineTool,
  environmentIn,
  linkPackages,
  nodeCall,
  portIn,
  replaceFile,
  writeFiles,
} from './tool.mjs';
import * as programs from './tool-programs.mjs';

/** @typedef {import('./tool.mjs').Version} Version */

/**
 * Longer than a call takes, and shorter than clients are waited for here: a client without an answer says so.
 */
const SOLOD_TIMEOUT = '--timeout=8s';

/** A copy, so that a build in the checkout disturbs no round. @param {string} folder */
function copySolod(folder) {
  fs.cpSync(path.join(ROOT, 'dist'), path.join(folder, 'dist'), { recursive: true });
  if (fs.existsSync(NATIVE_CLIENT)) fs.copyFileSync(NATIVE_CLIENT, path.join(folder, 'solod-client'));
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }\n');
  fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
}

/**
 * @param {string} folder
 * @param {string[]} command what comes before `call`
 * @returns {import('./tool.mjs').Setting}
 */
function solodSetting(folder, [program = '', ...before]) {
  copySolod(folder);
  const service = path.join(folder, 'service.mjs');
  const state = path.join(folder, 'run', 'solod');
  /** @type {Version} */
  let version = 'A';
  const renew = (/** @type {Version} */ to) => {
    version = to;
    replaceFile(service, programs.solodService(to));
  };
  renew('A');
  const directory = () => path.join(state, fs.readdirSync(state).find((name) => !name.startsWith('.')) ?? '');
  const address = () => path.join(directory(), 'current');
  const socket = () => fs.realpathSync(path.join(address(), 'sock'));
  return {
    call: (n) => ({
      program,
      args: [...before, 'call', SOLOD_TIMEOUT, service, '--', String(n)],
      env: { ...environmentIn(folder), SOLOD: 'on', SOLOD_DIR: state },
      ...{ cwd: folder, input: '', expected: { code: 0, stdout: programs.answerOf(n, version) } },
    }),
    reset: () => renew('A'),
    parts: { address, socket, directory },
    endpoint: () => ({ path: socket() }),
    renew,
  };
}

const solod = defineTool({
  name: 'solod',
  isRival: false,
  version: ownVersion,
  missing: () => (fs.existsSync(SOLOD) ? undefined : 'not built'),
  setting: (folder) => solodSetting(folder, [process.execPath, path.join(folder, 'dist', 'solod.cjs')]),
});

const solodNative = defineTool({
  name: 'solod, native client',
  isRival: false,
  version: ownVersion,
  missing: () => (fs.existsSync(NATIVE_CLIENT) ? undefined : 'not built: node scripts/native.mjs build'),
  setting: (folder) => solodSetting(folder, [path.join(folder, 'solod-client')]),
});

const coreD = defineRival('core_d', (folder) => {
  linkPackages(folder);
  writeFiles(folder, { 'client.cjs': programs.coreClient, 'service.cjs': programs.coreService });
  const address = () => path.join(folder, 'run', '.rival_d');
  return {
    call: (n) => nodeCall(folder, [path.join(folder, 'client.cjs'), String(n)], programs.answerOf(n, 'A')),
    reset: () => {},
    parts: { address },
    endpoint: () => portIn(address()),
  };
});

const prettierd = defineRival('@fsouza/prettierd', (folder) => {
  linkPackages(folder);
  const program = path.join(PEER_PACKAGES, '@fsouza', 'prettierd', 'bin', 'prettierd');
  const address = () => path.join(folder, 'run', '.prettierd', `.prettierd@${encodeURIComponent(folder)}`);
  return {
    call: (n) => nodeCall(folder, [program, 'subject.js'], `const answer = ${n};\n`, `const  answer=${n}`),
    reset: () => {},
    parts: { address },
    endpoint: () => portIn(address()),
  };
});

/**
 * eslint_d keeps its address in the folder of the eslint that it finds: there is a copy of that one package.
 * @param {string} folder
 */
function copyEslint(folder) {
  const packages = path.join(folder, 'node_modules');
  fs.mkdirSync(packages);
  for (const name of fs.readdirSync(PEER_PACKAGES))
    if (name !== 'eslint') fs.symlinkSync(path.join(PEER_PACKAGES, name), path.join(packages, name));
  fs.cpSync(path.join(PEER_PACKAGES, 'eslint'), path.join(packages, 'eslint'), { recursive: true });
  fs.rmSync(path.join(packages, 'eslint', '.eslint_d'), { force: true });
}

/** @param {string} folder */
function writeEslintSubjects(folder) {
  writeFiles(folder, {
    'eslint.config.cjs': "module.exports = [{ rules: { 'no-unused-vars': 'warn' } }];\n",
    'names.cjs': programs.eslintFormatter,
  });
  for (let n = 0; n < CALLS_MAX; n++)
    writeFiles(folder, { [`subject-${n}.js`]: `const answer${n} = ${n};\n` });
}

const eslintD = defineRival('eslint_d', (folder) => {
  copyEslint(folder);
  writeEslintSubjects(folder);
  const program = path.join(PEER_PACKAGES, 'eslint_d', 'bin', 'eslint_d.js');
  const address = () => path.join(folder, 'node_modules', 'eslint', '.eslint_d');
  // It restarts its daemon when the manifest of the project changes.
  const renew = (/** @type {Version} */ version) =>
    replaceFile(path.join(folder, 'package.json'), `{ "name": "rival", "description": "${version}" }\n`);
  renew('A');
  return {
    call: (n) => nodeCall(folder, [program, '--format', './names.cjs', `subject-${n}.js`], `answer${n}\n`),
    reset: () => {
      fs.rmSync(address(), { force: true });
      renew('A');
    },
    parts: { address },
    endpoint: () => portIn(address(), 1),
    renew,
  };
});

const sockDaemon = defineRival('sock-daemon', (folder) => {
  linkPackages(folder);
  writeFiles(folder, { 'classes.mjs': programs.sockClasses, 'client.mjs': programs.sockClient });
  const directory = () => path.join(folder, '.rival');
  const address = () => path.join(directory(), 'daemon', 'socket');
  /** @type {Version} */
  let version = 'A';
  const renew = (/** @type {Version} */ to) => {
    version = to;
    replaceFile(path.join(folder, 'daemon.mjs'), programs.sockDaemon(to));
  };
  renew('A');
  return {
    call: (n) =>
      nodeCall(folder, [path.join(folder, 'client.mjs'), String(n)], programs.answerOf(n, version)),
    reset: () => {
      fs.rmSync(directory(), { recursive: true, force: true });
      renew('A');
    },
    parts: { address, directory },
    endpoint: () => ({ path: address() }),
    renew,
  };
});

const naive = defineTool({
  name: 'bind, probe, unlink, bind',
  isRival: true,
  version: () => 'as it stands here',
  missing: () => undefined,
  setting: (folder) => {
    writeFiles(folder, { 'naive.cjs': programs.naive });
    const address = () => path.join(folder, 'naive.sock');
    return {
      call: (n) => nodeCall(folder, [path.join(folder, 'naive.cjs'), String(n)], programs.answerOf(n, 'A')),
      reset: () => fs.rmSync(address(), { force: true }),
      parts: { address },
      endpoint: () => ({ path: address() }),
    };
  },
});

/** The tool that is known to be bad: it shows that the scenarios can find something. */
export const CONTROL = naive.name;

export const tools = [solod, solodNative, coreD, prettierd, eslintD, sockDaemon, naive];
