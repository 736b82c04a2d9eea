/** What a wire costs inside a process: one exchange of a hundred bytes at a time, and sixty-four at once. */
import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { PEER_PACKAGES } from '../../support/paths.mjs';
import { loadLibrary, WIRE_SOURCE } from '../../support/product.mjs';
import { waitUntil } from '../../support/time.mjs';
import { peer, service } from '../bench-sandbox.mjs';
import { ratioRow } from '../rows.mjs';
import { OWN_KEPT, ownWires, RIVAL_WIRES } from './wire-clients.mjs';

/**
 * @typedef {import('../workbench.mjs').Workbench} Workbench
 * @typedef {import('./wire-clients.mjs').Wire} Wire
 * @typedef {import('./wire-clients.mjs').WireKind} WireKind
 * @typedef {import('../rows.mjs').Row} Row
 */

const ROUNDS = 40;
/** The exchanges of a round, one after the other. */
const SINGLES = 100;
const AT_ONCE = 64;
/** The exchanges of a round, `AT_ONCE` at a time. */
const CONCURRENT = 512;
const STARTED_WITHIN_MS = 20_000;
const ECHO = service('echo');
const OWN = "solod's wire";
const NET = 'node:net';
const FRAMES = 'length-prefixed frames';

/**
 * @param {import('../bench-sandbox.mjs').BenchSandbox} sandbox
 * @returns {Promise<import('../../support/product.mjs').Wire>}
 */
async function loadOwnWire(sandbox) {
  const outfile = path.join(sandbox.scratch, 'wire.mjs');
  const target = {
    target: 'node20.19',
    platform: /** @type {const} */ ('node'),
    format: /** @type {const} */ ('esm'),
  };
  const options = { ...target, bundle: true, minify: true, logLevel: /** @type {const} */ ('warning') };
  await build({ ...options, entryPoints: [WIRE_SOURCE], outfile });
  return import(pathToFileURL(outfile).href);
}

/** @param {Workbench} bench @returns {readonly WireKind[]} */
function installedWires(bench) {
  return RIVAL_WIRES.filter(({ name, package: needed }) => {
    if (needed === undefined || fs.existsSync(path.join(PEER_PACKAGES, needed))) return true;
    bench.leaveOut(name, 'not installed');
    return false;
  });
}

/**
 * Starts a process for each server, so that none leaves a trace on another.
 * @param {Workbench} bench @param {readonly WireKind[]} kinds
 * @returns {Promise<{ sockets: Map<string, string>, end: () => void }>} `sockets`: by the kind of the server
 */
async function startServers({ sandbox }, kinds) {
  sandbox.solod(['call', ECHO, '--', 'x']);
  const own = sandbox.daemonOf(ECHO).directory;
  const start = (/** @type {string[]} */ ...args) =>
    sandbox.start(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const servers = [start(peer('own-daemon.mjs'))];
  const sockets = new Map([
    ['own', path.join(own, 'current', 'sock')],
    ['claimed', path.join(sandbox.state(), 'bench-own', 'current', 'sock')],
  ]);
  for (const kind of new Set(kinds.map(({ server }) => server))) {
    const socket = path.join(sandbox.scratch, `${kind}.sock`);
    sockets.set(kind, socket);
    servers.push(start(peer('echo-server.cjs'), kind, socket));
  }
  for (const [kind, socket] of sockets)
    if (!(await waitUntil(() => fs.existsSync(socket), { withinMs: STARTED_WITHIN_MS, everyMs: 10 })))
      throw new Error(`the server of ${kind} does not listen`);
  const end = () => {
    for (const server of servers) server.kill();
  };
  return { sockets, end };
}

/**
 * @param {Workbench} bench @param {readonly WireKind[]} kinds @param {ReadonlyMap<string, string>} sockets
 * @returns {Promise<Map<string, Wire>>} by their names
 */
async function openWires({ sandbox }, kinds, sockets) {
  const wire = await loadOwnWire(sandbox);
  const library = await loadLibrary();
  const call = { service: ECHO, stateDirectory: sandbox.state(), env: sandbox.env() };
  /** @type {Map<string, Wire>} */
  const opened = new Map();
  for (const { name, server, open } of [...kinds, ...ownWires({ wire, library, call })])
    opened.set(name, await open(sockets.get(server) ?? ''));
  return opened;
}

/** @param {Wire} wire @returns {Promise<number>} microseconds an exchange */
async function oneAtATime({ exchange }) {
  const begun = performance.now();
  for (let n = 0; n < SINGLES; n++) await exchange();
  return ((performance.now() - begun) / SINGLES) * 1000;
}

/** @param {Wire} wire @returns {Promise<number>} exchanges per second */
async function manyAtOnce({ exchange }) {
  let left = CONCURRENT;
  const begun = performance.now();
  const exchangeOn = async () => {
    while (left-- > 0) await exchange();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, exchangeOn));
  return CONCURRENT / ((performance.now() - begun) / 1000);
}

/**
 * Compares like with like: wires that keep their connection, and wires that make one for each exchange.
 * @param {{
 *   group: string, taken: Record<string, number[]>, against: string, unit: string, target:
 *   import('../rows.mjs').Target, keptTarget: import('../rows.mjs').Target,
 * }} measured `against`: the name of a wire, of which there is also one that keeps its connection; `target`:
 *   of solod's wire; `keptTarget`: of its kept connections
 * @returns {Row[]}
 */
function compared({ group, taken, against, unit, target, keptTarget }) {
  const kept = `${against}, kept`;
  const others = Object.keys(taken).filter((name) => name !== against && name !== kept);
  const row = (/** @type {string} */ what, /** @type {string} */ other) => {
    const [values, references] = [taken[what] ?? [], taken[other] ?? []];
    const own =
      what === OWN && other === against ? { target } : what === OWN_KEPT ? { target: keptTarget } : {};
    return ratioRow({ group, what, against: other, values, references, unit, ...own });
  };
  const fresh = others.filter((name) => !name.endsWith(', kept'));
  const lasting = others.filter((name) => name.endsWith(', kept'));
  return [
    ...fresh.map((name) => row(name, against)),
    ...lasting.map((name) => row(name, kept)),
    row(OWN, kept),
  ];
}

/**
 * @param {ReadonlyMap<string, Wire>} wires
 * @param {string} control the name of the wire that is measured twice
 * @param {(wire: Wire) => Promise<number>} act
 * @returns {Record<string, import('../rounds.mjs').Act>}
 */
function actsOf(wires, control, act) {
  const all = [...wires].map(([name, wire]) => ({ name, wire }));
  const again = all
    .filter(({ name }) => name === control)
    .map(({ wire }) => ({ name: `${control} (control)`, wire }));
  return Object.fromEntries([...all, ...again].map(({ name, wire }) => [name, () => act(wire)]));
}

/** @param {Workbench} bench @returns {Promise<Row[]>} */
export async function measureWire(bench) {
  const kinds = installedWires(bench);
  const servers = await startServers(bench, kinds);
  const wires = await openWires(bench, kinds, servers.sockets);
  // Bytes without frames can't tell which answer they belong to.
  const framed = new Map([...wires].filter(([name]) => name !== NET && name !== `${NET}, kept`));
  const singles = actsOf(wires, NET, oneAtATime);
  const takenSingly = await bench.rounds(ROUNDS, singles, { what: 'one in flight' });
  const many = actsOf(framed, FRAMES, manyAtOnce);
  const takenMany = await bench.rounds(ROUNDS, many, { what: `${AT_ONCE} in flight` });
  for (const wire of wires.values()) wire.close();
  servers.end();
  bench.sandbox.endDaemons();
  const one = { group: '100 B, one in flight', taken: takenSingly, against: NET, unit: 'µs' };
  const group = `100 B, ${AT_ONCE} in flight, calls per second`;
  return [
    ...compared({ ...one, target: { atMost: 1.2 }, keptTarget: { atMost: 1.5 } }),
    ...compared({
      ...{ group, taken: takenMany, against: FRAMES, unit: '/s' },
      ...{ target: { atLeast: 0.8 }, keptTarget: { atLeast: 0.5 } },
    }),
  ];
}
