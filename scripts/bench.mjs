// `npm run bench`: what a warm call costs, as a whole process, against a bare start of Node. The commands take turns, and are
// compared within a round: on a shared machine nothing else tells. Two bare starts in each round show how much is noise.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from './support/environment.mjs';

const ROUNDS = Number(process.argv[2] ?? 40);
const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const solod = path.join(root, 'dist', 'solod.cjs');
const scratch = mkdtempSync(path.join(tmpdir(), 'solod-bench-'));
const service = path.join(scratch, 'nothing.mjs');
writeFileSync(service, 'export default () => 0;');
const client = path.join(scratch, 'client.cjs');
writeFileSync(
  client,
  "require('node:net').connect(process.argv[2]).on('connect', function () { this.end(); }).on('close', () => process.exit(0)).resume();",
);

const env = { ...plainEnvironment(), SOLOD_DIR: path.join(scratch, 'state') };

function timed(args, expected = 0) {
  const begun = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  if (status !== expected) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return performance.now() - begun;
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const quartile = (values, share) => values.toSorted((a, b) => a - b)[Math.floor(values.length * share)];

try {
  timed([solod, 'call', service]);
  const [{ directory }] = JSON.parse(
    spawnSync(process.execPath, [solod, 'ls', '--json'], { env, encoding: 'utf8' }).stdout,
  );
  const commands = {
    'node -e 0': ['-e', '0'],
    'node -e 0 (control)': ['-e', '0'],
    'a client that only connects': [client, path.join(directory, 'current', 'sock')],
    'warm solod call': [solod, 'call', service],
    'a candidate that gives way': [solod, 'serve', service],
    'solod kick, daemon there': [solod, 'kick', service],
  };
  const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    if (process.stderr.isTTY) process.stderr.write(`\rround ${round + 1} of ${ROUNDS}`);
    for (const [name, args] of Object.entries(commands)) times[name].push(timed(args));
  }
  if (process.stderr.isTTY) process.stderr.write('\n');
  console.log(`node ${process.version}, ${ROUNDS} rounds; ratios to "node -e 0" of the same round\n`);
  for (const [name, values] of Object.entries(times)) {
    const ratios = values.map((value, round) => value / times['node -e 0'][round]);
    const spread = `${quartile(ratios, 0.25).toFixed(2)} to ${quartile(ratios, 0.75).toFixed(2)}`;
    console.log(
      `${name.padEnd(28)} ${median(ratios).toFixed(2)}  (${spread}; median ${median(values).toFixed(1)} ms)`,
    );
  }
} finally {
  spawnSync(process.execPath, [solod, 'stop', service], { env });
  rmSync(scratch, { recursive: true, force: true });
}
