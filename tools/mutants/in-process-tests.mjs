/**
 * Runs test files of the domain inside this process, with Vitest's own collector, runner and `expect`: a
 * mutant costs the time of its tests, and no worker. The bundles are evaluated again for each run, so that
 * nothing is left of the last one.
 */
import { createRequire } from 'node:module';
import path from 'node:path';
import vm from 'node:vm';
import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, startTests } from '@vitest/runner';
import { build } from 'esbuild';

/** For a test that waits for something that never comes; a busy machine takes its time. */
const TEST_TIMEOUT_MS = 300_000;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
/** @type {any} */
const expect = (/** @type {unknown} */ value, /** @type {string} */ message) => chai.expect(value, message);
Object.assign(expect, chai.expect, /** @type {any} */ (globalThis)[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0 }, expect);
const VITEST = { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test: it };

/**
 * @typedef {import('@vitest/runner').File} File
 * @typedef {import('@vitest/runner').Task} Task
 * @typedef {{ file: string, evaluate: () => void }} TestFile
 * @typedef {{ id: string, state: 'pass' | 'fail', ms: number, errors: readonly { name?: string, message:
 *   string }[] }} Ran
 * @typedef {{ collected?: (ids: readonly string[]) => void, wants?: (id: string) => boolean, begins?: (id:
 *   string) => void, ended?: (ran: Ran) => void, }} Watcher `collected`: all files have been evaluated, and
 *   these are the tests; `wants`: whether a test is run
 */

/**
 * @param {string} root the files and their packages are found from here
 * @param {readonly string[]} files test files, relative to the root
 * @param {import('esbuild').Plugin[]} [plugins]
 * @returns {Promise<TestFile[]>}
 */
export async function bundle(root, files, plugins = []) {
  const require = createRequire(path.join(root, 'package.json'));
  const resolve = (/** @type {string} */ name) => (name === 'vitest' ? VITEST : require(name));
  return Promise.all(
    files.map(async (file) => {
      const { outputFiles } = await build({
        entryPoints: [path.join(root, file)],
        absWorkingDir: root,
        bundle: true,
        write: false,
        format: 'cjs',
        platform: 'node',
        target: 'node20',
        packages: 'external',
        logLevel: 'error',
        plugins,
      });
      const run = vm.compileFunction(outputFiles[0]?.text ?? '', ['exports', 'module', 'require'], {
        filename: file,
      });
      return { file, evaluate: () => run({}, { exports: {} }, resolve) };
    }),
  );
}

/** @param {Task} task @returns {string} the full name, as Vitest prints it, after that of its file */
function nameOf(task) {
  const names = [];
  for (let at = /** @type {Task | undefined} */ (task); at !== undefined; at = at.suite)
    names.unshift(at.name);
  return `${task.file.filepath}: ${names.join(' ')}`;
}

/** @param {Task} task @returns {Task[]} */
const testsIn = (task) => (task.type === 'test' ? [task] : task.tasks.flatMap(testsIn));

/**
 * @param {readonly File[]} files
 * @returns {Map<Task, string>} an id for every test; tests with the same name are numbered
 */
function idsOf(files) {
  const ids = new Map();
  const seen = new Map();
  for (const task of files.flatMap(testsIn)) {
    const name = nameOf(task);
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    ids.set(task, count === 1 ? name : `${name} (${count})`);
  }
  return ids;
}

const CONFIG = {
  root: '/',
  setupFiles: [],
  name: undefined,
  testNamePattern: undefined,
  chaiConfig: undefined,
  sequence: {
    ...{ shuffle: false, concurrent: false, seed: 1 },
    hooks: /** @type {const} */ ('stack'),
    setupFiles: /** @type {const} */ ('list'),
  },
  maxConcurrency: 1,
  testTimeout: TEST_TIMEOUT_MS,
  hookTimeout: TEST_TIMEOUT_MS,
  retry: 0,
  allowOnly: false,
  passWithNoTests: true,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: false,
};

/**
 * @param {readonly TestFile[]} testFiles
 * @param {Watcher} watcher
 * @returns {Promise<{ error: string | undefined }>} `error`: why a file could not be evaluated
 */
export async function runTests(testFiles, { collected, wants, begins, ended }) {
  /** @type {Map<Task, string>} */
  let ids = new Map();
  const idOf = (/** @type {Task} */ task) => ids.get(task) ?? '';
  const files = await startTests(
    testFiles.map(({ file }) => file),
    {
      config: CONFIG,
      importFile: (file) => testFiles.find((candidate) => candidate.file === file)?.evaluate(),
      onCollected(all) {
        ids = idsOf(all);
        collected?.([...ids.values()]);
      },
      onBeforeRunTask(task) {
        if (wants?.(idOf(task)) === false) task.mode = 'skip';
      },
      onBeforeTryTask: (task) => begins?.(idOf(task)),
      onAfterRunTask(task) {
        const { state, duration = 0, errors = [] } = task.result ?? {};
        if (state === 'pass' || state === 'fail') ended?.({ id: idOf(task), state, ms: duration, errors });
      },
    },
  );
  const broken = files.find(({ result }) => result?.state === 'fail' && (result.errors ?? []).length > 0);
  return { error: broken?.result?.errors?.[0]?.message };
}
