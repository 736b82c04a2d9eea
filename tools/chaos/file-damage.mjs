/** Damage to files: what other programs, crashes and full disks do to a state directory and to a service. */
import fs from 'node:fs';
import path from 'node:path';
import { lookUp, readOr } from '../support/processes.mjs';
import { count } from './signals.mjs';

/** @import { Act, RandomChoices, Stage } from './actions.mjs' */

/** A process id that no process has. */
const NOBODY = 999_999_999;
/** The age of an old leftover. */
const OLD_S = 120;

/**
 * A change to a daemon's directory that solod did not make.
 * @param {(directory: string, stage: Stage, choices: RandomChoices) => string} change it returns what was
 *   done
 * @returns {Act}
 */
const byHand = (change) => (stage, choices) => {
  const directory = path.join(stage.state, choices.oneOf(stage.names));
  try {
    const done = change(directory, stage, choices);
    stage.sandbox.note(`by hand: ${done}`);
    count(stage, done);
  } catch {
    // The directory is not there yet, the disk is full, or another process was faster.
  }
};

export const deleteLock = byHand((directory) => {
  fs.rmSync(path.join(directory, 'spawn.lock'), { recursive: true });
  return 'spawn.lock deleted';
});

/** @param {RandomChoices} choices */
const randomText = (choices) => choices.fraction().toString(36).slice(2, 10).padEnd(8, '0');

export const plantLock = byHand((directory, { sandbox }, choices) => {
  const lock = path.join(directory, 'spawn.lock');
  const form = choices.oneOf(['record', 'record', 'record', 'record', 'file', 'link', 'empty', 'strange']);
  const isOurs = choices.chance(0.5);
  const ageMs = choices.oneOf([0, 0, 1_500, 60_000, -500, -5_000]);
  const nonce = randomText(choices);
  fs.rmSync(lock, { recursive: true, force: true });
  if (form === 'file') fs.writeFileSync(lock, 'hands off');
  if (form === 'link') fs.symlinkSync(sandbox.scratch, lock);
  if (form === 'file' || form === 'link') return `a ${form} for a spawn.lock`;
  fs.mkdirSync(lock);
  if (form === 'strange') fs.writeFileSync(path.join(lock, 'readme'), 'hands off');
  if (form !== 'record') return `spawn.lock, ${form}`;
  const pid = isOurs ? process.pid : NOBODY;
  fs.writeFileSync(path.join(lock, `${pid}-${nonce}`), lockRecord(pid, nonce, ageMs));
  return `spawn.lock of a ${isOurs ? 'living' : 'dead'} process, ${ageMs / 1_000} s old`;
});

/** @param {number} pid @param {string} nonce @param {number} ageMs */
function lockRecord(pid, nonce, ageMs) {
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

export const plantLeftover = byHand((directory, _, choices) => {
  const dead = `${NOBODY}-${randomText(choices)}`;
  const name = choices.oneOf([`tmp.${dead}-0`, `tmp.${dead}.lock`, `trash.${dead}.3`, `tmp.${dead}.link`]);
  const isOld = choices.chance(0.5);
  const hasOwner = choices.chance(0.5);
  const leftover = path.join(directory, name);
  if (name.endsWith('.link')) {
    fs.symlinkSync('7', leftover);
    return 'a half-made link';
  }
  fs.mkdirSync(leftover);
  if (hasOwner) fs.writeFileSync(path.join(leftover, 'owner.json'), '{"pid":');
  if (isOld) fs.utimesSync(leftover, Date.now() / 1_000 - OLD_S, Date.now() / 1_000 - OLD_S);
  return `a half-made ${name.split('.')[0]} directory`;
});

/** The service throws for a while. @type {Act} */
export function breakService(stage, choices) {
  const { sandbox } = stage;
  const name = choices.oneOf(stage.names);
  const ms = choices.between(100, 1_500);
  sandbox.writeService(name, 'broken');
  sandbox.note(`the service of ${name} is broken for ${ms} ms`);
  count(stage, 'service broken');
  sandbox.later(ms, () => {
    sandbox.writeService(name, 'whole');
    sandbox.note(`the service of ${name} is repaired`);
  });
}

/** The disk has no room for a while. @type {Act} */
export function fillDisk(stage, choices) {
  const ms = choices.between(200, 2_500);
  const spareBytes = choices.oneOf([0, 0, 1, 4_096, 12_288]);
  const ballast = path.join(stage.state, `ballast-${randomText(choices)}`);
  try {
    writeBallast(ballast, spareBytes);
  } catch {
    // Full already.
  }
  stage.sandbox.note(`the disk is full for ${ms} ms, except for ${spareBytes} bytes`);
  count(stage, 'disk filled');
  stage.sandbox.later(ms, () => {
    fs.rmSync(ballast, { force: true });
    stage.sandbox.note('the disk has room again');
  });
}

/** @param {string} file @param {number} spareBytes */
function writeBallast(file, spareBytes) {
  const descriptor = fs.openSync(file, 'w');
  try {
    while (fs.writeSync(descriptor, Buffer.alloc(4_096)) > 0);
  } catch {
    fs.ftruncateSync(descriptor, Math.max(0, fs.fstatSync(descriptor).size - spareBytes));
  }
  fs.closeSync(descriptor);
}

export const deleteByHand = byHand((directory, _, choices) => {
  const what = choices.oneOf(['the directory', 'current', 'a generation']);
  const which = choices.fraction();
  if (what === 'current') fs.unlinkSync(path.join(directory, 'current'));
  if (what === 'the directory') fs.rmSync(directory, { recursive: true });
  if (what !== 'a generation') return `${what} deleted`;
  const generations = fs.readdirSync(directory).filter((entry) => /^[0-9]+$/.test(entry));
  const chosen = generations[Math.floor(which * generations.length)];
  if (chosen === undefined) throw new Error('there is no generation');
  fs.rmSync(path.join(directory, chosen), { recursive: true });
  return 'a generation deleted';
});
