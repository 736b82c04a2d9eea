/** Builds and installs what a tool needs. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PEERS, ROOT, SOLOD } from './paths.mjs';

/**
 * Runs a program of the checkout; its output goes to stderr.
 * @param {string} what is done, for people
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {boolean} whether it succeeded; if not, stderr says so
 */
function succeeds(what, program, args) {
  console.error(`${what} …`);
  const { status } = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (status !== 0) console.error(`"${program} ${args.join(' ')}" failed; run it by itself to see why`);
  return status === 0;
}

/** @returns {boolean} whether `dist` could be built from the sources */
export const build = () => succeeds('building', process.execPath, ['scripts/build.mjs']);

/** @returns {boolean} whether there is a build of solod; an old one will do */
export const buildIfMissing = () => existsSync(SOLOD) || build();

/**
 * @returns {boolean} false if the build failed; without a Rust toolchain nothing is built, and the result is
 *   true
 */
export const buildNativeClient = () =>
  succeeds('building the native client', process.execPath, ['scripts/native.mjs', 'build']);

/**
 * @param {string} [folder]
 * @returns {Record<string, string>} what solod is compared with: the pinned version of each package
 */
export const peerVersions = (folder = PEERS) => readJson(path.join(folder, 'package.json')).dependencies;

/** @param {string} folder */
function arePeersInstalled(folder) {
  return Object.entries(peerVersions(folder)).every(([name, version]) => {
    const manifest = path.join(folder, 'node_modules', name, 'package.json');
    return existsSync(manifest) && readJson(manifest).version === version;
  });
}

/**
 * Installs what solod is compared with.
 * @param {string} [folder] with the package that names it
 * @returns {boolean} whether it is there now, at the pinned versions
 */
export function installPeers(folder = PEERS) {
  const install = ['ci', '--prefix', path.relative(ROOT, folder), '--ignore-scripts'];
  return arePeersInstalled(folder) || succeeds('installing what solod is compared with', 'npm', install);
}

/** @param {string} file @returns {any} */
export const readJson = (file) => JSON.parse(readFileSync(file, 'utf8'));

/** @returns {string} */
export const ownVersion = () => readJson(path.join(ROOT, 'package.json')).version;
