// Watches the names of one state directory, as often as it can, from a process of its own: every change that it sees is a line
// of JSON on stdout. What it can tell of a listening socket:
//
// - who made it: the path that it was bound to, `tmp.<pid>-<random>-<attempt>/sock`, holds the process id; the first time that
//   it is seen, the process's descriptors must show it;
// - whether it is public: its private directory has gone, and a generation has an owner file with that process id.
//
// A sample is no snapshot. What counts is `seenMs`, read before the sockets were: the socket listened then, or later.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { holdsSocket, listeningSockets, lookUp, nowMs } from '../support/processes.mjs';

const { root, names } = JSON.parse(process.argv[2] ?? '{}');
const PAUSE_MS = 1;
/** So many samples in a row must have shown two public listeners before they are asked. */
const SUSPICIOUS_SAMPLES = 2;
const ASK_EVERY_MS = 25;
const ADRIFT_SAMPLES = 5;
const ANSWER_MS = 1_000;

/**
 * @typedef {{
 *   name: string, socket: string, pid: number, startTime: string, holds: boolean,
 *   firstMs: number, seenMs: number, adrift: number, adriftMs: number,
 * }} Sighting a listening socket, as it was seen through its life; `adrift`: in how many samples in a row, and since when,
 *   `current` has not led to it, although it is public
 */
/** @type {Map<string, Sighting>} by inode */
const listening = new Map();
const latest = new Map(
  names.map((/** @type {string} */ name) => [name, { text: '', together: 0, askedMs: 0 }]),
);
const gaps = new Uint32Array(10_001);
const seen = { samples: 0, longestGapMs: 0, listeners: 0, published: 0, most: '' };

const emit = (/** @type {object} */ line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** @template T @param {() => T} read @param {T} otherwise @returns {T} */
function attempt(read, otherwise) {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** @param {string} name */
function disk(name) {
  const place = path.join(root, name);
  const current = attempt(() => fs.readlinkSync(path.join(place, 'current')), '');
  const entries = attempt(() => fs.readdirSync(place), /** @type {string[]} */ ([]));
  const generations = entries
    .filter((entry) => /^[1-9][0-9]*$/.test(entry))
    .map((entry) => {
      const text = attempt(() => fs.readFileSync(path.join(place, entry, 'owner.json'), 'utf8'), '{}');
      return { number: Number(entry), pid: attempt(() => Number(JSON.parse(text).pid), 0) };
    });
  return { place, current, entries: new Set(entries), generations };
}

/** @param {string} name @param {import('../support/processes.mjs').ListeningSocket} socket @param {number} seenMs */
function sight(name, socket, seenMs) {
  let sighting = listening.get(socket.inode);
  if (sighting === undefined) {
    const pid = Number(/\/tmp\.([0-9]+)-/.exec(socket.path)?.[1] ?? 0);
    const { startTime } = lookUp(pid);
    const holds = holdsSocket(pid, socket.inode);
    sighting = {
      name,
      socket: socket.path,
      pid,
      startTime,
      holds,
      firstMs: seenMs,
      seenMs,
      adrift: 0,
      adriftMs: 0,
    };
    listening.set(socket.inode, sighting);
  }
  sighting.seenMs = seenMs;
  return sighting;
}

/** @param {Sighting} sighting @param {ReturnType<typeof disk>} on */
function describe(sighting, on) {
  const own = path.basename(path.dirname(sighting.socket));
  const generation = on.entries.has(own) ? undefined : on.generations.find(({ pid }) => pid === sighting.pid);
  const standing = on.entries.has(own)
    ? 'private'
    : generation === undefined
      ? 'nameless'
      : `generation ${generation.number}`;
  return { sighting, generation: generation?.number, standing, activity: lookUp(sighting.pid).activity };
}

/**
 * Nobody who comes by way of `current` reaches it, although it is public: right for a candidate that has not claimed yet.
 * @param {ReturnType<typeof describe>} described @param {string} current
 */
function noteAdrift({ sighting, standing }, current) {
  const isAdrift = standing !== 'private' && standing !== `generation ${current}`;
  if (isAdrift && sighting.adrift === 0) sighting.adriftMs = sighting.seenMs;
  sighting.adrift = isAdrift ? sighting.adrift + 1 : 0;
  if (sighting.adrift < ADRIFT_SAMPLES || sighting.adrift % ADRIFT_SAMPLES !== 0) return;
  const { name, pid, startTime, adriftMs, seenMs } = sighting;
  emit({ kind: 'adrift', name, pid, startTime, sinceMs: adriftMs, atMs: seenMs, standing, current });
}

/** @param {string} name @param {import('../support/processes.mjs').ListeningSocket[]} sockets @param {number} seenMs */
function look(name, sockets, seenMs) {
  const sightings = sockets.map((socket) => sight(name, socket, seenMs));
  const on = disk(name);
  const described = sightings
    .map((sighting) => describe(sighting, on))
    .filter(({ activity }) => activity !== 'dead');
  for (const each of described) noteAdrift(each, on.current);
  const published = described.filter(({ standing }) => standing !== 'private');
  seen.listeners = Math.max(seen.listeners, described.length);
  const state = latest.get(name);
  if (state === undefined) return;
  suspect(name, state, on.place, published, seenMs);
  const text = [
    `current -> ${on.current || '(none)'}`,
    ...on.generations.map(({ number, pid }) => `${number}: pid ${pid}`),
    ...described.map(
      ({ sighting, standing, activity }) => `pid ${sighting.pid} listens, ${standing}, ${activity}`,
    ),
  ].join('; ');
  if (published.length > seen.published) Object.assign(seen, { published: published.length, most: text });
  if (text === state.text) return;
  state.text = text;
  emit({
    kind: 'change',
    atMs: seenMs,
    name,
    text,
    current: Number(on.current) || 0,
    published: published.length,
  });
}

/** Two that are public, and neither stopped: the one or the other may be about to withdraw, so both are asked. */
function suspect(name, state, place, published, seenMs) {
  const running = published.filter(({ activity }) => activity === 'running');
  state.together = running.length > 1 ? state.together + 1 : 0;
  if (state.together === 1) state.sinceMs = seenMs;
  if (state.together === 0 && state.asked)
    emit({ kind: 'dissolved', name, sinceMs: state.sinceMs, atMs: seenMs });
  if (state.together === 0) state.asked = false;
  if (state.together < SUSPICIOUS_SAMPLES || seenMs - state.askedMs < ASK_EVERY_MS) return;
  state.asked = true;
  state.askedMs = seenMs;
  emit({
    kind: 'suspicion',
    name,
    sinceMs: state.sinceMs,
    atMs: seenMs,
    pids: running.map(({ sighting }) => sighting.pid),
  });
  for (const { generation, sighting } of running) {
    if (generation === undefined) continue;
    askStatus(path.join(place, String(generation), 'sock'), (status) =>
      emit({ kind: 'status', atMs: nowMs(), askedMs: seenMs, name, pid: sighting.pid, generation, status }),
    );
  }
}

/** @param {string} type @param {string} text */
function chunk(type, text) {
  const bytes = Buffer.alloc(5 + Buffer.byteLength(text));
  bytes.writeUInt32BE(bytes.length - 5);
  bytes.write(type + text, 4);
  return bytes;
}

/** Asks one generation, past `current`. @param {string} socketPath @param {(status: unknown) => void} tell */
function askStatus(socketPath, tell) {
  const socket = net.connect(socketPath);
  const parts = /** @type {Buffer[]} */ ([]);
  socket.setTimeout(ANSWER_MS, () => socket.destroy());
  socket.on('error', () => {});
  socket.on('data', (bytes) => parts.push(bytes));
  socket.on('close', () => {
    const object = /\{.*\}/.exec(Buffer.concat(parts).toString('latin1'));
    if (object !== null) tell(attempt(() => JSON.parse(object[0]), undefined));
  });
  socket.write(Buffer.concat([chunk('D', '/'), chunk('C', 'solod:status')]));
}

let beforeMs = nowMs();
function sample() {
  const seenMs = nowMs();
  const sockets = listeningSockets(root);
  for (const name of names)
    look(
      name,
      sockets.filter((socket) => socket.path.startsWith(`${path.join(root, name)}/`)),
      seenMs,
    );
  const inodes = new Set(sockets.map(({ inode }) => inode));
  for (const [inode, sighting] of listening) {
    if (inodes.has(inode)) continue;
    listening.delete(inode);
    emit({ kind: 'sighting', ...sighting });
  }
  seen.samples += 1;
  const gapMs = seenMs - beforeMs;
  gaps[Math.min(10_000, Math.round(gapMs * 10))] += 1;
  seen.longestGapMs = Math.max(seen.longestGapMs, gapMs);
  beforeMs = seenMs;
}

function medianGapMs() {
  let left = seen.samples / 2;
  const tenths = gaps.findIndex((count) => {
    left -= count;
    return left < 0;
  });
  return tenths / 10;
}

// The others are to be watched, not waited for. Only root may ask for that.
attempt(() => os.setPriority(-15), undefined);
process.stdin.on('data', () => {});
process.stdin.on('end', () => {
  clearInterval(timer);
  sample();
  for (const sighting of listening.values()) emit({ kind: 'sighting', ...sighting });
  emit({ kind: 'end', ...seen, medianGapMs: medianGapMs() });
});
const timer = setInterval(sample, PAUSE_MS);
emit({ kind: 'ready' });
