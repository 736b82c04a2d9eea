/** What the kernel knows of processes. What a process says about itself does not count here. Linux only. */
import fs from 'node:fs';
import { nowMs, sleepSync } from './time.mjs';

/**
 * @param {string} file
 * @returns {string} its content; '' if it can't be read, for what it describes may have gone
 */
export function readOr(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/** @returns {number[]} every process but this one */
export const otherProcesses = () =>
  fs
    .readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid);

/**
 * @typedef {{ activity: 'running' | 'stopped' | 'dead', startTime: string }} ProcessReading `startTime` is in
 *   clock ticks since boot (proc_pid_stat(5), field 22); a zombie is dead
 * @param {number} pid
 * @returns {ProcessReading}
 */
export function lookUp(pid) {
  const stat = readOr(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  const activity = state === '' || /[ZX]/.test(state) ? 'dead' : /[Tt]/.test(state) ? 'stopped' : 'running';
  return { activity, startTime: fields[19] ?? '' };
}

/**
 * Every living process that has to do with a directory, by its command line, its working directory or its
 * environment: a process may overwrite the first with a title, and a daemon may have left the second. This
 * process is excepted.
 * @param {string} directory
 * @returns {number[]} process ids
 */
export function inhabitantsOf(directory) {
  return otherProcesses().filter(
    (pid) =>
      (mentions(`${readOr(`/proc/${pid}/cmdline`)}\0${readOr(`/proc/${pid}/environ`)}`, directory) ||
        mentions(workingDirectory(pid), directory)) &&
      lookUp(pid).activity !== 'dead',
  );
}

/**
 * Finds the directory itself or what is in it, not a directory whose name begins with the same letters.
 * @param {string} text @param {string} directory
 */
function mentions(text, directory) {
  for (let at = text.indexOf(directory); at >= 0; at = text.indexOf(directory, at + 1))
    if (!/[\w.-]/.test(text[at + directory.length] ?? '')) return true;
  return false;
}

/** @param {number} pid */
function workingDirectory(pid) {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/**
 * @param {number | undefined} pid
 * @param {'VmRSS' | 'VmHWM'} what resident memory: now, or the most so far
 * @returns {number} MiB; NaN if the process has gone
 */
export const residentMib = (pid, what = 'VmRSS') =>
  Number(new RegExp(`^${what}:\\s+(\\d+)`, 'm').exec(readOr(`/proc/${pid}/status`))?.[1]) / 1024;

/** @param {number} pid @param {NodeJS.Signals} signal @returns {boolean} whether there was such a process */
export function signalTo(pid, signal) {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

const END_WITHIN_MS = 3_000;
const END_EVERY_MS = 10;

/**
 * Ends every process that has to do with a directory, also stopped ones, and waits until they have ended.
 * @param {string} directory
 * @param {{ politeMs?: number, isSpared?: (pid: number) => boolean }} [options] `politeMs`: how long they get
 *   SIGTERM, to clean up after themselves, before they get SIGKILL
 */
export function endProcessesOf(directory, { politeMs = 0, isSpared = () => false } = {}) {
  const beganMs = nowMs();
  for (let passedMs = 0; passedMs < politeMs + END_WITHIN_MS; passedMs = nowMs() - beganMs) {
    const left = inhabitantsOf(directory).filter((pid) => !isSpared(pid));
    if (left.length === 0) return;
    for (const pid of left) signalTo(pid, passedMs < politeMs ? 'SIGTERM' : 'SIGKILL');
    sleepSync(END_EVERY_MS);
  }
}
