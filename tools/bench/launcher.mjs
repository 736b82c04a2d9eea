/**
 * Starts processes and times them: through a small program if there is a Rust compiler, or from this Node.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** A process that takes this long hangs. */
const ANSWER_MS = 120_000;
const GONE = 'failed\tthe launcher has ended, or did not answer in time';

/**
 * @typedef {import('./bench-sandbox.mjs').BenchSandbox} BenchSandbox
 * @typedef {{
 *   program: string, args: readonly string[], cwd?: string, input?: string, code?: number, bytes?: number |
 *   undefined,
 * }} Command `cwd`: `/` by default; `input`: a file; `code` and `bytes`: the expected exit code and length of
 *   the output
 * @typedef {{ run(command: Command): Promise<number>, reach(socket: string, command: Command): Promise<{ ms:
 *   number, pid: number }>, }} Launcher `run`: milliseconds from the start of a process to its end; `reach`:
 *   until it accepts a connection, and it lives on
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
   * @param {BenchSandbox} sandbox
   * @param {NodeJS.ProcessEnv} env of every process that it starts
   */
  constructor(program, sandbox, env) {
    const child = sandbox.start(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    if (child.stdin === null || child.stdout === null) throw new Error(`${program} has no pipes`);
    this.#child = child;
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => this.#waiting.shift()?.(line));
    child.once('close', () => {
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

  /** @param {readonly string[]} fields of a request @returns {Promise<string[]>} those of the answer */
  async #ask(fields) {
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
      this.#child.stdin?.write(request);
    });
  }
}

/**
 * The same from this Node. Its own time to start a process, a millisecond or two, is then part of every
 * result.
 * @implements {Launcher}
 */
export class NodeLauncher {
  /** @param {BenchSandbox} sandbox @param {NodeJS.ProcessEnv} env */
  constructor(sandbox, env) {
    this.sandbox = sandbox;
    this.env = env;
  }

  /** @param {Command} command */
  async run(command) {
    const { program, args, cwd = '/', input = '/dev/null' } = command;
    const descriptor = openSync(input, 'r');
    const begun = performance.now();
    const { status, stdout, stderr } = spawnSync(program, args, {
      ...{ cwd, env: this.env, timeout: ANSWER_MS },
      stdio: [descriptor, 'pipe', 'pipe'],
    });
    const ms = performance.now() - begun;
    closeSync(descriptor);
    expectEnd(command, { code: status ?? -1, bytes: stdout?.length ?? 0, said: `${stderr}` });
    return ms;
  }

  /** @param {string} socket @param {Command} command */
  async reach(socket, { program, args, cwd = '/' }) {
    const begun = performance.now();
    const child = this.sandbox.start(program, args, { cwd, env: this.env, stdio: 'ignore' });
    while (!(await isListening(socket))) {
      if (performance.now() - begun > ANSWER_MS) throw new Error(`${program} does not listen`);
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
