/** One accepted call: runs the service on its streams, and says how that ended. */

import { finished, type Writable } from 'node:stream';

import type { ServiceFunction } from '../service.js';
import { type CallInput, CallOutput, type Send } from './call-streams.js';
import { type CallRequest, terminalsOf } from './request.js';

export type CallResult =
  | { readonly kind: 'returned'; readonly code: number }
  /** It threw, or returned no exit code; `line` says so to the caller. */
  | { readonly kind: 'failed'; readonly line: string };

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
  async perform(run: ServiceFunction): Promise<CallResult> {
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

  async #run(run: ServiceFunction): Promise<CallResult> {
    const { args, cwd, env } = this.#request;
    const [stdin, stdout, stderr, signal] = [
      this.#stdin,
      this.#stdout,
      this.#stderr,
      this.#controller.signal,
    ];
    try {
      return this.#judge(await run({ args, cwd, env, stdin, stdout, stderr, signal }));
    } catch (thrown) {
      return this.#failed(messageOf(thrown));
    }
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: what a service function returns
  #judge(returned: number | void): CallResult {
    const code: unknown = returned ?? 0;
    if (typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 255)
      return { kind: 'returned', code };
    return this.#failed(`the service returned ${describe(code)}, which is no exit code`);
  }

  #failed(message: string): CallResult {
    return { kind: 'failed', line: `${oneLine(`${this.#request.command}: ${message}`)}\n` };
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

function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return describe(thrown);
  return thrown.message === '' ? thrown.name : thrown.message;
}

/** A thrown or returned value may be anything, even something that can't be made a string. */
function describe(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `a value of type ${typeof value}`;
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s*[\r\n\u2028\u2029]+\s*/g, ' ');
}
