// The native client. `node scripts/native.mjs build` builds it where there is a toolchain, and says so where there is none; `pack`
// makes the package of this platform from it, as `native/platform/<name>`.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const native = path.join(root, 'native');
const built = path.join(native, 'target', 'release', 'solod-client');

function hasCargo() {
  return spawnSync('cargo', ['--version'], { stdio: 'ignore' }).status === 0;
}

/** Offline: there is nothing to be fetched. */
function build() {
  if (process.platform !== 'linux' || !hasCargo()) {
    console.error(
      'native: no cargo, or no Linux: the native client is not built, and its tests are left out',
    );
    return false;
  }
  const { status } = spawnSync('cargo', ['build', '--release', '--quiet', '--offline', '--locked'], {
    cwd: native,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
  return true;
}

/** A package that npm takes only where it runs; the main package names it as an optional dependency when it is published. */
function pack() {
  if (!build()) process.exit(1);
  const { version, license } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const name = `client-${process.platform}-${process.arch}`;
  const folder = path.join(native, 'platform', name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, 'bin'), { recursive: true });
  const manifest = {
    name: `@solod/${name}`,
    version,
    description: `The native client of solod for ${process.platform} on ${process.arch}`,
    license,
    os: [process.platform],
    cpu: [process.arch],
    files: ['bin'],
    preferUnplugged: true,
  };
  writeFileSync(path.join(folder, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
  copyFileSync(built, path.join(folder, 'bin', 'solod-client'));
  chmodSync(path.join(folder, 'bin', 'solod-client'), 0o755);
  copyFileSync(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'));
  copyFileSync(path.join(native, 'README.md'), path.join(folder, 'README.md'));
  console.log(path.relative(process.cwd(), folder));
}

switch (process.argv[2]) {
  case 'build':
    build();
    break;
  case 'pack':
    pack();
    break;
  default:
    console.error('native: build or pack');
    process.exit(64);
}
