/**
 * Clients that begin at one instant. Each is a shell that reports that it is there, blocks in open(2) of a
 * fifo, and becomes the client when a writer opens the fifo. Started one after the other, the first client
 * would have its daemon before the last begins.
 */
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { readOr, signalTo } from '../support/processes.mjs';
import { nowMs, waitUntil } from '../support/time.mjs';

const PRELUDE = 'printf . >&3; exec 3>&-; : <"$0"; exec "$@"';
const GATHERED_MS = 10_000;
/** A client may have left its output to a daemon, which keeps it open. */
const OUTPUT_MS = 200;

/**
 * @typedef {{
 *   code: number | null, signal: NodeJS.Signals | null, stdout: string, stderr: string, tookMs: number,
 *   wasEnded: boolean,
 * }} Ended `tookMs`: since the barrier was opened; `wasEnded`: by us, because it took too long
 * @typedef {{ pid: number, ended: Promise<Ended>, end: () => void }} Client
 */

export class StartBarrier {
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

  /** Starts a client that waits. @param {import('./tool.mjs').Call} call */
  add(call) {
    // In a session of its own: a tool that signals the process group of a supposed daemon hits itself alone.
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
      // After its end another process may have its id.
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      state.wasEnded = true;
      signalTo(pid, 'SIGKILL');
    };
    this.clients.push({ pid, end, ended: this.#endOf(child, state) });
  }

  /**
   * @param {import('node:child_process').ChildProcess} child
   * @param {{ wasEnded: boolean }} state
   * @returns {Promise<Ended>}
   */
  async #endOf(child, state) {
    const [stdout, stderr] = [textOf(child.stdout), textOf(child.stderr)];
    const closed = new Promise((resolve) => child.once('close', resolve));
    /** @type {Pick<Ended, 'code' | 'signal'>} */
    const end = await new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.once('error', (error) => {
        stderr.push(error.message);
        resolve({ code: null, signal: null });
      });
    });
    const tookMs = nowMs() - this.openedMs;
    await Promise.race([closed, delay(OUTPUT_MS)]);
    for (const stream of child.stdio) stream?.destroy();
    return { ...end, stdout: stdout.join(''), stderr: stderr.join(''), tookMs, wasEnded: state.wasEnded };
  }

  /** Waits until every client is there and blocked. @throws if that takes too long */
  async gathered() {
    await Promise.race([Promise.all(this.#reports), delay(GATHERED_MS, undefined, { ref: false })]);
    const areBlocked = () => this.pids.every(isSleeping);
    if (!(await waitUntil(areBlocked, { withinMs: GATHERED_MS, everyMs: 1 })))
      throw new Error('the clients do not gather at the barrier');
  }

  open() {
    this.openedMs = nowMs();
    // For reading too: this open does not block, and a late client finds the fifo open.
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
const isSleeping = (pid) => /\) S /.test(readOr(`/proc/${pid}/stat`));

/** @param {import('node:stream').Readable | null} stream @returns {string[]} its parts, as they arrive */
function textOf(stream) {
  /** @type {string[]} */
  const parts = [];
  stream
    ?.setEncoding('utf8')
    .on('data', (part) => parts.push(part))
    .on('error', () => {});
  return parts;
}
