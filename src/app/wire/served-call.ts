/** One accepted call: runs the service on its streams and says how it ended. */

import { finished, type Writable } from 'node:stream';
import type { ServiceContext, ServiceFunction } from '../service/define-service.js';
import type { CallScope, ServiceResult } from '../service/run-service.js';
import { type CallInput, CallOutput, type Send } from './call-streams.js';
import { type CallRequest, terminalsOf } from './request.js';

/** How a request settled. */
export interface Request {
  readonly service: ServiceState;
  readonly client: 'there' | 'gone';
}

export type ServiceState = 'not-begun' | 'running' | 'ended';

/** Why a call's signal was aborted. */
export class CallAborted extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
}

/** What a call's streams are made of. */
export interface CallWire {
  input(): CallInput;
  /** The service reads no more. */
  closeInput(): void;
  /** `follows`: the exit code goes the same way as the output, so it need not wait until that has arrived. */
  readonly exit: 'follows' | 'waits';
  readonly stdout: Send;
  readonly stderr: Send;
}

type Streams = { stdin?: CallInput; stdout?: CallOutput; stderr?: CallOutput };

/** Where a context holds its call. */
const CALL = Symbol('call');

/**
 * One set of getters for all calls. V8 makes a hidden class for each new getter, which keeps the call that
 * the getter belongs to until the next full garbage collection.
 */
const MADE_WHEN_ASKED_FOR = Object.fromEntries(
  (['env', 'stdin', 'stdout', 'stderr', 'signal'] as const).map((name) => [
    name,
    {
      get(this: { readonly [CALL]: Call }) {
        return this[CALL][name];
      },
      enumerable: true,
      configurable: true,
    },
  ]),
);

export class Call {
  readonly #request: CallRequest;
  readonly #wire: CallWire;
  readonly #scope: CallScope;
  /** Made when the service asks for them: they are not cheap, and few services use all. */
  readonly #streams: Streams = {};
  #controller: AbortController | undefined;
  #aborted: CallAborted | undefined;
  #env: Record<string, string> | undefined;
  #state: 'open' | 'over' | { readonly lostBy: string } = 'open';

  /** @param scope the process that the service sees */
  constructor(request: CallRequest, wire: CallWire, scope: CallScope) {
    this.#request = request;
    this.#wire = wire;
    this.#scope = scope;
  }

  /** Never rejects. When it resolves, everything that the service wrote has been sent, or can't be. */
  async perform(service: ServiceFunction): Promise<ServiceResult> {
    const result = await this.#scope.run({
      service,
      context: this.#context(),
      name: this.#request.command,
      seal: () => this.#seal(),
      forward: (source, to) => this.#forward(source, to),
    });
    this.#seal();
    const { stdout, stderr } = this.#streams;
    const begun = [stdout, stderr].filter((stream) => stream !== undefined);
    const unsent = this.#wire.exit === 'waits' ? begun : begun.filter((stream) => !stream.endsPassedOn());
    if (unsent.length > 0) await Promise.all(unsent.map(flushed));
    return result;
  }

  abort(reason: string): void {
    const wasAborted = this.#aborted !== undefined;
    this.#aborted ??= new CallAborted(reason);
    if (this.#controller !== undefined) this.#scope.enter(() => this.#controller?.abort(this.#aborted));
    if (!wasAborted) this.#scope.cancel();
  }

  /** The caller has gone: there is nothing to read and nowhere to write to. */
  lose(cause: string): void {
    this.abort(cause);
    this.#state = { lostBy: cause };
    for (const stream of Object.values(this.#streams)) this.#scope.enter(() => lose(stream, cause));
  }

  #seal(): void {
    if (this.#state === 'open') this.#state = 'over';
    this.#wire.closeInput();
    this.#streams.stdout?.seal();
    this.#streams.stderr?.seal();
  }

  async #forward(source: NodeJS.ReadableStream, to: 'stdout' | 'stderr'): Promise<void> {
    const output = this.#output(to);
    try {
      for await (const bytes of source)
        await new Promise<void>((resolve) => output.forward(bytes as Buffer, () => resolve()));
    } catch {
      // The child's end of the pipe broke: what came until then has been sent.
    }
  }

  #context(): ServiceContext {
    const { args, cwd } = this.#request;
    const context = Object.defineProperty({ args, cwd }, CALL, { value: this });
    return Object.defineProperties(context, MADE_WHEN_ASKED_FOR) as unknown as ServiceContext;
  }

  // --- what the context gives when the service asks for it ---

  /** The connection may remember the request's for the next call, and this call may change its own. */
  get env(): Record<string, string> {
    this.#env ??= { ...this.#request.env };
    return this.#env;
  }

  get stdin(): CallInput {
    this.#streams.stdin ??= this.#begin(this.#wire.input());
    return this.#streams.stdin;
  }

  get stdout(): CallOutput {
    return this.#output('stdout');
  }

  get stderr(): CallOutput {
    return this.#output('stderr');
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  #output(name: 'stdout' | 'stderr'): CallOutput {
    const made = this.#streams[name];
    if (made !== undefined) return made;
    const fd = name === 'stdout' ? 1 : 2;
    const terminal = terminalsOf(this.#request.env)[fd];
    const output = this.#begin(new CallOutput(this.#wire[name], fd, terminal, this.#scope));
    this.#streams[name] = output;
    return output;
  }

  #begin<S extends CallInput | CallOutput>(stream: S): S {
    // The client may go away, and the service may write after its end. Neither must crash the daemon.
    stream.on('error', () => {});
    if (this.#state === 'over') end(stream);
    else if (this.#state !== 'open') lose(stream, this.#state.lostBy);
    return stream;
  }
}

function end(stream: CallInput | CallOutput): void {
  if (stream instanceof CallOutput) stream.end();
  else stream.close();
}

function lose(stream: CallInput | CallOutput, cause: string): void {
  stream.destroy(systemError(stream instanceof CallOutput ? 'EPIPE' : 'ECONNRESET', cause));
}

function flushed(stream: Writable): Promise<void> {
  return new Promise((resolve) => {
    finished(stream, { readable: false }, () => resolve());
    stream.end();
  });
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
