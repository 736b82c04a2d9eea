/** A service's daemon: claims the name, and only then loads the service. */

import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { sentence } from '../../domain/failure.js';
import { type ClaimResult, claimTarget } from '../claim.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import type { Host } from '../host.js';
import { readService, type Service, type ServiceFunction } from '../service.js';
import { nameFromPath, type Target } from '../target.js';
import { VERSION } from '../version.js';
import { type Admission, type CallRequest, CallServer } from '../wire/server.js';
import { CONTROL, type DaemonStatus } from './control.js';
import { IdleTimer } from './idle.js';
import { Retirement } from './retirement.js';

export interface DaemonSettings {
  readonly target: Target;
  /** The real path of the service file. */
  readonly service: string;
  readonly idleTimeoutMs: number | undefined;
  readonly graceMs: number | undefined;
  readonly mode: 'foreground' | 'background';
  /** Says a line to whoever started it: a terminal, or the log. */
  readonly say: (line: string) => void;
}

const IDLE_TIMEOUT_MS = 15 * 60_000;
const GRACE_MS = 5_000;
const QUIET_MS = 50;
const QUIET_ROUNDS_MAX = 40;

type Claimed = Extract<ClaimResult, { kind: 'claimed' }>;
type Loading =
  | { readonly kind: 'loaded'; readonly service: Service }
  | { readonly kind: 'broken'; readonly message: string };

/**
 * Runs until the daemon ends; then the process has ended too.
 * @returns the exit code of a process that does not serve: 0 if another one does
 */
export async function runDaemon(host: Host, settings: DaemonSettings): Promise<number> {
  const result = await claimTarget(host, settings.target, { service: settings.service });
  switch (result.kind) {
    case 'claimed':
      await new Daemon(settings, result).serve();
      return EXIT.ok;
    case 'gave-way':
      return gaveWay(settings, result);
    case 'failed':
      settings.say(`solod: ${sentence(result.failure)}`);
      return exitCodeOf(result.failure);
  }
}

function gaveWay(
  { target, mode, say }: DaemonSettings,
  result: Extract<ClaimResult, { kind: 'gave-way' }>,
): number {
  const { doubt, generation } = result;
  const who = `${target.label} is served by generation ${generation} in ${target.place.directory}`;
  if (doubt === undefined) {
    if (mode === 'foreground') say(`solod: ${who}`);
    return EXIT.ok;
  }
  say(`solod: ${who}, or so it seems: ${doubt.message}; what is ambiguous counts as alive`);
  return EXIT.tempFail;
}

class Daemon {
  readonly #calls: CallServer;
  readonly #retirement: Retirement;
  readonly #loading: Promise<Loading>;
  #settled: Loading | undefined;
  #idle: IdleTimer;
  #served = 0;
  #asked = 0;

  constructor(
    private readonly settings: DaemonSettings,
    private readonly claimed: Claimed,
  ) {
    this.#calls = new CallServer({
      admit: (request) => this.#admit(request),
      onIdle: () => this.#idle.start(),
    });
    this.#retirement = new Retirement(this.#calls, settings.graceMs ?? GRACE_MS, settings.say);
    this.#idle = this.#idleTimer(settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    this.#loading = load(settings);
  }

  async serve(): Promise<void> {
    const { say, target } = this.settings;
    this.#watchProcess();
    this.claimed.serve((socket) => this.#calls.accept(socket));
    say(`solod: serving ${target.label} (pid ${process.pid}, generation ${this.claimed.generation})`);
    this.#settled = await this.#loading;
    if (this.#settled.kind === 'broken') return this.#giveUp(this.#settled.message);
    const own = this.#settled.service.idleTimeoutMs;
    this.#idle.stop();
    if (this.settings.idleTimeoutMs === undefined && own !== undefined) this.#idle = this.#idleTimer(own);
    if (this.#calls.inFlight === 0) this.#idle.start();
    return new Promise(() => {});
  }

  #idleTimer(ms: number): IdleTimer {
    return new IdleTimer(ms, () => this.#retirement.retire(`idle for ${ms} ms`, EXIT.ok));
  }

  async #admit(request: CallRequest): Promise<Admission> {
    this.#asked += 1;
    this.#idle.stop();
    const control = this.#control(request.command);
    if (control !== undefined) return { kind: 'accepted', run: control };
    const loading = await this.#loading;
    if (loading.kind === 'broken')
      return { kind: 'declined', message: loading.message, exitCode: EXIT.software };
    if (this.#retirement.state !== 'serving') return { kind: 'draining' };
    if (request.command === CONTROL.ping) return { kind: 'accepted', run: () => 0 };
    this.#served += 1;
    return { kind: 'accepted', run: loading.service.run };
  }

  /** What a daemon answers in every state, also while it loads or drains. */
  #control(command: string): ServiceFunction | undefined {
    switch (command) {
      case CONTROL.status:
        return ({ stdout }) => void stdout.write(`${JSON.stringify(this.#status())}\n`);
      case CONTROL.stop:
        return ({ stdout }) => {
          stdout.write(`${JSON.stringify(this.#status())}\n`);
          setImmediate(() => this.#retirement.retire('asked to', EXIT.ok));
        };
      default:
        return undefined;
    }
  }

  #status(): DaemonStatus {
    const { owner, generation } = this.claimed;
    const { state } = this.#retirement;
    return {
      name: owner.name,
      pid: owner.pid,
      generation,
      service: owner.service,
      state: state !== 'serving' ? 'draining' : this.#settled === undefined ? 'loading' : 'ready',
      startedMs: owner.startedMs,
      calls: this.#served,
      // The call that asks is one itself.
      inFlight: Math.max(0, this.#calls.inFlight - 1),
      residentBytes: process.memoryUsage.rss(),
      node: process.version,
      solod: VERSION,
    };
  }

  #watchProcess(): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => this.#retirement.retire(signal, EXIT.ok));
    process.on('uncaughtException', (error) => this.#fatal('uncaught exception', error));
    process.on('unhandledRejection', (error) => {
      if (isOfACallThatEnded(error))
        this.settings.say(`solod: a promise was left behind: ${describe(error)}`);
      else this.#fatal('unhandled rejection', error);
    });
  }

  #fatal(what: string, error: unknown): void {
    this.settings.say(`solod: ${what}: ${describe(error)}`);
    this.#retirement.retire(what, EXIT.software);
  }

  /**
   * Until nobody has come for a while: whoever connected before the name was free again is told the reason, too. Not for
   * ever; who comes later finds the connection ended before anything was begun, and starts another daemon.
   */
  async #answerTheRest(): Promise<void> {
    for (let round = 0, before = -1; before !== this.#asked && round < QUIET_ROUNDS_MAX; round++) {
      before = this.#asked;
      await this.#calls.settled();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  }

  /** Everybody who waits is told why; then the name is free for the next start. */
  async #giveUp(message: string): Promise<void> {
    this.settings.say(`solod: ${message}`);
    await this.#answerTheRest();
    this.#retirement.retire('the service does not load', EXIT.software);
    return new Promise(() => {});
  }
}

async function load({ service: file, target }: DaemonSettings): Promise<Loading> {
  try {
    const read = readService(await import(pathToFileURL(file).href));
    if (read.kind === 'no-service') return { kind: 'broken', message: `${file}: ${read.reason}` };
    const { name } = read.service;
    // Nobody can have read such a name off the file: callers look for the daemon under another.
    if (name !== undefined && name !== target.name && target.name === nameFromPath(file))
      return {
        kind: 'broken',
        message: `${file}: write the name ${name} as a literal, first in defineService({ name: '…' })`,
      };
    return { kind: 'loaded', service: read.service };
  } catch (error) {
    return { kind: 'broken', message: `${file} does not load: ${describe(error)}` };
  }
}

/**
 * What a service's own streams and signal say when its caller has gone. A service that has left such a promise behind must
 * not take down the calls of others.
 */
const ENDED = new Set([
  'ECONNRESET',
  'EPIPE',
  'ABORT_ERR',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_STREAM_DESTROYED',
]);

function isOfACallThatEnded(error: unknown): boolean {
  return error instanceof Error && 'code' in error && ENDED.has(String(error.code));
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}
