/** What a wire costs within a process: one exchange of a hundred bytes at a time, and sixty-four at once. */
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { PEERS, peer, ROOT, service } from './bench-sandbox.mjs';
import { ratioRow } from './rounds.mjs';
import { ownWires, RIVAL_WIRES } from './wire-clients.mjs';

const ROUNDS = 40;
/** A round's exchanges, one after the other. */
const SINGLES = 100;
const AT_ONCE = 64;
const CONCURRENT = 512;
const STARTED_WITHIN_MS = 20_000;
const ECHO = service('echo');

/** The wire is no part of the library's interface: it is bundled from its source. */
async function loadOwnWire(place) {
  const outfile = path.join(place.scratch, 'wire.mjs');
  const entryPoints = [path.join(ROOT, 'src', 'app', 'wire', 'client.ts')];
  const target = 'node20.19';
  await build({
    entryPoints,
    outfile,
    target,
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  return import(pathToFileURL(outfile).href);
}

async function eventually(what, check) {
  const deadline = performance.now() + STARTED_WITHIN_MS;
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`never came: ${what}`);
    await delay(10);
  }
}

/** @param {import('./workbench.mjs').Workbench} bench @returns {readonly import('./wire-clients.mjs').WireKind[]} */
function installedWires(bench) {
  return RIVAL_WIRES.filter(({ name, package: needed }) => {
    if (needed === undefined || fs.existsSync(path.join(PEERS, 'node_modules', needed))) return true;
    bench.leaveOut(name, 'not installed: npm ci --prefix tools/bench/peers');
    return false;
  });
}

/** A process for each server: what one has been through leaves no trace on another. */
async function startServers(bench, kinds) {
  const { place } = bench;
  place.solod(['call', ECHO, '--', 'x']);
  const own = place.daemonOf(ECHO).directory;
  const start = (...args) => place.start(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const servers = [start(peer('own-daemon.mjs'))];
  const sockets = {
    own: path.join(own, 'current', 'sock'),
    claimed: path.join(place.state(), 'bench-own', 'current', 'sock'),
  };
  for (const kind of new Set(kinds.map(({ server }) => server))) {
    sockets[kind] = path.join(place.scratch, `${kind}.sock`);
    servers.push(start(peer('echo-server.cjs'), kind, sockets[kind]));
  }
  for (const [kind, socket] of Object.entries(sockets))
    await eventually(`the server of ${kind}`, () => fs.existsSync(socket));
  const end = () => {
    for (const server of servers) server.kill();
  };
  return { sockets, end };
}

async function openWires(bench, kinds, sockets) {
  const { place } = bench;
  const wire = await loadOwnWire(place);
  const library = await import(pathToFileURL(path.join(ROOT, 'dist', 'index.js')).href);
  const call = { service: ECHO, stateDirectory: place.state(), env: place.env() };
  const opened = {};
  for (const { name, server, open } of [...kinds, ...ownWires({ wire, library, call })])
    opened[name] = await open(sockets[server]);
  return opened;
}

/** @param {import('./wire-clients.mjs').Wire} wire @returns {Promise<number>} microseconds an exchange */
async function oneAtATime({ exchange }) {
  const begun = performance.now();
  for (let n = 0; n < SINGLES; n++) await exchange();
  return ((performance.now() - begun) / SINGLES) * 1000;
}

/** @param {import('./wire-clients.mjs').Wire} wire @returns {Promise<number>} exchanges per second */
async function manyAtOnce({ exchange }) {
  let left = CONCURRENT;
  const begun = performance.now();
  const exchangeOn = async () => {
    while (left-- > 0) await exchange();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, exchangeOn));
  return CONCURRENT / ((performance.now() - begun) / 1000);
}

const OWN = "solod's wire";
const CONTROL = '(control)';

/** Like with like: what has kept its connection with what has, and what makes one for each exchange with what does. */
function compared({ group, taken, against, unit, targets }) {
  const kept = `${against}, kept`;
  const others = Object.keys(taken).filter((name) => name !== against && name !== kept);
  const row = (what, other) => {
    const target = other === against ? targets[what] : undefined;
    return ratioRow({
      group,
      what,
      against: other,
      values: taken[what],
      references: taken[other],
      unit,
      target,
    });
  };
  const fresh = others.filter((name) => !name.endsWith(', kept'));
  const lasting = others.filter((name) => name.endsWith(', kept'));
  return [
    ...fresh.map((name) => row(name, against)),
    ...lasting.map((name) => row(name, kept)),
    row(OWN, kept),
  ];
}

/** @param {import('./workbench.mjs').Workbench} bench */
export async function measureWire(bench) {
  const kinds = installedWires(bench);
  const servers = await startServers(bench, kinds);
  const wires = await openWires(bench, kinds, servers.sockets);
  const { 'node:net': net, 'node:net, kept': _, ...framed } = wires;
  const single = { ...wires, [`node:net ${CONTROL}`]: net };
  const many = { ...framed, [`length-prefixed frames ${CONTROL}`]: framed['length-prefixed frames'] };
  const takenSingly = await bench.rounds(ROUNDS, actsOf(single, oneAtATime), { what: 'one in flight' });
  const takenMany = await bench.rounds(ROUNDS, actsOf(many, manyAtOnce), { what: `${AT_ONCE} in flight` });
  for (const wire of Object.values(wires)) wire.close();
  servers.end();
  bench.place.endDaemons();
  const targets = { [OWN]: { atMost: 1.2 } };
  const one = { group: '100 B, one in flight', taken: takenSingly, against: 'node:net', unit: 'µs', targets };
  const all = { group: `100 B, ${AT_ONCE} in flight, calls per second`, taken: takenMany, unit: '/s' };
  return [
    ...compared(one),
    ...compared({ ...all, against: 'length-prefixed frames', targets: { [OWN]: { atLeast: 0.8 } } }),
  ];
}

const actsOf = (wires, act) =>
  Object.fromEntries(Object.entries(wires).map(([name, wire]) => [name, () => act(wire)]));
