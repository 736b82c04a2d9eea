/** A temporary directory, and every process that was started for it, by whomever: all of them end with it. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { plainEnvironment } from '../support/environment.mjs';
import { inhabitantsOf, signalTo } from '../support/processes.mjs';

export const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
export const BENCH = path.join(ROOT, 'tools', 'bench');
export const PEERS = path.join(BENCH, 'peers');
export const SOLOD = path.join(ROOT, 'dist', 'solod.cjs');
export const NATIVE = path.join(ROOT, 'native', 'target', 'release', 'solod-client');

const END_ROUNDS = 150;
/** The first of these rounds, in which a process is asked to end: some clear up after themselves. */
const POLITE_ROUNDS = 50;
const END_EVERY_MS = 20;

export const service = (/** @type {string} */ name) => path.join(BENCH, 'services', `${name}.mjs`);
export const peer = (/** @type {string} */ name) => path.join(PEERS, name);

export class Place {
  scratch = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'solod-bench-'));
  /** What was started with `start`, and goes on while daemons come and go. */
  #kept = new Set();

  constructor() {
    fs.mkdirSync(path.join(this.scratch, 'run'), { mode: 0o700 });
  }

  /**
   * @param {string} state the name of a state directory
   * @param {string} [node] the node that comes first on the PATH: some look for it there
   * @returns {NodeJS.ProcessEnv}
   */
  env(state = 'state', node = process.execPath) {
    const { NODE_COMPILE_CACHE: _, ...plain } = plainEnvironment();
    const PATH = `${path.dirname(node)}:${process.env.PATH}`;
    const XDG_RUNTIME_DIR = path.join(this.scratch, 'run');
    // Everything that is started here is known by its HOME, and so is what that starts.
    return { ...plain, PATH, HOME: this.scratch, XDG_RUNTIME_DIR, SOLOD_DIR: this.state(state) };
  }

  /** @param {string} name */
  state(name = 'state') {
    return path.join(this.scratch, name);
  }

  /** @param {string} name @returns {string} a new directory */
  folder(name) {
    const made = path.join(this.scratch, name);
    fs.mkdirSync(made, { recursive: true });
    return made;
  }

  /** @param {string} name @param {string | Buffer} text @returns {string} its path */
  write(name, text) {
    const file = path.join(this.scratch, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, text);
    return file;
  }

  /**
   * A process of its own, which lives until it is ended, or the place is.
   * @param {string} program @param {readonly string[]} args @param {import('node:child_process').SpawnOptions} options
   */
  start(program, args, options = {}) {
    const child = spawn(program, args, { cwd: this.scratch, env: this.env(), ...options });
    // Whoever waits for it sees that there is none.
    child.on('error', () => {});
    const { pid } = child;
    if (pid === undefined) return child;
    this.#kept.add(pid);
    // Its id may be another process's from then on.
    return child.once('exit', () => this.#kept.delete(pid));
  }

  /**
   * Runs a program to its end.
   * @param {string} program @param {readonly string[]} args
   * @param {import('node:child_process').SpawnSyncOptions & { code?: number }} options
   * @returns {string} what it printed
   * @throws where it ended otherwise than with `code`
   */
  run(program, args, { code = 0, ...options } = {}) {
    const given = { cwd: this.scratch, env: this.env(), timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
    const ended = spawnSync(program, args, { ...given, ...options, encoding: 'utf8' });
    if (ended.status === code) return ended.stdout;
    const how = ended.error?.message ?? ended.signal ?? ended.status;
    throw new Error(`${[program, ...args].join(' ')} ended with ${how}: ${ended.stderr}${ended.stdout}`);
  }

  /** @param {readonly string[]} args @param {Parameters<Place['run']>[2]} [options] */
  solod(args, options) {
    return this.run(process.execPath, [SOLOD, ...args], options);
  }

  /** @param {string} file a service @param {NodeJS.ProcessEnv} [env] @returns {{ pid: number, directory: string }} its daemon */
  daemonOf(file, env = this.env()) {
    const { pid, directory } = JSON.parse(this.solod(['status', file, '--json'], { env }));
    return { pid, directory };
  }

  /** Ends what others have started here: daemons, and what is left of rivals. What was started with `start` goes on. */
  endDaemons() {
    end(() => inhabitantsOf(this.scratch).filter((pid) => !this.#kept.has(pid)));
  }

  /** @param {string} state its daemons have been ended */
  forget(state = 'state') {
    fs.rmSync(this.state(state), { recursive: true, force: true });
  }

  dispose() {
    end(() => inhabitantsOf(this.scratch));
    fs.rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** @param {() => number[]} remaining */
function end(remaining) {
  for (let round = 0; round < END_ROUNDS; round++) {
    const left = remaining();
    if (left.length === 0) return;
    for (const pid of left) signalTo(pid, round < POLITE_ROUNDS ? 'SIGTERM' : 'SIGKILL');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, END_EVERY_MS);
  }
}
