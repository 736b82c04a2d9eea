// `npm run mutants [-- <id> …]`: leaves out one guard of the domain after the other, as
// test/mutants/guards.ts lists them, and expects the test that is named there to fail by an assertion. The
// working tree is never touched: the source is changed on its way into the bundle that is tested.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { transformSync } from 'esbuild';
import { messageOf, refuse, showProgress } from '../support/command-line.mjs';
import { ROOT } from '../support/paths.mjs';
import { bundle, runTests } from './in-process-tests.mjs';

/** @typedef {import('../../test/mutants/guards.js').Guard} Guard */

const GUARDS = path.join(ROOT, 'test', 'mutants', 'guards.ts');

/** @returns {Promise<readonly Guard[]>} */
async function listedGuards() {
  const { code } = transformSync(readFileSync(GUARDS, 'utf8'), { loader: 'ts', format: 'esm' });
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)).GUARDS;
}

/**
 * @param {readonly Guard[]} guards
 * @returns {readonly Guard[]} those that are named on the command line, or all
 */
function wanted(guards) {
  const ids = process.argv.slice(2);
  const unknown = ids.find((id) => !guards.some((guard) => guard.id === id));
  if (unknown !== undefined) refuse('mutants', `there is no guard ${unknown}`);
  return ids.length === 0 ? guards : guards.filter(({ id }) => ids.includes(id));
}

/**
 * A plugin for esbuild that leaves the guard out.
 * @param {Guard} guard
 * @returns {import('esbuild').Plugin}
 */
function without({ file, find, replace }) {
  const mutated = path.join(ROOT, file);
  return {
    name: 'mutant',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, (source) => {
        if (source.path !== mutated) return undefined;
        const parts = readFileSync(mutated, 'utf8').split(find);
        if (parts.length !== 2) throw new Error('the snippet is not in the file exactly once');
        return { contents: parts.join(replace), loader: 'ts' };
      }),
  };
}

/**
 * @param {Guard} guard
 * @returns {Promise<string | undefined>} why no test misses the guard; undefined if its test does
 */
async function whySurvives(guard) {
  const { file, name } = guard.test;
  /** @type {import('./in-process-tests.mjs').Ran[]} */
  const ran = [];
  const files = await bundle(ROOT, [file], [without(guard)]);
  const { error } = await runTests(files, {
    wants: (id) => id.includes(name),
    ended: (test) => ran.push(test),
  });
  if (error !== undefined) return `${file} can't be run: ${error}`;
  if (ran.length === 0) return `no test of ${file} is called "${name}"`;
  const errors = ran.flatMap((test) => test.errors);
  if (errors.some((thrown) => thrown.name === 'AssertionError')) return undefined;
  const [first] = errors;
  return first === undefined ? `"${name}" passes without it` : `no assertion fails: ${first.message}`;
}

const begun = performance.now();
const guards = wanted(await listedGuards());
let survivors = 0;
for (const [index, guard] of guards.entries()) {
  showProgress(`${index + 1} of ${guards.length}: ${guard.id}`);
  const why = await whySurvives(guard).catch(messageOf);
  if (why === undefined) continue;
  survivors += 1;
  showProgress('');
  console.log(`${guard.id} survives: ${why}\n  ${guard.guard}`);
}
showProgress('');
const caught = guards.length - survivors;
const seconds = Math.round((performance.now() - begun) / 1_000);
console.log(
  `${caught} of ${guards.length} guards are missed by a test when they are left out, in ${seconds} s`,
);
process.exitCode = survivors === 0 ? 0 : 1;
