/** One session with a shared server: between a host's streams and whichever broker there is. */

import { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failure } from '../../domain/failure.js';
import { shortHash } from '../../domain/place/layout.js';
import { keyText } from '../../domain/share/key/sharing-key.js';
import { LineSplitter } from '../../domain/share/messages/line-splitter.js';
import { DEFAULT_LIMITS } from '../../domain/share/messages/share-limits.js';
import {
  cutOffText,
  emptyRelay,
  RELAY,
  type RelayEvent,
  stepRelay,
} from '../../domain/share/relay/relay-machine.js';
import { codeFor, codeSuffix } from '../../domain/text/error-code.js';
import { chooseDaemon, type DaemonWish } from '../environment/daemon-switch.js';
import type { Environment } from '../environment/state-root.js';
import { SHIPPED } from '../service/service-file.js';
import { planShare } from './plan-share.js';
import { type ShareOptions, writeShareOptions } from './share-options.js';
import { readSideLine } from './side-channel.js';

/** A call of the broker's service: what the session says goes in, what it is told comes out. */
export interface BrokerCall {
  readonly service: string;
  /** Of the broker; undefined for the common one. */
  readonly name: string | undefined;
  readonly args: readonly string[];
  readonly env: Environment;
  readonly cwd: string;
  readonly stateDirectory: string | undefined;
  readonly daemon: DaemonWish;
  /** Called when the broker reads. */
  readonly stdin: () => Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly signal: AbortSignal;
}

export type BrokerCallEnd =
  | { readonly kind: 'exited' | 'cancelled' }
  | { readonly kind: 'lost'; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string };

export interface ShareSession {
  /** Never rejects. */
  readonly call: (call: BrokerCall) => Promise<BrokerCallEnd>;
  readonly options: ShareOptions;
  readonly broker: 'common' | 'own';
  readonly env: Environment;
  readonly cwd: string;
  readonly stateDirectory: string | undefined;
  readonly daemon: DaemonWish | undefined;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** What is said to a person. */
  readonly say: (text: string) => void;
  /** Ends the session. */
  readonly signal: AbortSignal | undefined;
  /** Whether the host is known to have gone, so that nothing is waited for once it says no more. */
  readonly hostIsGone: () => boolean;
}

export type ShareEnd =
  | { readonly kind: 'host-ended' }
  | { readonly kind: 'cancelled' }
  /** The command, or what is asked of it, makes no sense to the broker. */
  | { readonly kind: 'refused'; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: Failure; readonly message: string };

const LOOK_MS = 50;
const [FIRST_REST_MS, LONGEST_REST_MS] = [20, 1_000];
/** How long a server in this process has to end, in milliseconds. */
const OWN_SERVER_MS = 6_000;

/** Where this session's server runs. */
type Manner = 'broker' | 'this-process';

export class ShareClient {
  readonly #relay;
  readonly #splitter: LineSplitter;
  readonly #leaving = new AbortController();
  #input: Readable | undefined;
  #state: 'going' | 'finishing' = 'going';
  #manner: Manner;
  #taken: number | undefined;
  #refusal: string | undefined;
  #lostAtMs: number | undefined;
  #wasOpened: 'never' | 'once' = 'never';

  constructor(private readonly session: ShareSession) {
    const { messageBytes } = session.options;
    this.#relay = emptyRelay({ ...DEFAULT_LIMITS, messageBytes });
    this.#splitter = new LineSplitter(messageBytes);
    this.#manner = chooseDaemon(session.daemon, session.env).kind === 'inline' ? 'this-process' : 'broker';
  }

  /** Never rejects. */
  async run(): Promise<ShareEnd> {
    const { stdin, stdout, signal } = this.session;
    stdin.on('data', (bytes: Buffer) => this.#heard(bytes));
    for (const event of ['end', 'error', 'close'] as const) stdin.once(event, () => this.#hostEnded());
    stdout.on('error', () => this.#finish());
    signal?.addEventListener('abort', () => this.#finish(), { once: true });
    if (signal?.aborted) this.#finish();
    let restMs = FIRST_REST_MS;
    while (this.#state === 'going') {
      const result = await this.#round();
      const end = this.#judge(result);
      if (end !== undefined) return end;
      restMs = result.kind === 'failed' ? Math.min(LONGEST_REST_MS, restMs * 2) : FIRST_REST_MS;
      if (this.#state === 'going') await this.#rest(restMs);
    }
    return signal?.aborted ? { kind: 'cancelled' } : { kind: 'host-ended' };
  }

  #rest(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#leaving.signal }).catch(() => undefined);
  }

  /** What follows from the end of a connection; undefined where another is made. */
  #judge(result: BrokerCallEnd): ShareEnd | undefined {
    if (this.#refusal !== undefined) return { kind: 'refused', message: this.#refusal };
    this.#step({ kind: 'broker-lost', taken: this.#taken, words: wordsOf(result) });
    if (result.kind !== 'failed') return undefined;
    if (result.failure.kind === 'invalid-request') return { ...result };
    if (this.#wasOpened === 'never') {
      const why = `${result.message}${codeSuffix(codeFor(result.failure.kind))}`;
      this.session.say(`this session has a server of its own, because there is no broker: ${why}`);
      this.#manner = 'this-process';
      return undefined;
    }
    const nowMs = performance.now();
    this.#lostAtMs ??= nowMs;
    if (nowMs - this.#lostAtMs >= RELAY.patienceMs)
      this.#step({ kind: 'broker-missing', words: result.message });
    return undefined;
  }

  /** One connection, from its beginning to its end. */
  #round(): Promise<BrokerCallEnd> {
    const { options, env, cwd, stateDirectory, broker } = this.session;
    const isHere = this.#manner === 'this-process';
    const input = new Readable({ read: () => this.#holdOrRelieve() });
    this.#input = input;
    // What the last connection had not read is not unread any more.
    this.#holdOrRelieve();
    this.#taken = undefined;
    const asked = isHere ? { ...options, sharing: 'per-client' as const } : options;
    return this.session.call({
      service: `${SHIPPED.prefix}${SHIPPED.share}`,
      name: broker === 'own' ? this.#ownName() : undefined,
      args: writeShareOptions(asked),
      env,
      cwd,
      stateDirectory,
      daemon: isHere ? 'off' : 'on',
      stdin: () => {
        this.#opened();
        return input;
      },
      stdout: this.#lines(new LineSplitter(Number.MAX_SAFE_INTEGER), (line) =>
        this.#step({ kind: 'broker-line', line }),
      ),
      stderr: this.#lines(new LineSplitter(RELAY.unsentBytes), (line) => this.#sideLine(line)),
      signal: this.#leaving.signal,
    });
  }

  #ownName(): string | undefined {
    const { options, env, cwd } = this.session;
    const planned = planShare(options, env, cwd);
    return planned.kind === 'planned' ? `share-${shortHash(keyText(planned.plan.key))}` : undefined;
  }

  #opened(): void {
    this.#wasOpened = 'once';
    this.#lostAtMs = undefined;
    this.#step({ kind: 'broker-opened' });
  }

  /** Takes no more than the host reads. */
  #lines(splitter: LineSplitter, take: (line: string) => void): Writable {
    const { stdout } = this.session;
    return new Writable({
      write: (bytes: Buffer, _encoding, done) => {
        for (const line of splitter.take(bytes.toString('latin1'))) if (line.kind === 'line') take(line.line);
        if (stdout.writableNeedDrain) stdout.once('drain', () => done());
        else done();
      },
    });
  }

  #sideLine(line: string): void {
    const message = readSideLine(line);
    switch (message?.kind) {
      case 'taken':
        this.#taken = message.lines;
        return;
      case 'note':
        this.session.say(message.text);
        return;
      case 'cut-off':
        this.session.say(cutOffText(message.unreadBytes));
        return;
      case 'refused':
        this.#refusal = message.text;
        return;
      case undefined:
        return;
    }
  }

  #heard(bytes: Buffer): void {
    for (const line of this.#splitter.take(bytes.toString('latin1')))
      this.#step(line.kind === 'line' ? { ...line, kind: 'host-line' } : { ...line, kind: 'host-too-long' });
    this.#holdOrRelieve();
  }

  /** Reads no more of the host than brokers take. */
  #holdOrRelieve(): void {
    const { stdin } = this.session;
    const waiting = this.#relay.waiting.reduce((sum, { length }) => sum + length, 0);
    const isFull = Math.max(waiting, this.#input?.readableLength ?? 0) > RELAY.unsentBytes;
    if (isFull) stdin.pause();
    else if (stdin.isPaused()) stdin.resume();
  }

  #step(event: RelayEvent): void {
    for (const act of stepRelay(this.#relay, event)) {
      switch (act.kind) {
        case 'to-host':
          this.session.stdout.write(`${act.line}\n`, 'latin1');
          break;
        case 'to-broker':
          this.#input?.push(Buffer.from(`${act.line}\n`, 'latin1'));
          break;
        case 'finish':
          this.#finish();
          break;
      }
    }
  }

  #hostEnded(): void {
    if (this.#relay.host === 'ended') return;
    this.#step({ kind: 'host-ended' });
    if (this.#state === 'finishing') return;
    const begunMs = performance.now();
    const look = setInterval(() => {
      if (this.session.hostIsGone() || performance.now() - begunMs >= RELAY.lastAnswersMs) this.#finish();
      if (this.#state === 'finishing') clearInterval(look);
    }, LOOK_MS);
  }

  /** Nobody waits for anything. A server in this process is ended first, or it would be left behind. */
  #finish(): void {
    if (this.#state === 'finishing') return;
    this.#state = 'finishing';
    if (this.#manner === 'broker') this.#leaving.abort();
    else {
      this.#input?.push(null);
      setTimeout(() => this.#leaving.abort(), OWN_SERVER_MS).unref();
    }
  }
}

function wordsOf(result: BrokerCallEnd): string {
  switch (result.kind) {
    case 'exited':
      return RELAY.ends;
    case 'lost':
    case 'failed':
      return result.message;
    case 'cancelled':
      return RELAY.cancelled;
  }
}
