/** Starts processes and times them: by way of a small program where there is a Rust compiler, or from here. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

/** What takes this long hangs. */
const ANSWER_MS = 120_000;

/**
 * @typedef {{ program: string, args: readonly string[], cwd?: string, input?: string, code?: number, bytes?: number }} Command `input`: a
 *   file; `code` is the exit code, and `bytes` the length of the output, that are expected
 * @typedef {{
 *   run(command: Command): Promise<number>,
 *   reach(socket: string, command: Command): Promise<{ ms: number, pid: number }>,
 *   end(): void,
 * }} Launcher `run`: milliseconds from the start of a process to its end; `reach`: until it could be connected to. It goes on living.
 */

/** @param {Command} command @param {{ code: number, bytes: number, said: string }} ended */
function expectEnd({ program, args, code = 0, bytes }, ended) {
  if (ended.code === code && (bytes === undefined || bytes === ended.bytes)) return;
  const line = [program, ...args].join(' ');
  throw new Error(`${line} ended with ${ended.code} and ${ended.bytes} bytes of output: ${ended.said}`);
}

/**
 * @param {string} program the compiled `bench/launcher.rs`
 * @param {import('./place.mjs').Place} place
 * @param {NodeJS.ProcessEnv} env what all that it starts are given
 * @returns {Launcher}
 */
export function startLauncher(program, place, env) {
  const child = place.start(program, [], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  /** @type {((line: string) => void)[]} */
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  child.once('close', () => {
    for (const tell of waiting) tell('failed\tthe launcher has ended');
  });
  const ask = async (/** @type {string[]} */ fields) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), ANSWER_MS);
    const line = await new Promise((resolve) => {
      waiting.push(resolve);
      child.stdin.write(`${fields.join('\t')}\n`);
    });
    clearTimeout(timer);
    const [word, ...rest] = line.split('\t');
    if (word === 'failed') throw new Error(`${fields.join(' ')}: ${rest.join(' ')}`);
    return rest;
  };
  return {
    async run(command) {
      const { program: file, args, cwd = place.scratch, input = '/dev/null' } = command;
      const [ns, code, bytes, said = ''] = await ask(['run', cwd, input, file, ...args]);
      expectEnd(command, { code: Number(code), bytes: Number(bytes), said });
      return Number(ns) / 1e6;
    },
    async reach(socket, { program: file, args, cwd = place.scratch }) {
      const [ns, pid] = await ask(['reach', cwd, socket, file, ...args]);
      return { ms: Number(ns) / 1e6, pid: Number(pid) };
    },
    end: () => child.stdin.end(),
  };
}

/**
 * The same from here. What Node takes to start a process, a millisecond or two, is then part of all that is measured.
 *
 * @param {import('./place.mjs').Place} place
 * @param {NodeJS.ProcessEnv} env
 * @returns {Launcher}
 */
export function launchFromHere(place, env) {
  return {
    async run(command) {
      const { program, args, cwd = place.scratch, input = '/dev/null' } = command;
      const descriptor = openSync(input, 'r');
      const begun = performance.now();
      const ended = spawnSync(program, args, {
        cwd,
        env,
        stdio: [descriptor, 'pipe', 'pipe'],
        timeout: ANSWER_MS,
      });
      const ms = performance.now() - begun;
      closeSync(descriptor);
      expectEnd(command, { code: ended.status ?? -1, bytes: ended.stdout.length, said: `${ended.stderr}` });
      return ms;
    },
    async reach(socket, { program, args, cwd = place.scratch }) {
      const begun = performance.now();
      const child = place.start(program, args, { cwd, env, stdio: 'ignore' });
      while (!(await isListening(socket))) {
        if (performance.now() - begun > ANSWER_MS)
          throw new Error(`${path.basename(program)}: nobody listened`);
        await delay(1);
      }
      return { ms: performance.now() - begun, pid: child.pid ?? 0 };
    },
    end: () => {},
  };
}

/** @param {string} socketPath @returns {Promise<boolean>} */
function isListening(socketPath) {
  return new Promise((resolve) => {
    const socket = net.connect(socketPath);
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
