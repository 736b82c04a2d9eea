// A program with some MiB in its memory: how long does it block for a kick, or for starting the same process
// by itself?
//   kick-host.mjs kick <MiB> <service>
//   kick-host.mjs spawn <MiB> <log> <program> <arguments …>
import { openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { loadLibrary } from '../../support/product.mjs';

const { kick } = await loadLibrary();
const [how, mib, ...rest] = process.argv.slice(2);
const ballast = Array.from({ length: Number(mib) }, () => Buffer.alloc(1024 * 1024, 1));

/** @param {string} service @returns {number} milliseconds */
function kickOnce(service) {
  const begun = performance.now();
  const { kind } = kick({ service });
  const ms = performance.now() - begun;
  if (kind !== 'started') throw new Error(`the kick is ${kind}`);
  return ms;
}

/**
 * @param {string} log
 * @param {string} program
 * @param {readonly string[]} args
 * @returns {number} milliseconds
 */
function spawnOnce(log, program, args) {
  const output = openSync(log, 'a');
  const begun = performance.now();
  // Loading it is part of it, as it is of a kick.
  const { spawn } = process.getBuiltinModule('node:child_process');
  spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', output, output] }).unref();
  return performance.now() - begun;
}

const [first = '', second = '', ...others] = rest;
const ms = how === 'kick' ? kickOnce(first) : spawnOnce(first, second, others);
process.stdout.write(`${ms} ${ballast.length}\n`);
process.exit(0);
