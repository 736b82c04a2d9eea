/** The sandbox of a run: a copy of the build, its services, and every command that was started. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { plainEnvironment } from '../support/environment.mjs';
import { ROOT } from '../support/paths.mjs';
import { lookUp, otherProcesses, readOr, signalTo } from '../support/processes.mjs';
import { Sandbox } from '../support/sandbox.mjs';
import { nowMs, sleepSync } from '../support/time.mjs';
import { serviceText } from './ledger-service.mjs';

const COPIES_MAX = 60;
const COPY_AGAIN_MS = 500;
/** How much of its stderr the timeline tells of a command. */
const SAID_MAX = 300;

/**
 * @typedef {{
 *   number: number, what: string, args: readonly string[], pid: number, startedMs: number, endedMs: number |
 *   undefined,
 *   code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, sent:
 *   NodeJS.Signals[],
 * }} Client a command that was started here, and how it ended; `sent` are the signals that it got from here
 * @typedef {{ atMs: number, text: string }} Moment
 */

export class ChaosSandbox extends Sandbox {
  /** What was done, in order. @type {Moment[]} */
  timeline = [];
  /** @type {Client[]} */
  clients = [];
  /** Commands that have not ended. @type {Set<Client>} */
  #open = new Set();
  /** @type {string[]} */
  #mounts = [];
  /**
   * Disturbances that must end: a process that is stopped, for example.
   * @type {Map<NodeJS.Timeout, () => void>}
   */
  #pending = new Map();

  constructor() {
    super('chaos');
    fs.symlinkSync(path.join(ROOT, 'node_modules'), path.join(this.scratch, 'node_modules'));
    this.write('package.json', '{ "type": "module" }\n');
    this.#copyBuild();
    this.write('ledger.jsonl', '');
    // Without faketime(1): the wall clock of one Node process alone, and not of what it starts.
    this.write(
      'clock.cjs',
      'const real = Date.now; Date.now = () => real() + Number(process.env.CHAOS_CLOCK_MS);\n',
    );
  }

  /** Another process may be building, and half of the build is missing meanwhile. */
  #copyBuild() {
    const copy = path.join(this.scratch, 'dist');
    for (let attempt = 0; attempt < COPIES_MAX; attempt++) {
      fs.rmSync(copy, { recursive: true, force: true });
      try {
        fs.cpSync(path.join(ROOT, 'dist'), copy, { recursive: true });
      } catch {
        // A file was deleted while it was copied.
      }
      const isWhole = ['daemon.cjs', 'serve.cjs'].every((name) => fs.existsSync(path.join(copy, name)));
      if (isWhole && spawnSync(process.execPath, [path.join(copy, 'solod.cjs'), '--version']).status === 0)
        return;
      sleepSync(COPY_AGAIN_MS);
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

  /**
   * By rename(2), so that no process reads half a service.
   * @param {string} name
   * @param {'whole' | 'broken'} state
   */
  writeService(name, state) {
    const half = this.write(`${name}.mjs.half`, serviceText({ ledger: this.ledger, name, state }));
    fs.renameSync(half, this.service(name));
  }

  /**
   * @param {string} name
   * @param {string} size
   * @returns {string | undefined} its directory; undefined if it can't be mounted
   */
  smallDisk(name, size) {
    const directory = this.folder(name);
    const options = `size=${size},mode=0700`;
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]).status !== 0) return undefined;
    this.#mounts.push(directory);
    return directory;
  }

  /** @param {string} text */
  note(text) {
    this.timeline.push({ atMs: nowMs(), text });
  }

  /** @returns {Client[]} commands that have not ended */
  get open() {
    return [...this.#open];
  }

  /** @returns {number[]} the process ids of daemons, also of those that have not claimed yet */
  daemons() {
    return otherProcesses().filter(
      (pid) => this.#isDaemon(readOr(`/proc/${pid}/cmdline`)) && lookUp(pid).activity !== 'dead',
    );
  }

  /** @param {string} commandLine as /proc shows it */
  #isDaemon(commandLine) {
    if (!commandLine.includes(this.scratch)) return false;
    const argv = commandLine.split('\0');
    if (argv.includes(path.join(this.scratch, 'dist', 'daemon.cjs'))) return true;
    const command = argv.indexOf(path.join(this.scratch, 'dist', 'solod.cjs'));
    return command >= 0 && argv[command + 1] === 'serve';
  }

  /**
   * Runs the command.
   * @param {string} state the state directory
   * @param {readonly string[]} args
   * @param {{ input?: string, before?: readonly string[], env?: Readonly<Record<string, string>> }} [options]
   *   `before`: what comes before it on the command line
   * @returns {Client}
   */
  start(state, args, { input = '', before = [process.execPath], env = {} } = {}) {
    const [program = '', ...rest] = [...before, path.join(this.scratch, 'dist', 'solod.cjs'), ...args];
    const child = spawn(program, rest, {
      cwd: this.scratch,
      env: { ...plainEnvironment(), HOME: this.scratch, SOLOD_DIR: state, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const client = newClient(this.clients.length + 1, args, child.pid ?? 0);
    this.clients.push(client);
    this.#open.add(client);
    this.note(`${label(client)} starts`);
    child.stdout.on('data', (bytes) => {
      client.stdout += bytes;
    });
    child.stderr.on('data', (bytes) => {
      client.stderr += bytes;
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.once('close', (code, signal) => this.#ended(client, { code, signal }));
    child.once('error', (error) => this.#ended(client, { code: null, signal: null }, error.message));
    return client;
  }

  /** @param {Client} client @param {Pick<Client, 'code' | 'signal'>} end @param {string} [error] */
  #ended(client, end, error = '') {
    Object.assign(client, { ...end, endedMs: nowMs(), stderr: client.stderr + error });
    this.#open.delete(client);
    const said = client.stderr.trim().replaceAll('\n', ' | ').slice(0, SAID_MAX);
    this.note(`${label(client)} ends: ${end.signal ?? end.code}${said === '' ? '' : `: ${said}`}`);
  }

  /**
   * @param {number} pid
   * @param {NodeJS.Signals} signal
   * @param {string} what
   * @returns {boolean} whether there was such a process
   */
  signal(pid, signal, what) {
    const client = this.open.find((each) => each.pid === pid);
    if (!signalTo(pid, signal)) return false;
    client?.sent.push(signal);
    this.note(`${signal} to ${what} ${pid}`);
    return true;
  }

  /**
   * Stops a process, and continues it whatever happens.
   * @param {number} pid
   * @param {number} ms
   * @param {string} what
   */
  freeze(pid, ms, what) {
    if (this.signal(pid, 'SIGSTOP', `${what} for ${ms} ms,`))
      this.later(ms, () => this.signal(pid, 'SIGCONT', what));
  }

  /**
   * Ends a disturbance after some time, or when everything is undone.
   * @param {number} ms
   * @param {() => void} undo
   */
  later(ms, undo) {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      undo();
    }, ms);
    this.#pending.set(timer, undo);
  }

  /** Ends every disturbance now. */
  undoAll() {
    for (const [timer, undo] of this.#pending) {
      clearTimeout(timer);
      undo();
    }
    this.#pending.clear();
  }

  dispose() {
    for (const timer of this.#pending.keys()) clearTimeout(timer);
    this.endProcesses();
    for (const mount of this.#mounts)
      if (spawnSync('umount', [mount]).status !== 0) spawnSync('umount', ['-l', mount]);
    super.dispose();
  }
}

/** @param {number} number @param {readonly string[]} args @param {number} pid @returns {Client} */
function newClient(number, args, pid) {
  const [what = ''] = args;
  const end = { endedMs: undefined, code: null, signal: null, stdout: '', stderr: '' };
  return { number, what, args, pid, startedMs: nowMs(), ...end, sent: [] };
}

/** @param {Client} client @returns {string} how people read of it */
export function label({ number, what, pid, args }) {
  const separator = args.indexOf('--');
  return `#${number} ${what}${separator < 0 ? '' : ` ${args.slice(separator + 1).join(' ')}`} (pid ${pid})`;
}
