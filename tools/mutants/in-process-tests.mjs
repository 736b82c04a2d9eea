// Runs test files of the domain in this very process, with Vitest's own collecting, running and expecting: a mutant costs the
// time of its tests, and no worker. What is bundled is evaluated anew for each run, so that nothing is left of the last one.
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

/** For a test that waits for what never comes; a busy machine takes its time. */
const TEST_TIMEOUT_MS = 300_000;

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);
const expect = (value, message) => chai.expect(value, message);
Object.assign(expect, chai.expect, globalThis[ASYMMETRIC_MATCHERS_OBJECT]);
setState({ assertionCalls: 0 }, expect);
const VITEST = { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, test: it };

/**
 * @typedef {{ file: string, evaluate: () => void }} TestFile
 * @typedef {{ id: string, state: 'pass' | 'fail', ms: number, errors: readonly { name?: string, message: string }[] }} Ran
 * @typedef {object} Watcher
 * @property {(ids: readonly string[]) => void} [collected] all files have been evaluated, and these are the tests
 * @property {(id: string) => boolean} [wants] whether the test is to be run
 * @property {(id: string) => void} [begins]
 * @property {(ran: Ran) => void} [ended]
 */

/** @param {string} root @param {readonly string[]} files @param {import('esbuild').Plugin[]} plugins */
export async function bundle(root, files, plugins = []) {
  const require = createRequire(path.join(root, 'package.json'));
  const resolve = (/** @type {string} */ name) => (name === 'vitest' ? VITEST : require(name));
  const bundled = await Promise.all(
    files.map((file) =>
      build({
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
      }),
    ),
  );
  return bundled.map(({ outputFiles: [output] }, index) => {
    const run = vm.compileFunction(output.text, ['exports', 'module', 'require'], { filename: files[index] });
    return { file: files[index], evaluate: () => run({}, { exports: {} }, resolve) };
  });
}

/** The full name of a test, as Vitest prints it, after that of its file. */
function idOf(task) {
  const names = [];
  for (let at = task; at !== undefined; at = at.suite) names.unshift(at.name);
  return `${task.file.filepath}: ${names.join(' ')}`;
}

const testsOf = (task) => (task.type === 'test' ? [task] : task.tasks.flatMap(testsOf));

/** Every test's own id: those of one name are numbered. */
function idsOf(files) {
  const ids = new Map();
  const seen = new Map();
  for (const task of files.flatMap(testsOf)) {
    const id = idOf(task);
    const count = (seen.get(id) ?? 0) + 1;
    seen.set(id, count);
    ids.set(task, count === 1 ? id : `${id} (${count})`);
  }
  return ids;
}

/** @param {readonly TestFile[]} testFiles @param {Watcher} watcher */
export async function runTests(testFiles, { collected, wants, begins, ended }) {
  /** @type {Map<object, string>} */
  let ids = new Map();
  const idFor = (task) => ids.get(task) ?? '';
  const files = await startTests(
    testFiles.map(({ file }) => file),
    {
      config: {
        root: '/',
        setupFiles: [],
        sequence: { shuffle: false, concurrent: false, seed: 1, hooks: 'stack', setupFiles: 'list' },
        maxConcurrency: 1,
        testTimeout: TEST_TIMEOUT_MS,
        hookTimeout: TEST_TIMEOUT_MS,
        retry: 0,
        allowOnly: false,
        passWithNoTests: true,
        includeTaskLocation: false,
        tags: [],
      },
      importFile: (file) => testFiles.find((candidate) => candidate.file === file)?.evaluate(),
      onCollected(all) {
        ids = idsOf(all);
        collected?.([...ids.values()]);
      },
      onBeforeRunTask(task) {
        if (wants?.(idFor(task)) === false) task.mode = 'skip';
      },
      onBeforeTryTask: (task) => begins?.(idFor(task)),
      onAfterRunTask(task) {
        const { state, duration = 0, errors = [] } = task.result ?? {};
        if (state === 'pass' || state === 'fail') ended?.({ id: idFor(task), state, ms: duration, errors });
      },
    },
  );
  const broken = files.find(({ result }) => result?.state === 'fail' && (result.errors ?? []).length > 0);
  return { error: broken?.result?.errors?.[0]?.message };
}
