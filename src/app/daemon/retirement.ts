/** The one way out of a daemon, whatever the reason: signals, idleness, a request, an error that nobody caught. */

/** How long the process may take to end once that has been decided and its work's grace is over. */
const LAST_MS = 500;

export interface Work {
  readonly inFlight: number;
  /** Resolves when nothing is in flight. */
  settled(): Promise<void>;
  abortAll(reason: string): void;
}

export type RetirementState = 'serving' | 'draining' | 'leaving';

/** Each is told once, with the reason. */
export interface RetirementWitness {
  /** No new work is taken on. */
  onDrain(reason: string): void;
  /** Nothing more is to be done. */
  onLeave(reason: string): void;
}

export class Retirement {
  #state: RetirementState = 'serving';

  /**
   * @param work what may still be finished
   * @param graceMs how long that may take
   * @param log for the reason
   * @param witness told of each step
   */
  constructor(
    private readonly work: Work,
    private readonly graceMs: number,
    private readonly log: (line: string) => void,
    private readonly witness: RetirementWitness,
  ) {}

  get state(): RetirementState {
    return this.#state;
  }

  /** Asked again, it ends the grace: whoever says it twice means it. */
  retire(reason: string, exitCode: number): void {
    if (this.#state === 'serving') this.withdraw(reason, exitCode, this.graceMs);
    else {
      this.log(`ending: ${reason}`);
      this.#leave(reason, exitCode);
    }
  }

  /** The same of one's own accord: what is on its way out already is not hurried. */
  withdraw(reason: string, exitCode: number, graceMs: number): void {
    if (this.#state !== 'serving') return;
    const { inFlight } = this.work;
    const waits =
      inFlight === 0 ? '' : `; waits up to ${graceMs / 1_000} s for what is in flight: ${inFlight}`;
    this.log(`ending: ${reason}${waits}`);
    void this.#drain(reason, exitCode, graceMs);
  }

  async #drain(reason: string, exitCode: number, graceMs: number): Promise<void> {
    this.#state = 'draining';
    this.witness.onDrain(reason);
    const grace = setTimeout(() => this.#leave(reason, exitCode), graceMs);
    await this.work.settled();
    clearTimeout(grace);
    // Answers that are ready go out first.
    setImmediate(() => this.#leave(reason, exitCode));
  }

  #leave(reason: string, exitCode: number): void {
    if (this.#state === 'leaving') return;
    this.#state = 'leaving';
    killAfter(LAST_MS);
    this.witness.onLeave(reason);
    this.work.abortAll(`the daemon ended (${reason})`);
    // What was aborted may still say so.
    void this.work.settled().then(() => setImmediate(() => process.exit(exitCode)));
  }
}

/**
 * SIGKILL to this process, from a thread of its own: whatever an exit handler or a service does to the main thread, the
 * process ends.
 */
function killAfter(ms: number): void {
  const source = `
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms});
    process.kill(process.pid, 'SIGKILL');
  `;
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), ms);
  try {
    const { Worker } = process.getBuiltinModule('node:worker_threads');
    new Worker(source, { eval: true, stdout: false, stderr: false }).on('error', () => {}).unref();
  } catch {
    // No more threads to be had: the timer has to do.
  }
}
