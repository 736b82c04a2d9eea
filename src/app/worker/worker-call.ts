/** One call in a worker: its streams are descriptors 1 and 2, and input that the daemon sends on request. */

import { writeSync } from 'node:fs';
import type { OutputDescriptor } from '../../ports/worker-process.js';
import type { ServiceFunction } from '../service/define-service.js';
import { type CallScope, SERVICE_FAILED } from '../service/run-service.js';
import { CallInput, type Send } from '../wire/call-streams.js';
import { terminalsOf } from '../wire/request.js';
import { Call } from '../wire/served-call.js';
import { type DaemonChannel, writeAll } from './daemon-channel.js';
import { type CallHead, type Cancel, FROM_WORKER } from './worker-messages.js';

/** From before it was replaced for calls. */
const write = writeSync;

export class WorkerCall {
  readonly #call: Call;
  readonly #input: CallInput;

  constructor(
    private readonly head: CallHead,
    private readonly scope: CallScope,
    channel: DaemonChannel,
  ) {
    const source = { request: () => channel.send(FROM_WORKER.inputRequest), relieved: () => {} };
    this.#input = new CallInput(source, terminalsOf(head.env)[0]);
    const wire = {
      input: () => this.#input,
      closeInput: () => scope.enter(() => this.#input.close()),
      exit: 'waits' as const,
      stdout: sender(1),
      stderr: sender(2),
    };
    const { name: command, args, env, cwd } = head;
    this.#call = new Call({ command, args, env, cwd }, wire, scope);
  }

  /**
   * Never rejects. Everything that the call wrote is on the descriptors when this resolves.
   * @returns the exit code
   */
  async perform(service: ServiceFunction): Promise<number> {
    const result = await this.#call.perform(service);
    if (result.kind === 'returned') return result.code;
    writeOutput(2, Buffer.from(result.line));
    return SERVICE_FAILED;
  }

  feed(bytes: Buffer): void {
    this.scope.enter(() => this.#input.feed(bytes, 0));
  }

  finish(): void {
    this.scope.enter(() => this.#input.finish());
  }

  cancel({ kind, reason }: Cancel): void {
    if (kind === 'lost') this.#call.lose(reason);
    else this.#call.abort(reason);
  }

  /** Nothing of this call follows on the descriptors, unless a child of it has them. */
  markEnd(): void {
    const marker = Buffer.from(this.head.marker, 'hex');
    for (const descriptor of [1, 2] as const) writeOutput(descriptor, marker);
  }
}

/** The daemon reads as fast as the caller does, and all that comes once the caller has gone. */
const sender =
  (descriptor: OutputDescriptor): Send =>
  (pieces, done) => {
    try {
      for (const bytes of pieces) writeAll(write, descriptor, bytes);
      done();
    } catch (error) {
      done(error as Error);
    }
  };

export function writeOutput(descriptor: OutputDescriptor, bytes: Buffer): void {
  try {
    writeAll(write, descriptor, bytes);
  } catch {
    // The daemon has ended, and so does this process.
  }
}
