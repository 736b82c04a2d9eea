// `npm run fuzz [seconds]`: feeds random input to both decoders, five minutes each by default.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { refuse } from '../support/command-line.mjs';
import { ROOT } from '../support/paths.mjs';

const DEFAULT_SECONDS = '300';
/** The properties of the TypeScript decoder share the time. */
const PROPERTIES = 5;

const seconds = Number(process.argv[2] ?? DEFAULT_SECONDS);
if (!(seconds > 0)) refuse('fuzz', 'the argument is a number of seconds');

/**
 * Ends this process if the program fails.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {import('node:child_process').SpawnSyncOptions} [options]
 * @returns {'done' | 'missing'} `missing`: there is no such program
 */
function run(program, args, options = {}) {
  const { status, error } = spawnSync(program, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (error !== undefined && 'code' in error && error.code === 'ENOENT') return 'missing';
  if (status !== 0) process.exit(status ?? 1);
  return 'done';
}

const env = { ...process.env, SOLOD_FUZZ_MS: String((seconds * 1_000) / PROPERTIES) };
run(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/fuzz'], { env });

const build = ['run', '--release', '--quiet', '--offline', '--locked', '--bin', 'fuzz'];
const cargo = run('cargo', [...build, '--', String(seconds)], { cwd: path.join(ROOT, 'native') });
if (cargo === 'missing') console.error('fuzz: there is no cargo: the native decoder is left out');
