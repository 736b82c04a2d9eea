/** A call that a worker runs, as the daemon sees it: the caller's streams, and what becomes of it. */

import { SPEAKER } from '../../../domain/text/speaker.js';
import type { OutputDescriptor } from '../../../ports/worker-process.js';
import type { ServiceContext } from '../../service/define-service.js';
import { type Complaint, messageOf } from '../../texts/complaint.js';
import type { CallHead, Cancel } from '../../worker/worker-messages.js';

export interface InputSink {
  data(bytes: Buffer): void;
  end(): void;
}

const UNHEARD = (): void => {};

export class PooledCall {
  /** To how many workers it has been given. */
  attempts = 0;
  /** What is done when the caller has gone, or the daemon ends. */
  onCancel: (cancel: Cancel) => void = UNHEARD;
  /** Exit code of the call. */
  readonly answered: Promise<number>;
  #answer: (code: number) => void = () => {};
  #sink: InputSink | undefined;

  constructor(
    readonly id: number,
    private readonly command: string,
    private readonly context: ServiceContext,
  ) {
    this.answered = new Promise((resolve) => {
      this.#answer = resolve;
    });
    const { signal } = context;
    const cancelled = (): void => this.onCancel(this.#cancel(String(signal.reason?.message ?? '')));
    // The streams of a caller that has gone are closed right after this event.
    if (signal.aborted) setImmediate(cancelled);
    else signal.addEventListener('abort', () => setImmediate(cancelled), { once: true });
  }

  get head(): Omit<CallHead, 'marker'> {
    const { args, cwd } = this.context;
    const env = this.context.env as Readonly<Record<string, string>>;
    return { name: this.command, args, env, cwd };
  }

  answer(code: number): void {
    this.onCancel = UNHEARD;
    this.#sink = undefined;
    this.#answer(code);
  }

  /** Tells the caller in a line why the call was not carried out, or not to its end. */
  fail(complaint: Complaint, code: number): void {
    this.context.stderr.write(`${SPEAKER}${messageOf(complaint)}\n`);
    this.answer(code);
  }

  /**
   * @param room is called when there is room again
   * @returns `full` if the caller reads more slowly than the call writes
   */
  write(to: OutputDescriptor, bytes: Buffer, room: () => void): 'taken' | 'full' {
    const stream = to === 1 ? this.context.stdout : this.context.stderr;
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
    const { stdin } = this.context;
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
    return { kind: this.context.stdout.destroyed ? 'lost' : 'aborted', reason };
  }
}
