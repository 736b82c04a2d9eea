/** One request on an accepted socket, from its first byte to the last one of its answer. */

import type { Duplex } from 'node:stream';
import { HeadShare } from '../../domain/calls/head-budget.js';
import { wantsKept } from '../../domain/evidence/edition.js';
import { SPEAKER } from '../../domain/text/speaker.js';
import { type Admission, DRAINING_LINE, NO_ROOM, type PlaceInQueue } from '../service/admission.js';
import type { ServiceFunction } from '../service/define-service.js';
import { QueueNotice } from '../service/queue-notice.js';
import { type CallScope, SERVICE_FAILED, SHARED_PROCESS } from '../service/run-service.js';
import { CallInput, senderOn } from './call-streams.js';
import {
  CHUNK,
  ChunkDecoder,
  type ChunkType,
  CLIENT_GRAMMAR,
  CREDIT_OFFER,
  chunk,
  type Decoded,
  frame,
  KEPT,
  REFUSAL,
  REMEMBERED,
  type Violation,
  violationText,
} from './chunks.js';
import type { Before, ConnectionOwner } from './connection-owner.js';
import { refusalOf } from './refusals.js';
import { AFTER_HEAD, type CallRequest, HeadReader, settingAfter, terminalsOf } from './request.js';
import { Call, type ServiceState } from './served-call.js';

type Phase =
  /** The request is being read. */
  | 'head'
  /** The request has been read; the daemon has not decided yet. */
  | 'waiting'
  /** The client has been told that the call is accepted. */
  | 'accepted'
  /** The exit code is on its way. */
  | 'answered'
  | 'closed';

const OFFER = Buffer.from(CREDIT_OFFER);

/** Called before the exit code is sent: the client may send its next request at once after that. */
type Keep = (before: Before) => void;

export class Connection {
  readonly #socket: Duplex;
  readonly #owner: ConnectionOwner;
  readonly #keep: Keep;
  readonly #decoder: ChunkDecoder;
  /** Of a socket that has had a call before, of which chunks may come before the head. */
  readonly #before: Before | undefined;
  readonly #head: HeadReader;
  readonly #share: HeadShare;
  readonly #notice: QueueNotice;
  #headBytes = 0;
  #phase: Phase = 'head';
  #request: CallRequest | undefined;
  #input: CallInput | undefined;
  #isDeaf = false;
  #call: Call | undefined;
  #scope: CallScope = SHARED_PROCESS;
  /** What the owner has been told of the request. */
  #told: 'nothing' | 'requested' | 'abandoned' | 'settled' = 'nothing';
  #grace: NodeJS.Timeout | undefined;
  #service: ServiceState = 'not-begun';
  #closeReason = 'the client has disconnected';
  #place: PlaceInQueue | undefined;
  #probe: NodeJS.Timeout | undefined;
  #linger: NodeJS.Timeout | undefined;

  /**
   * @param keep takes the socket for the next request
   * @param before of a socket that has had a call before
   */
  constructor(socket: Duplex, owner: ConnectionOwner, keep: Keep, before?: Before) {
    this.#socket = socket;
    this.#owner = owner;
    this.#keep = keep;
    this.#notice = new QueueNotice(() => {
      if (socket.writableLength === 0) socket.write(chunk(CHUNK.errorOutput));
    });
    this.#share = new HeadShare(owner.heads, {
      onWait: () => this.#waitForRoom(),
      onRoom: () => this.#readOn(),
    });
    this.#decoder = before?.decoder ?? new ChunkDecoder(CLIENT_GRAMMAR);
    this.#before = before;
    this.#head = new HeadReader(before?.setting);
  }

  /** The daemon must end. A call that has not begun is refused; one that runs is aborted. */
  abort(reason: string): void {
    if (this.#phase === 'waiting') this.#answer(DRAINING_LINE, REFUSAL.draining);
    else this.#call?.abort(reason);
  }

  /** Closes the connection if it holds no request. */
  endIfIdle(): void {
    if (this.#phase === 'head') this.#socket.destroy();
  }

  noteError(error: Error): void {
    this.#closeReason = `the connection to the client broke: ${error.message}`;
  }

  get #isOver(): boolean {
    return this.#phase === 'answered' || this.#phase === 'closed';
  }

  // --- what the client sends ---

  receive(bytes: Buffer): void {
    if (this.#phase === 'head') this.#headBytes += bytes.length;
    for (const decoded of this.#decoder.decode(bytes)) this.#take(decoded);
    if (this.#phase === 'head') this.#share.grow(this.#headBytes);
    if (!this.#isOver && this.#input?.isSated) this.#holdBack();
  }

  #take(decoded: Decoded): void {
    // Dropped: a client may still be sending when its call has ended.
    if (this.#isOver || this.#isStray(decoded)) return;
    switch (decoded.kind) {
      case 'violation':
        this.#violated(decoded.violation);
        return;
      case 'piece':
        this.#takeInput(decoded.type, decoded.bytes, decoded.left);
        return;
      case 'whole':
        if (this.#phase === 'head') this.#takeHead(decoded.type, decoded.bytes);
        else this.#takeSignal(decoded.type, decoded.bytes);
        return;
    }
  }

  /** Input, its end or a heartbeat for a call that had ended when the client sent it. */
  #isStray(decoded: Decoded): boolean {
    if (this.#before === undefined || this.#phase !== 'head' || decoded.kind === 'violation') return false;
    return AFTER_HEAD.includes(decoded.type);
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
    else if (!this.#isDeaf) {
      const input = this.#inputOf(this.#request);
      this.#scope.enter(() => input.feed(bytes, left));
    }
  }

  #takeSignal(type: ChunkType, bytes: Buffer): void {
    if (type === CHUNK.heartbeat) {
      // Otherwise it says nothing: the connection itself shows that the client is there.
      if (this.#request && bytes.equals(OFFER)) this.#inputOf(this.#request).giveCredit();
    } else if (type === CHUNK.inputEnd && this.#request !== undefined) {
      const input = this.#inputOf(this.#request);
      this.#scope.enter(() => input.finish());
    } else this.#violated({ kind: 'out-of-order', type });
  }

  #violated(violation: Violation): void {
    const text = `the client sent ${violationText(violation)}`;
    if (this.#phase === 'accepted') {
      this.#closeReason = text;
      this.#socket.destroy();
      return;
    }
    this.#enter();
    this.#answer(`${SPEAKER}${text}\n`, REFUSAL.noRequest);
  }

  // --- flow ---

  /**
   * Stops reading. Then the end of the connection doesn't show, so it is probed by writing to it from time to
   * time.
   */
  #holdBack(): void {
    if (this.#probe !== undefined) return;
    this.#socket.pause();
    this.#probe = setInterval(() => {
      // An empty chunk means nothing to a client, and the write fails if the client has gone.
      if (this.#socket.writableLength === 0) this.#socket.write(chunk(CHUNK.errorOutput));
    }, this.#owner.timing.probeMs).unref();
  }

  /** Of a large request. What the client sends stays in the socket. */
  #waitForRoom(): void {
    this.#socket.pause();
    this.#notice.beginFor(NO_ROOM.afterMs, () => this.#answer(...NO_ROOM.answer));
  }

  #readOn(): void {
    this.#notice.end();
    this.#socket.resume();
  }

  #release(): void {
    if (this.#probe === undefined) return;
    clearInterval(this.#probe);
    this.#probe = undefined;
    this.#socket.resume();
  }

  // --- the request ---

  #requested(request: CallRequest): void {
    this.#phase = 'waiting';
    this.#share.settle(this.#headBytes);
    this.#enter();
    this.#request = request;
    const admission = this.#owner.admit(request);
    if (admission instanceof Promise) this.#decideLater(request, admission);
    else this.#decide(request, admission);
  }

  #decideLater(request: CallRequest, admission: Promise<Admission>): void {
    void admission.then((decided) => {
      // Meanwhile the client may have gone, or the daemon may have been told to end.
      if (this.#phase === 'waiting') this.#decide(request, decided);
    });
  }

  /** Made when the service asks for it or the client sends some. */
  #inputOf(request: CallRequest): CallInput {
    const source = {
      request: (bytes?: number) =>
        this.#scope.leave(() => this.#socket.write(chunk(CHUNK.inputRequest, String(bytes ?? '')))),
      relieved: () => this.#scope.leave(() => this.#release()),
    };
    this.#input ??= new CallInput(source, terminalsOf(request.env)[0]);
    return this.#input;
  }

  /** Input that still arrives is dropped. */
  #closeInput(): void {
    this.#isDeaf = true;
    this.#scope.enter(() => this.#input?.close());
  }

  #enter(): void {
    if (this.#told !== 'nothing') return;
    this.#told = 'requested';
    this.#owner.requested();
  }

  #decide(request: CallRequest, admission: Admission): void {
    switch (admission.kind) {
      case 'accepted':
        this.#scope = admission.scope ?? SHARED_PROCESS;
        this.#accept(request, admission.run);
        return;
      case 'queued':
        this.#queue(request, admission.place);
        return;
      case 'draining':
      case 'outdated':
      case 'declined': {
        const { text, code } = refusalOf(admission);
        this.#answer(text, code);
        return;
      }
    }
  }

  #queue(request: CallRequest, place: PlaceInQueue): void {
    this.#place = place;
    this.#notice.begin();
    this.#decideLater(request, place.turn);
  }

  #leaveQueue(): void {
    this.#notice.end();
    this.#place?.leave();
  }

  #accept(request: CallRequest, run: ServiceFunction): void {
    this.#phase = 'accepted';
    this.#notice.end();
    const wire = {
      input: () => this.#inputOf(request),
      closeInput: () => this.#closeInput(),
      exit: 'follows' as const,
      stdout: senderOn(this.#socket, CHUNK.output),
      stderr: senderOn(this.#socket, CHUNK.errorOutput),
    };
    const call = new Call(request, wire, this.#scope);
    this.#call = call;
    // The call begins when the word is out. A client that has not got it may safely ask another daemon.
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
    else if (result.kind === 'returned') this.#finish(result.code);
    else this.#answer(result.line, SERVICE_FAILED);
  }

  // --- the end ---

  #finish(code: number): void {
    const { caller = '' } = this.#request ?? {};
    if (wantsKept(caller) && this.#socket.writable && this.#owner.mayKeep()) this.#answerAndKeep(code);
    else this.#answer('', code);
  }

  /** What the client sends from now on is for the next call: a connection object of its own takes it. */
  #answerAndKeep(code: number): void {
    this.#release();
    this.#phase = 'answered';
    const setting = this.#request && settingAfter(this.#request, this.#headBytes, this.#before?.setting);
    this.#keep({ decoder: this.#decoder, setting });
    this.#socket.write(chunk(CHUNK.exit, `${code}${KEPT}${setting === undefined ? '' : REMEMBERED}`), () => {
      this.#settle();
      this.#owner.over(this.#headBytes);
    });
  }

  #answer(errorText: string, code: number): void {
    this.#phase = 'answered';
    this.#leaveQueue();
    for (const buffer of frame(CHUNK.errorOutput, [Buffer.from(errorText)])) this.#socket.write(buffer);
    this.#socket.end(chunk(CHUNK.exit, String(code)), () => this.#answerIsOut());
    // Reads on: otherwise the client's writes would fail before it has read the answer.
    this.#release();
  }

  /** The kernel has all of it. A client that reads slowly, or later, finds it there. */
  #answerIsOut(): void {
    if (this.#phase !== 'answered') return;
    this.#linger = setTimeout(() => this.#socket.destroy(), this.#owner.timing.lingerMs).unref();
    this.#settle();
  }

  /** The socket has closed. */
  closed(): void {
    this.#phase = 'closed';
    this.#leaveQueue();
    clearInterval(this.#probe);
    clearTimeout(this.#linger);
    if (this.#service !== 'ended') this.#call?.lose(this.#closeReason);
    if (this.#service === 'running') this.#abandon();
    else this.#settle();
    this.#owner.over(this.#headBytes);
  }

  /** The client has gone. The service has been told to end and gets its grace. */
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
    this.#share.end();
    if (this.#told !== 'requested' && this.#told !== 'abandoned') return;
    const client = this.#told === 'requested' ? 'there' : 'gone';
    this.#told = 'settled';
    this.#owner.settled({ client, service: this.#service });
  }
}
