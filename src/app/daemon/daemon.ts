/** A service's daemon, from the claim on. A bundle of its own, which only the one that has claimed the name loads. */

import { LogKeeper } from '../../adapters/node/logs/log-keeper.js';
import type { HandedListener } from '../../adapters/node/sockets/handed-listener.js';
import { type Caller, type Edition, parseCaller } from '../../domain/evidence/edition.js';
import type { Identity } from '../../domain/evidence/identity.js';
import { ownerText } from '../../domain/evidence/owner.js';
import { layout } from '../../domain/place/layout.js';
import { Tally } from '../../domain/statistics/daemon-tally.js';
import { EXIT } from '../environment/exit-codes.js';
import type { Host } from '../environment/node-host.js';
import { VERSION } from '../environment/version.js';
import type { Claimed } from '../library/claim-name.js';
import type { Target } from '../library/daemon-target.js';
import type { StartReport } from '../library/start-report.js';
import type { ServiceFunction, ServiceLife } from '../service/define-service.js';
import { describe, type Loading, loadService } from '../service/load-service.js';
import { TROUBLE, textOf } from '../texts/failure-text.js';
import { CONTROL, type DaemonStatus } from '../wire/control.js';
import { type Admission, type CallRequest, CallServer } from '../wire/server.js';
import { measured, nowMs } from './count-calls.js';
import { Editions } from './edition-check.js';
import { IdleTimer } from './idle-timer.js';
import { Retirement, type Work } from './retirement.js';
import type { Supervisor } from './service-manager.js';
import { Watch, type WatchFinding } from './watch.js';

export interface DaemonSettings {
  readonly target: Target;
  readonly edition: Edition;
  readonly idleTimeoutMs: number | undefined;
  readonly graceMs: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  readonly tether: Identity | undefined;
  readonly mode: 'foreground' | 'background';
  /** Says a line to whoever started it: a terminal, or the log. */
  readonly say: (line: string) => void;
  /** Who started it, and wants to hear of it. */
  readonly supervisor: Supervisor;
  /** The listener that came from there. */
  readonly handed: HandedListener | undefined;
}

const IDLE_TIMEOUT_MS = 15 * 60_000;
const GRACE_MS = 5_000;
/** Nobody is in a hurry when a newer version is to take over: what is in flight ends well, unless it hangs. */
const UPGRADE_GRACE_MS = 60_000;
const QUIET_MS = 50;
const QUIET_ROUNDS_MAX = 40;

/** The daemon of a name that has been claimed. */
export class Daemon {
  readonly #calls: CallServer;
  readonly #retirement: Retirement;
  readonly #editions: Editions;
  readonly #watch: Watch;
  readonly #log: LogKeeper | undefined;
  readonly #loading: Promise<Loading>;
  #settled: Loading | undefined;
  #idle: IdleTimer;
  readonly #tally = new Tally();
  #served = 0;
  #asked = 0;
  /** What the service clears away before the daemon ends. */
  #cleared: Promise<void> = Promise.resolve();

  constructor(
    host: Host,
    private readonly settings: DaemonSettings,
    private readonly claimed: Claimed,
    private readonly report: StartReport,
  ) {
    const { edition, say } = settings;
    this.#calls = new CallServer({
      admit: (request) => this.#admit(request),
      onIdle: () => this.#idled(),
    });
    this.#retirement = new Retirement(this.#work(), this.#graceMs, say, {
      onDrain: (why) => this.#drains(why),
      onLeave: (why) => this.#leaves(why),
    });
    this.#watch = this.#makeWatch(host);
    // Before the service is loaded, which may print, too.
    this.#log = this.#keepLog(host);
    this.#idle = this.#idleTimer(settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    this.#editions = new Editions(edition);
    this.#loading = this.#load();
  }

  /** The calls, and what the service has beside them. */
  #work(): Work {
    const calls = this.#calls;
    return {
      get inFlight() {
        return calls.inFlight;
      },
      settled: async () => {
        await this.#cleared;
        await calls.settled();
      },
      abortAll: (reason) => calls.abortAll(reason),
    };
  }

  get #life(): ServiceLife | undefined {
    return this.#settled?.kind === 'loaded' ? this.#settled.service.life : undefined;
  }

  #drains(why: string): void {
    void this.settings.supervisor.stopping(why);
    this.#cleared = this.#life?.drain() ?? Promise.resolve();
  }

  async #load(): Promise<Loading> {
    const { edition, target } = this.settings;
    const begunMs = nowMs();
    const loading = await loadService(edition.path, target.name);
    const atMs = nowMs();
    if (loading.kind === 'loaded') this.#tally.loaded(atMs, atMs - begunMs);
    return loading;
  }

  get #graceMs(): number {
    return this.settings.graceMs ?? GRACE_MS;
  }

  #makeWatch(host: Host): Watch {
    const { edition, memoryLimitBytes, tether } = this.settings;
    const { directory, generation, owner } = this.claimed;
    const tenure = { directory, generation, ownerText: ownerText(owner) };
    const settings = { tenure, service: edition.path, memoryLimitBytes, tether };
    return new Watch(host, settings, {
      onRound: () => this.#log?.look(),
      onFinding: (finding) => this.#found(finding),
    });
  }

  /** A terminal's output, or a service manager's, is not ours to keep. */
  #keepLog(host: Host): LogKeeper | undefined {
    if (this.settings.mode === 'foreground') return undefined;
    const { directory } = this.claimed;
    return LogKeeper.attach({ directory, temporary: () => layout.private(directory, host.nonce()) });
  }

  async serve(): Promise<void> {
    const { say, target } = this.settings;
    this.#watchProcess();
    this.#watch.start();
    this.claimed.serve((socket) => this.#calls.accept(socket));
    say(`solod: serving ${target.label} (pid ${process.pid}, generation ${this.claimed.generation})`);
    this.#settled = await this.#loading;
    if (this.#settled.kind === 'broken') return this.#giveUp(this.#settled.message);
    this.#life?.begin(this.claimed.directory);
    this.report.say({ kind: 'ready' });
    void this.settings.supervisor.ready(`serving ${target.label}, generation ${this.claimed.generation}`);
    const own = this.#settled.service.idleTimeoutMs;
    this.#idle.stop();
    if (this.settings.idleTimeoutMs === undefined && own !== undefined) this.#idle = this.#idleTimer(own);
    if (this.#calls.inFlight === 0) this.#idle.start();
    return new Promise(() => {});
  }

  #idleTimer(ms: number): IdleTimer {
    return new IdleTimer(ms, () => {
      if (this.#life?.isNeeded()) this.#idle.start();
      else this.#retirement.retire(`idle for ${ms} ms`, EXIT.ok);
    });
  }

  async #admit(request: CallRequest): Promise<Admission> {
    const caller = request.caller === undefined ? undefined : parseCaller(request.caller);
    const arrival = { atMs: nowMs(), caller };
    this.#asked += 1;
    this.#idle.stop();
    const control = this.#control(request.command);
    if (control !== undefined) return { kind: 'accepted', run: control };
    const refusal = this.#refuseEdition(caller);
    if (refusal !== undefined) return refusal;
    const loading = await this.#loading;
    if (loading.kind === 'broken')
      return { kind: 'declined', message: loading.message, exitCode: EXIT.software };
    if (this.#retirement.state !== 'serving') return { kind: 'draining' };
    if (request.command === CONTROL.ping) return { kind: 'accepted', run: () => 0 };
    this.#served += 1;
    return { kind: 'accepted', run: measured(loading.service.run, this.#tally, arrival) };
  }

  /** A newer caller is made room for, an older one served if it can be. */
  #refuseEdition(caller: Caller | undefined): Admission | undefined {
    const verdict = this.#editions.judge(caller);
    switch (verdict.kind) {
      case 'served':
        return undefined;
      case 'newer':
        this.#retirement.withdraw(verdict.why, EXIT.ok, Math.max(UPGRADE_GRACE_MS, this.#graceMs));
        return { kind: 'draining', why: 'upgrade' };
      case 'outdated':
        return {
          kind: 'outdated',
          message: textOf(TROUBLE.outdated(this.settings.target.label, this.#editions.own.wire)),
        };
    }
  }

  #idled(): void {
    this.#watch.checkMemory();
    this.#idle.start();
  }

  #found(finding: WatchFinding): void {
    // What lies in the directory now is a successor's: its log and its ledger, too.
    if (finding.kind === 'orphaned') this.report.silence();
    this.#retirement.withdraw(findingText(finding), EXIT.ok, this.#graceMs);
  }

  #leaves(why: string): void {
    this.#watch.stop();
    this.report.say({ kind: 'ended', why, code: undefined, signal: undefined });
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
    // The call that asks is one itself.
    const inFlight = Math.max(0, this.#calls.inFlight - 1);
    return {
      name: owner.name,
      pid: owner.pid,
      generation,
      service: owner.service,
      state: state !== 'serving' ? 'draining' : this.#settled === undefined ? 'loading' : 'ready',
      startedMs: owner.startedMs,
      calls: this.#served,
      inFlight,
      residentBytes: process.memoryUsage.rss(),
      node: process.version,
      solod: VERSION,
      version: owner.version,
      wire: owner.wire,
      numbers: this.#tally.numbers(inFlight),
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
    this.report.say({ kind: 'failed', stage: 'loading', message });
    await this.#answerTheRest();
    this.#retirement.retire('the service does not load', EXIT.software);
    return new Promise(() => {});
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

function findingText(finding: WatchFinding): string {
  switch (finding.kind) {
    case 'orphaned':
      return `${finding.path} is gone, or another's: this daemon has lost its name`;
    case 'service-deleted':
      return `${finding.path} has been deleted`;
    case 'memory':
      return `it takes ${Math.round(finding.residentBytes / 2 ** 20)} MiB, more than it may`;
    case 'untethered':
      return `process ${finding.pid}, to which it was tied, has ended`;
  }
}
