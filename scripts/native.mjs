// The native client. `node scripts/native.mjs build [processor]` builds it if there is a Rust toolchain for
// that processor (this machine's, else `x64` or `arm64`), and says so if there is none. `pack [folder]` makes
// the packages that are published, in `native/platform` if no folder is given: those of the processors that
// it can be built for here, and the main one that names all.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { crossToolchain, hasCargo, PROCESSORS } from './rust-toolchain.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const native = path.join(root, 'native');

/** A build takes some seconds of one core. One that takes this long hangs. */
const BUILD_MS = 240_000;

/** @param {string} processor @returns what builds for it; undefined if nothing here does */
function toolchainFor(processor) {
  if (process.platform !== 'linux') return undefined;
  if (processor !== process.arch) return crossToolchain(processor);
  return hasCargo() ? { cargo: 'cargo', triple: undefined, env: {} } : undefined;
}

/**
 * Offline: the crate has no dependencies.
 * @param {string} processor by Node's name
 * @returns {string | undefined} path of the client; undefined if there is no toolchain for it
 */
function build(processor) {
  const toolchain = toolchainFor(processor);
  if (toolchain === undefined) {
    console.error(
      `native: no working cargo for ${processor}, or not Linux: ` +
        'the native client is not built, and its tests are skipped',
    );
    return undefined;
  }
  const { cargo, triple, env } = toolchain;
  const target = triple === undefined ? [] : ['--target', triple];
  const options = ['--release', '--quiet', '--offline', '--locked', ...target];
  const { status, signal } = spawnSync(cargo, ['build', '--bin', 'solod-client', ...options], {
    cwd: native,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: BUILD_MS,
  });
  if (signal !== null) console.error(`native: cargo build was ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
  return path.join(native, 'target', triple ?? '.', 'release', 'solod-client');
}

const SCOPE = '@solod';
const manifest = () => JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** @param {string} packages @param {string} name */
function emptyFolder(packages, name) {
  const folder = path.join(packages, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** @param {string} folder @param {object} fields */
function writeManifest(folder, fields) {
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(fields, null, 2)}\n`);
  console.log(path.relative(process.cwd(), folder));
}

/**
 * A package that npm installs only on the platform where it runs.
 * @param {string} packages @param {string} processor @param {string} built
 */
function packPlatform(packages, processor, built) {
  const { version, license } = manifest();
  const name = `client-linux-${processor}`;
  const folder = emptyFolder(packages, name);
  mkdirSync(path.join(folder, 'bin'));
  copyFileSync(built, path.join(folder, 'bin', 'solod-client'));
  chmodSync(path.join(folder, 'bin', 'solod-client'), 0o755);
  const sum = createHash('sha256').update(readFileSync(built)).digest('hex');
  writeFileSync(path.join(folder, 'bin', 'SHA256SUMS'), `${sum}  solod-client\n`);
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  copyFileSync(path.join(native, 'README.md'), path.join(folder, 'README.md'));
  writeManifest(folder, {
    name: `${SCOPE}/${name}`,
    version,
    description: `The native client of solod for linux on ${processor}`,
    license,
    os: ['linux'],
    cpu: [processor],
    preferUnplugged: true,
    bin: { 'solod-client': 'bin/solod-client' },
    files: ['bin'],
  });
}

/**
 * The main package as it is published, with the platforms' packages as optional dependencies. The manifest of
 * the checkout does not name them: they are published first, and until then `npm ci` would not find them.
 * @param {string} packages
 */
function packMain(packages) {
  const { scripts: _, devDependencies: __, workspaces: ___, ...fields } = manifest();
  const folder = emptyFolder(packages, 'solod');
  for (const part of [...fields.files, 'LICENSE', 'README.md'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  const optionalDependencies = Object.fromEntries(
    PROCESSORS.map((name) => [`${SCOPE}/client-linux-${name}`, fields.version]),
  );
  writeManifest(folder, { ...fields, optionalDependencies });
}

/** @param {string} packages */
function pack(packages) {
  for (const processor of PROCESSORS) {
    const built = build(processor);
    if (built !== undefined) packPlatform(packages, processor, built);
    else if (processor === process.arch) process.exit(1);
  }
  packMain(packages);
}

const [, , command, operand] = process.argv;
switch (command) {
  case 'build':
    build(operand ?? process.arch);
    break;
  case 'pack':
    pack(path.resolve(operand ?? path.join(native, 'platform')));
    break;
  default:
    console.error('native: build [processor], or pack [folder]');
    process.exit(64);
}
