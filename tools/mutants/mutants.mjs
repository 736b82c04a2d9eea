// `npm run mutants [-- <id> …]`: leaves out one guard of the domain after the other, as test/mutants/guards.ts lists them, and
// expects the test that is named there to fail by an assertion. The working tree is never touched: the source is changed on
// its way into the bundle that is tested.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { transformSync } from 'esbuild';
import { bundle, runTests } from './in-process-tests.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const USAGE = 64;

/** @returns {Promise<readonly import('../../test/mutants/guards.js').Guard[]>} */
async function listed() {
  const source = readFileSync(path.join(root, 'test/mutants/guards.ts'), 'utf8');
  const { code } = transformSync(source, { loader: 'ts', format: 'esm' });
  return (await import(`data:text/javascript,${encodeURIComponent(code)}`)).GUARDS;
}

/** @param {readonly import('../../test/mutants/guards.js').Guard[]} guards */
function wanted(guards) {
  const ids = process.argv.slice(2);
  const unknown = ids.find((id) => !guards.some((guard) => guard.id === id));
  if (unknown === undefined) return ids.length === 0 ? guards : guards.filter(({ id }) => ids.includes(id));
  console.error(`mutants: there is no guard ${unknown}`);
  process.exit(USAGE);
}

/** A plugin of esbuild's that leaves the guard out. */
function without({ file, find, replace }) {
  const path_ = path.join(root, file);
  return {
    name: 'mutant',
    setup: ({ onLoad }) =>
      onLoad({ filter: /\.ts$/ }, (source) => {
        if (source.path !== path_) return undefined;
        const parts = readFileSync(path_, 'utf8').split(find);
        if (parts.length !== 2) throw new Error('the snippet is not there once');
        return { contents: parts.join(replace), loader: 'ts' };
      }),
  };
}

/** @returns why nobody misses the guard, or undefined when its test does */
async function survives(guard) {
  const { file, name } = guard.test;
  const ran = [];
  const files = await bundle(root, [file], [without(guard)]);
  const { error } = await runTests(files, {
    wants: (id) => id.includes(name),
    ended: (test) => ran.push(test),
  });
  if (error !== undefined) return `${file} can't be run: ${error}`;
  if (ran.length === 0) return `no test of ${file} is called "${name}"`;
  const errors = ran.flatMap((test) => test.errors);
  if (errors.some((thrown) => thrown.name === 'AssertionError')) return undefined;
  return errors.length === 0 ? `"${name}" passes without it` : `no assertion fails: ${errors[0].message}`;
}

const begun = performance.now();
const guards = wanted(await listed());
const survivors = [];
const say = (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${text}`);
for (const [index, guard] of guards.entries()) {
  say(`${index + 1} of ${guards.length}: ${guard.id}`);
  const why = await survives(guard).catch((error) => error.message);
  if (why === undefined) continue;
  survivors.push(guard);
  say('');
  console.log(`${guard.id} survives: ${why}\n  ${guard.guard}`);
}
say('');
const seconds = Math.round((performance.now() - begun) / 1_000);
console.log(
  `${guards.length - survivors.length} of ${guards.length} guards, left out, are noticed by a test, in ${seconds} s`,
);
process.exitCode = survivors.length === 0 ? 0 : 1;
