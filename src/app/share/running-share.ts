/** The machine of one command, driven: its clients' streams, its server's processes, its clock. */

import { stepShare } from '../../domain/share/broker/share-machine.js';
import {
  type ClientId,
  ERAS,
  type Era,
  emptyShare,
  type ShareAct,
  type ShareEvent,
  type ShareState,
  type ShareTerms,
  type SharingWish,
} from '../../domain/share/broker/share-state.js';
import { nextWakeMs } from '../../domain/share/broker/upstream-life.js';
import { decodeUtf8 } from '../../domain/share/messages/json-spans.js';
import { LineSplitter, type SplitLine } from '../../domain/share/messages/line-splitter.js';
import type { Clock } from '../../ports/clock.js';
import type {
  UpstreamCommand,
  UpstreamGraces,
  UpstreamProcess,
  UpstreamProcesses,
} from '../../ports/upstream-process.js';

/** A client's end, as its share needs it. */
export interface ShareClient {
  write(line: string): void;
  /** Says no more until there is relief. */
  hold(): void;
  relieve(): void;
}

export interface RunningShareParts {
  readonly upstreams: UpstreamProcesses;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Each process that is started. */
  readonly onStart: (process: UpstreamProcess) => void;
  /** The server keeps state per session: these clients are to leave, and to come back to a process each. */
  readonly onSeparate: (clients: readonly ClientId[], why: string) => void;
  /** There is no process and no client any more. */
  readonly onEmpty: () => void;
}

const GRACES: UpstreamGraces = { afterEndMs: 2_000, afterTermMs: 2_000 };
/** What a server wrote to stderr is kept in case that it dies, in bytes. */
const LAST_WORDS_BYTES = 2_000;
/** The longest time that Node's timers can wait. */
const TIMER_MAX_MS = 2 ** 31 - 1;

interface Running {
  readonly process: UpstreamProcess;
  readonly sinceMs: number;
}

export class RunningShare {
  readonly state: ShareState;
  readonly #clients = new Map<ClientId, ShareClient>();
  readonly #running = new Map<Era, Running>();
  readonly #events: ShareEvent[] = [];
  #isStepping = false;
  #timer: NodeJS.Timeout | undefined;
  #waiters: (() => void)[] = [];

  constructor(
    terms: ShareTerms,
    readonly command: UpstreamCommand,
    private readonly parts: RunningShareParts,
  ) {
    this.state = emptyShare(terms);
  }

  get processes(): readonly (Running & { readonly era: Era })[] {
    return [...this.#running].map(([era, running]) => ({ ...running, era }));
  }

  get isEmpty(): boolean {
    return this.#running.size === 0 && this.#clients.size === 0;
  }

  join(id: ClientId, client: ShareClient, wish: SharingWish): void {
    this.#clients.set(id, client);
    this.#take({ kind: 'joined', client: id, wish });
  }

  hear(client: ClientId, line: SplitLine): void {
    this.#take(
      line.kind === 'line'
        ? { ...line, kind: 'client-line', client }
        : { ...line, kind: 'client-too-long', client },
    );
  }

  leave(client: ClientId): void {
    this.#clients.delete(client);
    this.#take({ kind: 'left', client });
  }

  /** Whether a client waits for nothing. */
  isAtRest(id: ClientId): boolean {
    const client = this.state.clients.get(id);
    const isGreeting = ERAS.some((era) => this.state[era].greetingWaits.some((wait) => wait.client === id));
    return !isGreeting && (client?.requests.size ?? 0) === 0;
  }

  /** Ends its processes. */
  end(graces: UpstreamGraces = GRACES): Promise<void> {
    for (const { process } of this.#running.values()) process.end(graces);
    return this.gone();
  }

  /** When no process of it is left. */
  gone(): Promise<void> {
    return this.#running.size === 0
      ? Promise.resolve()
      : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** At once, in a process that is about to end. */
  kill(): void {
    for (const { process } of this.#running.values()) process.kill();
  }

  #take(event: ShareEvent): void {
    this.#events.push(event);
    // What comes of an act is told when the acts are done.
    if (this.#isStepping) return;
    this.#isStepping = true;
    for (let next = this.#events.shift(); next !== undefined; next = this.#events.shift())
      for (const act of stepShare(this.state, next, this.parts.clock.now().monotonicMs)) this.#perform(act);
    this.#isStepping = false;
    this.#setTimer();
    if (this.isEmpty) this.parts.onEmpty();
  }

  #perform(act: ShareAct): void {
    switch (act.kind) {
      case 'to-client':
        this.#clients.get(act.client)?.write(act.line);
        return;
      case 'to-server':
        if (this.#running.get(act.era)?.process.write(`${act.line}\n`) === 'full') this.#holdAll();
        return;
      case 'start':
        this.#start(act.era);
        return;
      case 'end':
        this.#running.get(act.era)?.process.end(GRACES);
        return;
      case 'separate':
        this.parts.onSeparate(act.clients, act.why);
        return;
      case 'note':
        this.parts.log(`${this.command.executable}: ${act.text}`);
        return;
    }
  }

  #start(era: Era): void {
    const splitter = new LineSplitter(this.state.terms.limits.answerBytes);
    let lastWords = '';
    const reading = this.parts.upstreams.start(this.command, {
      onOutput: (text) => {
        for (const line of splitter.take(text)) this.#heard(era, line);
      },
      onErrorOutput: (text) => {
        lastWords = (lastWords + text).slice(-LAST_WORDS_BYTES);
        this.parts.log(decodeUtf8(text).trimEnd());
      },
      onRelief: () => this.#relieveAll(),
      onEnd: (words) => this.#ended(era, words, decodeUtf8(lastWords).trim()),
    });
    if (reading.kind === 'refused') {
      this.#take({ kind: 'ended', era, start: 'refused', words: reading.cause.message });
      return;
    }
    this.#running.set(era, { process: reading.process, sinceMs: this.parts.clock.now().wallMs });
    this.parts.onStart(reading.process);
    this.#take({ kind: 'started', era });
  }

  #heard(era: Era, line: SplitLine): void {
    this.#take(
      line.kind === 'line'
        ? { ...line, kind: 'server-line', era }
        : { ...line, kind: 'server-too-long', era },
    );
  }

  #ended(era: Era, words: string, lastWords: string): void {
    this.#running.delete(era);
    this.#relieveAll();
    const said = lastWords === '' ? words : `${words}, and its last words were: ${lastWords}`;
    this.#take({ kind: 'ended', era, start: 'ran', words: said });
    if (this.#running.size > 0) return;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }

  #holdAll(): void {
    for (const client of this.#clients.values()) client.hold();
  }

  #relieveAll(): void {
    for (const client of this.#clients.values()) client.relieve();
  }

  #setTimer(): void {
    clearTimeout(this.#timer);
    const wakeMs = nextWakeMs(this.state);
    if (wakeMs === undefined) return;
    const ms = Math.max(0, Math.ceil(wakeMs - this.parts.clock.now().monotonicMs));
    this.#timer = setTimeout(() => this.#take({ kind: 'woke' }), Math.min(ms, TIMER_MAX_MS));
  }
}
