// `npm run fuzz [seconds]`: feeds both decoders whatever comes, five minutes each unless told otherwise.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const seconds = Number(process.argv[2] ?? 300);
if (!(seconds > 0)) {
  console.error('fuzz: a number of seconds');
  process.exit(64);
}

/** What the properties of the TypeScript side share the time among. */
const PROPERTIES = 5;

function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: 'inherit', ...options });
  if (error?.code === 'ENOENT') return 'missing';
  if (status !== 0) process.exit(status ?? 1);
  return 'done';
}

const env = { ...process.env, SOLOD_FUZZ_MS: String((seconds * 1_000) / PROPERTIES) };
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/fuzz'], { env });

const native = path.join(root, 'native');
const cargo = [
  'run',
  '--release',
  '--quiet',
  '--offline',
  '--locked',
  '--bin',
  'fuzz',
  '--',
  String(seconds),
];
if (run('cargo', cargo, { cwd: native }) === 'missing')
  console.error('fuzz: no cargo: the native decoder is left out');
