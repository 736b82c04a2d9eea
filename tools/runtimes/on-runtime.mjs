// The process tests with every command and daemon on another runtime: `npm run test:bun`,
// `npm run test:deno`. Both take options of Vitest.
import { spawnSync } from 'node:child_process';
import { findRuntime } from '../../scripts/other-runtimes.mjs';
import { refuse } from '../support/command-line.mjs';
import { ROOT } from '../support/paths.mjs';
import { FILES, OTHERWISE } from './otherwise.mjs';

const [name = '', ...options] = process.argv.slice(2);
if (name !== 'bun' && name !== 'deno') refuse('on-runtime', 'say bun or deno');
const { title, runArguments, list } = OTHERWISE[name];
const program = findRuntime(name);
if (program === undefined) {
  console.log(
    `no ${title} on the PATH or in the cache: "npm run runtimes" fetches it; the tests on it are left out`,
  );
  process.exit(0);
}
const leftOut = list.flatMap(({ tests }) => tests).map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
const others = `^(?!.*(?:${leftOut.join('|')}))`;
const vitest = ['node_modules/.bin/vitest', 'run', ...FILES, '-t', others, ...options];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: ROOT,
  stdio: 'inherit',
  env: {
    ...process.env,
    SOLOD_TEST_RUNTIME: program,
    SOLOD_TEST_RUN_ARGUMENTS: JSON.stringify(runArguments),
  },
});
process.exit(status ?? 1);
