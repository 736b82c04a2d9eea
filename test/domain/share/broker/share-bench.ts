/** A broker's machine on a bench: clients and a server are written by the test, line by line. */

import { expect } from 'vitest';
import { stepShare } from '../../../../src/domain/share/broker/share-machine.js';
import {
  type Era,
  emptyShare,
  type ShareAct,
  type ShareEvent,
  type ShareTerms,
  type SharingWish,
} from '../../../../src/domain/share/broker/share-state.js';
import { nextWakeMs } from '../../../../src/domain/share/broker/upstream-life.js';
import { DEFAULT_LIMITS } from '../../../../src/domain/share/messages/share-limits.js';

export const TERMS: ShareTerms = {
  sharing: 'shared',
  order: 'concurrent',
  offered: [],
  idleMs: 1_000,
  limits: DEFAULT_LIMITS,
  version: '1.2.3',
  nonce: 'n1',
};

/** What a message says, for tests that don't count bytes. */
export type Message = {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
};

const parse = (line: string): Message => JSON.parse(line) as Message;

export const GREETING = {
  protocolVersion: '2025-11-25',
  capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, logging: {} },
  serverInfo: { name: 'bench', version: '1' },
};

export class ShareBench {
  readonly state;
  nowMs = 0;
  /** Raw lines, until they are taken. */
  readonly toClient = new Map<number, string[]>();
  readonly toServer: Record<Era, string[]> = { handshake: [], stateless: [] };
  readonly starts: Era[] = [];
  readonly ends: Era[] = [];
  readonly notes: string[] = [];
  /** Clients that are to leave. */
  readonly separated: (readonly number[])[] = [];

  constructor(changes: Partial<ShareTerms> = {}) {
    this.state = emptyShare({ ...TERMS, ...changes });
  }

  step(event: ShareEvent): void {
    for (const act of stepShare(this.state, event, this.nowMs)) this.#take(act);
  }

  #take(act: ShareAct): void {
    switch (act.kind) {
      case 'to-client':
        this.toClient.set(act.client, [...(this.toClient.get(act.client) ?? []), act.line]);
        return;
      case 'to-server':
        this.toServer[act.era].push(act.line);
        return;
      case 'start':
        this.starts.push(act.era);
        return;
      case 'end':
        this.ends.push(act.era);
        return;
      case 'separate':
        this.separated.push(act.clients);
        return;
      case 'note':
        this.notes.push(act.text);
        return;
    }
  }

  join(client: number, wish: SharingWish = 'by-name'): void {
    this.step({ kind: 'joined', client, wish });
  }

  leave(client: number): void {
    this.step({ kind: 'left', client });
  }

  /** A client sends a line, or a message. */
  say(client: number, message: string | object): void {
    const line = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message });
    this.step({ kind: 'client-line', client, line });
  }

  serve(message: string | object, era: Era = 'handshake'): void {
    const line = typeof message === 'string' ? message : JSON.stringify({ jsonrpc: '2.0', ...message });
    this.step({ kind: 'server-line', era, line });
  }

  /** What a client has been told since the last look. */
  told(client: number): Message[] {
    return this.toldLines(client).map(parse);
  }

  toldLines(client: number): string[] {
    const lines = this.toClient.get(client) ?? [];
    this.toClient.set(client, []);
    return lines;
  }

  /** What the server has been sent since the last look. */
  sent(era: Era = 'handshake'): Message[] {
    return this.sentLines(era).map(parse);
  }

  sentLines(era: Era = 'handshake'): string[] {
    return this.toServer[era].splice(0);
  }

  /** The one request that the server has been sent since the last look. */
  sentRequest(method: string, era: Era = 'handshake'): Message & { readonly id: number } {
    const messages = this.sent(era);
    expect(messages.map((message) => message.method)).toEqual([method]);
    const [message] = messages;
    return message as Message & { readonly id: number };
  }

  /** The process runs, and answers the handshake. */
  serverUp(greeting: object = GREETING): void {
    this.step({ kind: 'started', era: 'handshake' });
    const hello = this.sentRequest('initialize');
    this.serve({ id: hello.id, result: greeting });
    this.sentRequest('notifications/initialized');
  }

  /** A client joins and shakes hands; the first one has the server started. */
  enter(client: number, params: object = {}): void {
    this.join(client);
    this.say(client, {
      id: 'hello',
      method: 'initialize',
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'c', version: '1' },
        ...params,
      },
    });
    if (this.state.handshake.phase.kind === 'starting') this.serverUp();
    this.say(client, { method: 'notifications/initialized' });
    this.told(client);
  }

  /** The server dies. */
  die(words = 'exit code 1', era: Era = 'handshake'): void {
    this.step({ kind: 'ended', era, words, start: 'ran' });
  }

  /** Lets time pass, and wakes the machine whenever it asked for it. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (;;) {
      const wake = nextWakeMs(this.state);
      if (wake === undefined || wake > untilMs) break;
      this.nowMs = Math.max(this.nowMs, wake);
      this.step({ kind: 'woke' });
      expect(nextWakeMs(this.state), 'it woke for nothing').not.toBe(wake);
    }
    this.nowMs = untilMs;
  }
}
