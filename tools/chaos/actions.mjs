/** What may happen. Each act draws its choices from a source of its own; whether there is anybody it can happen to, it finds out. */
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lookUp, nowMs, readOr } from '../support/processes.mjs';

/** So many of the processes that are started here run at once; daemons come on top. */
export const CLIENTS_MAX = 8;
export const PROCESSES_MAX = 12;

/**
 * @typedef {import('./random-choices.mjs').Choices} Choices
 * @typedef {{
 *   world: import('./chaos-sandbox.mjs').World, state: string, names: string[], clocks: 'faketime' | 'preload',
 *   calls: Map<string, Call>, counts: Record<string, number>, isOver: () => boolean,
 * }} Stage
 * @typedef {{ id: string, kind: string, input: string, client: import('./chaos-sandbox.mjs').Client }} Call
 * @typedef {{ what: string, weight: number, act: (stage: Stage, choices: Choices) => void | Promise<void> }} Act
 */

const HOUR_MS = 3_600_000;

/** @param {Stage} stage @param {Choices} choices */
function options(stage, choices) {
  const name = choices.oneOf(stage.names);
  const idle = choices.oneOf(['200ms', '1s', '10s', '10s', '10s']);
  const grace = choices.oneOf(['100ms', '1s', '3s']);
  const timeout = choices.oneOf(['300ms', '1s', '3s', '10s', '10s']);
  const service = stage.world.service(name);
  return {
    name,
    service,
    target: ['--name', name, service],
    timeout: [`--timeout=${timeout}`],
    life: [`--idle-timeout=${idle}`, `--grace=${grace}`],
  };
}

/** Another wall clock, for some. @param {Stage} stage @param {Choices} choices */
function clock({ world, clocks }, choices) {
  const isOff = choices.chance(0.12);
  const ms = choices.oneOf([-HOUR_MS, -5_000, -700, 700, 5_000, HOUR_MS]);
  if (!isOff) return {};
  world.note(`the next clock is ${ms / 1_000} s off`);
  if (clocks === 'preload') {
    const before = [process.execPath, '--require', path.join(world.scratch, 'clock.cjs')];
    return { before, env: { CHAOS_CLOCK_MS: String(ms) } };
  }
  const offset = `${ms < 0 ? '' : '+'}${ms / 1_000}s`;
  return { before: ['faketime', '--exclude-monotonic', '-f', offset, process.execPath] };
}

/** @param {Stage} stage @param {Choices} choices @returns {Call} */
export function call(stage, choices) {
  const { target, timeout, life } = options(stage, choices);
  const kind = choices.oneOf(['short', 'short', 'slow', 'slow', 'deaf', 'failing', 'stdin']);
  const ms = choices.between(20, choices.chance(0.2) ? 2_500 : 400);
  const length = choices.oneOf([0, 20, 5_000, 400_000]);
  const id = `c${stage.calls.size + 1}`;
  const input = kind === 'stdin' ? id.repeat(Math.ceil(length / id.length)) : '';
  const args = ['call', ...timeout, ...life, ...target, '--', id, kind, String(ms)];
  const client = stage.world.start(stage.state, args, { input, ...clock(stage, choices) });
  const made = { id, kind, input, client };
  stage.calls.set(id, made);
  return made;
}

/** @param {Stage} stage @param {Choices} choices */
function kick(stage, choices) {
  const { target, life } = options(stage, choices);
  return stage.world.start(stage.state, ['kick', ...life, ...target], clock(stage, choices));
}

/** @param {Stage} stage @param {Choices} choices */
function serve(stage, choices) {
  const { target, life } = options(stage, choices);
  return stage.world.start(stage.state, ['serve', ...life, ...target], clock(stage, choices));
}

/** @param {'stop' | 'restart' | 'status'} command @returns {Act['act']} */
const fact = (command) => (stage, choices) => {
  const { target, timeout, life } = options(stage, choices);
  const settings = command === 'restart' ? [...timeout, ...life] : timeout;
  stage.world.start(stage.state, [command, ...settings, ...target]);
};

/** @param {Stage} stage @param {Choices} choices */
function burst(stage, choices) {
  const size = choices.between(3, CLIENTS_MAX);
  const shares = Array.from({ length: size }, () => choices.fork());
  for (const share of shares) {
    if (stage.world.open.length >= CLIENTS_MAX) return;
    share
      .weighted([
        { weight: 5, start: call },
        { weight: 3, start: kick },
        { weight: 2, start: serve },
      ])
      .start(stage, share);
  }
}

// --- signals ----------------------------------------------------------------------------------------------------------

/** @param {Stage} stage @param {Choices} choices @returns {number | undefined} one that serves, or is about to */
function someDaemon({ world }, choices) {
  const draw = choices.fraction();
  const all = world.daemons();
  return all[Math.floor(draw * all.length)]?.pid;
}

/** @param {Stage} stage @param {Choices} choices @returns {number | undefined} */
function someClient({ world }, choices) {
  const draw = choices.fraction();
  const all = world.open.filter(({ what }) => what !== 'serve');
  return all[Math.floor(draw * all.length)]?.pid;
}

/** @param {Stage} stage @param {'daemon' | 'client'} what @param {Choices} choices */
function strike(stage, what, choices) {
  const pid = what === 'daemon' ? someDaemon(stage, choices) : someClient(stage, choices);
  const fatal = choices.oneOf(
    /** @type {NodeJS.Signals[]} */ ([
      'SIGKILL',
      'SIGKILL',
      'SIGTERM',
      what === 'client' ? 'SIGINT' : 'SIGTERM',
    ]),
  );
  const ms = choices.between(20, choices.chance(0.3) ? 3_500 : 500);
  const freezes = choices.chance(0.4);
  if (pid === undefined) return;
  if (freezes) stage.world.freeze(pid, ms, what);
  else if (stage.world.signal(pid, fatal, what)) count(stage, `${fatal} to a ${what}`);
  if (freezes) count(stage, `SIGSTOP of a ${what}`);
}

/** @param {Stage} stage @param {string} what */
function count({ counts }, what) {
  counts[what] = (counts[what] ?? 0) + 1;
}

/**
 * Waits for a process in the middle of something, and stops or kills it there: a daemon that has its private directory and
 * is about to take its name, a caller that is about to start one.
 * @param {Stage} stage @param {Choices} choices
 */
async function ambush(stage, choices) {
  const starts = choices.oneOf([kick, serve, serve, call]);
  const whom = choices.oneOf(/** @type {const} */ (['daemon', 'daemon', 'client']));
  const pauseMs =
    whom === 'client' ? choices.between(25, 250) : choices.between(0, choices.oneOf([0, 0, 2, 15]));
  const kills = choices.chance(0.35);
  const ms = choices.between(50, choices.chance(0.3) ? 4_000 : 700);
  const isVacant = choices.chance(0.5);
  if (isVacant) for (const { pid } of stage.world.daemons()) stage.world.signal(pid, 'SIGKILL', 'daemon');
  const before = new Set(whom === 'daemon' ? privateNames(stage) : []);
  const client = starts(stage, choices.fork());
  const victim =
    whom === 'client' ? ('client' in client ? client.client.pid : client.pid) : await newcomer(stage, before);
  if (victim === undefined) return;
  await delay(pauseMs);
  if (kills) stage.world.signal(victim, 'SIGKILL', `${whom} in the middle of a start,`);
  else stage.world.freeze(victim, ms, `${whom} in the middle of a start`);
  count(stage, `${kills ? 'SIGKILL' : 'SIGSTOP'} of a ${whom} in the middle of a start`);
}

/** @param {Stage} stage */
function privateNames({ state, names }) {
  const entries = names.flatMap((name) => {
    try {
      return fs.readdirSync(path.join(state, name));
    } catch {
      return [];
    }
  });
  return entries.filter((entry) => /^tmp\.[0-9]+-[0-9a-z]+-[0-9]+$/.test(entry));
}

/** @param {Stage} stage @param {Set<string>} before @returns {Promise<number | undefined>} */
async function newcomer(stage, before) {
  for (const untilMs = nowMs() + 400; nowMs() < untilMs && !stage.isOver(); ) {
    const found = privateNames(stage).find((entry) => !before.has(entry));
    const pid = Number(/^tmp\.([0-9]+)/.exec(found ?? '')?.[1] ?? 0);
    if (stage.world.daemons().some((daemon) => daemon.pid === pid)) return pid;
    await delay(1);
  }
  return undefined;
}

// --- the directory ----------------------------------------------------------------------------------------------------

/** A change to the directory by a hand that is not solod's. @param {(place: string, stage: Stage, choices: Choices) => string} change */
const byHand = (change) => /** @type {Act['act']} */ (stage, choices) => {
  const place = path.join(stage.state, choices.oneOf(stage.names));
  try {
    const done = change(place, stage, choices);
    stage.world.note(`by hand: ${done}`);
    count(stage, done);
  } catch {
    // The directory is not there yet, the disk is full, or somebody was faster.
  }
};

const deleteLock = byHand((place) => {
  fs.rmSync(path.join(place, 'spawn.lock'), { recursive: true });
  return 'spawn.lock deleted';
});

/** @param {Choices} choices */
const random = (choices) => choices.fraction().toString(36).slice(2, 10).padEnd(8, '0');

const plantLock = byHand((place, { world }, choices) => {
  const lock = path.join(place, 'spawn.lock');
  const form = choices.oneOf(['record', 'record', 'record', 'record', 'file', 'link', 'empty', 'strange']);
  const isOurs = choices.chance(0.5);
  const ageMs = choices.oneOf([0, 0, 1_500, 60_000, -500, -5_000]);
  const nonce = random(choices);
  fs.rmSync(lock, { recursive: true, force: true });
  if (form === 'file') fs.writeFileSync(lock, 'hands off');
  if (form === 'link') fs.symlinkSync(world.scratch, lock);
  if (form === 'file' || form === 'link') return `a ${form} for a spawn.lock`;
  fs.mkdirSync(lock);
  if (form === 'strange') fs.writeFileSync(path.join(lock, 'readme'), 'hands off');
  if (form !== 'record') return `spawn.lock, ${form}`;
  const pid = isOurs ? process.pid : 999_999_999;
  fs.writeFileSync(path.join(lock, `${pid}-${nonce}`), recordText(pid, nonce, ageMs));
  return `spawn.lock of a ${isOurs ? 'living' : 'dead'} process, ${ageMs / 1_000} s old`;
});

/** @param {number} pid @param {string} nonce @param {number} ageMs */
function recordText(pid, nonce, ageMs) {
  const record = {
    pid,
    startTime: lookUp(process.pid).startTime,
    bootId: readOr('/proc/sys/kernel/random/boot_id').trim(),
    pidNamespace: fs.readlinkSync('/proc/self/ns/pid'),
    nonce: `${pid}-${nonce}`,
    wallMs: Date.now() - ageMs,
    readyMs: 1_500,
  };
  return `${JSON.stringify(record)}\n`;
}

const plantLeftover = byHand((place, _, choices) => {
  const dead = `999999999-${random(choices)}`;
  const name = choices.oneOf([`tmp.${dead}-0`, `tmp.${dead}.lock`, `trash.${dead}.3`, `tmp.${dead}.link`]);
  const isOld = choices.chance(0.5);
  const hasOwner = choices.chance(0.5);
  const made = path.join(place, name);
  if (name.endsWith('.link')) {
    fs.symlinkSync('7', made);
    return 'a half-made link';
  }
  fs.mkdirSync(made);
  if (hasOwner) fs.writeFileSync(path.join(made, 'owner.json'), '{"pid":');
  if (isOld) fs.utimesSync(made, Date.now() / 1_000 - 120, Date.now() / 1_000 - 120);
  return `a half-made ${name.split('.')[0]} directory`;
});

/** @param {Stage} stage @param {Choices} choices */
function breakService({ world, names, counts }, choices) {
  const name = choices.oneOf(names);
  const ms = choices.between(100, 1_500);
  world.writeService(name, 'broken');
  world.note(`the service of ${name} is broken for ${ms} ms`);
  counts['service broken'] = (counts['service broken'] ?? 0) + 1;
  world.later(ms, () => {
    world.writeService(name, 'whole');
    world.note(`the service of ${name} is mended`);
  });
}

/** @param {Stage} stage @param {Choices} choices */
export function fillDisk({ world, state, counts }, choices) {
  const ms = choices.between(200, 2_500);
  const spare = choices.oneOf([0, 0, 1, 4_096, 12_288]);
  const ballast = path.join(state, `ballast-${random(choices)}`);
  try {
    const descriptor = fs.openSync(ballast, 'w');
    try {
      while (fs.writeSync(descriptor, Buffer.alloc(4_096)) > 0);
    } catch {
      fs.ftruncateSync(descriptor, Math.max(0, fs.fstatSync(descriptor).size - spare));
    }
    fs.closeSync(descriptor);
  } catch {
    // Full already.
  }
  world.note(`the disk is full for ${ms} ms, but for ${spare} bytes`);
  counts['disk filled'] = (counts['disk filled'] ?? 0) + 1;
  world.later(ms, () => {
    fs.rmSync(ballast, { force: true });
    world.note('the disk has room again');
  });
}

const deletions = byHand((place, _, choices) => {
  const what = choices.oneOf(['the directory', 'current', 'a generation']);
  const which = choices.fraction();
  if (what === 'current') fs.unlinkSync(path.join(place, 'current'));
  if (what === 'the directory') fs.rmSync(place, { recursive: true });
  if (what !== 'a generation') return `${what} deleted`;
  const generations = fs.readdirSync(place).filter((entry) => /^[0-9]+$/.test(entry));
  const chosen = generations[Math.floor(which * generations.length)];
  if (chosen === undefined) throw new Error('none');
  fs.rmSync(path.join(place, chosen), { recursive: true });
  return 'a generation deleted';
});

/** @type {Act[]} */
export const ACTS = [
  { what: 'call', weight: 30, act: (stage, choices) => void call(stage, choices) },
  { what: 'kick', weight: 10, act: (stage, choices) => void kick(stage, choices) },
  { what: 'serve', weight: 8, act: (stage, choices) => void serve(stage, choices) },
  { what: 'burst', weight: 5, act: burst },
  { what: 'stop', weight: 4, act: fact('stop') },
  { what: 'restart', weight: 4, act: fact('restart') },
  { what: 'status', weight: 2, act: fact('status') },
  { what: 'strike a daemon', weight: 14, act: (stage, choices) => strike(stage, 'daemon', choices) },
  { what: 'strike a client', weight: 9, act: (stage, choices) => strike(stage, 'client', choices) },
  { what: 'ambush', weight: 16, act: ambush },
  { what: 'delete the lock', weight: 4, act: deleteLock },
  { what: 'plant a lock', weight: 4, act: plantLock },
  { what: 'plant a leftover', weight: 4, act: plantLeftover },
  { what: 'break the service', weight: 1.5, act: breakService },
];

/** @type {Act} */
export const FILLING = { what: 'fill the disk', weight: 8, act: fillDisk };
/** @type {Act} */
export const DELETING = { what: 'delete', weight: 6, act: deletions };
