// The process tests with every command and daemon on Bun: `npm run test:bun`. It takes options of Vitest.
import { spawnSync } from 'node:child_process';
import { findRuntime } from '../../scripts/other-runtimes.mjs';
import { ROOT } from '../support/paths.mjs';

const FILES = [
  'test/process/daemon',
  'test/process/calls/calls.test.ts',
  'test/process/calls/storms.test.ts',
];

/** Tests of what Bun does otherwise; docs/platforms.md has the list. A part of each name. */
const OTHERWISE = [
  // Bun's message for a file that it can't parse does not name the error's type.
  'a syntax error',
  // The event of an error does not tell which call it belongs to.
  'exits or fails after its end',
  'fails twice: the first error counts',
  'no error that a call leaves behind',
  // Workers don't run.
  'a new build that meets a call in a worker',
  // Its children might inherit the listener that the native client hands over: it claims anew.
  'a daemon whose name was claimed natively',
  // The native client starts a new name on the Node of the PATH, and Bun on itself.
  'is started without Node, as Node would',
  // It has the cache that the Node of the tests lacks.
  'is not there where Node has none',
];

const bun = findRuntime('bun');
if (bun === undefined) {
  console.log(
    'no Bun on the PATH or in the cache: "npm run runtimes" fetches it; the tests on it are left out',
  );
  process.exit(0);
}
const others = `^(?!.*(?:${OTHERWISE.join('|')}))`;
const vitest = ['node_modules/.bin/vitest', 'run', ...FILES, '-t', others, ...process.argv.slice(2)];
const { status } = spawnSync(process.execPath, vitest, {
  cwd: ROOT,
  stdio: 'inherit',
  env: { ...process.env, SOLOD_TEST_RUNTIME: bun },
});
process.exit(status ?? 1);
