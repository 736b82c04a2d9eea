// Builds dist/: declarations by the compiler, bundles by esbuild.
import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/**
 * Node finds no names in the CommonJS of jsonc-parser, so the sources take it whole; esbuild would take its
 * ES module, which has no whole.
 */
const wholeJsonc = {
  name: 'whole-jsonc',
  setup(/** @type {import('esbuild').PluginBuild} */ context) {
    const namespace = 'whole';
    context.onResolve({ filter: /^jsonc-parser$/ }, ({ path: asked }) => ({ path: asked, namespace }));
    context.onLoad({ filter: /.*/, namespace }, ({ path: asked }) => ({
      contents: `import * as whole from './node_modules/${asked}/lib/esm/main.js'; export default whole;`,
      resolveDir: root,
    }));
  },
};

/**
 * In an ES module, CommonJS can't require what Node brings: it gets it from the process.
 * @type {import('esbuild').Plugin}
 */
const builtinForCommonJs = {
  name: 'builtin-for-common-js',
  setup(context) {
    const namespace = 'builtin';
    context.onResolve({ filter: /^(?:node:)?[a-z_/]+$/ }, ({ path: asked, kind }) =>
      kind === 'require-call' && isBuiltin(asked) ? { path: asked, namespace } : undefined,
    );
    context.onLoad({ filter: /.*/, namespace }, ({ path: asked }) => ({
      contents: `module.exports = process.getBuiltinModule(${JSON.stringify(asked)});`,
    }));
  },
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const common = /** @type {const} */ ({
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  legalComments: 'none',
});
/** Node 20 starts a CommonJS module some milliseconds sooner than an ES module. */
const commonJs = /** @type {const} */ ({
  ...common,
  minify: true,
  format: 'cjs',
  define: { 'import.meta.url': 'undefined', SOLOD_LIBRARY: 'false', SOLOD_HOLDS: 'false' },
});

rmSync('dist', { recursive: true, force: true });
rmSync('.tsbuild', { recursive: true, force: true });
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/app'], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
const [command, library, settings] = await Promise.all([
  // Whole, with its packages: as separate modules they take Node three times as long to load.
  build({
    ...commonJs,
    plugins: [wholeJsonc],
    metafile: true,
    entryPoints: { command: 'src/app/entry/program.ts' },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...common,
    define: { SOLOD_LIBRARY: 'true', SOLOD_HOLDS: 'false' },
    format: 'esm',
    plugins: [builtinForCommonJs],
    metafile: true,
    splitting: true,
    entryPoints: { index: 'src/app/entry/index.ts', testing: 'src/app/entry/testing.ts' },
    chunkNames: 'chunk-[hash]',
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    plugins: [wholeJsonc],
    metafile: true,
    entryPoints: { 'share-install': 'src/app/commands/share/share-install.ts' },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    entryPoints: {
      // The command: its entry, with the warm call; the streams of such a call; all other calls, and kicks; calls without a daemon.
      solod: 'src/app/entry/main.ts',
      'warm-call-streams': 'src/app/entry/warm-call-streams.ts',
      'call-and-kick': 'src/app/entry/call-and-kick.ts',
      inline: 'src/app/library/call-inline.ts',
      // What is said of a failure.
      'failure-text': 'src/app/texts/failure-text.ts',
      // Taking a place, and daemons of this user in others.
      'place-changes': 'src/app/place/place-changes.ts',
      // The process that a call sees, with a daemon and without.
      'call-process': 'src/app/service/call-process/install.ts',
      // Ignores the signals that the command was started to ignore. Only a command that takes its time loads it.
      signals: 'src/app/entry/keep-ignored-signals.ts',
      // The commands that explain solod.
      manual: 'src/app/manual/manual.ts',
      // The client's side of a shared server.
      sharing: 'src/app/commands/share/share-command.ts',
      // What is different on Windows.
      windows: 'src/app/platforms/windows-platform.ts',
      // A started process; its claim; the daemon that comes of it.
      daemon: 'src/app/daemon/background-entry.ts',
      serve: 'src/app/daemon/serve.ts',
      serving: 'src/app/daemon/daemon.ts',
      // Programs that know nothing of solod: the commands; how one is started; the claim for one.
      programs: 'src/app/programs/programs.ts',
      'handed-start': 'src/adapters/node/processes/handed-start.ts',
      'program-claim': 'src/app/programs/program-claim.ts',
      // The workers of a daemon, as it sees them; a process that runs calls of it, one at a time.
      'worker-pool': 'src/app/daemon/workers/open-pool.ts',
      worker: 'src/app/worker/worker-entry.ts',
    },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    define: { ...commonJs.define, SOLOD_HOLDS: 'true' },
    // What a daemon runs whose name was claimed natively: a function, which is loaded by kept code of V8.
    banner: { js: '(function (exports, require, module, __filename, __dirname) {' },
    footer: { js: '})' },
    entryPoints: { claimed: 'src/app/daemon/claimed-entry.ts' },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    entryPoints: { 'status-line': 'src/app/status-line/status-line-service.ts' },
    // What callers read off it, and would not find in what is minified. A test holds it to what the service says.
    banner: { js: `// defineService({ name: 'status-line', version: '${version}' })` },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    entryPoints: { share: 'src/app/share/share-service.ts' },
    banner: { js: `// defineService({ name: 'share', version: '${version}' })` },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
]);
chmodSync('dist/solod.cjs', 0o755);
const { manPage } = createRequire(import.meta.url)('../dist/manual.cjs');
// Of the release, not of the build: builds of one revision are the same.
const [, day] = /^## \S+ \((unreleased|[\d-]+)\)$/m.exec(readFileSync('CHANGELOG.md', 'utf8')) ?? [];
writeFileSync('dist/solod.1', manPage(day));

/**
 * Names and licences of the packages whose code is in a bundle, as their authors demand.
 * @param {string[]} inputs
 */
function noticesFor(inputs) {
  const names = inputs.flatMap(
    (file) => /^(?:whole:)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? [],
  );
  return [...new Set(names)].sort().map((name) => {
    const folder = path.join('node_modules', name);
    const { version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
    const terms = readdirSync(folder).filter((file) => /^(?:licen[cs]e|notice|copyright)/i.test(file));
    const texts = terms.sort().map((file) => readFileSync(path.join(folder, file), 'utf8').trim());
    return [`${name} ${version} (${license})`, ...texts].join('\n\n');
  });
}
const notices = noticesFor(
  [command, library, settings].flatMap(({ metafile }) => Object.keys(metafile.inputs)),
);
writeFileSync('dist/THIRD-PARTY.txt', `${notices.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`);
