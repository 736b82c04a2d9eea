/** A call that a worker runs, as the daemon sees it: the caller's streams, and what becomes of it. */

import { SPEAKER } from '../../../domain/text/speaker.js';
import type { OutputDescriptor } from '../../../ports/worker-process.js';
import type { Turn } from '../../service/admission.js';
import type { ServiceContext, ServiceFunction } from '../../service/define-service.js';
import type { CallScope } from '../../service/run-service.js';
import { type Complaint, messageOf, textOf } from '../../texts/complaint.js';
import type { CallHead, Cancel } from '../../worker/worker-messages.js';

export interface InputSink {
  data(bytes: Buffer): void;
  end(): void;
}

const UNHEARD = (): void => {};

export class PooledCall {
  /** To how many workers it has been given. */
  attempts = 0;
  /** The worker that waits until the caller knows that the call begins. */
  reservedWorker: number | undefined;
  /** When there is a worker for it; or why there will be none. */
  readonly turn: Promise<Turn>;
  /** What is done when the caller has gone, or the daemon ends. */
  onCancel: (cancel: Cancel) => void = UNHEARD;
  #takeTurn: (turn: Turn) => void = () => {};
  #context: ServiceContext | undefined;
  #answer: (code: number) => void = () => {};
  #sink: InputSink | undefined;

  constructor(
    readonly id: number,
    private readonly command: string,
    private readonly scope: CallScope,
  ) {
    this.turn = new Promise((resolve) => {
      this.#takeTurn = resolve;
    });
  }

  get state(): 'queued' | 'begun' {
    return this.#context === undefined ? 'queued' : 'begun';
  }

  /** @param run begins the call */
  takeTurn(run: ServiceFunction): void {
    this.#takeTurn({ kind: 'accepted', run, scope: this.scope });
  }

  /** @returns the exit code. Never rejects */
  begin(context: ServiceContext): Promise<number> {
    this.#context = context;
    this.#watch(context.signal);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  #watch(signal: AbortSignal): void {
    const cancelled = (): void => this.onCancel(this.#cancel(String(signal.reason?.message ?? '')));
    // The streams of a caller that has gone are closed right after this event.
    if (signal.aborted) setImmediate(cancelled);
    else signal.addEventListener('abort', () => setImmediate(cancelled), { once: true });
  }

  get head(): Omit<CallHead, 'marker'> {
    const { args, cwd } = this.#begun;
    const env = this.#begun.env as Readonly<Record<string, string>>;
    return { name: this.command, args, env, cwd };
  }

  get #begun(): ServiceContext {
    if (this.#context === undefined) throw new Error('the call has not begun');
    return this.#context;
  }

  answer(code: number): void {
    this.onCancel = UNHEARD;
    this.#sink = undefined;
    this.#answer(code);
  }

  /** Tells the caller in a line why the call was not carried out, or not to its end. */
  fail(complaint: Complaint, code: number): void {
    if (this.state === 'queued')
      this.#takeTurn({ kind: 'declined', message: textOf(complaint), exitCode: code });
    else {
      this.#begun.stderr.write(`${SPEAKER}${messageOf(complaint)}\n`);
      this.answer(code);
    }
  }

  /**
   * @param room is called when there is room again
   * @returns `full` if the caller reads more slowly than the call writes
   */
  write(to: OutputDescriptor, bytes: Buffer, room: () => void): 'taken' | 'full' {
    const stream = to === 1 ? this.#begun.stdout : this.#begun.stderr;
    // What a caller that has gone does not read is dropped.
    if (stream.destroyed || stream.write(bytes)) return 'taken';
    const again = (): void => {
      stream.off('drain', again).off('close', again);
      room();
    };
    stream.on('drain', again).on('close', again);
    return 'full';
  }

  /** Asks the caller for one chunk of input, or its end. */
  requestInput(sink: InputSink): void {
    const { stdin } = this.#begun;
    if (stdin.readableEnded || stdin.destroyed) {
      sink.end();
      return;
    }
    const isFirst = this.#sink === undefined;
    this.#sink = sink;
    if (isFirst) {
      stdin.on('data', (bytes: Buffer) => {
        stdin.pause();
        this.#sink?.data(bytes);
      });
      stdin.once('close', () => this.#sink?.end());
      stdin.once('end', () => this.#sink?.end());
    }
    stdin.resume();
  }

  #cancel(reason: string): Cancel {
    return { kind: this.#begun.stdout.destroyed ? 'lost' : 'aborted', reason };
  }
}
