/** How Stryker runs the tests of the domain: inside its own process. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { bundle, runTests } from './in-process-tests.mjs';

const FOLDER = 'test/domain';
/** The long searches. What they find the other tests find too; if not, the true score is better. */
const isTooLong = (/** @type {string} */ name) => name.endsWith('-races.test.ts');

/**
 * A mutant loops if one test reaches it more often than all tests together reach it without the mutation,
 * plus some. Stryker's own limit is a hundred times as high, which takes minutes.
 */
const HIT_SHARE = 1 / 100;
const HITS_MIN = 1_000;

/**
 * @typedef {import('@stryker-mutator/api/test-runner').TestRunner} TestRunner
 * @typedef {import('@stryker-mutator/api/test-runner').MutantRunOptions} MutantRunOptions
 * @typedef {import('@stryker-mutator/api/test-runner').TestResult} TestResult
 * @typedef {import('@stryker-mutator/api/test-runner').CompleteDryRunResult} CompleteDryRunResult
 * @typedef {import('@stryker-mutator/api/test-runner').ErrorDryRunResult} ErrorDryRunResult
 * @typedef {import('@stryker-mutator/api/core').InstrumenterContext} InstrumenterContext
 * @typedef {import('./in-process-tests.mjs').TestFile} TestFile
 * @typedef {import('./in-process-tests.mjs').Watcher} Watcher
 */

/** @param {import('./in-process-tests.mjs').Ran} ran @returns {TestResult} */
const toResult = ({ id, state, ms, errors }) =>
  state === 'pass'
    ? { id, name: id, timeSpentMs: ms, status: TestStatus.Success }
    : { id, name: id, timeSpentMs: ms, status: TestStatus.Failed, failureMessage: errors[0]?.message ?? '' };

/** What the mutated sources share with the runner. @returns {InstrumenterContext} */
function sharedContext() {
  const shared = /** @type {{ __stryker__?: InstrumenterContext }} */ (globalThis);
  shared.__stryker__ ??= {};
  return shared.__stryker__;
}

/** @implements {TestRunner} */
class InProcess {
  #shared = sharedContext();
  /** @type {TestFile[]} */
  #files = [];

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const root = process.cwd();
    const names = /** @type {string[]} */ (readdirSync(path.join(root, FOLDER), { recursive: true }));
    const short = names.filter((name) => name.endsWith('.test.ts') && !isTooLong(name));
    this.#files = await bundle(
      root,
      short.map((name) => `${FOLDER}/${name}`),
    );
  }

  async dryRun() {
    const mutantCoverage = { static: {}, perTest: {} };
    this.#shared.mutantCoverage = mutantCoverage;
    const result = await this.#run(this.#files, {
      begins: (id) => {
        this.#shared.currentTestId = id;
      },
    });
    delete this.#shared.currentTestId;
    return { ...result, mutantCoverage };
  }

  /** @param {MutantRunOptions} options */
  async mutantRun(options) {
    const { hitLimit } = options;
    const limit = hitLimit === undefined ? undefined : hitLimit * HIT_SHARE + HITS_MIN;
    Object.assign(this.#shared, { hitCount: 0, hitLimit: limit });
    const result = await this.#runReaching(options);
    const tooManyHits = determineHitLimitReached(this.#shared.hitCount, limit);
    Object.assign(this.#shared, { hitCount: undefined, hitLimit: undefined, activeMutant: undefined });
    return toMutantRunResult(tooManyHits ?? result);
  }

  /**
   * Runs file after file until a test fails.
   * @param {MutantRunOptions} options
   * @returns {Promise<CompleteDryRunResult | ErrorDryRunResult>}
   */
  async #runReaching({ activeMutant, mutantActivation, testFilter, disableBail }) {
    const { id, fileName } = activeMutant;
    /** @type {TestResult[]} */
    const tests = [];
    for (const file of this.#filesFor(fileName, testFilter)) {
      if (mutantActivation === 'static') this.#shared.activeMutant = id;
      else delete this.#shared.activeMutant;
      const result = await this.#runWith(id, file, { testFilter, disableBail });
      if (result.status === DryRunStatus.Error) return result;
      tests.push(...result.tests);
      if (!disableBail && result.tests.some(({ status }) => status === TestStatus.Failed)) break;
    }
    return { status: DryRunStatus.Complete, tests };
  }

  /**
   * The files with a test that reaches the mutant. The one with its file's name comes first, because it is
   * the likeliest to fail.
   * @param {string} mutated @param {readonly string[] | undefined} testFilter @returns {TestFile[]}
   */
  #filesFor(mutated, testFilter) {
    const own = `/${path.basename(mutated, '.ts')}.test.ts`;
    const reaches = (/** @type {TestFile} */ { file }) =>
      testFilter === undefined || testFilter.some((id) => id.startsWith(`${file}: `));
    const isOwn = (/** @type {TestFile} */ { file }) => Number(file.endsWith(own));
    return this.#files.filter(reaches).sort((a, b) => isOwn(b) - isOwn(a));
  }

  /**
   * @param {string} mutant
   * @param {TestFile} file
   * @param {{ testFilter: readonly string[] | undefined, disableBail: boolean }} options
   */
  #runWith(mutant, file, { testFilter, disableBail }) {
    const wanted = testFilter === undefined ? undefined : new Set(testFilter);
    let failed = false;
    return this.#run([file], {
      collected: () => {
        this.#shared.activeMutant = mutant;
      },
      wants: (id) => !(failed && !disableBail) && wanted?.has(id) !== false,
      begins: () => {
        this.#shared.hitCount = 0;
      },
      ended: ({ state }) => {
        failed ||= state === 'fail';
      },
    });
  }

  /**
   * @param {readonly TestFile[]} files
   * @param {Watcher} watcher
   * @returns {Promise<CompleteDryRunResult | ErrorDryRunResult>}
   */
  async #run(files, watcher) {
    /** @type {TestResult[]} */
    const tests = [];
    const { error } = await runTests(files, {
      ...watcher,
      ended: (ran) => {
        tests.push(toResult(ran));
        watcher.ended?.(ran);
      },
    });
    // If a file can't even be evaluated, Stryker counts the mutant neither as caught nor as survived.
    return error === undefined
      ? { status: DryRunStatus.Complete, tests }
      : { status: DryRunStatus.Error, errorMessage: error };
  }
}

const create = () => new InProcess();
create.inject = tokens();

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', create)];
