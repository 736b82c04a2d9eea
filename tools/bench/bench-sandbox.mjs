/** The sandbox of the bench: environments, programs and daemons in one temporary directory. */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { plainEnvironment } from '../support/environment.mjs';
import { BENCH, NATIVE_CLIENT, PEERS, ROOT, SOLOD } from '../support/paths.mjs';
import { endProcessesOf } from '../support/processes.mjs';
import { Sandbox } from '../support/sandbox.mjs';

/** How long a process is asked to end before it is killed: some clean up after themselves. */
const POLITE_MS = 1_000;
const RUN_MS = 120_000;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

/** @param {string} name @returns {string} the path of a service */
export const service = (name) => path.join(BENCH, 'services', `${name}.mjs`);

/** @param {string} name @returns {string} the path of a program that solod is compared with */
export const peer = (name) => path.join(PEERS, name);

/** What of this package is published, and called. */
const PUBLISHED = ['bin', 'dist', 'package.json'];

/** The service that does nothing. */
export const NOTHING = service('nothing');

export class BenchSandbox extends Sandbox {
  /** What was started with `start`, and lives on while daemons come and go. @type {Set<number>} */
  #kept = new Set();

  constructor() {
    super('bench');
    this.folder('run');
  }

  /**
   * Every process that is started here is known by its HOME, and so is what that process starts.
   * @param {string} [state] the name of a state directory
   * @param {string} [node] the node that comes first on the PATH: some programs look for it there
   * @returns {NodeJS.ProcessEnv}
   */
  env(state, node = process.execPath) {
    const { NODE_COMPILE_CACHE: _, ...plain } = plainEnvironment();
    const PATH = `${path.dirname(node)}:${process.env.PATH}`;
    const XDG_RUNTIME_DIR = path.join(this.scratch, 'run');
    return { ...plain, PATH, HOME: this.scratch, XDG_RUNTIME_DIR, SOLOD_DIR: this.state(state) };
  }

  /** @param {string} [name] @returns {string} the path of a state directory */
  state(name = 'state') {
    return path.join(this.scratch, name);
  }

  /**
   * Starts a process that lives until it is ended, or the sandbox is disposed of.
   * @param {string} program
   * @param {readonly string[]} args
   * @param {import('node:child_process').SpawnOptions} [options]
   */
  start(program, args, options = {}) {
    const child = spawn(program, args, { cwd: this.scratch, env: this.env(), ...options });
    // A caller that waits for it sees that it does not exist.
    child.on('error', () => {});
    const { pid } = child;
    if (pid === undefined) return child;
    this.#kept.add(pid);
    // From then on another process may have its id.
    return child.once('exit', () => this.#kept.delete(pid));
  }

  /**
   * Runs a program to its end.
   * @param {string} program @param {readonly string[]} args
   * @param {{ code?: number, cwd?: string, env?: NodeJS.ProcessEnv, timeout?: number, input?: string | Buffer
   *   }} [options] `code`: the expected exit code; `timeout`: milliseconds
   * @returns {string} its output
   * @throws if it ended in another way than with `code`
   */
  run(program, args, { code = 0, ...options } = {}) {
    const given = { cwd: this.scratch, env: this.env(), timeout: RUN_MS, maxBuffer: OUTPUT_BYTES_MAX };
    const ended = spawnSync(program, args, { ...given, ...options, encoding: 'utf8' });
    if (ended.status === code) return ended.stdout;
    const end = ended.error?.message ?? ended.signal ?? ended.status;
    throw new Error(`${[program, ...args].join(' ')} ended with ${end}: ${ended.stderr}${ended.stdout}`);
  }

  /** @param {readonly string[]} args @param {Parameters<BenchSandbox['run']>[2]} [options] */
  solod(args, options) {
    return this.run(process.execPath, [SOLOD, ...args], options);
  }

  /**
   * Puts solod and its native client where npm does. A program that has just been linked starts more slowly
   * than its copy.
   * @returns {{ command: string, client: string }} the command, which is a link, and what that becomes
   */
  install() {
    const modules = path.join(this.scratch, 'installed', 'node_modules');
    const command = path.join(modules, '.bin', 'solod');
    const client = path.join(modules, '@solod', `client-linux-${process.arch}`, 'bin', 'solod-client');
    if (fs.existsSync(command)) return { command, client };
    for (const part of PUBLISHED)
      fs.cpSync(path.join(ROOT, part), path.join(modules, 'solod', part), { recursive: true });
    fs.mkdirSync(path.dirname(client), { recursive: true });
    fs.copyFileSync(NATIVE_CLIENT, client);
    fs.mkdirSync(path.dirname(command));
    fs.symlinkSync('../solod/bin/solod', command);
    return { command, client };
  }

  /**
   * @param {string} file a service
   * @param {NodeJS.ProcessEnv} [env]
   * @returns {{ pid: number, directory: string }} its daemon
   */
  daemonOf(file, env = this.env()) {
    const { pid, directory } = JSON.parse(this.solod(['status', file, '--json'], { env }));
    return { pid, directory };
  }

  /** Ends daemons, and what is left of rivals, but not what was started with `start`. */
  endDaemons() {
    this.#endDaemons(POLITE_MS);
  }

  /** The same, by SIGKILL alone: daemons have no time to clean up. */
  killDaemons() {
    this.#endDaemons(0);
  }

  /** @param {number} politeMs */
  #endDaemons(politeMs) {
    endProcessesOf(this.scratch, { politeMs, isSpared: (pid) => this.#kept.has(pid) });
  }

  /** As before the first call; its daemons have been ended. @param {string} [state] */
  forget(state) {
    fs.rmSync(this.state(state), { recursive: true, force: true });
  }

  /** As before the first call. @param {string} [state] */
  makeCold(state) {
    this.endDaemons();
    this.forget(state);
  }

  dispose() {
    endProcessesOf(this.scratch, { politeMs: POLITE_MS });
    super.dispose();
  }
}
