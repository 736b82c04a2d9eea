/** One temporary directory, what is in it, and every process that was started for it: all of them end with it. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../support/environment.mjs';
import { nowMs, processesOf, signalTo } from '../support/processes.mjs';
import { serviceText } from './ledger-service.mjs';

const repository = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

const COPIES_MAX = 60;
const COPY_AGAIN_MS = 500;

/**
 * @typedef {{
 *   number: number, what: string, args: string[], pid: number, startedMs: number, endedMs: number | undefined,
 *   code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, sent: NodeJS.Signals[], stoppedMs: number,
 * }} Client a process that was started here, and how it ended
 * @typedef {{ atMs: number, text: string }} Moment
 */

export class World {
  scratch = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'solod-chaos-'));
  /** @type {Moment[]} */
  timeline = [];
  /** @type {Client[]} */
  clients = [];
  /** @type {Map<Client, import('node:child_process').ChildProcess>} */
  #open = new Map();
  /** @type {string[]} */
  #mounts = [];
  /** @type {Map<NodeJS.Timeout, () => void>} what has been begun and must be ended, a process stopped, say */
  #pending = new Map();

  constructor() {
    fs.symlinkSync(path.join(repository, 'node_modules'), path.join(this.scratch, 'node_modules'));
    fs.writeFileSync(path.join(this.scratch, 'package.json'), '{ "type": "module" }\n');
    this.#copyCommand();
    fs.writeFileSync(this.ledger, '');
    // Where there is no faketime: the wall clock of one process of Node's, and of none that it starts.
    fs.writeFileSync(
      path.join(this.scratch, 'clock.cjs'),
      'const real = Date.now; Date.now = () => real() + Number(process.env.CHAOS_CLOCK_MS);\n',
    );
  }

  /** Another build may be under way, and have left half of it there. */
  #copyCommand() {
    const copy = path.join(this.scratch, 'dist');
    for (let attempt = 0; attempt < COPIES_MAX; attempt++) {
      fs.rmSync(copy, { recursive: true, force: true });
      try {
        fs.cpSync(path.join(repository, 'dist'), copy, { recursive: true });
      } catch {
        // A file went away while it was copied.
      }
      const isWhole =
        fs.existsSync(path.join(copy, 'daemon.cjs')) && fs.existsSync(path.join(copy, 'serve.cjs'));
      if (isWhole && spawnSync(process.execPath, [path.join(copy, 'solod.cjs'), '--version']).status === 0)
        return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, COPY_AGAIN_MS);
    }
    fs.rmSync(this.scratch, { recursive: true, force: true });
    throw new Error('dist/ does not run; npm run build');
  }

  get ledger() {
    return path.join(this.scratch, 'ledger.jsonl');
  }

  /** @param {string} name */
  service(name) {
    return path.join(this.scratch, `${name}.mjs`);
  }

  /** By way of rename(2): nobody reads half a service. @param {string} name @param {'whole' | 'broken'} state */
  writeService(name, state) {
    const half = `${this.service(name)}.half`;
    fs.writeFileSync(half, serviceText({ ledger: this.ledger, name, state }));
    fs.renameSync(half, this.service(name));
  }

  /** @param {string} name @returns {string} a new directory for state */
  directory(name) {
    const made = path.join(this.scratch, name);
    fs.mkdirSync(made, { mode: 0o700 });
    return made;
  }

  /** @param {string} name @param {string} size @returns {string | undefined} undefined where it can't be mounted */
  smallDisk(name, size) {
    const made = this.directory(name);
    const options = `size=${size},mode=0700`;
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', made]).status !== 0) return undefined;
    this.#mounts.push(made);
    return made;
  }

  /** @param {string} text */
  note(text) {
    this.timeline.push({ atMs: nowMs(), text });
  }

  get open() {
    return [...this.#open.keys()];
  }

  daemons() {
    return processesOf(this.scratch).filter(({ role }) => role === 'daemon');
  }

  /**
   * Runs the command.
   * @param {string} state the state directory
   * @param {string[]} args
   * @param {{ input?: string, before?: string[], env?: Record<string, string> }} [options] `before`: what comes before it on
   *   the command line
   * @returns {Client}
   */
  start(state, args, { input, before = [process.execPath], env = {} } = {}) {
    const [program = '', ...rest] = [...before, path.join(this.scratch, 'dist', 'solod.cjs'), ...args];
    const child = spawn(program, rest, {
      cwd: this.scratch,
      env: { ...plainEnvironment(), HOME: this.scratch, SOLOD_DIR: state, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const client = newClient(this.clients.length + 1, args, child.pid ?? 0);
    this.clients.push(client);
    this.#open.set(client, child);
    this.note(`${label(client)} starts`);
    child.stdout.on('data', (bytes) => {
      client.stdout += bytes;
    });
    child.stderr.on('data', (bytes) => {
      client.stderr += bytes;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
    child.once('close', (code, signal) => this.#ended(client, code, signal));
    child.once('error', (error) => this.#ended(client, null, null, error.message));
    return client;
  }

  /** @param {Client} client @param {number | null} code @param {NodeJS.Signals | null} signal @param {string} [error] */
  #ended(client, code, signal, error = '') {
    Object.assign(client, { code, signal, endedMs: nowMs(), stderr: client.stderr + error });
    this.#open.delete(client);
    const said = client.stderr.trim().replaceAll('\n', ' | ').slice(0, 300);
    this.note(`${label(client)} ends: ${signal ?? code}${said === '' ? '' : `: ${said}`}`);
  }

  /** @param {number} pid @param {NodeJS.Signals} signal @param {string} what @returns {boolean} */
  signal(pid, signal, what) {
    const client = this.open.find((each) => each.pid === pid);
    if (!signalTo(pid, signal)) return false;
    client?.sent.push(signal);
    this.note(`${signal} to ${what} ${pid}`);
    return true;
  }

  /** Stops a process, and continues it, whatever happens. @param {number} pid @param {number} ms @param {string} what */
  freeze(pid, ms, what) {
    const client = this.open.find((each) => each.pid === pid);
    if (!this.signal(pid, 'SIGSTOP', `${what} for ${ms} ms,`)) return;
    if (client !== undefined) client.stoppedMs += ms;
    this.later(ms, () => this.signal(pid, 'SIGCONT', what));
  }

  /** @param {number} ms @param {() => void} act */
  later(ms, act) {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      act();
    }, ms);
    this.#pending.set(timer, act);
  }

  /** Everything that was to be mended later is mended now. */
  mend() {
    for (const [timer, act] of this.#pending) {
      clearTimeout(timer);
      act();
    }
    this.#pending.clear();
  }

  /** Ends every process by its id, whoever started it, and leaves nothing behind. */
  dispose() {
    for (const timer of this.#pending.keys()) clearTimeout(timer);
    this.endAll();
    for (const mount of this.#mounts)
      if (spawnSync('umount', [mount]).status !== 0) spawnSync('umount', ['-l', mount]);
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }

  endAll() {
    const pause = new Int32Array(new SharedArrayBuffer(4));
    for (let round = 0; round < 100; round++) {
      const left = processesOf(this.scratch);
      if (left.length === 0) return;
      for (const { pid } of left) signalTo(pid, 'SIGKILL');
      Atomics.wait(pause, 0, 0, 20);
    }
  }
}

/** @param {number} number @param {string[]} args @param {number} pid @returns {Client} */
function newClient(number, args, pid) {
  const [what = ''] = args;
  const ending = { endedMs: undefined, code: null, signal: null, stdout: '', stderr: '' };
  return { number, what, args, pid, startedMs: nowMs(), ...ending, sent: [], stoppedMs: 0 };
}

/** @param {Client} client */
export function label({ number, what, pid, args }) {
  const id = args.indexOf('--');
  return `#${number} ${what}${id < 0 ? '' : ` ${args.slice(id + 1).join(' ')}`} (pid ${pid})`;
}
