// The native client. `node scripts/native.mjs build` builds it if there is a Rust toolchain, and says so if there is none.
// `pack [folder]` makes the packages that are published, in `native/platform` if no folder is given: that of this platform,
// and the main one that names it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasCargo } from './rust-toolchain.mjs';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const native = path.join(root, 'native');
const packages = process.argv[3] ?? path.join(native, 'platform');
const built = path.join(native, 'target', 'release', 'solod-client');

/** A build takes some seconds of one core. One that takes this long hangs. */
const BUILD_MS = 240_000;

/** Offline: the crate has no dependencies. */
function build() {
  if (process.platform !== 'linux' || !hasCargo()) {
    console.error(
      'native: no working cargo, or not Linux: the native client is not built, and its tests are skipped',
    );
    return false;
  }
  const options = ['--release', '--quiet', '--offline', '--locked'];
  const { status, signal } = spawnSync('cargo', ['build', '--bin', 'solod-client', ...options], {
    cwd: native,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: BUILD_MS,
  });
  if (signal !== null) console.error(`native: cargo build was ended by ${signal}`);
  if (status !== 0) process.exit(status ?? 1);
  return true;
}

const SCOPE = '@solod';
/** The platforms of `src/app/environment/native-client.ts`. Each is packed on a machine of its kind. */
const PLATFORMS = ['linux-x64', 'linux-arm64'];

const manifest = () => JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));

/** @param {string} name */
function emptyFolder(name) {
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

/** A package that npm installs only on the platform where it runs. */
function packPlatform() {
  const { version, license } = manifest();
  const name = `client-${process.platform}-${process.arch}`;
  const folder = emptyFolder(name);
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
    description: `The native client of solod for ${process.platform} on ${process.arch}`,
    license,
    os: [process.platform],
    cpu: [process.arch],
    preferUnplugged: true,
    bin: { 'solod-client': 'bin/solod-client' },
    files: ['bin'],
  });
}

/**
 * The main package as it is published, with the platforms' packages as optional dependencies. The manifest of the checkout
 * does not name them: they are published first, and until then `npm ci` would not find them.
 */
function packMain() {
  const { scripts: _, devDependencies: __, workspaces: ___, ...fields } = manifest();
  const folder = emptyFolder('solod');
  for (const part of [...fields.files, 'LICENSE', 'README.md'])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  const optionalDependencies = Object.fromEntries(
    PLATFORMS.map((name) => [`${SCOPE}/client-${name}`, fields.version]),
  );
  writeManifest(folder, { ...fields, optionalDependencies });
}

switch (process.argv[2]) {
  case 'build':
    build();
    break;
  case 'pack':
    if (!build()) process.exit(1);
    packPlatform();
    packMain();
    break;
  default:
    console.error('native: build, or pack [folder]');
    process.exit(64);
}
