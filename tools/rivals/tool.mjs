/** How a tool that keeps a daemon is described, so that every tool can be put under the same stress. */
import fs from 'node:fs';
import path from 'node:path';
import { PEER_PACKAGES } from '../support/paths.mjs';
import { readJson } from '../support/prepare.mjs';
import { endProcessesOf, inhabitantsOf } from '../support/processes.mjs';

/** How many different calls each tool is ready for; each has an answer of its own. */
export const CALLS_MAX = 64;

/**
 * @typedef {{ code: number, stdout: string }} Answer
 * @typedef {{
 *   program: string, args: string[], env: Record<string, string>, cwd: string, input: string, expected:
 *   Answer,
 * }} Call
 * @typedef {'A' | 'B'} Version
 * @typedef {{ path: string } | { host: string, port: number }} Endpoint
 * @typedef {{ address: () => string, socket?: () => string, directory?: () => string }} Parts what can be
 *   deleted of a living daemon's: the file by which clients find it, the socket if that is another file, and
 *   the whole directory
 * @typedef {{
 *   call: (n: number) => Call, reset: () => void, parts: Parts, endpoint: () => Endpoint, renew?: (version:
 *   Version) => void,
 * }} Setting what is particular to a tool in a folder; `reset`, after `stop`: as if it had never been called;
 *   a tool without `renew` has no versions
 * @typedef {Setting & { tool: Tool, folder: string, daemons: () => number[], stop: () => void }} Installed
 * @typedef {{
 *   name: string, isRival: boolean, version: () => string, missing: () => string | undefined,
 *   prepare: (folder: string) => Installed,
 * }} Tool `missing`: why it can't be run; `prepare` fills an empty folder, in which all of it stays
 */

/**
 * @param {string} folder
 * @returns {Record<string, string>} nothing of the caller's but this Node; every directory is in the folder
 */
export function environmentIn(folder) {
  return {
    PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: folder,
    TMPDIR: path.join(folder, 'tmp'),
    XDG_RUNTIME_DIR: path.join(folder, 'run'),
    XDG_STATE_HOME: path.join(folder, 'run'),
    XDG_CACHE_HOME: path.join(folder, 'tmp'),
    XDG_CONFIG_HOME: path.join(folder, 'tmp'),
  };
}

/**
 * A call that runs a script of the folder with this Node.
 * @param {string} folder
 * @param {string[]} args
 * @param {string} stdout the expected answer
 * @param {string} [input]
 * @returns {Call}
 */
export const nodeCall = (folder, args, stdout, input = '') => ({
  program: process.execPath,
  args,
  env: environmentIn(folder),
  cwd: folder,
  input,
  expected: { code: 0, stdout },
});

/** Atomically, because another process may be about to read it. @param {string} file @param {string} text */
export function replaceFile(file, text) {
  fs.writeFileSync(`${file}.new`, text);
  fs.renameSync(`${file}.new`, file);
}

/** @param {string} folder @param {Record<string, string>} files */
export function writeFiles(folder, files) {
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text);
}

/** @param {string} folder */
export const linkPackages = (folder) => fs.symlinkSync(PEER_PACKAGES, path.join(folder, 'node_modules'));

/**
 * @param {string} file
 * @param {number} [column]
 * @returns {Endpoint} of a file that has a port in one of its columns
 */
export function portIn(file, column = 0) {
  const port = Number(fs.readFileSync(file, 'utf8').split(' ')[column]);
  return { host: '127.0.0.1', port };
}

/** @param {string} folder */
function emptyDirectories(folder) {
  for (const name of ['run', 'tmp']) {
    fs.rmSync(path.join(folder, name), { recursive: true, force: true });
    fs.mkdirSync(path.join(folder, name), { recursive: true, mode: 0o700 });
  }
}

/**
 * @param {Pick<Tool, 'name' | 'isRival' | 'version' | 'missing'> & { setting: (folder: string) => Setting }}
 *   particulars
 * @returns {Tool}
 */
export function defineTool({ setting, ...facts }) {
  /** @type {Tool} */
  const tool = {
    ...facts,
    prepare: (folder) => {
      emptyDirectories(folder);
      const made = setting(folder);
      const reset = () => {
        emptyDirectories(folder);
        made.reset();
      };
      const processes = { daemons: () => inhabitantsOf(folder), stop: () => endProcessesOf(folder) };
      return { ...made, ...processes, tool, folder, reset };
    },
  };
  return tool;
}

/**
 * A tool from the packages that are installed on demand.
 * @param {string} name of the package
 * @param {(folder: string) => Setting} setting
 */
export const defineRival = (name, setting) =>
  defineTool({
    name: path.posix.basename(name),
    isRival: true,
    version: () => readJson(path.join(PEER_PACKAGES, name, 'package.json')).version,
    missing: () => (fs.existsSync(path.join(PEER_PACKAGES, name)) ? undefined : 'not installed'),
    setting,
  });
