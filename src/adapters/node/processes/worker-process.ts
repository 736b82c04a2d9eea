/** Starts the workers of a daemon. They get pipes alone, and end when the daemon's ends of these close. */

import type { ChildProcess } from 'node:child_process';
import type { Duplex, Readable, Writable } from 'node:stream';
import type { Cause } from '../../../ports/readings.js';
import type {
  OutputDescriptor,
  WorkerProcess,
  WorkerStarter,
  WorkerStartReading,
  WorkerWitness,
} from '../../../ports/worker-process.js';
import { causeOf } from '../../errno.js';
import type { WorkerTarget, WorkerTether } from '../../worker-target.js';
import { RUNTIME } from '../runtime.js';
import { whyNotRun } from './spawner.js';

/**
 * How long the output of a worker that has ended is read: a child of it may hold the pipe, and then it never
 * ends.
 */
const OUTPUT_MS = 250;

/** With this of util-linux, prctl(2) PR_SET_PDEATHSIG, the kernel kills a process when its parent ends. */
const SETPRIV = ['setpriv', '--pdeathsig', 'KILL'] as const;

export class NodeWorkerStarter implements WorkerStarter {
  readonly #command: readonly [string, ...string[]];

  constructor(private readonly target: WorkerTarget) {
    const tether = findTether(target);
    const prefix = tether === 'kernel' ? SETPRIV : [];
    this.#command = [...prefix, ...target.command, tether] as [string, ...string[]];
  }

  start(witness: WorkerWitness): WorkerStartReading {
    if (RUNTIME.workers === 'fail') return { kind: 'refused', cause: notHere(RUNTIME.name) };
    const [program, ...args] = this.#command;
    const { spawn } = process.getBuiltinModule('node:child_process');
    try {
      const child = spawn(program, args, {
        cwd: '/',
        // A signal from the terminal is for the daemon, which lets calls finish.
        detached: true,
        env: { ...this.target.env },
        stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'],
      });
      child.on('error', () => {});
      if (child.pid === undefined) return { kind: 'refused', cause: whyNotRun(program) };
      return { kind: 'started', worker: new NodeWorkerProcess(child, child.pid, witness) };
    } catch (error) {
      return { kind: 'refused', cause: causeOf(error) };
    }
  }
}

const notHere = (runtime: string): Cause => ({
  code: 'ENOTSUP',
  message: `workers do not run on ${runtime}: run the daemon on Node (--node), or without them (--workers=0)`,
});

/** macOS, and some small systems, have no such program. */
function findTether({ env }: WorkerTarget): WorkerTether {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  const [program, ...options] = SETPRIV;
  const { status } = spawnSync(program, [...options, 'true'], { cwd: '/', env: { ...env }, stdio: 'ignore' });
  return status === 0 ? 'kernel' : 'thread';
}

class NodeWorkerProcess implements WorkerProcess {
  readonly #input: Writable;
  readonly #outputs: Readonly<Record<OutputDescriptor, Readable>>;
  readonly #channel: Duplex;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly child: ChildProcess,
    readonly pid: number,
    witness: WorkerWitness,
  ) {
    const [input, output, errorOutput, channel] = child.stdio;
    this.#input = input as Writable;
    this.#outputs = { 1: output as Readable, 2: errorOutput as Readable };
    this.#channel = channel as Duplex;
    // A worker that has ended breaks its pipes. Its end is told by another event.
    for (const stream of child.stdio) stream?.on('error', () => {});
    this.#channel.on('data', (bytes: Buffer) => witness.onChannel(bytes));
    for (const from of [1, 2] as const)
      this.#outputs[from].on('data', (bytes: Buffer) => witness.onOutput(from, bytes));
    child.once('exit', () => this.#readRest());
    child.once('close', (code, signal) => {
      clearTimeout(this.#timer);
      witness.onEnd({ code: code ?? undefined, signal: signal ?? undefined });
    });
  }

  send(bytes: Uint8Array): void {
    this.#channel.write(bytes);
  }

  feed(bytes: Uint8Array, taken: () => void): void {
    this.#input.write(bytes, () => taken());
  }

  endInput(): void {
    this.#input.end();
  }

  pause(from: OutputDescriptor): void {
    this.#outputs[from].pause();
  }

  resume(from: OutputDescriptor): void {
    this.#outputs[from].resume();
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }

  /** `close` follows when all pipes have ended, or are given up. */
  #readRest(): void {
    for (const from of [1, 2] as const) this.resume(from);
    this.#input.destroy();
    this.#timer = setTimeout(() => {
      for (const stream of this.child.stdio) stream?.destroy();
    }, OUTPUT_MS);
  }
}
