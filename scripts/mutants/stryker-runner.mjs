// How Stryker runs the domain's tests: in its own process, see in-process.mjs.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { declareFactoryPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  DryRunStatus,
  determineHitLimitReached,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { bundle, runTests } from './in-process.mjs';

const FOLDER = 'test/domain';
/** The long searches: what they find the other tests find as well, or the score is better than is said. */
const isTooLong = (/** @type {string} */ name) => name.endsWith('-races.test.ts');

/**
 * What goes round in circles: a test that reaches the mutant more often than all tests together do without it, and some. Stryker
 * allows a hundred times as much, which takes minutes.
 */
const HIT_SHARE = 1 / 100;
const HITS_MIN = 1_000;

const toResult = ({ id, state, ms, errors }) =>
  state === 'pass'
    ? { id, name: id, timeSpentMs: ms, status: TestStatus.Success }
    : { id, name: id, timeSpentMs: ms, status: TestStatus.Failed, failureMessage: errors[0]?.message ?? '' };

globalThis.__stryker__ ??= {};

class InProcess {
  /** What the mutated sources share with whoever runs them. */
  #shared = globalThis.__stryker__;
  #files = [];

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const root = process.cwd();
    const names = readdirSync(path.join(root, FOLDER), { recursive: true }).filter((name) =>
      name.endsWith('.test.ts'),
    );
    this.#files = await bundle(
      root,
      names.filter((name) => !isTooLong(name)).map((name) => `${FOLDER}/${name}`),
    );
  }

  async dryRun() {
    this.#shared.mutantCoverage = { static: {}, perTest: {} };
    const result = await this.#run(this.#files, {
      begins: (id) => {
        this.#shared.currentTestId = id;
      },
    });
    this.#shared.currentTestId = undefined;
    return { ...result, mutantCoverage: this.#shared.mutantCoverage };
  }

  async mutantRun({ activeMutant, mutantActivation, testFilter, hitLimit, disableBail }) {
    const limit = hitLimit === undefined ? undefined : hitLimit * HIT_SHARE + HITS_MIN;
    Object.assign(this.#shared, { hitCount: 0, hitLimit: limit });
    let result = { status: DryRunStatus.Complete, tests: [] };
    for (const file of this.#filesFor(activeMutant.fileName, testFilter)) {
      const { id } = activeMutant;
      this.#shared.activeMutant = mutantActivation === 'static' ? id : undefined;
      const { status, tests = [], ...error } = await this.#runWith(id, file, { testFilter, disableBail });
      result = { status, ...error, tests: [...(result.tests ?? []), ...tests] };
      const isOver =
        status !== DryRunStatus.Complete || tests.some((test) => test.status === TestStatus.Failed);
      if (isOver && !disableBail) break;
    }
    const tooManyHits = determineHitLimitReached(this.#shared.hitCount, limit);
    Object.assign(this.#shared, { hitCount: undefined, hitLimit: undefined, activeMutant: undefined });
    return toMutantRunResult(tooManyHits ?? result);
  }

  /** The files with a test that reaches the mutant, the one that bears its file's name first: it is the likeliest to notice. */
  #filesFor(mutated, testFilter) {
    const own = `/${path.basename(mutated, '.ts')}.test.ts`;
    const reaches = ({ file }) =>
      testFilter === undefined || testFilter.some((id) => id.startsWith(`${file}: `));
    const isOwn = ({ file }) => Number(file.endsWith(own));
    return this.#files.filter(reaches).sort((a, b) => isOwn(b) - isOwn(a));
  }

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

  async #run(files, watcher) {
    const tests = [];
    const { error } = await runTests(files, {
      ...watcher,
      ended: (ran) => {
        tests.push(toResult(ran));
        watcher.ended?.(ran);
      },
    });
    // Where a file can't even be evaluated Stryker counts the mutant neither as caught nor as survived.
    return error === undefined
      ? { status: DryRunStatus.Complete, tests }
      : { status: DryRunStatus.Error, errorMessage: error };
  }
}

const create = () => new InProcess();
create.inject = tokens();

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'in-process', create)];
