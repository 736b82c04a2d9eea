/** How a daemon ends, whatever the reason: a signal, idleness, a request, an uncaught error. */

/** Milliseconds that the process has to end once the grace of its calls is over. */
const LAST_MS = 500;

export interface Work {
  readonly inFlight: number;
  /** Resolves when nothing is in flight. */
  settled(): Promise<void>;
  abortAll(reason: string): void;
}

type RetirementState = 'serving' | 'draining' | 'leaving';

/** Each method is called once, with the reason. */
interface RetirementWitness {
  /** From now on no call is accepted. */
  onDrain(reason: string): void;
  /** The process is about to exit. */
  onLeave(reason: string): void;
}

export class Retirement {
  #state: RetirementState = 'serving';

  /**
   * @param work the calls in flight
   * @param graceMs milliseconds that they have to finish
   * @param log takes the reason
   * @param witness hears of each step
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

  /** A second request ends the grace. */
  retire(reason: string, exitCode: number): void {
    if (this.#state === 'serving') this.withdraw(reason, exitCode, this.graceMs);
    else {
      this.log(`ending: ${reason}`);
      this.#leave(reason, exitCode);
    }
  }

  /** The same for a reason of the daemon's own: a retirement that has begun is not hurried. */
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
    // First, answers that are ready are written.
    setImmediate(() => this.#leave(reason, exitCode));
  }

  #leave(reason: string, exitCode: number): void {
    if (this.#state === 'leaving') return;
    this.#state = 'leaving';
    killAfter(LAST_MS);
    this.witness.onLeave(reason);
    this.work.abortAll(`the daemon ended (${reason})`);
    // Aborted calls may still tell their callers.
    void this.work.settled().then(() => setImmediate(() => process.exit(exitCode)));
  }
}

/** Sends SIGKILL from a thread of its own: the process ends even if an exit handler or a service blocks the main thread. */
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
    // The system allows no more threads: the timer does.
  }
}
