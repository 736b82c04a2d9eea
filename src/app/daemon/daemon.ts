/** A service's daemon, once it has claimed its name. Only that process loads this bundle. */

import type { Socket } from 'node:net';
import type { CallerVerdict, Edition } from '../../domain/evidence/edition.js';
import type { Identity } from '../../domain/evidence/identity.js';
import { ASKED, isLack } from '../../domain/lifecycle/start-ledger.js';
import { Tally } from '../../domain/statistics/daemon-tally.js';
import { servingText } from '../../domain/text/log-parts.js';
import { loadBundle } from '../environment/bundle-files.js';
import { EXIT } from '../environment/exit-codes.js';
import { freeMemorySoon } from '../environment/free-memory.js';
import { VERSION } from '../environment/version.js';
import { type Claimed, tenureOf } from '../library/claim-name.js';
import type { Target } from '../library/daemon-target.js';
import { lookElsewhere, touchIfOld } from '../place/settle-place.js';
import type { DaemonHost } from '../platforms/host.js';
import { type HandedListener, keepLog, leaveOwnCommand, residentBytes } from '../platforms/node-platform.js';
import type { StartReport } from '../platforms/start-report.js';
import type { Service, ServiceFunction, ServiceLife } from '../service/define-service.js';
import { type Loading, loadService } from '../service/load-service.js';
import { type CallScope, SHARED_PROCESS } from '../service/run-service.js';
import { isOfACallThatEnded, stackOf } from '../service/thrown.js';
import { textOf } from '../texts/complaint.js';
import { TROUBLE } from '../texts/runtime-text.js';
import { CONTROL } from '../wire/control.js';
import type { DaemonStatus } from '../wire/daemon-status.js';
import { type Admission, type CallRequest, CallServer } from '../wire/server.js';
import { type CallerArrival, measured, nowMs } from './count-calls.js';
import { Editions } from './edition-check.js';
import { IDLE_TIMEOUT_MS, IdleTimer } from './idle-timer.js';
import { Retirement, type Work } from './retirement.js';
import type { Supervisor } from './service-manager.js';
import { callsText, Upgrade } from './upgrade.js';
import { findingText, Watch, type WatchFinding } from './watch.js';
import type { WorkerPool } from './workers/worker-pool.js';

export interface DaemonSettings {
  readonly target: Target;
  readonly edition: Edition;
  readonly idleTimeoutMs: number | undefined;
  readonly graceMs: number | undefined;
  readonly memoryLimitBytes: number | undefined;
  /** How many processes run calls; 0 if they run in this one. */
  readonly workers: number;
  readonly workerHeapBytes: number | undefined;
  readonly tether: Identity | undefined;
  readonly mode: 'foreground' | 'background';
  /** Signals that it was started to ignore. */
  readonly ignored: readonly NodeJS.Signals[];
  /** Writes a line to the terminal, or to the log. */
  readonly say: (line: string) => void;
  /** The service manager that may have started it. */
  readonly supervisor: Supervisor;
  /** The listener that it handed over. */
  readonly handed: HandedListener | undefined;
}

const GRACE_MS = 5_000;
/** How long a call may take to end once its caller has gone, unless a grace is given. */
const ABANDONED_MS = 3_000;
/** A change of the wire is not urgent: calls in flight finish, unless they hang. */
const WIRE_GRACE_MS = 60_000;
const QUIET_MS = 50;
const QUIET_ROUNDS_MAX = 40;

/** The daemon of a name that has been claimed. */
export class Daemon {
  readonly #calls: CallServer;
  readonly #retirement: Retirement;
  readonly #editions: Editions;
  readonly #upgrade: Upgrade;
  readonly #watch: Watch;
  readonly #log: ReturnType<typeof keepLog>;
  readonly #processes = loadBundle<typeof import('../service/call-process/install.js')>('call-process.cjs');
  readonly #pool: WorkerPool | undefined;
  readonly #loading: Promise<Loading>;
  #settled: Loading | undefined;
  #idle: IdleTimer;
  readonly #tally = new Tally();
  #served = 0;
  /** How many callers have been told why the service does not load. */
  #told = 0;
  /** What the service clears away before the daemon ends. */
  #cleared: Promise<void> = Promise.resolve();

  constructor(
    private readonly host: DaemonHost<Socket>,
    private readonly settings: DaemonSettings,
    private readonly claimed: Claimed,
    private readonly report: StartReport,
  ) {
    const { edition, say } = settings;
    this.#calls = new CallServer({
      admit: (request) => this.#admit(request),
      onIdle: () => this.#idled(),
      mayKeep: () => this.#retirement.state === 'serving',
      onLargeRequest: freeMemorySoon,
      graceMs: settings.graceMs ?? ABANDONED_MS,
    });
    this.#retirement = new Retirement(this.#work(), this.#graceMs, say, {
      onDrain: (why) => this.#drains(why),
      onLeave: (why) => this.#leaves(why),
    });
    this.#watch = this.#makeWatch(host);
    // Before the service is loaded, because it may print then. The output in the foreground belongs to a terminal or a service manager.
    this.#log = settings.mode === 'background' ? keepLog(claimed.directory, host) : undefined;
    this.#idle = this.#idleTimer(settings.idleTimeoutMs ?? IDLE_TIMEOUT_MS);
    this.#editions = new Editions(edition);
    this.#upgrade = this.#makeUpgrade();
    this.#processes.moveToNowhere();
    this.#pool = settings.workers === 0 ? undefined : this.#openPool();
    this.#loading = this.#load();
  }

  /** Only a daemon with workers loads what they need. */
  #openPool(): WorkerPool {
    const { openPool } = loadBundle<typeof import('./workers/open-pool.js')>('worker-pool.cjs');
    const { workers, workerHeapBytes: heapBytes, edition, target } = this.settings;
    const { graceMs = ABANDONED_MS } = this.settings;
    return openPool({ workers, heapBytes, graceMs, service: edition.path, name: target.name });
  }

  #makeUpgrade(): Upgrade {
    return new Upgrade({
      free: () => Promise.race([this.#calls.free(), this.#callsMoveOn()]),
      nowMs,
      withdraw: (why) => this.#retirement.withdraw(why, EXIT.ok, this.#graceMs),
      onWait: (why) =>
        this.settings.say(`${why}; this build serves on until ${callsText(this.#calls.running)} ended`),
    });
  }

  /** Resolves if the service ends its calls in good order when it drains: sessions have no end to wait for. */
  async #callsMoveOn(): Promise<void> {
    const loading = await this.#loading;
    if (loading.kind !== 'loaded' || loading.service.life === undefined) await new Promise(() => {});
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

  #loadHere(): Promise<Loading> {
    const { edition, target } = this.settings;
    return this.#processes.whileLoading(edition.path, () => loadService(edition.path, target.name));
  }

  async #load(): Promise<Loading> {
    const begunMs = nowMs();
    const loading = this.#pool === undefined ? await this.#loadHere() : await this.#pool.load();
    const atMs = nowMs();
    if (loading.kind === 'loaded') this.#tally.loaded(atMs, atMs - begunMs);
    return loading;
  }

  get #graceMs(): number {
    return this.settings.graceMs ?? GRACE_MS;
  }

  #makeWatch(host: DaemonHost): Watch {
    const { edition, memoryLimitBytes, target, tether } = this.settings;
    const settings = { tenure: tenureOf(this.claimed), service: edition.path, memoryLimitBytes, tether };
    return new Watch(host, settings, {
      workerBytes: () => this.#pool?.residentBytes ?? 0,
      onRound: () => {
        this.#log?.look();
        touchIfOld(host, target.derived.root);
      },
      onFinding: (finding) => this.#found(finding),
    });
  }

  async serve(): Promise<void> {
    const { say, target } = this.settings;
    this.#watchProcess();
    this.#watch.start();
    this.claimed.serve((socket) => this.#calls.accept(socket));
    say(servingText(target.label, process.pid, this.claimed.generation));
    this.#settled = await this.#loading;
    if (this.#settled.kind === 'broken') return this.#giveUp(this.#settled.message);
    this.#life?.begin(this.claimed.directory);
    if (this.settings.mode === 'background') leaveOwnCommand(this.claimed.directory);
    this.report.say({ kind: 'ready' });
    lookElsewhere(this.host, target);
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

  /** At once if there is nothing to wait for, as on nearly all calls. */
  #admit(request: CallRequest): Promise<Admission> | Admission {
    const caller = this.#editions.callerOf(request.caller);
    const came = this.#settled === undefined ? 'in-time' : 'late';
    const arrival: CallerArrival = { atMs: nowMs(), caller, came };
    const control = this.#control(request.command);
    if (control !== undefined) return { kind: 'accepted', run: control };
    this.#idle.stop();
    const verdict = this.#editions.judge(caller);
    return verdict.kind === 'served' && this.#settled !== undefined && !this.#upgrade.isAsked
      ? this.#admitTo(this.#settled, request, arrival)
      : this.#admitLater(request, arrival, verdict);
  }

  async #admitLater(
    request: CallRequest,
    arrival: CallerArrival,
    verdict: CallerVerdict,
  ): Promise<Admission> {
    const refusal = await this.#refuseEdition(arrival.caller?.wire, verdict);
    if (refusal !== undefined) return refusal;
    return this.#admitTo(await this.#loading, request, arrival);
  }

  #admitTo(loading: Loading, request: CallRequest, arrival: CallerArrival): Promise<Admission> | Admission {
    if (loading.kind === 'broken') return this.#declineBroken(loading.message, arrival.came);
    if (this.#retirement.state !== 'serving') return { kind: 'draining' };
    const { service } = loading;
    const changed = service.watch === 'imports' ? this.#processes.changedFile() : undefined;
    if (changed === undefined) return this.#begin(service, request, arrival);
    const room = this.#makeRoom(`${changed} has changed`);
    return room.then((refusal) => refusal ?? this.#begin(service, request, arrival));
  }

  #begin(service: Service, request: CallRequest, arrival: CallerArrival): Admission {
    if (request.command === CONTROL.ping) return { kind: 'accepted', run: () => 0 };
    this.#served += 1;
    const scope = measured(this.#scopeFor(service), this.#tally, arrival);
    const place = this.#pool?.queue(request.command, scope);
    return place === undefined ? { kind: 'accepted', run: service.run, scope } : { kind: 'queued', place };
  }

  #declineBroken(message: string, came: 'in-time' | 'late'): Admission {
    // The machine may have meanwhile what the service lacked.
    if (came === 'late' && isLack(message)) return { kind: 'draining' };
    this.#told += 1;
    return { kind: 'declined', message, exitCode: EXIT.software };
  }

  #scopeFor({ callProcess }: Service): CallScope {
    if (callProcess === 'shared') return SHARED_PROCESS;
    return this.#processes.callProcess(this.settings.edition.path, this.settings.say);
  }

  /** A newer caller makes this daemon retire once it is free; an older one is served if it can be. */
  async #refuseEdition(wire: number | undefined, verdict: CallerVerdict): Promise<Admission | undefined> {
    switch (verdict.kind) {
      case 'served':
        await this.#upgrade.hold();
        return undefined;
      case 'newer':
        // This build can't serve a wire that it does not speak, not even for a while.
        if ((wire ?? 0) > this.#editions.own.wire)
          this.#retirement.withdraw(verdict.why, EXIT.ok, Math.max(WIRE_GRACE_MS, this.#graceMs));
        return this.#makeRoom(verdict.why);
      case 'outdated':
        return {
          kind: 'outdated',
          message: textOf(TROUBLE.outdated(this.settings.target.label, this.#editions.own.wire)),
        };
    }
  }

  /** @returns undefined while this build goes on serving, because calls are in flight */
  async #makeRoom(why: string): Promise<Admission | undefined> {
    if (this.#retirement.state === 'serving') await this.#upgrade.ask(why);
    return this.#retirement.state === 'serving' ? undefined : { kind: 'draining', why: 'upgrade' };
  }

  #idled(): void {
    this.#watch.checkMemory();
    this.#idle.start();
  }

  #found(finding: WatchFinding): void {
    // The directory, with its log and its ledger, belongs to a successor now.
    if (finding.kind === 'orphaned') this.report.silence();
    this.#retirement.withdraw(findingText(finding), EXIT.ok, this.#graceMs);
  }

  #leaves(why: string): void {
    this.#watch.stop();
    this.report.say({ kind: 'ended', why, code: undefined, signal: undefined });
  }

  /** Commands that the daemon answers in every state, also while it loads or drains. */
  #control(command: string): ServiceFunction | undefined {
    switch (command) {
      case CONTROL.status:
        return ({ stdout }) => void stdout.write(`${JSON.stringify(this.#status())}\n`);
      case CONTROL.stop:
        return ({ stdout }) => {
          stdout.write(`${JSON.stringify(this.#status())}\n`);
          setImmediate(() => this.#retirement.retire(ASKED, EXIT.ok));
        };
      default:
        return undefined;
    }
  }

  #status(): DaemonStatus {
    const { owner, generation } = this.claimed;
    const { state } = this.#retirement;
    // The request itself counts as a call.
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
      residentBytes: residentBytes() + (this.#pool?.residentBytes ?? 0),
      node: process.version,
      solod: VERSION,
      version: owner.version,
      wire: owner.wire,
      workers: this.#pool?.numbers,
      numbers: this.#tally.numbers(inFlight),
    };
  }

  #watchProcess(): void {
    process.once('exit', (code) => this.#exits(code));
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (!this.settings.ignored.includes(signal)) this.#retirement.retire(signal, EXIT.ok);
      });
    process.on('uncaughtException', (error) => this.#fatal('uncaught exception', error));
    process.on('unhandledRejection', (error) => {
      if (isOfACallThatEnded(error)) this.settings.say(`a promise was left behind: ${stackOf(error)}`);
      else this.#fatal('unhandled rejection', error);
    });
  }

  /** A service that ends the process while it is loaded has failed, whether or not somebody waits for it. */
  #exits(code: number): void {
    this.#pool?.close();
    if (this.#settled === undefined && this.#retirement.state === 'serving')
      this.report.say({ kind: 'ended', why: '', code, signal: undefined });
  }

  #fatal(what: string, error: unknown): void {
    this.settings.say(`${what}: ${stackOf(error)}`);
    this.#retirement.retire(what, EXIT.software);
  }

  /**
   * Waits until no caller has come for a while, so that callers that connected before the name was free are told the reason too.
   * The wait has a limit. A later caller sees its connection end before anything was begun, and starts another daemon.
   */
  async #answerTheRest(): Promise<void> {
    for (let round = 0, before = -1; before !== this.#told && round < QUIET_ROUNDS_MAX; round++) {
      before = this.#told;
      await this.#calls.settled();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  }

  /** Tells all callers that wait why the service does not load; then the name is free for the next start. */
  async #giveUp(message: string): Promise<void> {
    this.settings.say(message);
    this.report.say({ kind: 'failed', stage: 'loading', message });
    await this.#answerTheRest();
    this.#retirement.retire('the service does not load', EXIT.software);
    return new Promise(() => {});
  }
}
