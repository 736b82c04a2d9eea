/** Where no daemon is there yet: the first call, a kick, and a hundred callers at once. */
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { signalTo } from '../support/processes.mjs';
import { NATIVE, peer, SOLOD, service } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';

const ROUNDS = 40;
const KICK_ROUNDS = 20;
const STORM_ROUNDS = 10;
const STORMS_MS = 150_000;
const CLIENTS = 100;
const GATHER_MS = 120_000;
const BALLAST_MIB = 400;
const NOTHING = service('nothing');
const NODE = process.execPath;

/** As it was before the first call. @param {import('./workbench.mjs').Workbench} bench */
function makeCold(bench, state = 'state') {
  bench.place.endDaemons();
  bench.place.forget(state);
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureFirstCall(bench) {
  const launcher = bench.launcher(bench.place.env());
  const socket = path.join(bench.place.scratch, 'bare.sock');
  const own = async () => {
    makeCold(bench);
    return launcher.run({ program: NODE, args: [SOLOD, 'call', NOTHING] });
  };
  /** What nobody can do without: a Node that listens, and a Node that asks. */
  const floor = async () => {
    makeCold(bench);
    fs.rmSync(socket, { force: true });
    const { ms, pid } = await launcher.reach(socket, {
      program: NODE,
      args: [peer('bare-server.cjs'), socket],
    });
    signalTo(pid, 'SIGTERM');
    return ms + (await launcher.run({ program: NODE, args: ['-e', '0'] }));
  };
  const acts = { own, floor, control: floor, ...nativeStart(bench) };
  const taken = await bench.rounds(ROUNDS, acts);
  makeCold(bench);
  const against = {
    group: 'cold',
    against: 'node server.cjs until it listens, and node -e 0',
    references: taken.floor,
    unit: 'ms',
  };
  const rows = [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({
      ...against,
      what: 'solod call, first call of a cold name',
      values: taken.own,
      target: { atMost: 1.3 },
    }),
  ];
  if (taken.native)
    rows.push(ratioRow({ ...against, what: 'solod-client call, its daemon gone', values: taken.native }));
  return rows;
}

/** Without the launch file that daemons leave, the native client would have Node start one: the name is not quite cold. */
function nativeStart(bench) {
  if (!fs.existsSync(NATIVE)) return {};
  const launcher = bench.launcher(bench.place.env('state-native'));
  const native = async () => {
    bench.place.endDaemons();
    return launcher.run({ program: NATIVE, args: ['call', NOTHING] });
  };
  return { native };
}

/** What solod starts, word for word: it leaves that beside its daemon. */
function daemonCommand(bench) {
  makeCold(bench);
  bench.place.solod(['call', NOTHING]);
  const launch = path.join(bench.place.daemonOf(NOTHING).directory, 'launch');
  return fs.readFileSync(launch, 'utf8').split('\0').filter(Boolean);
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureKick(bench) {
  const command = daemonCommand(bench);
  const log = path.join(bench.place.scratch, 'bare.log');
  const hostOf =
    (how, mib, ...args) =>
    async () => {
      makeCold(bench);
      const printed = bench.place.run(NODE, [peer('kick-host.mjs'), how, String(mib), ...args]);
      return Number(printed.split(' ')[0]);
    };
  const acts = {};
  for (const mib of [0, BALLAST_MIB]) {
    acts[`kick ${mib}`] = hostOf('kick', mib, NOTHING);
    acts[`spawn ${mib}`] = hostOf('spawn', mib, log, ...command);
    acts[`control ${mib}`] = hostOf('spawn', mib, log, ...command);
  }
  const taken = await bench.rounds(KICK_ROUNDS, acts);
  makeCold(bench);
  return [0, BALLAST_MIB].flatMap((mib) => {
    const host = mib === 0 ? 'a small process' : `a process of ${mib} MiB`;
    const against = {
      group: 'kick',
      against: `spawn().unref() in ${host}`,
      references: taken[`spawn ${mib}`],
      unit: 'ms',
    };
    const target = { atMost: 1.1 };
    return [
      ratioRow({ ...against, what: `spawn().unref() in ${host} (control)`, values: taken[`control ${mib}`] }),
      ratioRow({
        ...against,
        what: `kick() in ${host}, blocking time`,
        values: taken[`kick ${mib}`],
        target,
      }),
    ];
  });
}

/** @returns {Promise<number>} milliseconds from letting a hundred clients go to the end of the last */
async function storm(bench, state) {
  const { place } = bench;
  const ready = place.write('ready', '');
  const gate = path.join(place.scratch, 'gate');
  if (!fs.existsSync(gate)) place.run('mkfifo', [gate]);
  const env = { ...place.env(state), BENCH_READY: ready, BENCH_GATE: gate };
  const args = ['--require', peer('wait-for-release.cjs'), SOLOD, 'call', NOTHING];
  const clients = Array.from({ length: CLIENTS }, () => place.start(NODE, args, { env, stdio: 'ignore' }));
  const ended = clients.map((client) => new Promise((resolve) => client.once('exit', resolve)));
  await gathered(ready);
  // Opened for both, it needs nobody on the other side; and who comes late finds it open.
  const open = fs.openSync(gate, 'r+');
  const begun = performance.now();
  const codes = await Promise.all(ended);
  const ms = performance.now() - begun;
  fs.closeSync(open);
  const failed = codes.filter((code) => code !== 0).length;
  if (failed > 0) throw new Error(`${failed} of ${CLIENTS} clients of a storm got no answer`);
  return ms;
}

async function gathered(ready) {
  const deadline = performance.now() + GATHER_MS;
  while (fs.statSync(ready).size < CLIENTS) {
    if (performance.now() > deadline) throw new Error('the clients of a storm did not gather');
    await delay(20);
  }
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureStorm(bench) {
  const warm = 'state-warm';
  const stormWarm = async () => {
    bench.place.solod(['call', NOTHING], { env: bench.place.env(warm) });
    return storm(bench, warm);
  };
  const stormCold = async () => {
    makeCold(bench);
    return storm(bench, 'state');
  };
  const taken = await bench.rounds(
    STORM_ROUNDS,
    { cold: stormCold, warm: stormWarm, control: stormWarm },
    { withinMs: STORMS_MS },
  );
  makeCold(bench);
  bench.place.forget(warm);
  const against = {
    group: 'storm',
    against: `${CLIENTS} callers at once, warm`,
    references: taken.warm,
    unit: 'ms',
  };
  return [
    ratioRow({ ...against, what: 'the same (control)', values: taken.control }),
    ratioRow({
      ...against,
      what: `${CLIENTS} callers at once, cold`,
      values: taken.cold,
      target: { atMost: 1.15 },
    }),
  ];
}
