// Watches the names of one state directory, as often as it can, from a process of its own. Every change is a
// line of JSON on stdout. What it can tell of a listening socket:
//
// - who made it: the path that it was bound to, `tmp.<pid>-<random>-<attempt>/sock`, holds the process id;
// - whether it is public: its private directory has gone, and a generation has an owner file with that
//   process id.
//
// A sample is not a snapshot. What counts is `seenMs`, read before the sockets were: the socket listened at
// that time or later.
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { lookUp } from '../support/processes.mjs';
import { nowMs } from '../support/time.mjs';
import { listeningSockets } from './listening-sockets.mjs';

/**
 * @typedef {{
 *   name: string, socket: string, pid: number, startTime: string, firstMs: number, seenMs: number, adrift:
 *   number, adriftMs: number,
 * }} Sighting a listening socket through its life; `adrift`: in how many samples in a row, and since when,
 *   `current` did not lead to it although it is public
 * @typedef {{
 *   samples: number, longestGapMs: number, medianGapMs: number, listeners: number, published: number, most:
 *   string,
 * }} Totals `listeners`, `published`: the most at once, and `most` is what was published then
 * @typedef {{ kind: 'ready' }
 *   | { kind: 'change', atMs: number, name: string, text: string, current: number }
 *   | { kind: 'suspicion', atMs: number, name: string, sinceMs: number }
 *   | { kind: 'dissolved', atMs: number, name: string, sinceMs: number }
 *   | { kind: 'status', atMs: number, name: string, pid: number, status: { pid?: number } | undefined }
 *   | { kind: 'adrift', atMs: number, name: string, pid: number, startTime: string, sinceMs: number,
 *     standing: string, current: string }
 *   | ({ kind: 'sighting' } & Sighting)
 *   | ({ kind: 'end' } & Totals)} Observed a line
 * @typedef {{ text: string, together: number, sinceMs: number, askedMs: number, asked: boolean }} Watch of
 *   one name; `together`: in how many samples in a row two listeners were public; `asked`: whether they were
 *   asked for their status since
 * @typedef {ReturnType<typeof readDirectory>} Directory
 * @typedef {ReturnType<typeof describe>} Described
 */

/** @type {{ root: string, names: string[] }} */
const { root, names } = JSON.parse(process.argv[2] ?? '{}');
const PAUSE_MS = 1;
/** How many samples in a row must show two public listeners before they are asked for their status. */
const SUSPICIOUS_SAMPLES = 2;
const ASK_EVERY_MS = 25;
const ADRIFT_SAMPLES = 5;
const ANSWER_MS = 1_000;
/** Gaps between samples are counted in tenths of a millisecond, up to a second. */
const LONGEST_GAP = 10_000;
/** Ahead of the processes that it watches. Only root may ask for that. */
const PRIORITY = -15;

/** By inode. @type {Map<string, Sighting>} */
const listening = new Map();
/** @type {Map<string, Watch>} */
const watches = new Map(
  names.map((name) => [name, { text: '', together: 0, sinceMs: 0, askedMs: 0, asked: false }]),
);
const gaps = new Uint32Array(LONGEST_GAP + 1);
const seen = { samples: 0, longestGapMs: 0, listeners: 0, published: 0, most: '' };

/** @param {Observed} line */
const emit = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** @template T @param {() => T} read @param {T} otherwise @returns {T} */
function attempt(read, otherwise) {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** @param {string} name */
function readDirectory(name) {
  const directory = path.join(root, name);
  const current = attempt(() => fs.readlinkSync(path.join(directory, 'current')), '');
  const entries = attempt(() => fs.readdirSync(directory), []);
  const generations = entries
    .filter((entry) => /^[1-9][0-9]*$/.test(entry))
    .map((entry) => {
      const text = attempt(() => fs.readFileSync(path.join(directory, entry, 'owner.json'), 'utf8'), '{}');
      return { number: Number(entry), pid: attempt(() => Number(JSON.parse(text).pid), 0) };
    });
  return { directory, current, entries: new Set(entries), generations };
}

/**
 * @param {string} name
 * @param {import('./listening-sockets.mjs').ListeningSocket} socket
 * @param {number} seenMs
 * @returns {Sighting}
 */
function sight(name, socket, seenMs) {
  const known = listening.get(socket.inode);
  if (known !== undefined) return Object.assign(known, { seenMs });
  const pid = Number(/\/tmp\.([0-9]+)-/.exec(socket.path)?.[1] ?? 0);
  const { startTime } = lookUp(pid);
  const sighting = {
    name,
    socket: socket.path,
    pid,
    startTime,
    firstMs: seenMs,
    seenMs,
    adrift: 0,
    adriftMs: 0,
  };
  listening.set(socket.inode, sighting);
  return sighting;
}

/** @param {Sighting} sighting @param {Directory} directory */
function describe(sighting, { entries, generations }) {
  const isPrivate = entries.has(path.basename(path.dirname(sighting.socket)));
  const generation = isPrivate ? undefined : generations.find(({ pid }) => pid === sighting.pid);
  const named = generation === undefined ? 'nameless' : `generation ${generation.number}`;
  const standing = isPrivate ? 'private' : named;
  return { sighting, generation: generation?.number, standing, activity: lookUp(sighting.pid).activity };
}

/**
 * No client that follows `current` reaches it, although it is public: right for a candidate that has not
 * claimed yet.
 * @param {Described} described @param {string} current
 */
function noteAdrift({ sighting, standing }, current) {
  const isAdrift = standing !== 'private' && standing !== `generation ${current}`;
  if (isAdrift && sighting.adrift === 0) sighting.adriftMs = sighting.seenMs;
  sighting.adrift = isAdrift ? sighting.adrift + 1 : 0;
  if (sighting.adrift < ADRIFT_SAMPLES || sighting.adrift % ADRIFT_SAMPLES !== 0) return;
  const { name, pid, startTime, adriftMs, seenMs } = sighting;
  emit({ kind: 'adrift', name, pid, startTime, sinceMs: adriftMs, atMs: seenMs, standing, current });
}

/** @param {Directory} directory @param {readonly Described[]} described */
const textOf = ({ current, generations }, described) =>
  [
    `current -> ${current || '(none)'}`,
    ...generations.map(({ number, pid }) => `${number}: pid ${pid}`),
    ...described.map(
      ({ sighting, standing, activity }) => `pid ${sighting.pid} listens, ${standing}, ${activity}`,
    ),
  ].join('; ');

/**
 * @param {string} name
 * @param {Watch} watch
 * @param {readonly import('./listening-sockets.mjs').ListeningSocket[]} sockets
 * @param {number} seenMs
 */
function look(name, watch, sockets, seenMs) {
  const sightings = sockets.map((socket) => sight(name, socket, seenMs));
  const directory = readDirectory(name);
  const described = sightings
    .map((sighting) => describe(sighting, directory))
    .filter(({ activity }) => activity !== 'dead');
  for (const each of described) noteAdrift(each, directory.current);
  const published = described.filter(({ standing }) => standing !== 'private');
  seen.listeners = Math.max(seen.listeners, described.length);
  suspect(name, watch, published, { directory: directory.directory, seenMs });
  const text = textOf(directory, described);
  if (published.length > seen.published) Object.assign(seen, { published: published.length, most: text });
  if (text === watch.text) return;
  watch.text = text;
  emit({ kind: 'change', atMs: seenMs, name, text, current: Number(directory.current) || 0 });
}

/**
 * Two are public, and neither is stopped: one of them may be about to withdraw, so both are asked for their
 * status.
 * @param {string} name
 * @param {Watch} watch
 * @param {readonly Described[]} published
 * @param {{ directory: string, seenMs: number }} at
 */
function suspect(name, watch, published, { directory, seenMs }) {
  const running = published.filter(({ activity }) => activity === 'running');
  watch.together = running.length > 1 ? watch.together + 1 : 0;
  if (watch.together === 1) watch.sinceMs = seenMs;
  if (watch.together === 0 && watch.asked)
    emit({ kind: 'dissolved', name, sinceMs: watch.sinceMs, atMs: seenMs });
  if (watch.together === 0) watch.asked = false;
  if (watch.together < SUSPICIOUS_SAMPLES || seenMs - watch.askedMs < ASK_EVERY_MS) return;
  watch.asked = true;
  watch.askedMs = seenMs;
  emit({ kind: 'suspicion', name, sinceMs: watch.sinceMs, atMs: seenMs });
  for (const { generation, sighting } of running) {
    if (generation === undefined) continue;
    askStatus(path.join(directory, String(generation), 'sock'), (status) =>
      emit({ kind: 'status', atMs: nowMs(), name, pid: sighting.pid, status }),
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

/**
 * Asks one generation, without `current`.
 * @param {string} socketPath
 * @param {(status: { pid?: number } | undefined) => void} tell
 */
function askStatus(socketPath, tell) {
  const socket = net.connect(socketPath);
  /** @type {Buffer[]} */
  const parts = [];
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
  for (const [name, watch] of watches) {
    const own = sockets.filter((socket) => socket.path.startsWith(`${path.join(root, name)}/`));
    look(name, watch, own, seenMs);
  }
  const inodes = new Set(sockets.map(({ inode }) => inode));
  for (const [inode, sighting] of listening) {
    if (inodes.has(inode)) continue;
    listening.delete(inode);
    emit({ kind: 'sighting', ...sighting });
  }
  seen.samples += 1;
  const gapMs = seenMs - beforeMs;
  const tenths = Math.min(LONGEST_GAP, Math.round(gapMs * 10));
  gaps[tenths] = (gaps[tenths] ?? 0) + 1;
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

attempt(() => os.setPriority(PRIORITY), undefined);
process.stdin.on('data', () => {});
process.stdin.on('end', () => {
  clearInterval(timer);
  sample();
  for (const sighting of listening.values()) emit({ kind: 'sighting', ...sighting });
  emit({ kind: 'end', ...seen, medianGapMs: medianGapMs() });
});
const timer = setInterval(sample, PAUSE_MS);
emit({ kind: 'ready' });
