/** One worker, as the daemon sees it: what it says, and the one call that it runs at a time. */

import { randomBytes } from 'node:crypto';
import { SPEAKER } from '../../../domain/text/speaker.js';
import type {
  OutputDescriptor,
  WorkerEnd,
  WorkerProcess,
  WorkerStarter,
} from '../../../ports/worker-process.js';
import { EndMarker, MARKER_BYTES } from '../../worker/end-marker.js';
import {
  type Cancel,
  decodeJson,
  type EndedMessage,
  encodeFrame,
  FROM_WORKER,
  type Frame,
  FrameReader,
  type FromWorker,
  type LoadedMessage,
  TO_WORKER,
} from '../../worker/worker-messages.js';
import type { PooledCall } from './pooled-call.js';

export interface PoolWorkerWitness {
  onLoaded(message: LoadedMessage): void;
  /** The call has been carried out, and everything that it wrote has been sent to its caller. */
  onAnswered(call: PooledCall, message: EndedMessage): void;
  /** It has not begun the call, because a file that it has loaded has changed since. */
  onOutdated(call: PooledCall): void;
  onEnd(lost: LostWorker): void;
  /** What it says outside every call. */
  onSaid(text: string): void;
}

/** A worker that has ended, and the call that it ran. */
export interface LostWorker {
  readonly end: WorkerEnd;
  readonly call: PooledCall | undefined;
  readonly progress: 'begun' | 'not-begun';
  /** The end of what the call wrote on stderr, which tells why V8 gave up. */
  readonly lastWords: string;
  /** Why it could not be started. */
  readonly refused: string | undefined;
}

const LAST_WORDS_BYTES = 4096;

interface Run {
  readonly call: PooledCall;
  readonly markers: Readonly<Record<OutputDescriptor, EndMarker>>;
  readonly open: Set<OutputDescriptor>;
  progress: 'begun' | 'not-begun';
  ended: EndedMessage | undefined;
  lastWords: string;
  grace: NodeJS.Timeout | undefined;
}

export class PoolWorker {
  readonly #frames = new FrameReader<FromWorker>();
  readonly #process: WorkerProcess | undefined;
  #run: Run | undefined;
  #state: 'there' | 'discarded' = 'there';
  residentBytes = 0;

  /** @param graceMs how long a cancelled call has to end, in milliseconds */
  constructor(
    starter: WorkerStarter,
    private readonly graceMs: number,
    private readonly witness: PoolWorkerWitness,
  ) {
    const reading = starter.start({
      onChannel: (bytes) => this.#heard(bytes as Buffer),
      onOutput: (from, bytes) => this.#wrote(from, bytes as Buffer),
      onEnd: (end) => this.#ended(end),
    });
    if (reading.kind === 'started') this.#process = reading.worker;
    else {
      const end = { code: undefined, signal: undefined };
      const refused = `a worker can't be started: ${reading.cause.message}`;
      witness.onSaid(`${SPEAKER}${refused}\n`);
      // The queue, which is asking for it, is told afterwards.
      setImmediate(() => this.#ended(end, refused));
    }
  }

  give(call: PooledCall): void {
    const marker = randomBytes(MARKER_BYTES);
    call.attempts += 1;
    this.#run = {
      call,
      markers: { 1: new EndMarker(marker), 2: new EndMarker(marker) },
      open: new Set([1, 2] as const),
      progress: 'not-begun',
      ended: undefined,
      lastWords: '',
      grace: undefined,
    };
    call.onCancel = (cancel) => this.#cancel(cancel);
    const head = JSON.stringify({ ...call.head, marker: marker.toString('hex') });
    this.#process?.send(encodeFrame(TO_WORKER.call, head));
  }

  /** Nothing is heard of it any more. */
  discard(): void {
    this.#state = 'discarded';
    clearTimeout(this.#run?.grace);
    this.#process?.kill();
  }

  #cancel(cancel: Cancel): void {
    if (this.#run === undefined) return;
    this.#process?.send(encodeFrame(TO_WORKER.cancel, JSON.stringify(cancel)));
    if (cancel.kind === 'lost')
      this.#run.grace ??= setTimeout(() => this.#process?.kill(), this.graceMs).unref();
  }

  #heard(bytes: Buffer): void {
    for (const frame of this.#frames.read(bytes)) if (this.#state === 'there') this.#take(frame);
  }

  #take(frame: Frame<FromWorker>): void {
    const run = this.#run;
    switch (frame.kind) {
      case FROM_WORKER.loaded:
        this.#loaded(decodeJson(frame));
        return;
      case FROM_WORKER.said:
        this.witness.onSaid(frame.bytes.toString('utf8'));
        return;
      case FROM_WORKER.begun:
        if (run !== undefined) run.progress = 'begun';
        return;
      case FROM_WORKER.outdated:
        if (run !== undefined) this.witness.onOutdated(run.call);
        return;
      case FROM_WORKER.inputRequest:
        this.#requestInput(run?.call);
        return;
      case FROM_WORKER.descriptorInput:
        this.#feedDescriptor(run?.call);
        return;
      case FROM_WORKER.ended:
        if (run !== undefined) run.ended = decodeJson(frame);
        this.#answerIfDone();
        return;
    }
  }

  #loaded(message: LoadedMessage): void {
    if (message.kind === 'loaded') this.residentBytes = message.residentBytes;
    this.witness.onLoaded(message);
  }

  #requestInput(call: PooledCall | undefined): void {
    call?.requestInput({
      data: (bytes) => this.#process?.send(encodeFrame(TO_WORKER.input, bytes)),
      end: () => this.#process?.send(encodeFrame(TO_WORKER.inputEnd)),
    });
  }

  /**
   * Nobody can tell how much of descriptor 0 has been read, so the next chunk is asked for when there is room
   * for it.
   */
  #feedDescriptor(call: PooledCall | undefined): void {
    const sink = {
      data: (bytes: Buffer): void => this.#process?.feed(bytes, () => call?.requestInput(sink)),
      end: (): void => this.#process?.endInput(),
    };
    call?.requestInput(sink);
  }

  #wrote(from: OutputDescriptor, bytes: Buffer): void {
    const run = this.#run;
    if (this.#state === 'discarded') return;
    if (run === undefined || !run.open.has(from)) {
      this.witness.onSaid(bytes.toString('utf8'));
      return;
    }
    const { output, end } = run.markers[from].take(bytes);
    this.#pass(run, from, output);
    if (end === 'not-yet') return;
    run.open.delete(from);
    this.#answerIfDone();
  }

  #pass({ call, ...run }: Run, from: OutputDescriptor, output: Buffer): void {
    if (output.length === 0) return;
    if (from === 2) this.#remember(output);
    if (call.write(from, output, () => this.#process?.resume(from)) === 'full' && run.open.has(from))
      this.#process?.pause(from);
  }

  #remember(output: Buffer): void {
    if (this.#run === undefined) return;
    const last = output.subarray(-LAST_WORDS_BYTES).toString('latin1');
    this.#run.lastWords = (this.#run.lastWords + last).slice(-LAST_WORDS_BYTES);
  }

  #answerIfDone(): void {
    const run = this.#run;
    if (run?.ended === undefined || run.open.size > 0) return;
    this.#run = undefined;
    clearTimeout(run.grace);
    this.residentBytes = run.ended.residentBytes;
    run.call.answer(run.ended.code);
    this.witness.onAnswered(run.call, run.ended);
  }

  #ended(end: WorkerEnd, refused?: string): void {
    const run = this.#run;
    if (this.#state === 'discarded') return;
    this.#state = 'discarded';
    clearTimeout(run?.grace);
    if (run !== undefined) for (const from of run.open) this.#pass(run, from, run.markers[from].rest());
    this.witness.onEnd({
      end,
      call: run?.call,
      progress: run?.progress ?? 'not-begun',
      lastWords: run?.lastWords ?? '',
      refused,
    });
  }
}
