/** One accepted call: runs the service on its streams, and says how that ended. */

import { finished, type Writable } from 'node:stream';

import { perform, type ServiceResult } from '../perform.js';
import type { ServiceFunction } from '../service.js';
import { type CallInput, CallOutput, type Send } from './call-streams.js';
import { type CallRequest, terminalsOf } from './request.js';

/** Why a call's signal was aborted. */
export class CallAborted extends Error {
  override readonly name = 'AbortError';
  readonly code = 'ABORT_ERR';
}

export class Call {
  readonly #request: CallRequest;
  readonly #stdin: CallInput;
  readonly #stdout: CallOutput;
  readonly #stderr: CallOutput;
  readonly #controller = new AbortController();

  constructor(request: CallRequest, stdin: CallInput, sendOutput: Send, sendErrorOutput: Send) {
    const [, stdoutIsTTY, stderrIsTTY] = terminalsOf(request.env);
    this.#request = request;
    this.#stdin = stdin;
    this.#stdout = new CallOutput(sendOutput, stdoutIsTTY);
    this.#stderr = new CallOutput(sendErrorOutput, stderrIsTTY);
    // The client may go away, and the service may write after its end, with nobody there who listens for errors.
    for (const stream of [this.#stdin, this.#stdout, this.#stderr]) stream.on('error', () => {});
  }

  /** Never rejects. Everything that the service wrote has been sent when this resolves, or never will be. */
  async perform(run: ServiceFunction): Promise<ServiceResult> {
    const result = await this.#run(run);
    this.#stdin.close();
    await Promise.all([flushed(this.#stdout), flushed(this.#stderr)]);
    return result;
  }

  abort(reason: string): void {
    this.#controller.abort(new CallAborted(reason));
  }

  /** The caller is gone: there is nothing left to read, and nowhere to write to. */
  lose(cause: string): void {
    this.abort(cause);
    this.#stdin.destroy(systemError('ECONNRESET', cause));
    this.#stdout.destroy(systemError('EPIPE', cause));
    this.#stderr.destroy(systemError('EPIPE', cause));
  }

  #run(run: ServiceFunction): Promise<ServiceResult> {
    const { args, cwd, env, command } = this.#request;
    const [stdin, stdout, stderr] = [this.#stdin, this.#stdout, this.#stderr];
    return perform(run, { args, cwd, env, stdin, stdout, stderr, signal: this.#controller.signal }, command);
  }
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
