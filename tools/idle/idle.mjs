// `npm run idle [-- --seconds 600]`: what a daemon costs while nobody calls it, beside a bare socket server in the same Node. Linux
// alone: /proc counts how often each thread of a process went to sleep (proc_pid_status(5)), and so how often it woke up.
// Ends with 1 if the daemon woke up more than once in five seconds, or takes more than 8 MiB beside the bare server.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { plainEnvironment } from '../support/environment.mjs';
import { residentMib } from '../support/processes.mjs';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const solod = path.join(root, 'dist', 'solod.cjs');
/** V8 collects what the start has left behind in its first idle moments; that is the start's cost. */
const SETTLE_MS = 10_000;
const WAKE_UP_EVERY_S = 5;
const MORE_MIB = 8;

function readSeconds() {
  try {
    const { values } = parseArgs({ options: { seconds: { type: 'string', default: '600' } } });
    const seconds = Number(values.seconds);
    if (seconds > 0) return seconds;
    throw new Error(`--seconds ${values.seconds} is no number of seconds`);
  } catch (error) {
    console.error(`idle: ${error.message}`);
    process.exit(64);
  }
}

const seconds = readSeconds();
if (!existsSync('/proc/self/task')) {
  console.error('idle: there is no /proc here, which does the counting; run it on Linux');
  process.exit(69);
}
const place = mkdtempSync(path.join(tmpdir(), 'solod-idle-'));
const env = { ...plainEnvironment(), SOLOD_DIR: path.join(place, 'state') };
const service = path.join(place, 'nothing.mjs');
writeFileSync(service, 'export default () => 0;\n');
const run = (/** @type {string[]} */ ...args) =>
  spawnSync(process.execPath, [solod, ...args, service], { env, encoding: 'utf8' });

const bareSource = `require('node:net').createServer((socket) => socket.end()).listen(${JSON.stringify(path.join(place, 'bare'))})`;
const bare = spawn(process.execPath, ['-e', bareSource], { env, stdio: 'ignore' });
process.on('exit', () => {
  bare.kill('SIGKILL');
  run('stop');
  rmSync(place, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(130));

const called = run('call');
if (called.status !== 0) {
  console.error(`idle: no daemon: ${called.stderr}`);
  process.exit(70);
}
const { pid } = JSON.parse(run('status', '--json').stdout);

/** @param {number | undefined} of */
function wakeUps(of) {
  const tasks = readdirSync(`/proc/${of}/task`);
  return tasks.reduce((sum, task) => {
    const status = readFileSync(`/proc/${of}/task/${task}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }, 0);
}

await delay(SETTLE_MS);
const before = { daemon: wakeUps(pid), bare: wakeUps(bare.pid) };
for (let passed = 0; passed < seconds; passed += 1) {
  if (process.stderr.isTTY) process.stderr.write(`\r${passed} of ${seconds} s `);
  await delay(Math.min(1, seconds - passed) * 1000);
}
if (process.stderr.isTTY) process.stderr.write('\r');
const woke = { daemon: wakeUps(pid) - before.daemon, bare: wakeUps(bare.pid) - before.bare };
const mib = { daemon: residentMib(pid), bare: residentMib(bare.pid) };
const more = mib.daemon - mib.bare;
console.log(
  `in ${seconds} s the daemon woke up ${woke.daemon} times, a bare socket server ${woke.bare} times`,
);
console.log(
  `resident: ${mib.daemon.toFixed(1)} MiB, the bare server ${mib.bare.toFixed(1)} MiB: ${more.toFixed(1)} MiB more (${process.version})`,
);
process.exit(woke.daemon <= seconds / WAKE_UP_EVERY_S && more <= MORE_MIB ? 0 : 1);
