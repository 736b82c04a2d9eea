/** One accepted socket on the daemon's side, from its first byte to its end. */

import type net from 'node:net';
import type { ServiceFunction } from '../service/define-service.js';
import { SERVICE_FAILED } from '../service/run-service.js';
import { CallInput, type Send } from './call-streams.js';
import {
  CHUNK,
  ChunkDecoder,
  type ChunkType,
  CLIENT_GRAMMAR,
  chunk,
  type Decoded,
  frame,
  REFUSAL,
  type Violation,
  violationText,
} from './chunks.js';
import { type CallRequest, HeadReader, terminalsOf } from './request.js';
import { Call } from './served-call.js';

/** What is to become of a request. */
export type Admission =
  | { readonly kind: 'accepted'; readonly run: ServiceFunction }
  /** The daemon is on its way out: nothing is begun. */
  | { readonly kind: 'draining'; readonly why?: 'upgrade' | undefined }
  /** The caller is too old for this daemon. */
  | { readonly kind: 'outdated'; readonly message: string }
  /** @property exitCode none of those that say one of the others */
  | { readonly kind: 'declined'; readonly message: string; readonly exitCode: number };

export interface ConnectionTiming {
  /** How long a client has to close its end after the exit code. */
  readonly lingerMs: number;
  /** How often a client whose input is not being read is checked for being there. */
  readonly probeMs: number;
  /** How long a service has to end, once nobody waits for it any more. */
  readonly graceMs: number;
}

/** What a connection asks and tells its server. */
export interface ConnectionOwner {
  readonly timing: ConnectionTiming;
  admit(request: CallRequest): Promise<Admission> | Admission;
  /** A request is complete, … */
  requested(): void;
  /** … it has been taken on, and its service begins, … */
  begun(): void;
  /** … its client has gone, and it has been told to end, … */
  abandoned(): void;
  /** … and it need not be waited for: its answer is out, or its client gone, and its service has ended, or had its grace. */
  settled(request: Request): void;
  /** Its service has ended after all, beyond its grace. */
  outlived(): void;
  closed(connection: Connection): void;
}

/** What has become of a request. */
export interface Request {
  readonly service: ServiceState;
  readonly client: 'there' | 'gone';
}

type ServiceState = 'not-begun' | 'running' | 'ended';

type Phase =
  /** The request has not been read to its end. */
  | 'head'
  /** It has; whether it is taken on is not known yet. */
  | 'waiting'
  /** The client has been told that it is. */
  | 'accepted'
  /** The exit code is on its way. */
  | 'answered'
  | 'closed';

/** What says something of its own: no other refusal may. */
const RESERVED: readonly number[] = [REFUSAL.draining, REFUSAL.upgrading, REFUSAL.outdated];

const DRAINING_LINE = 'solod: the daemon is on its way out and has not begun this call; call again\n';

export class Connection {
  readonly #socket: net.Socket;
  readonly #owner: ConnectionOwner;
  readonly #decoder = new ChunkDecoder(CLIENT_GRAMMAR);
  readonly #head = new HeadReader();
  #phase: Phase = 'head';
  #request: CallRequest | undefined;
  #input: CallInput | undefined;
  #isDeaf = false;
  #call: Call | undefined;
  /** What the owner has been told of a request. */
  #told: 'nothing' | 'requested' | 'abandoned' | 'settled' = 'nothing';
  #grace: NodeJS.Timeout | undefined;
  #service: ServiceState = 'not-begun';
  #closeReason = 'the client has disconnected';
  #probe: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  constructor(socket: net.Socket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    // First of all: a peer that connects and goes away must not end the daemon.
    socket.on('error', (error) => this.#noteError(error));
    socket.on('close', () => this.#closed());
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    // A client that ends its side has gone: none half-closes, for the end of the input is a chunk of its own.
    socket.on('end', () => socket.destroy());
  }

  /** The daemon must end. What has not been begun is not; what has been is told. */
  abort(reason: string): void {
    if (this.#phase === 'waiting') this.#answer(DRAINING_LINE, REFUSAL.draining);
    else this.#call?.abort(reason);
  }

  /** Closes the connection, unless there is a request on it. */
  endIfIdle(): void {
    if (this.#phase === 'head') this.#socket.destroy();
  }

  #noteError(error: Error): void {
    this.#closeReason = `the connection to the client broke: ${error.message}`;
  }

  get #isOver(): boolean {
    return this.#phase === 'answered' || this.#phase === 'closed';
  }

  // --- what the client sends -----------------------------------------------------------------------------------------

  #receive(bytes: Buffer): void {
    for (const decoded of this.#decoder.decode(bytes)) this.#take(decoded);
    if (!this.#isOver && this.#input?.isSated) this.#holdBack();
  }

  #take(decoded: Decoded): void {
    // A client may still be sending when its call has ended: that is thrown away.
    if (this.#isOver) return;
    switch (decoded.kind) {
      case 'violation':
        this.#violated(decoded.violation);
        return;
      case 'piece':
        this.#takeInput(decoded.type, decoded.bytes, decoded.left);
        return;
      case 'whole':
        if (this.#phase === 'head') this.#takeHead(decoded.type, decoded.bytes);
        else this.#takeSignal(decoded.type);
        return;
    }
  }

  #takeHead(type: ChunkType, bytes: Buffer): void {
    const reading = this.#head.take(type, bytes);
    switch (reading.kind) {
      case 'incomplete':
        return;
      case 'violation':
        this.#violated(reading.violation);
        return;
      case 'complete':
        this.#requested(reading.request);
        return;
    }
  }

  #takeInput(type: ChunkType, bytes: Buffer, left: number): void {
    if (this.#request === undefined || this.#input?.isEnded) this.#violated({ kind: 'out-of-order', type });
    else if (!this.#isDeaf) this.#inputOf(this.#request).feed(bytes, left);
  }

  #takeSignal(type: ChunkType): void {
    // A heartbeat says only what a connection that stands says as well.
    if (type === CHUNK.heartbeat) return;
    if (type === CHUNK.inputEnd && this.#request !== undefined) this.#inputOf(this.#request).finish();
    else this.#violated({ kind: 'out-of-order', type });
  }

  #violated(violation: Violation): void {
    const text = `the client sent ${violationText(violation)}`;
    if (this.#phase === 'accepted') {
      this.#closeReason = text;
      this.#socket.destroy();
      return;
    }
    this.#enter();
    this.#answer(`solod: ${text}\n`, REFUSAL.noRequest);
  }

  // --- flow ----------------------------------------------------------------------------------------------------------

  /** Stops reading. A connection that is not read does not show its end, so it is written to from time to time. */
  #holdBack(): void {
    if (this.#probe !== undefined) return;
    this.#socket.pause();
    this.#probe = setInterval(() => {
      // Means nothing to any client, and fails if there is none.
      if (this.#socket.writableLength === 0) this.#socket.write(chunk(CHUNK.errorOutput));
    }, this.#owner.timing.probeMs).unref();
  }

  #release(): void {
    if (this.#probe === undefined) return;
    clearInterval(this.#probe);
    this.#probe = undefined;
    this.#socket.resume();
  }

  readonly #sender =
    (type: ChunkType): Send =>
    (pieces, done) => {
      const framed = frame(type, pieces);
      const last = framed.pop();
      if (last === undefined) return done();
      this.#socket.cork();
      for (const buffer of framed) this.#socket.write(buffer);
      this.#socket.write(last, done);
      this.#socket.uncork();
    };

  // --- the request ---------------------------------------------------------------------------------------------------

  #requested(request: CallRequest): void {
    this.#phase = 'waiting';
    this.#enter();
    this.#request = request;
    void this.#admission(request).then((admission) => {
      // Meanwhile the client may have gone, or the daemon been told to end.
      if (this.#phase === 'waiting') this.#decide(request, admission);
    });
  }

  /** Made when the service asks for it, or the client sends some. */
  #inputOf(request: CallRequest): CallInput {
    const source = {
      request: () => this.#socket.write(chunk(CHUNK.inputRequest)),
      relieved: () => this.#release(),
    };
    this.#input ??= new CallInput(source, terminalsOf(request.env)[0]);
    return this.#input;
  }

  /** What still comes is thrown away. */
  #closeInput(): void {
    this.#isDeaf = true;
    this.#input?.close();
  }

  #enter(): void {
    if (this.#told !== 'nothing') return;
    this.#told = 'requested';
    this.#owner.requested();
  }

  async #admission(request: CallRequest): Promise<Admission> {
    try {
      return await this.#owner.admit(request);
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: 'declined', message, exitCode: REFUSAL.internal };
    }
  }

  #decide(request: CallRequest, admission: Admission): void {
    switch (admission.kind) {
      case 'accepted':
        this.#accept(request, admission.run);
        return;
      case 'draining':
        this.#answer(DRAINING_LINE, admission.why === 'upgrade' ? REFUSAL.upgrading : REFUSAL.draining);
        return;
      case 'outdated':
        this.#answer(admission.message, REFUSAL.outdated);
        return;
      case 'declined': {
        const { message, exitCode } = admission;
        this.#answer(message, RESERVED.includes(exitCode) ? REFUSAL.internal : exitCode);
        return;
      }
    }
  }

  #accept(request: CallRequest, run: ServiceFunction): void {
    this.#phase = 'accepted';
    const call = new Call(request, {
      input: () => this.#inputOf(request),
      closeInput: () => this.#closeInput(),
      output: this.#sender(CHUNK.output),
      errorOutput: this.#sender(CHUNK.errorOutput),
    });
    this.#call = call;
    // Only when the word is out is the call begun: a client that has not got it may safely ask another daemon.
    this.#socket.write(chunk(CHUNK.output), (error) => {
      if (!error && this.#phase === 'accepted') void this.#perform(call, run);
    });
  }

  async #perform(call: Call, run: ServiceFunction): Promise<void> {
    this.#service = 'running';
    this.#owner.begun();
    const result = await call.perform(run);
    this.#service = 'ended';
    if (this.#phase !== 'accepted') this.#endUnheard();
    else if (result.kind === 'returned') this.#answer('', result.code);
    else this.#answer(result.line, SERVICE_FAILED);
  }

  // --- the end -------------------------------------------------------------------------------------------------------

  #answer(errorText: string, code: number): void {
    this.#phase = 'answered';
    for (const buffer of frame(CHUNK.errorOutput, [Buffer.from(errorText)])) this.#socket.write(buffer);
    this.#socket.end(chunk(CHUNK.exit, String(code)), () => this.#answerIsOut());
    // What the client still sends must be read, or its own writes would fail before it has read the answer.
    this.#release();
  }

  /** The system has all of it: a client that reads slowly, or later, will find it there. */
  #answerIsOut(): void {
    if (this.#phase !== 'answered') return;
    this.#linger = setTimeout(() => this.#socket.destroy(), this.#owner.timing.lingerMs).unref();
    this.#settle();
  }

  #closed(): void {
    this.#phase = 'closed';
    clearInterval(this.#probe);
    clearTimeout(this.#linger);
    if (this.#service !== 'ended') this.#call?.lose(this.#closeReason);
    if (this.#service === 'running') this.#abandon();
    else this.#settle();
    this.#owner.closed(this);
  }

  /** Nobody waits for it any more. It has been told to end, and is waited for as long as that may take. */
  #abandon(): void {
    this.#told = 'abandoned';
    this.#owner.abandoned();
    this.#grace = setTimeout(() => this.#settle(), this.#owner.timing.graceMs);
  }

  #endUnheard(): void {
    if (this.#told === 'settled') this.#owner.outlived();
    else this.#settle();
  }

  #settle(): void {
    clearTimeout(this.#grace);
    if (this.#told !== 'requested' && this.#told !== 'abandoned') return;
    const client = this.#told === 'requested' ? 'there' : 'gone';
    this.#told = 'settled';
    this.#owner.settled({ client, service: this.#service });
  }
}
