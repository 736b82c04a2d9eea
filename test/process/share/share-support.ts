/** Hosts that speak MCP by hand, line by line, and a server that does what a test wants. */

import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { Sandbox } from '../support/sandbox.js';

export interface RpcAnswer {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly code: number; readonly message: string };
}

/**
 * Answers `tools/call` by its arguments: `say` is echoed with the server's pid, after `delayMs`; `bytes`
 * makes the answer so long; `flood` sends so many log messages first; `die` ends the process. Its pids are
 * appended to a file.
 */
const SERVER = `
  import { appendFileSync } from 'node:fs';
  import { createInterface } from 'node:readline';
  const [file, ...flags] = process.argv.slice(2);
  appendFileSync(file, process.pid + '\\n');
  if (flags.includes('--broken')) { console.error('there is no configuration'); process.exit(3); }
  const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
  const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  async function answer({ id, method, params = {} }) {
    if (method === 'initialize')
      return send({ id, result: { protocolVersion: '2025-11-25', capabilities: { tools: { listChanged: true }, resources: { subscribe: true }, ...(flags.includes('--sessions') ? { experimental: { session: { version: 1 } } } : {}) }, serverInfo: { name: 'fixture', version: '1' } } });
    if (id === undefined) return;
    if (method !== 'tools/call') return send({ id, result: {} });
    const { say, delayMs = 0, bytes = 0, flood = 0, die } = params.arguments ?? {};
    if (die) process.kill(process.pid, 'SIGKILL');
    for (let n = 0; n < flood; n++) send({ method: 'notifications/message', params: { level: 'error', data: 'x'.repeat(1000) } });
    if (delayMs > 0) await later(delayMs);
    send({ id, result: { say, pid: process.pid, filler: 'x'.repeat(bytes) } });
  }
  createInterface({ input: process.stdin }).on('line', (line) => void answer(JSON.parse(line)));
  if (flags.includes('--stubborn')) { setInterval(() => {}, 1000); process.on('SIGTERM', () => {}); }
  if (flags.includes('--deaf')) { setInterval(() => {}, 1000); }
`;

export class ShareFixture {
  readonly file: string;
  readonly #pids: string;

  /**
   * Where the servers write down their ids: it outlives the sandbox, and with it everybody who could start
   * another.
   */
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'solod-servers-'));

  constructor(readonly box: Sandbox) {
    this.file = box.service(SERVER, 'server.mjs');
    this.#pids = path.join(this.#folder, 'pids');
    onTestFinished(() => {
      for (const pid of this.living()) process.kill(pid, 'SIGKILL');
      rmSync(this.#folder, { recursive: true, force: true });
    });
  }

  /** The command line of a host. */
  args(options: readonly string[] = [], flags: readonly string[] = []): string[] {
    return ['share', ...options, '--', ...this.command(...flags)];
  }

  /** The server's command. */
  command(...flags: readonly string[]): readonly string[] {
    return [process.execPath, this.file, this.#pids, ...flags];
  }

  /** Every server that was ever started, in order. */
  pids(): number[] {
    try {
      return readFileSync(this.#pids, 'utf8').split('\n').filter(Boolean).map(Number);
    } catch {
      return [];
    }
  }

  living(): number[] {
    return this.pids().filter((pid) => isAlive(pid) && commandOf(pid).includes(this.file));
  }

  host(
    options: readonly string[] = [],
    flags: readonly string[] = [],
    env: Record<string, string> = {},
  ): Host {
    return new Host(this.box.start(this.args(options, flags), { env }));
  }

  async greeted(options: readonly string[] = [], flags: readonly string[] = []): Promise<Host> {
    const host = this.host(options, flags);
    await host.greet();
    return host;
  }
}

function commandOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

export function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * One session. Every answer is held against what was asked: one that nobody waits for is an error of the
 * test.
 */
export class Host {
  readonly notifications: RpcAnswer[] = [];
  /** What should never come. */
  readonly strays: string[] = [];
  stderr = '';
  readonly ended: Promise<number | null>;
  readonly #waiting = new Map<string, (answer: RpcAnswer) => void>();
  #rest = '';

  constructor(readonly child: ChildProcess) {
    child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#heard(text));
    child.stderr?.on('data', (bytes: Buffer) => {
      this.stderr += bytes.toString();
    });
    this.ended = new Promise((resolve) => child.once('close', resolve));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  #heard(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#take(line);
  }

  #take(line: string): void {
    const message = JSON.parse(line) as RpcAnswer;
    if (message.method !== undefined) {
      this.notifications.push(message);
      return;
    }
    const key = JSON.stringify(message.id);
    const settle = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (settle === undefined) this.strays.push(line.slice(0, 300));
    else settle(message);
  }

  write(line: string): void {
    this.child.stdin?.write(`${line}\n`);
  }

  request(id: unknown, method: string, params: object = {}): Promise<RpcAnswer> {
    return this.raw(id, JSON.stringify({ jsonrpc: '2.0', id, method, params }));
  }

  /** A line that has that id. */
  raw(id: unknown, line: string): Promise<RpcAnswer> {
    return new Promise((resolve) => {
      this.#waiting.set(JSON.stringify(id), resolve);
      this.write(line);
    });
  }

  call(id: unknown, args: object): Promise<RpcAnswer> {
    return this.request(id, 'tools/call', { name: 'fixture', arguments: args });
  }

  async greet(): Promise<RpcAnswer> {
    const answer = await this.request('hello', 'initialize', {
      protocolVersion: '2025-06-18',
      capabilities: {},
      clientInfo: { name: 'host', version: '1' },
    });
    this.write('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    return answer;
  }

  end(): Promise<number | null> {
    this.child.stdin?.end();
    return this.ended;
  }
}
