/** The broker: every shared server of a user, in one process, and the clients of each. */

import type { ClientId } from '../../domain/share/broker/share-state.js';
import { keyText, type SharingKey } from '../../domain/share/key/sharing-key.js';
import { LineSplitter } from '../../domain/share/messages/line-splitter.js';
import type { ShareLimits } from '../../domain/share/messages/share-limits.js';
import type { Clock } from '../../ports/clock.js';
import type { UpstreamProcess, UpstreamProcesses } from '../../ports/upstream-process.js';
import type { ServiceContext } from '../service/define-service.js';
import { type SharePlan, shownKey } from './plan-share.js';
import { RunningShare, type ShareClient } from './running-share.js';
import type { ShareOptions } from './share-options.js';
import { sideLine } from './side-channel.js';

export interface BrokerParts {
  readonly upstreams: UpstreamProcesses;
  readonly clock: Clock;
  /** But for the longest message, which each client says itself. */
  readonly limits: ShareLimits;
  readonly version: string;
  readonly nonce: string;
  readonly log: (line: string) => void;
  readonly onStart: (process: UpstreamProcess) => void;
}

/** What `solod share ls` tells of one command. */
export interface ShareFacts {
  readonly key: SharingKey;
  readonly sharing: 'shared' | 'per-client';
  readonly clients: number;
  readonly inFlight: number;
  readonly processes: readonly { readonly pid: number; readonly era: string; readonly startedMs: number }[];
}

/**
 * How long requests that are under way have when the broker ends, in milliseconds: less than its daemon's
 * grace, with the servers' part.
 */
const DRAIN_MS = 3_000;
/** And the servers then. */
const DRAIN_GRACES = { afterEndMs: 500, afterTermMs: 500 };

interface Share {
  readonly running: RunningShare;
  readonly key: SharingKey;
  readonly sessions: Map<ClientId, Session>;
}

export class Broker {
  readonly #shares = new Map<string, Share>();
  /** The keys of servers that showed that they keep state per session, and how. */
  readonly #separated = new Map<string, string>();
  #clients = 0;
  #state: 'serving' | 'draining' = 'serving';

  constructor(private readonly parts: BrokerParts) {}

  get isBusy(): boolean {
    return this.#shares.size > 0;
  }

  facts(): readonly ShareFacts[] {
    return [...this.#shares.values()].map(({ key, running, sessions }) => ({
      key: shownKey(key),
      sharing: running.state.terms.sharing,
      clients: sessions.size,
      inFlight: [...running.state.clients.values()].reduce((sum, { requests }) => sum + requests.size, 0),
      processes: running.processes.map(({ era, process, sinceMs }) => ({
        era,
        pid: process.pid,
        startedMs: sinceMs,
      })),
    }));
  }

  /** One client, from its first line to its last. Never rejects; returns when nothing of it is left. */
  async serve(options: ShareOptions, plan: SharePlan, context: ServiceContext): Promise<void> {
    this.#clients += 1;
    const id = this.#clients;
    const why = options.sharing === 'by-name' ? this.#separated.get(keyText(plan.key)) : undefined;
    if (why !== undefined) context.stderr.write(sideLine({ kind: 'note', text: aloneText(why) }));
    const sharing = why === undefined ? plan.sharing : 'per-client';
    const share = this.#shareFor(id, options, { ...plan, sharing });
    const session = new Session(id, share.running, context, options, this.parts.clock);
    share.sessions.set(id, session);
    try {
      if (this.#state === 'draining') session.finish();
      await session.ended;
    } finally {
      share.sessions.delete(id);
      share.running.leave(id);
      // A client with a server of its own leaves together with it: then both are known to have gone.
      if (sharing === 'per-client' || this.#state === 'draining') await share.running.gone();
    }
  }

  #shareFor(client: ClientId, options: ShareOptions, plan: SharePlan): Share {
    const text = plan.sharing === 'shared' ? keyText(plan.key) : `${client}:${keyText(plan.key)}`;
    const found = this.#shares.get(text);
    if (found !== undefined) return found;
    const terms = {
      sharing: plan.sharing,
      order: options.order,
      offered: options.offered,
      idleMs: options.idleMs,
      limits: { ...this.parts.limits, messageBytes: options.messageBytes },
      version: this.parts.version,
      nonce: this.parts.nonce,
    };
    const running = new RunningShare(terms, plan.command, {
      ...this.parts,
      onSeparate: (clients, why) => {
        this.#separated.set(keyText(plan.key), why);
        const untilMs = this.parts.clock.now().monotonicMs + DRAIN_MS;
        for (const id of clients) share.sessions.get(id)?.finishWhenAtRest(untilMs);
      },
      onEmpty: () => {
        if (this.#shares.get(text)?.sessions.size === 0) this.#shares.delete(text);
      },
    });
    const share: Share = { running, key: plan.key, sessions: new Map() };
    this.#shares.set(text, share);
    return share;
  }

  /** Ends each session as soon as nothing is under way in it, and then all servers. */
  async drain(): Promise<void> {
    this.#state = 'draining';
    const untilMs = this.parts.clock.now().monotonicMs + DRAIN_MS;
    const sessions = [...this.#shares.values()].flatMap((share) => [...share.sessions.values()]);
    for (const session of sessions) session.finishWhenAtRest(untilMs);
    await Promise.all(sessions.map(({ ended }) => ended));
    await Promise.all([...this.#shares.values()].map(({ running }) => running.end(DRAIN_GRACES)));
  }

  /** At once, in a process that is about to end. */
  kill(): void {
    for (const { running } of this.#shares.values()) running.kill();
  }
}

/** Why a session is not shared, where its user did not say so. */
export const aloneText = (why: string): string =>
  `${why}: this session has a process of its own (--shared shares one all the same)`;

/** How often a session is looked at that is to end at rest, in milliseconds. */
const LOOK_MS = 10;

class Session implements ShareClient {
  readonly ended: Promise<void>;
  readonly #splitter: LineSplitter;
  #taken = 0;
  #resolve: () => void = () => {};
  #state: 'open' | 'over' = 'open';

  constructor(
    private readonly id: ClientId,
    private readonly share: RunningShare,
    private readonly context: ServiceContext,
    { messageBytes, sharing }: ShareOptions,
    private readonly clock: Clock,
  ) {
    this.#splitter = new LineSplitter(messageBytes);
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    share.join(id, this, sharing === 'shared' ? 'shared' : 'by-name');
    const { stdin, stdout, signal } = context;
    stdout.on('error', () => this.#over());
    stdin.on('data', (bytes: Buffer) => this.#hear(bytes));
    // A client that was killed shows as an error here, and one that went as the end.
    for (const event of ['end', 'error', 'close'] as const) stdin.on(event, () => this.#over());
    signal.addEventListener('abort', () => this.#over());
    if (signal.aborted) this.#over();
  }

  write(line: string): void {
    if (this.#state === 'over') return;
    const { stdout } = this.context;
    stdout.write(`${line}\n`, 'latin1');
    if (stdout.writableLength <= this.share.state.terms.limits.unreadBytes) return;
    this.context.stderr.write(sideLine({ kind: 'cut-off', unreadBytes: stdout.writableLength }));
    this.#over();
  }

  hold(): void {
    if (this.#state === 'open') this.context.stdin.pause();
  }

  relieve(): void {
    if (this.#state === 'open' && this.context.stdin.isPaused()) this.context.stdin.resume();
  }

  /** Ends it, and says how many of its lines have been taken: what comes after those may be sent again. */
  finish(): void {
    if (this.#state === 'over') return;
    this.context.stderr.write(sideLine({ kind: 'taken', lines: this.#taken }));
    this.#over();
  }

  /** @param untilMs by the monotonic clock */
  finishWhenAtRest(untilMs: number): void {
    if (this.#state === 'over') return;
    if (this.share.isAtRest(this.id) || this.clock.now().monotonicMs >= untilMs) this.finish();
    else setTimeout(() => this.finishWhenAtRest(untilMs), LOOK_MS);
  }

  #hear(bytes: Buffer): void {
    if (this.#state === 'over') return;
    for (const line of this.#splitter.take(bytes.toString('latin1'))) {
      this.#taken += 1;
      this.share.hear(this.id, line);
    }
  }

  #over(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#resolve();
  }
}
