/** Starts processes and times them: by way of a small program where there is a Rust compiler, or from here. The directory is `/` where none is given. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What takes this long hangs. */
const ANSWER_MS = 120_000;
const GONE = 'failed\tthe launcher has ended, or had no answer in time';

/**
 * @typedef {{ program: string, args: readonly string[], cwd?: string, input?: string, code?: number, bytes?: number }} Command `input`: a
 *   file; `code` is the exit code, and `bytes` the length of the output, that are expected
 * @typedef {{
 *   run(command: Command): Promise<number>,
 *   reach(socket: string, command: Command): Promise<{ ms: number, pid: number }>,
 * }} Launcher `run`: milliseconds from the start of a process to its end; `reach`: until it could be connected to. It goes on living.
 */

/** @param {Command} command @param {{ code: number, bytes: number, said: string }} ended */
function expectEnd({ program, args, code = 0, bytes }, ended) {
  if (ended.code === code && (bytes === undefined || bytes === ended.bytes)) return;
  const line = [program, ...args].join(' ');
  throw new Error(`${line} ended with ${ended.code} and ${ended.bytes} bytes of output: ${ended.said}`);
}

/** @implements {Launcher} */
export class SmallLauncher {
  #child;
  /** @type {((line: string) => void)[]} */
  #waiting = [];

  /**
   * @param {string} program the compiled `tools/bench/launcher.rs`
   * @param {import('./bench-sandbox.mjs').Place} place
   * @param {NodeJS.ProcessEnv} env what all that it starts are given
   */
  constructor(program, place, env) {
    this.#child = place.start(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {});
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    this.#child.once('close', () => {
      for (const tell of this.#waiting) tell(GONE);
    });
  }

  /** @param {Command} command */
  async run(command) {
    const { program, args, cwd = '/', input = '/dev/null' } = command;
    const [ns, code, bytes, said = ''] = await this.#ask(['run', cwd, input, program, ...args]);
    expectEnd(command, { code: Number(code), bytes: Number(bytes), said });
    return Number(ns) / 1e6;
  }

  /** @param {string} socket @param {Command} command */
  async reach(socket, { program, args, cwd = '/' }) {
    const [ns, pid] = await this.#ask(['reach', cwd, socket, program, ...args]);
    return { ms: Number(ns) / 1e6, pid: Number(pid) };
  }

  async #ask(/** @type {string[]} */ fields) {
    const [word, ...rest] = (await this.#answerTo(`${fields.join('\t')}\n`)).split('\t');
    if (word === 'failed') throw new Error(`${fields.join(' ')}: ${rest.join(' ')}`);
    return rest;
  }

  /** @param {string} request @returns {Promise<string>} */
  #answerTo(request) {
    const { exitCode, signalCode } = this.#child;
    if (exitCode !== null || signalCode !== null) return Promise.resolve(GONE);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_MS);
      this.#waiting.push((line) => {
        clearTimeout(timer);
        resolve(line);
      });
      this.#child.stdin.write(request);
    });
  }
}

/**
 * The same from here. What Node takes to start a process, a millisecond or two, is then part of all that is measured.
 * @implements {Launcher}
 */
export class NodeLauncher {
  /** @param {import('./bench-sandbox.mjs').Place} place @param {NodeJS.ProcessEnv} env */
  constructor(place, env) {
    this.place = place;
    this.env = env;
  }

  /** @param {Command} command */
  async run(command) {
    const { program, args, cwd = '/', input = '/dev/null' } = command;
    const descriptor = openSync(input, 'r');
    const options = { cwd, env: this.env, stdio: [descriptor, 'pipe', 'pipe'], timeout: ANSWER_MS };
    const begun = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, options);
    const ms = performance.now() - begun;
    closeSync(descriptor);
    expectEnd(command, { code: status ?? -1, bytes: stdout?.length ?? 0, said: `${stderr}` });
    return ms;
  }

  /** @param {string} socket @param {Command} command */
  async reach(socket, { program, args, cwd = '/' }) {
    const begun = performance.now();
    const child = this.place.start(program, args, { cwd, env: this.env, stdio: 'ignore' });
    while (!(await isListening(socket))) {
      if (performance.now() - begun > ANSWER_MS) throw new Error(`${program}: nobody listened`);
      await delay(1);
    }
    return { ms: performance.now() - begun, pid: child.pid ?? 0 };
  }
}

/** @param {string} socketPath @returns {Promise<boolean>} */
function isListening(socketPath) {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
