/**
 * Clients that begin at one instant. Each is a shell that says that it is there, waits in open(2) of a fifo, and becomes the client
 * when a writer opens it: started one after the other, the first would have its daemon before the last has begun.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs, readOr, signalTo } from '../support/processes.mjs';

const PRELUDE = 'printf . >&3; exec 3>&-; : <"$0"; exec "$@"';
const GATHERED_MS = 10_000;
/** What has ended may have left its output to a daemon that keeps it open. */
const OUTPUT_MS = 200;

/**
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, tookMs: number, wasEnded: boolean }} Ended
 *   `tookMs`: since the gate was opened; `wasEnded`: by us, after its time
 * @typedef {{ pid: number, ended: Promise<Ended>, end: () => void }} Client
 */

export class Gate {
  /** @type {Client[]} */
  clients = [];
  openedMs = 0;
  /** @type {Promise<unknown>[]} */
  #reports = [];
  /** @type {number | undefined} */
  #writer;

  /** @param {string} file where the fifo is made */
  constructor(file) {
    this.file = file;
    const made = spawnSync('mkfifo', ['-m', '600', file]);
    if (made.status !== 0) throw new Error(`mkfifo ${file}: ${made.error?.message ?? made.stderr}`);
  }

  get pids() {
    return this.clients.map(({ pid }) => pid);
  }

  /** Starts one that waits. @param {import('./compared-tools.mjs').Call} call */
  add(call) {
    // In a session of its own: a tool that signals the process group of what it takes for a daemon meets itself alone.
    const child = spawn('/bin/sh', ['-c', PRELUDE, this.file, call.program, ...call.args], {
      ...{ cwd: call.cwd, env: call.env, detached: true },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    const report = /** @type {import('node:stream').Readable} */ (child.stdio[3]);
    this.#reports.push(new Promise((resolve) => report.once('data', resolve).once('error', resolve)));
    child.stdin?.on('error', () => {});
    child.stdin?.end(call.input);
    const pid = child.pid ?? 0;
    const state = { wasEnded: false };
    const end = () => {
      // Its id may be another process's by then.
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      state.wasEnded = true;
      signalTo(pid, 'SIGKILL');
    };
    this.clients.push({ pid, end, ended: this.#end(child, state) });
  }

  /** @param {import('node:child_process').ChildProcess} child @param {{ wasEnded: boolean }} state @returns {Promise<Ended>} */
  async #end(child, state) {
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
    const closed = new Promise((resolve) => child.once('close', resolve));
    const [code, signal] = await new Promise((resolve) => {
      child.once('exit', (...how) => resolve(how));
      child.once('error', (error) => resolve([null, null, stderr.push(error.message)]));
    });
    const tookMs = nowMs() - this.openedMs;
    await Promise.race([closed, delay(OUTPUT_MS)]);
    for (const stream of child.stdio) stream?.destroy();
    return {
      code,
      signal,
      stdout: stdout.join(''),
      stderr: stderr.join(''),
      tookMs,
      wasEnded: state.wasEnded,
    };
  }

  /** Until every one waits: it has said that it is there, and sleeps. */
  async gathered() {
    const untilMs = nowMs() + GATHERED_MS;
    await Promise.race([Promise.all(this.#reports), delay(GATHERED_MS, undefined, { ref: false })]);
    while (!this.pids.every(sleeps)) {
      if (nowMs() > untilMs) throw new Error('the clients do not gather at the gate');
      await delay(1);
    }
  }

  open() {
    this.openedMs = nowMs();
    // For reading, too: this open waits for nobody, and whoever comes to the gate from now on finds it open.
    this.#writer = fs.openSync(this.file, fs.constants.O_RDWR);
  }

  /** Ends every client that is left. */
  async close() {
    for (const { end } of this.clients) end();
    await Promise.all(this.clients.map(({ ended }) => ended));
    if (this.#writer !== undefined) fs.closeSync(this.#writer);
    fs.rmSync(this.file, { force: true });
  }
}

/** @param {number} pid */
const sleeps = (pid) => /\) S /.test(readOr(`/proc/${pid}/stat`));

/** @param {import('node:stream').Readable | null} stream @returns {string[]} what it says, as it comes */
function textOf(stream) {
  /** @type {string[]} */
  const parts = [];
  stream
    ?.setEncoding('utf8')
    .on('data', (part) => parts.push(part))
    .on('error', () => {});
  return parts;
}
