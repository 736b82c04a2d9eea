/** One accepted call: runs the service on its streams, and says how that ended. */

import { finished, type Writable } from 'node:stream';
import type { ServiceContext, ServiceFunction } from '../service/define-service.js';
import { perform, type ServiceResult } from '../service/run-service.js';
import { type CallInput, CallOutput, type Send } from './call-streams.js';
import { type CallRequest, terminalsOf } from './request.js';

/** Why a call's signal was aborted. */
export class CallAborted extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
}

/** What a call's streams are made over. */
export interface CallWire {
  input(): CallInput;
  /** Nobody reads any more. */
  closeInput(): void;
  readonly output: Send;
  readonly errorOutput: Send;
}

type Streams = { stdin?: CallInput; stdout?: CallOutput; stderr?: CallOutput };

export class Call {
  readonly #request: CallRequest;
  readonly #wire: CallWire;
  /** Made when the service asks for them: few use all, and none is cheap. */
  readonly #streams: Streams = {};
  #controller: AbortController | undefined;
  #aborted: CallAborted | undefined;
  #state: 'open' | 'over' | { readonly lostBy: string } = 'open';

  constructor(request: CallRequest, wire: CallWire) {
    this.#request = request;
    this.#wire = wire;
  }

  /** Never rejects. Everything that the service wrote has been sent when this resolves, or never will be. */
  async perform(run: ServiceFunction): Promise<ServiceResult> {
    const result = await perform(run, this.#context(), this.#request.command);
    if (this.#state === 'open') this.#state = 'over';
    this.#wire.closeInput();
    const { stdout, stderr } = this.#streams;
    await Promise.all([stdout && flushed(stdout), stderr && flushed(stderr)]);
    return result;
  }

  abort(reason: string): void {
    this.#aborted ??= new CallAborted(reason);
    this.#controller?.abort(this.#aborted);
  }

  /** The caller is gone: there is nothing left to read, and nowhere to write to. */
  lose(cause: string): void {
    this.abort(cause);
    this.#state = { lostBy: cause };
    for (const stream of Object.values(this.#streams)) lose(stream, cause);
  }

  #context(): ServiceContext {
    const { args, cwd, env } = this.#request;
    const [, stdoutIsTTY, stderrIsTTY] = terminalsOf(env);
    const { input, output, errorOutput } = this.#wire;
    const streams = this.#streams;
    const made = <S extends CallInput | CallOutput>(stream: S): S => this.#begin(stream);
    const signal = (): AbortSignal => this.#signal();
    return {
      args,
      cwd,
      env,
      get stdin() {
        streams.stdin ??= made(input());
        return streams.stdin;
      },
      get stdout() {
        streams.stdout ??= made(new CallOutput(output, stdoutIsTTY));
        return streams.stdout;
      },
      get stderr() {
        streams.stderr ??= made(new CallOutput(errorOutput, stderrIsTTY));
        return streams.stderr;
      },
      get signal() {
        return signal();
      },
    };
  }

  #signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#aborted !== undefined) this.#controller.abort(this.#aborted);
    }
    return this.#controller.signal;
  }

  #begin<S extends CallInput | CallOutput>(stream: S): S {
    // The client may go away, and the service may write after its end, with nobody there who listens for errors.
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
