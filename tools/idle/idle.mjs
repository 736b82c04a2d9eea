// `npm run idle [-- --seconds 600]`: what a daemon costs while no client calls it, beside a bare socket
// server in the same Node. Linux only: /proc counts how often each thread of a process went to sleep
// (proc_pid_status(5)), and so how often it woke up. Ends with 1 if the daemon woke up more than once in five
// seconds, or takes over 8 MiB more than the bare server.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { atExit, EXIT, readArguments, refuse, showProgress } from '../support/command-line.mjs';
import { plainEnvironment } from '../support/environment.mjs';
import { PEERS, SOLOD } from '../support/paths.mjs';
import { residentMib } from '../support/processes.mjs';
import { Sandbox } from '../support/sandbox.mjs';

/** V8 collects the garbage of the start in its first idle moments; that belongs to the start. */
const SETTLE_MS = 10_000;
const WAKE_UP_EVERY_S = 5;
const MORE_MIB = 8;

function readSeconds() {
  const { values } = readArguments('idle', { options: { seconds: { type: 'string', default: '600' } } });
  const seconds = Number(values.seconds);
  return seconds > 0 ? seconds : refuse('idle', `--seconds ${values.seconds} is not a number of seconds`);
}

const seconds = readSeconds();
if (!existsSync('/proc/self/task')) {
  console.error('idle: there is no /proc here, which does the counting; run it on Linux');
  process.exit(EXIT.unavailable);
}
const sandbox = new Sandbox('idle');
atExit(() => sandbox.dispose());
const env = { ...plainEnvironment(), HOME: sandbox.scratch, SOLOD_DIR: path.join(sandbox.scratch, 'state') };
const service = sandbox.write('nothing.mjs', 'export default () => 0;\n');

/** @param {string[]} args */
const solod = (...args) => spawnSync(process.execPath, [SOLOD, ...args, service], { env, encoding: 'utf8' });

const bareSocket = path.join(sandbox.scratch, 'bare');
const bare = spawn(process.execPath, [path.join(PEERS, 'bare-server.cjs'), bareSocket], {
  env,
  stdio: 'ignore',
});
const called = solod('call');
if (called.status !== 0) {
  console.error(`idle: no daemon: ${called.stderr}`);
  process.exit(EXIT.software);
}
const { pid } = JSON.parse(solod('status', '--json').stdout);

/**
 * @param {number | undefined} of
 * @returns {number} how often the threads of a process have woken up so far
 */
function wakeUps(of) {
  const threads = readdirSync(`/proc/${of}/task`);
  return threads.reduce((sum, thread) => {
    const status = readFileSync(`/proc/${of}/task/${thread}/status`, 'utf8');
    return sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1]);
  }, 0);
}

await delay(SETTLE_MS);
const before = { daemon: wakeUps(pid), bare: wakeUps(bare.pid) };
for (let passed = 0; passed < seconds; passed += 1) {
  showProgress(`${passed} of ${seconds} s`);
  await delay(Math.min(1, seconds - passed) * 1000);
}
showProgress('');
const woke = { daemon: wakeUps(pid) - before.daemon, bare: wakeUps(bare.pid) - before.bare };
const mib = { daemon: residentMib(pid), bare: residentMib(bare.pid) };
const more = mib.daemon - mib.bare;
console.log(
  `in ${seconds} s the daemon woke up ${woke.daemon} times, a bare socket server ${woke.bare} times\n` +
    `resident: ${mib.daemon.toFixed(1)} MiB, the bare server ${mib.bare.toFixed(1)} MiB: ` +
    `${more.toFixed(1)} MiB more (${process.version})`,
);
process.exit(woke.daemon <= seconds / WAKE_UP_EVERY_S && more <= MORE_MIB ? 0 : 1);
