/**
 * A call without a wire: the same streams and the same end as through a daemon, in the caller's own process.
 */

import type { ServiceFunction } from '../service/define-service.js';
import { type CallScope, SERVICE_FAILED } from '../service/run-service.js';
import { CallInput, type Send } from './call-streams.js';
import { InputPump, listenToAbort, OutputSink } from './caller-streams.js';
import type { CallerStreams } from './client.js';
import type { CallEnd } from './conversation.js';
import { type CallRequest, terminalsOf } from './request.js';
import { Call } from './served-call.js';

type InlineEnd = Extract<CallEnd, { kind: 'exited' | 'cancelled' }>;
type Cancelled = Extract<CallEnd, { kind: 'cancelled' }>;

export class InlineConversation {
  readonly #signal: AbortSignal | undefined;
  readonly #sinks: Readonly<Record<'stdout' | 'stderr', OutputSink>>;
  readonly #pump: InputPump;
  readonly #input: CallInput;
  readonly #call: Call;
  #cancelled: Cancelled | undefined;
  #wake: () => void = () => {};

  constructor(request: CallRequest, streams: CallerStreams, scope: CallScope) {
    this.#signal = streams.signal;
    const sink = (name: 'stdout' | 'stderr'): OutputSink =>
      new OutputSink(streams[name], {
        relieved: () => {},
        failed: (cause) => this.#cancel({ kind: 'cancelled', by: name, cause }),
      });
    this.#sinks = { stdout: sink('stdout'), stderr: sink('stderr') };
    this.#pump = new InputPump(streams.stdin, {
      data: (bytes) => scope.enter(() => this.#input.feed(bytes, 0)),
      end: () => scope.enter(() => this.#input.finish()),
      failed: (cause) => this.#cancel({ kind: 'cancelled', by: 'stdin', cause }),
    });
    const source = { request: () => scope.leave(() => this.#pump.request()), relieved: () => {} };
    this.#input = new CallInput(source, terminalsOf(request.env)[0]);
    const wire = {
      input: () => this.#input,
      closeInput: () => scope.enter(() => this.#input.close()),
      exit: 'waits' as const,
      stdout: this.#sender('stdout'),
      stderr: this.#sender('stderr'),
    };
    this.#call = new Call(request, wire, scope);
  }

  /** Never rejects. All output has been written when this resolves, unless the call was cancelled. */
  async run(service: ServiceFunction): Promise<InlineEnd> {
    const cancelled = new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    listenToAbort(this.#signal, this.#onAbort);
    const code = await Promise.race([this.#code(service), cancelled]);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#pump.stop();
    this.#sinks.stdout.detach();
    this.#sinks.stderr.detach();
    return this.#cancelled ?? { kind: 'exited', code: code ?? SERVICE_FAILED };
  }

  async #code(service: ServiceFunction): Promise<number> {
    const result = await this.#call.perform(service);
    if (result.kind === 'returned') return result.code;
    await new Promise<void>((resolve) => this.#sinks.stderr.write(Buffer.from(result.line), () => resolve()));
    return SERVICE_FAILED;
  }

  readonly #onAbort = (): void => this.#cancel({ kind: 'cancelled', by: 'signal' });

  #cancel(how: Cancelled): void {
    this.#cancelled ??= how;
    this.#wake();
    this.#call.lose(how.by === 'signal' ? 'the call was cancelled' : how.cause.message);
  }

  #sender(name: 'stdout' | 'stderr'): Send {
    return (pieces, done) => {
      const sink = this.#sinks[name];
      for (const piece of pieces.slice(0, -1)) sink.write(piece);
      sink.write(pieces.at(-1) ?? Buffer.alloc(0), done);
    };
  }
}
