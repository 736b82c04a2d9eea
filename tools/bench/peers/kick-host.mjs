// A tool with so many MiB in its memory: how long does it stand still for a kick, or for starting the same process by itself?
//   kick-host.mjs kick <MiB> <service>
//   kick-host.mjs spawn <MiB> <log> <program> <arguments …>
import { openSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { kick } from '../../../dist/index.js';

const [how, mib, ...rest] = process.argv.slice(2);
const ballast = Array.from({ length: Number(mib) }, () => Buffer.alloc(1024 * 1024, 1));

async function kickOnce(service) {
  const begun = performance.now();
  const { kind } = kick({ service });
  const ms = performance.now() - begun;
  if (kind !== 'started') throw new Error(`the kick came to ${kind}`);
  return ms;
}

async function spawnOnce(log, program, ...args) {
  const output = openSync(log, 'a');
  const begun = performance.now();
  // Loading it is part of it, as it is of a kick.
  const { spawn } = process.getBuiltinModule('node:child_process');
  spawn(program, args, { cwd: '/', detached: true, stdio: ['ignore', output, output] }).unref();
  return performance.now() - begun;
}

const ms = await (how === 'kick' ? kickOnce(...rest) : spawnOnce(...rest));
process.stdout.write(`${ms} ${ballast.length}\n`);
process.exit(0);
