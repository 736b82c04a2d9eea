/** What the kernel knows of processes and listening sockets. No word of solod's own counts here. */
import fs from 'node:fs';

/** Milliseconds of the monotonic clock, which all processes of a machine share. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** @param {string} file */
export function readOr(file) {
  try {
    return fs.readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}

/**
 * @typedef {{ activity: 'running' | 'stopped' | 'dead', startTime: string }} ProcessFacts
 * @param {number} pid
 * @returns {ProcessFacts}
 */
export function lookUp(pid) {
  const stat = readOr(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state = ''] = fields;
  const activity = state === '' || /[ZX]/.test(state) ? 'dead' : /[Tt]/.test(state) ? 'stopped' : 'running';
  return { activity, startTime: fields[19] ?? '' };
}

/** SO_ACCEPTCON, in the flags that /proc/net/unix shows: the socket listens. */
const LISTENING = 0x10000;

/**
 * @typedef {{ inode: string, path: string }} ListeningSocket
 * @param {string} under only those that were bound to a path that begins so
 * @returns {ListeningSocket[]}
 */
export function listeningSockets(under) {
  const found = [];
  for (const line of readOr('/proc/net/unix').split('\n')) {
    const start = line.indexOf(under);
    if (start < 0) continue;
    const [, , , flags, , , inode] = line.slice(0, start).split(/\s+/);
    if ((Number.parseInt(flags, 16) & LISTENING) !== 0) found.push({ inode, path: line.slice(start) });
  }
  return found;
}

/** @param {number} pid @param {string} inode @returns {boolean} whether that process holds that socket */
export function holdsSocket(pid, inode) {
  try {
    return fs.readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      try {
        return fs.readlinkSync(`/proc/${pid}/fd/${descriptor}`) === `socket:[${inode}]`;
      } catch {
        return false;
      }
    });
  } catch {
    return false;
  }
}

/**
 * @typedef {{ pid: number, startTime: string, argv: string[], role: 'daemon' | 'client' | 'other' }} Running
 * @param {string} scratch
 * @returns {Running[]} every living process with that path on its command line, this one excepted
 */
export function processesOf(scratch) {
  const found = [];
  for (const name of fs.readdirSync('/proc')) {
    if (!/^[0-9]+$/.test(name) || Number(name) === process.pid) continue;
    const command = readOr(`/proc/${name}/cmdline`);
    if (!command.includes(scratch)) continue;
    const { activity, startTime } = lookUp(Number(name));
    if (activity === 'dead') continue;
    const argv = command.split('\0');
    found.push({ pid: Number(name), startTime, argv, role: roleOf(argv, scratch) });
  }
  return found;
}

/** @param {string[]} argv @param {string} scratch @returns {Running['role']} */
function roleOf(argv, scratch) {
  if (argv.includes(`${scratch}/dist/daemon.cjs`)) return 'daemon';
  const command = argv.indexOf(`${scratch}/dist/solod.cjs`);
  if (command < 0) return 'other';
  return argv[command + 1] === 'serve' ? 'daemon' : 'client';
}

/**
 * Every living process that has to do with a directory, by its command line, its working directory or its environment: a title
 * that a process gives itself overwrites the first, and a daemon may have left the second. This process is excepted.
 * @param {string} directory
 * @returns {number[]} their ids
 */
export function inhabitantsOf(directory) {
  const names = fs
    .readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name) && Number(name) !== process.pid);
  return names
    .filter(
      (name) =>
        mentions(`${readOr(`/proc/${name}/cmdline`)}\0${readOr(`/proc/${name}/environ`)}`, directory) ||
        mentions(workingDirectory(name), directory),
    )
    .map(Number)
    .filter((pid) => lookUp(pid).activity !== 'dead');
}

/** The directory itself or what is in it; not one whose name begins like its own. @param {string} text @param {string} directory */
function mentions(text, directory) {
  for (let at = text.indexOf(directory); at >= 0; at = text.indexOf(directory, at + 1))
    if (!/[\w.-]/.test(text[at + directory.length] ?? '')) return true;
  return false;
}

/** @param {string} pid */
function workingDirectory(pid) {
  try {
    return fs.readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

/** @param {number | undefined} pid @param {'VmRSS' | 'VmHWM'} what its memory now, or the most it has had @returns {number} MiB */
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
