// Builds dist/: declarations by the compiler, bundles by esbuild.
import { spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

/** What the way in leaves to the whole command. */
const separate = {
  name: 'separate',
  setup(context) {
    context.onResolve({ filter: /^\.\/command\.js$/ }, ({ path: asked }) => ({
      path: asked,
      external: true,
    }));
  },
};

const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  logLevel: 'warning',
  plugins: [separate],
  legalComments: 'none',
};
/** Node 20 starts a CommonJS module some milliseconds sooner than an ES module. */
const commonJs = {
  ...common,
  minify: true,
  format: 'cjs',
  define: { 'import.meta.url': 'undefined' },
};

rmSync('dist', { recursive: true, force: true });
rmSync('.tsbuild', { recursive: true, force: true });
const compiled = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'src/app'], {
  stdio: 'inherit',
});
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
await Promise.all([
  build({
    ...commonJs,
    entryPoints: {
      // The command: its way in, with the warm call; the streams of such a call; all other calls, and kicks; calls without a daemon.
      solod: 'src/app/main.ts',
      talk: 'src/app/talk.ts',
      quick: 'src/app/quick.ts',
      inline: 'src/app/inline.ts',
      // A started process; its claim; the daemon that comes of it.
      daemon: 'src/app/daemon/background.ts',
      serve: 'src/app/daemon/serve.ts',
      serving: 'src/app/daemon/daemon.ts',
    },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...commonJs,
    entryPoints: { 'status-line': 'src/app/status-line/service.ts' },
    // What callers read off it, and would not find in what is minified. A test holds it to what the service says.
    banner: { js: `// defineService({ name: 'status-line', version: '${version}' })` },
    outExtension: { '.js': '.cjs' },
    outdir: 'dist',
  }),
  build({
    ...common,
    format: 'esm',
    packages: 'external',
    splitting: true,
    entryPoints: { index: 'src/app/index.ts', command: 'src/app/command.ts', testing: 'src/app/testing.ts' },
    chunkNames: 'chunk-[hash]',
    outdir: 'dist',
  }),
]);
chmodSync('dist/solod.cjs', 0o755);
